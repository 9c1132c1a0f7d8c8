"""The chaos checker: ``bin/verify``.

It starts Maru under the load of many clients, and injects faults: it kills, stops and disconnects
processes. It records everything that each client receives, and checks this history against the
properties of ``docs/guarantees.md``. Maru imports nothing from here, and has no hook for it.
"""
