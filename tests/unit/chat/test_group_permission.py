"""How large a group can become."""

from dataclasses import replace

import pytest

from sottovoce.base.quantities import PublicKey
from sottovoce.chat.group_history import GroupHistory, group_history
from sottovoce.chat.group_permission import HISTORY_BYTES_MAX, require_name, require_space
from sottovoce.chat.records import ChatId
from sottovoce.chat.refusal import CommandRefusedError
from sottovoce.payloads.group_rules import group_chat_id
from sottovoce.payloads.limits import EVENTS_MAX, TEXT_BYTES_MAX
from sottovoce.payloads.membership import EventType
from sottovoce.stack.budget import largest_message_bytes
from sottovoce.stack.destinations import Contact
from unit.chat.group_letters import signed
from unit.chat.people import Person

ANNA = Person(1)
ID = ChatId(group_chat_id("6f1c4c1e-0000-4000-8000-000000000001", ANNA.key))


def group_of(count: int) -> GroupHistory:
    """Return a group of so many who are invited, whose keys need be none."""
    created = signed(ANNA, ID, EventType.CHAT_CREATED, name="walk", clock=1)
    people = [f"0x04{number:0128x}" for number in range(count)]
    invited = signed(ANNA, ID, EventType.MEMBERS_ADDED, *people, clock=2)
    history = group_history(ID, [created, invited])
    return replace(history, members=tuple(PublicKey(n.to_bytes(64, "big")) for n in range(count)))


def test_group_fits_as_long_as_everybody_can_join_and_leave() -> None:
    require_space(group_of(510))
    with pytest.raises(CommandRefusedError, match="too large"):
        require_space(group_of(512))


def test_text_of_any_length_fits_beside_the_largest_history() -> None:
    largest_bytes = largest_message_bytes(Contact(ANNA.key), data_sync=True, devices=3)
    assert largest_bytes > HISTORY_BYTES_MAX + TEXT_BYTES_MAX
    assert EVENTS_MAX > 2 * 510


def test_name_in_no_unicode_is_refused() -> None:
    with pytest.raises(CommandRefusedError, match="not valid Unicode"):
        require_name("\ud800")
