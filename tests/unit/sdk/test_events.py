import asyncio
from dataclasses import replace

import pytest

from sottovoce.chat import events as chat_events
from sottovoce.chat.records import Chat, ChatId, ChatKind, Contact, Device, Group, Reaction
from sottovoce.payloads.chat_message import ContentType
from sottovoce.sdk import events
from sottovoce.sdk.events import EventsMissed, EventSubscription, ShownFact, event_of
from unit.runtime.lane_scene import KEY
from unit.sdk.test_json_form import ID, MESSAGE

OWN = replace(MESSAGE, own=True)
NOTE = replace(MESSAGE, content_type=ContentType.SYSTEM_MESSAGE_CONTENT_PRIVATE_GROUP)
GROUP = Group(ChatId("group"), "walk", (KEY,), (KEY,), (KEY,), 1)
DEVICE = Device("phone")
CHAT = Chat(ChatId("lobby"), ChatKind.PUBLIC)
CONTACT = Contact(KEY)
REACTION = Reaction(ID, ChatId("lobby"), KEY, 1, 1)


@pytest.mark.parametrize(
    ("fact", "event"),
    [
        (
            chat_events.MessageAdded(MESSAGE, OWN, asks_attention=True, mentions_us=True),
            events.MessageReceived(MESSAGE, OWN, asks_attention=True, mentions_us=True),
        ),
        (chat_events.MessageAdded(OWN, MESSAGE), events.MessageWritten(OWN, MESSAGE)),
        (chat_events.MessageChanged(OWN), events.MessageStateChanged(OWN)),
        (chat_events.ReactionChanged(REACTION), events.ReactionChanged(REACTION)),
        (chat_events.ChatChanged(CHAT), events.ChatChanged(CHAT)),
        (
            chat_events.ContactChanged(CONTACT, request_received=False, previous_ens_name="a.eth"),
            events.ContactChanged(CONTACT, "a.eth"),
        ),
        (
            chat_events.ContactChanged(CONTACT, request_received=True),
            events.ContactRequested(CONTACT),
        ),
        (chat_events.MessageAdded(NOTE), events.GroupNoteAdded(NOTE)),
        (chat_events.GroupChanged(GROUP, invited=True), events.GroupInvited(GROUP)),
        (
            chat_events.GroupChanged(GROUP, removed=True),
            events.GroupChanged(GROUP, removed=True),
        ),
        (chat_events.DeviceChanged(DEVICE), events.DeviceChanged(DEVICE)),
        (
            chat_events.ContactDeviceAdded(CONTACT, "phone"),
            events.ContactDeviceAdded(CONTACT, "phone"),
        ),
    ],
    ids=lambda it: type(it).__name__,
)
def test_every_fact_has_its_event(fact: ShownFact, event: events.MessengerEvent) -> None:
    assert event_of(fact) == event


def test_reader_is_told_each_loss_once_and_in_its_place() -> None:
    async def main() -> None:
        queue = EventSubscription(queue_max=1, on_close=lambda: None)
        told = [events.StorageTrouble(str(number)) for number in range(5)]
        for event in told[:3]:
            queue.put(event)
        assert [await anext(queue), await anext(queue)] == [EventsMissed(2), told[2]]
        for event in told[3:]:
            queue.put(event)
        assert [await anext(queue), await anext(queue)] == [EventsMissed(1), told[4]]
        assert queue.dropped_count == 3

    asyncio.run(main())
