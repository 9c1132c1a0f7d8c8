"""Changes of several steps: which of those under way have lost their worker."""

from chat.store.question import Question, ScriptCall

#: Milliseconds after which a change is not under way any more: its worker has ended.
ABANDONED_AFTER_MS = 10_000


def abandoned(under_way: str) -> Question[list[str]]:
    """The abandoned ones of the changes that are noted at this key."""
    return Question(
        [ScriptCall("find_abandoned", [under_way], ["", ABANDONED_AFTER_MS])],
        lambda answers: [member.decode() for member in answers[0]],
    )
