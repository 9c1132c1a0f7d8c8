"""What is wrong with an archive, for the operator."""


class ArchiveError(Exception):
    """The archive cannot be used; the text is one line for the operator."""


class NewerArchive(ArchiveError):
    """The archive is of a later version of Maru."""
