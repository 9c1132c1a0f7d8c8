"""The chaos checker: ``bin/verify``.

It starts Maru, lets many clients talk in it while it kills, stops and cuts off its parts, keeps all
that every client saw, and judges that by the properties of ``docs/guarantees.md``. Nothing here is
imported by Maru, and Maru has no hook for it.
"""
