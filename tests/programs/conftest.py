from tests.live.conftest import connect, maru, own_maru, person, shared_maru

__all__ = ["connect", "maru", "own_maru", "person", "shared_maru"]
