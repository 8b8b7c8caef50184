"""The checker of several devices of one person, on views made by hand."""

from dataclasses import replace

import pytest

from sottovoce.base.quantities import PublicKey
from sottovoce.chat.records import Chat, ChatKind, Contact, Profile
from sottovoce.payloads.chat_message import ContentType
from sottovoce.sim.checkers import ViolationError
from sottovoce.sim.people_checkers import View
from sottovoce.sim.people_device_checkers import devices_agree
from unit.sim.test_people_checkers import ANNA, BRUNO, message, view
from unit.sim.test_people_group_checkers import GROUP, KEYS, group

CONTACT = Contact(PublicKey(b"c" * 64), added=True)


def seen(device: int) -> View:
    """Return a device of Anna's."""
    made = view(device, ANNA, message(1, own=True, chat_id=BRUNO))
    return made._replace(
        shown=made.shown._replace(
            contacts={CONTACT.key: CONTACT},
            groups={GROUP: group(*KEYS)},
            profile=Profile("anna.stateofus.eth"),
        )
    )


def test_devices_that_show_the_same_agree_whatever_others_show() -> None:
    devices_agree(17, [seen(0), view(1, BRUNO), seen(2)])


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("messages", {"messages": {BRUNO: []}}),
        ("chats", {"chats": {BRUNO: Chat(BRUNO, ChatKind.ONE_TO_ONE, read_at_clock=9)}}),
        ("contacts", {"contacts": {}}),
        ("groups", {"groups": {GROUP: group(*KEYS[:2])}}),
        ("profiles", {"profile": Profile("bruno.stateofus.eth")}),
    ],
)
def test_devices_that_differ_are_a_violation(what: str, change: dict[str, object]) -> None:
    other = seen(2)
    other = other._replace(shown=other.shown._replace(**change))  # type: ignore[arg-type]
    with pytest.raises(ViolationError, match=f"devices 0 and 2 of one person show other {what}"):
        devices_agree(17, [seen(0), other])


def test_notes_of_what_was_before_a_device_do_not_count() -> None:
    kind = ContentType.SYSTEM_MESSAGE_CONTENT_PRIVATE_GROUP
    note = replace(message(5, own=False, chat_id=GROUP), content_type=kind)
    one, other = view(0, ANNA, note, kind=ChatKind.GROUP), view(1, ANNA, kind=ChatKind.GROUP)
    devices_agree(17, [one, other._replace(shown=other.shown._replace(chats=one.shown.chats))])
