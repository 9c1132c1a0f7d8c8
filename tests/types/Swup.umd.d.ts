// bin/test copies this beside what it describes, in static/vendor.
declare global {
  var Swup: typeof import('swup').default;
}
export {};
