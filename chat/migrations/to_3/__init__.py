"""From version 2 to version 3: what is unread follows from numbers that the room has.

Version 2 counted the TALKs of a room, and kept up to which number people had read beside the
person. Version 3 also has the ordinals of those that are deleted, and how many are whose; how far
people have read stands beside the room. ``steps.py`` says in which order things are carried over.
"""

from chat.migrations.to_3 import steps

__all__ = ["steps"]
