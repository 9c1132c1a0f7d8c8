"""The live door: Socket.IO on eventlet, which only this package and the entry points name.

This file imports nothing of either: the gunicorn master loads ``worker`` from here, and a worker is
patched before anything else is imported.
"""

import warnings

# Said at every import; docs/decisions says why eventlet, and what for when it retires.
warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
