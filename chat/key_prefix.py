"""Which of several Marus on one store a process belongs to: what stands in front of its keys."""

from chat import keys

DEFAULT = keys.PREFIX
#: Flask-SocketIO's own name for its channel: a process that names none emits on this one.
_QUEUE = "flask-socketio"


def use(prefix: str) -> None:
    """Let all of this process's keys and channels begin with this; before any of them is used."""
    old = keys.PREFIX
    for name, value in list(vars(keys).items()):
        if name.isupper() and isinstance(value, str):
            setattr(keys, name, prefix + value.removeprefix(old))


def queue() -> str:
    """The channel of Flask-SocketIO's queue: its usual name where the prefix is the usual one."""
    return _QUEUE if keys.PREFIX == DEFAULT else keys.PREFIX + _QUEUE
