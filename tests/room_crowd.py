"""A room with people of every role, for the tests of what they may do."""


class Crowd:
    """The room of ``ann``, two moderators, two members, and ``eve`` and ``root`` who are none."""

    def __init__(self, room_management, made, private):
        for name in ("ann", "max", "mia", "ben", "cho", "eve"):
            setattr(self, name, made(name))
        self.root = made("root", "admin")
        self.room_management = room_management
        self.room_id = room_management.create(self.ann, "Plans", private, None).room_id
        for name in ("max", "mia", "ben", "cho"):
            room_management.set_member(self.ann, self.room_id, name)
        for name in ("max", "mia"):
            room_management.set_member(self.ann, self.room_id, name, role="moderator")

    def set(self, by, name, **what):
        return self.room_management.set_member(by, self.room_id, name, **what)

    def remove(self, by, name):
        return self.room_management.remove(by, self.room_id, name)
