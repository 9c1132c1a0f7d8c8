// bin/test copies this beside what it describes, in static/vendor.
export * from 'socket.io-client';
