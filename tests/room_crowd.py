"""A room with people of every role, for the tests of what they may do."""


class Crowd:
    """The room of ``ann``, two moderators, two members, and ``eve`` and ``root`` who are none."""

    def __init__(self, administration, made, private):
        for name in ("ann", "max", "mia", "ben", "cho", "eve"):
            setattr(self, name, made(name))
        self.root = made("root", "admin")
        self.administration = administration
        self.room_id = administration.create(self.ann, "Plans", private, None).room_id
        for name in ("max", "mia", "ben", "cho"):
            administration.set_member(self.ann, self.room_id, name)
        for name in ("max", "mia"):
            administration.set_member(self.ann, self.room_id, name, role="moderator")

    def set(self, by, name, **what):
        return self.administration.set_member(by, self.room_id, name, **what)

    def remove(self, by, name):
        return self.administration.remove(by, self.room_id, name)
