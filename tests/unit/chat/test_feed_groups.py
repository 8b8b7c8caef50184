"""Groups' events that are brought one by one."""

from sottovoce.chat.events import GroupChanged, Unshown
from sottovoce.chat.feed_rows import Bringing
from sottovoce.chat.feed_stores import FedDevice
from sottovoce.chat.records import ChatId
from sottovoce.payloads.chat_message import MessageType
from sottovoce.payloads.contact_id import contact_id
from sottovoce.payloads.feed import FeedChat, FeedGroupEvent, RecordKind
from sottovoce.payloads.limits import GROUP_CLOCK_AHEAD_MS_MAX
from sottovoce.payloads.membership import EventType, MembershipEvent
from sottovoce.payloads.membership_event import sign_event
from sottovoce.payloads.wire import encode_record
from unit.chat.feed_scene import BRUNO, LOBBY, NOW, SIGNER, Scene
from unit.chat.own_devices import ANNA_KEY
from unit.chat.people import NOW_MS, only

GROUP_ID = ChatId(f"00000000-0000-4000-8000-000000000000-{contact_id(ANNA_KEY)}")
SHOWN = FeedChat(GROUP_ID, MessageType.PRIVATE_GROUP, active=True, accepted=True)


CREATED = EventType.CHAT_CREATED


def event(type: EventType, clock: int, members: tuple[str, ...] = ()) -> FeedGroupEvent:
    made = MembershipEvent(clock, members, "lunch" if type is CREATED else "", type)
    return FeedGroupEvent(GROUP_ID, sign_event(made, chat_id=GROUP_ID, author_key=SIGNER).wire)


CREATION = event(CREATED, NOW_MS)
ADDITION = event(EventType.MEMBERS_ADDED, NOW_MS + 1, (BRUNO.id,))


def test_group_is_made_of_its_events_and_shown_as_there() -> None:
    scene = Scene()
    scene.takes(SHOWN, ADDITION, CREATION)
    (group,) = scene.store.list_groups()
    assert (group.name, group.members) == ("lunch", (ANNA_KEY, BRUNO.key))
    (chat,) = scene.store.chats()
    assert (chat.name, chat.active, chat.accepted) == ("lunch", True, True)
    assert scene.lacks() == []
    assert [kind for kind, _ in scene.lacks("tablet")].count(RecordKind.GROUP_EVENT) == 2


def test_pieces_of_a_history_may_come_in_any_order_and_twice() -> None:
    scene = Scene()
    for record in (ADDITION, CREATION, ADDITION, CREATION):
        scene.takes(record)
    (group,) = scene.store.list_groups()
    assert group.event_count == 2
    assert len(only(GroupChanged, scene.book.said)) <= 2


def test_event_that_a_device_with_a_faster_clock_took_is_taken() -> None:
    scene = Scene()
    fast_ms = 120_000
    sent_unix_ms = NOW_MS + fast_ms
    creation = event(CREATED, sent_unix_ms + GROUP_CLOCK_AHEAD_MS_MAX)
    by = Bringing(FedDevice("laptop", b"theirs"), NOW, sent_unix_ms)
    scene.absorbing.take([encode_record(creation)], by)
    assert len(scene.store.list_groups()) == 1


def test_event_of_the_future_or_of_no_usual_group_is_not_taken() -> None:
    scene = Scene()
    scene.takes(event(CREATED, NOW_MS + GROUP_CLOCK_AHEAD_MS_MAX + 1))
    assert scene.book.statistics == {Unshown.DAMAGED: 1}
    assert scene.store.list_groups() == []
    scene.takes(FeedGroupEvent(LOBBY, CREATION.wire))
    assert scene.store.list_groups() == []
