"""From version 1 to version 2: people get ids, and memberships become records.

Version 1 is what every Maru before has stored, from its first days on. It names people in keys and
values; version 2 has their ids there. ``steps.py`` says in which order things are carried over.
"""

from chat.migrations.to_2 import keys, steps

__all__ = ["keys", "steps"]
