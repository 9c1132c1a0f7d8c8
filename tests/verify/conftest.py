import pytest

from tests.verify.story import Story


@pytest.fixture
def story():
    """Ann and Ben talk; Ben has gone and come back in between."""
    told = Story()
    told.join("ann.0")
    told.say("ann.0", "one")
    told.join("ben.1")
    told.say("ben.1", "two")
    told.leave("ben.1")
    told.say("ann.0", "three")
    told.join("ben.1")
    told.say("ann.0", "four")
    return told
