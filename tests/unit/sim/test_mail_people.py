"""People with mailservers: what the check at the end finds."""

import pytest

from sottovoce.sim.checkers import ViolationError
from sottovoce.sim.mail_people import MailPeople


@pytest.fixture(scope="module")
def people() -> MailPeople:
    """Two minutes in which nothing was said: nobody shows anything."""
    return MailPeople(1, hours=0.02)


def test_quiet_people_show_what_was_said_which_is_nothing(people: MailPeople) -> None:
    people.check()


def test_message_that_nobody_shows_is_found(
    people: MailPeople, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "said", ["never heard"])
    with pytest.raises(ViolationError, match="seed 1: person 0 shows a message 0 times"):
        people.check()
