"""HTTP, WebSocket and Engine.IO on eventlet. Nothing here knows of chat.

This file imports no eventlet: gunicorn's master imports ``chat.transport.worker``, and a worker is
patched before anything else is imported.
"""

import warnings

# Issued at every import of eventlet; docs/decisions says why Maru uses it.
warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
