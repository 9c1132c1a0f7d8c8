"""Socket.IO and the HTTP server, on eventlet. Only this package and the entry points use eventlet.

This file imports neither: gunicorn's master imports ``chat.live.worker``, and a worker is patched
before anything else is imported.
"""

import warnings

# Issued at every import of eventlet; docs/decisions says why Maru uses it.
warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
