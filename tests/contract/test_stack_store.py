"""What every store of the stack promises."""

from dataclasses import replace

import pytest

from contract.made import message_id, person
from sottovoce.base.secret import SymmetricKey
from sottovoce.stack.destinations import Contact, Destination, OwnDevices, PublicChat
from sottovoce.stack.stores import StackStore, Submission

DESTINATIONS: list[Destination] = [PublicChat("lobby"), Contact(person(1)), OwnDevices()]


def submission(n: int, destination: Destination = DESTINATIONS[0]) -> Submission:
    return Submission(message_id(n), destination, n, b"raw", None)


def test_submissions_come_in_the_order_of_their_first_saving(stack_store: StackStore) -> None:
    for n in (3, 1, 2):
        stack_store.save_submission(submission(n))
    changed = replace(submission(3), submitted_unix_s=9, raw=b"", sync_id=b"s" * 32)
    stack_store.save_submission(changed)
    assert list(stack_store.submissions()) == [changed, submission(1), submission(2)]


@pytest.mark.parametrize("destination", DESTINATIONS)
def test_one_message_goes_to_several_destinations(
    stack_store: StackStore, destination: Destination
) -> None:
    for each in DESTINATIONS:
        stack_store.save_submission(submission(1, each))
    stack_store.remove_submission(message_id(2), destination)
    assert [it.destination for it in stack_store.submissions()] == DESTINATIONS
    stack_store.remove_submission(message_id(1), destination)
    assert list(stack_store.submissions()) == [
        submission(1, each) for each in DESTINATIONS if each != destination
    ]


def test_keys_of_names_are_replaced_and_removed(stack_store: StackStore) -> None:
    assert stack_store.load_name_key("lobby") is None
    for byte in (b"1", b"2"):
        stack_store.save_name_key("lobby", SymmetricKey(byte * 32))
    assert stack_store.load_name_key("lobby") == SymmetricKey(b"2" * 32)
    stack_store.remove_name_key("bar")
    stack_store.remove_name_key("lobby")
    assert stack_store.load_name_key("lobby") is None
