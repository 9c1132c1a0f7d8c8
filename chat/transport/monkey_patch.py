"""Importing this first makes the process one of greenlets: ``python app.py`` does."""

import eventlet

eventlet.monkey_patch()
