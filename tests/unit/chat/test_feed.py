"""What one device of Anna's does or receives appears on her others."""

import pytest

from sottovoce.chat.commands import (
    AddContact,
    BlockContact,
    ClearChat,
    JoinPublicChat,
    LeaveChat,
    MarkRead,
    MuteChat,
    React,
    RemoveContact,
    ResendMessage,
    SendMessage,
    SetProfile,
    VerifyContact,
)
from sottovoce.chat.events import MessageAdded, Refused, Unshown
from sottovoce.chat.records import ChatId, Message, MessageState
from sottovoce.chat.restored import begin_new_life
from sottovoce.payloads.chat_message import ChatMessage
from sottovoce.payloads.contact_id import contact_id
from sottovoce.payloads.devices import SyncInstallationContact
from sottovoce.payloads.feed import RecordKind
from sottovoce.payloads.message_id import MessageId
from sottovoce.payloads.reaction import ReactionType
from sottovoce.secure.facts import Secrecy
from sottovoce.sim.entropy import SeededEntropy
from sottovoce.stack import destinations
from sottovoce.stack.events import Acknowledged, Arrived, PeersChanged, Undeliverable
from unit.chat.own_devices import ANNA_KEY, Device, Post
from unit.chat.people import ENVELOPE, NOW_MS, Person, arrived, only, private

BRUNO = Person(2)
BRUNO_ID = ChatId(BRUNO.id)


class _Anna(Person):
    """Only an address: her devices are elsewhere."""


def from_bruno(post: Post, text: str, *, clock: int | None = None) -> ChatMessage:
    written = private(_Anna(1), text, clock=post.now_ms if clock is None else clock)
    return written


def both_hear(post: Post, text: str, *devices: Device) -> None:
    payload = from_bruno(post, text)
    for device in devices:
        device.hears(arrived(payload, BRUNO))


def two() -> tuple[Post, Device, Device]:
    post = Post()
    phone, laptop = post.device("phone"), post.device("laptop")
    post.pair("phone", "laptop")
    post.pass_time(60)
    return post, phone, laptop


def bytes_sent(post: Post) -> int:
    return sum(size for _, _, size in post.sent)


def test_decisions_of_one_device_appear_on_the_other() -> None:
    post, phone, laptop = two()
    phone.do(SetProfile("anna.eth"))
    phone.do(AddContact(BRUNO.key, "Bru"))
    phone.do(VerifyContact(BRUNO.key))
    phone.do(JoinPublicChat("lobby"))
    phone.do(MuteChat(ChatId("lobby"), True))
    post.pass_time(60)
    (contact,) = laptop.store.contacts()
    assert (contact.added, contact.verified, contact.nickname) == (True, True, "Bru")
    assert laptop.store.load_profile().ens_name == "anna.eth"
    (lobby,) = (it for it in laptop.store.chats() if it.id == "lobby")
    assert (lobby.active, lobby.muted) == (True, True)
    laptop.do(LeaveChat(ChatId("lobby")))
    laptop.do(RemoveContact(BRUNO.key))
    laptop.do(BlockContact(BRUNO.key))
    post.pass_time(60)
    assert phone.state() == laptop.state()
    (contact,) = phone.store.contacts()
    assert (contact.added, contact.blocked) == (False, True)


def test_received_message_and_read_mark_reach_a_device_that_was_off_for_weeks() -> None:
    post, phone, laptop = two()
    laptop.switch_off()
    for n in range(5):
        both_hear(post, f"text {n}", phone, laptop)
        post.pass_time(3600)
    phone.do(MarkRead(BRUNO_ID))
    both_hear(post, "unread", phone, laptop)
    post.pass_time(20 * 86_400)
    laptop.start()
    post.pass_time(120)
    assert laptop.texts(BRUNO) == [*(f"text {n}" for n in range(5)), "unread"]
    assert laptop.state() == phone.state()
    (chat,) = laptop.store.chats()
    assert chat.unread_count == 1
    added = only(MessageAdded, laptop.said)
    assert not any(it.asks_attention for it in added)  # They are weeks old.


def test_own_message_comes_as_far_there_as_here() -> None:
    post, phone, laptop = two()
    message = phone.do(SendMessage(BRUNO_ID, "Ciao")).result
    assert isinstance(message, Message)
    post.pass_time(60)
    (copy,) = laptop.messages(BRUNO_ID)
    assert (copy.own, copy.state, copy.raw) == (True, MessageState.SENT, b"")
    phone.hear(Acknowledged(message.id, destinations.Contact(BRUNO.key)))
    post.pass_time(60)
    assert laptop.messages(BRUNO_ID)[0].state is MessageState.ACKNOWLEDGED
    assert laptop.state() == phone.state()


def test_reactions_clearing_and_leaving_appear() -> None:
    post, phone, laptop = two()
    both_hear(post, "one", phone, laptop)
    both_hear(post, "two", phone)
    post.pass_time(60)
    assert laptop.texts(BRUNO) == ["one", "two"]
    phone.do(React(phone.messages(BRUNO_ID)[0].id, 1))
    post.pass_time(60)
    assert laptop.state() == phone.state()
    assert laptop.store.reactions([laptop.messages(BRUNO_ID)[0].id])
    laptop.do(ClearChat(BRUNO_ID))
    post.pass_time(60)
    assert phone.texts(BRUNO) == []
    assert laptop.state() == phone.state()


@pytest.mark.slow
def test_device_that_joins_late_gets_everything_in_pieces() -> None:
    post = Post()
    phone = post.device("phone")
    phone.do(AddContact(BRUNO.key, "Bru"))
    phone.do(JoinPublicChat("lobby"))
    for n in range(400):
        phone.hears(arrived(from_bruno(post, f"{n}: {'x' * 300}", clock=post.now_ms + n), BRUNO))
    phone.do(MarkRead(BRUNO_ID, post.now_ms + 300))
    laptop = post.device("laptop")
    post.pair("phone", "laptop")
    post.pass_time(120)
    assert laptop.state() == phone.state()
    assert len(laptop.texts(BRUNO)) == 400
    (chat,) = (it for it in laptop.store.chats() if it.id == BRUNO_ID)
    assert chat.unread_count == 99
    assert max(size for _, _, size in post.sent) < 50_000
    assert sum(bool(feed.records) for _, feed, _ in post.sent) <= 10


def test_pieces_that_are_lost_leave_no_gap() -> None:
    post = Post(seed=5, delay_s=10.0)
    phone = post.device("phone")
    for n in range(12):
        payload = from_bruno(post, f"{n}: {'x' * 20_000}", clock=post.now_ms + n)
        phone.hears(arrived(payload, BRUNO))
    laptop = post.device("laptop")
    post.pair("phone", "laptop")
    post.loss = 0.5
    post.pass_time(86_400)
    post.loss = 0.0
    post.pass_time(86_400)
    assert laptop.state() == phone.state()
    assert len(laptop.texts(BRUNO)) == 12


def test_what_both_have_is_told_by_one_alone() -> None:
    post, phone, laptop = two()
    both_hear(post, "hello", phone, laptop)
    post.pass_time(120)
    post.sent.clear()
    both_hear(post, "again", phone, laptop)
    post.pass_time(120)
    speakers = [name for name, feed, _ in post.sent if feed.records]
    assert len(speakers) == 1
    assert len(post.sent) == 2  # and one answer
    post.sent.clear()
    post.pass_time(30 * 86_400)
    assert post.sent == []


def test_unpaired_device_and_stranger_are_not_heard() -> None:
    post, phone, laptop = two()
    phone.enabled.clear()
    phone.hear_of_devices()
    laptop.do(JoinPublicChat("lobby"))
    post.pass_time(60)
    assert phone.store.chats() == ()
    assert phone.chats.statistics
    feed = next(feed for name, feed, _ in post.sent if name == "laptop" and feed.records)
    laptop.hear(arrived(feed, BRUNO))
    assert laptop.chats.statistics
    assert BRUNO.key != ANNA_KEY
    assert contact_id(BRUNO.key) == BRUNO_ID


def test_device_restored_from_an_old_copy_gets_all_and_is_missed_nothing() -> None:
    post, phone, laptop = two()
    both_hear(post, "before", phone, laptop)
    phone.do(JoinPublicChat("lobby"))
    post.pass_time(60)
    copied = phone.copy()
    phone.do(MuteChat(ChatId("lobby"), True))
    both_hear(post, "after the copy", phone)
    post.pass_time(60)
    phone.switch_off()
    phone.restore(copied)
    life = phone.feed.load_life()
    for n in range(20):  # More than it had told when its disk was lost, before it hears of that.
        phone.do(JoinPublicChat(f"room-{n}"))
    post.pass_time(120)
    assert phone.feed.load_life() != life
    assert phone.texts(BRUNO) == ["before", "after the copy"]
    assert phone.state() == laptop.state()


def test_restored_device_that_is_started_twice_before_it_hears_of_others_misses_nothing() -> None:
    post, phone, laptop = two()
    copied = phone.copy()
    both_hear(post, "after the copy", phone)
    phone.do(JoinPublicChat("lobby"))
    post.pass_time(60)
    phone.switch_off()
    begin_new_life(copied[1], SeededEntropy(5), NOW_MS)
    phone.restore(copied)
    phone.switch_off()
    for n in range(20):  # Its numbers pass those that the laptop has of the list before.
        phone.do(JoinPublicChat(f"room-{n}"))
    phone.start()
    post.pass_time(3600)
    assert phone.texts(BRUNO) == ["after the copy"]
    assert phone.state() == laptop.state()


def test_two_machines_that_run_as_one_device_do_not_make_everything_leave_again_and_again() -> None:
    post, phone, laptop = two()
    for n in range(200):
        both_hear(post, f"text {n}", phone, laptop)
    post.pass_time(600)
    clone = post.clone("phone")
    begin_new_life(clone.feed, SeededEntropy(5), NOW_MS)
    post.sent.clear()
    for n in range(10):
        both_hear(post, f"new {n}", phone, clone, laptop)
        post.pass_time(3600)
    assert bytes_sent(post) < 1_000_000
    assert clone.texts(BRUNO) == laptop.texts(BRUNO)
    assert any(it.chats.statistics[Unshown.TWO_IN_ONE] for it in (phone, laptop, clone))


def test_device_that_is_enabled_again_gets_what_changed_meanwhile() -> None:
    post, phone, laptop = two()
    both_hear(post, "hello", phone, laptop)
    message_id = laptop.messages(BRUNO_ID)[0].id
    phone.do(React(message_id, ReactionType.LOVE))
    post.pass_time(60)
    phone.enabled.clear()
    phone.hear_of_devices()
    phone.do(React(message_id, ReactionType.LOVE, retracted=True))
    phone.enabled.add("laptop")
    phone.hear_of_devices()
    post.pass_time(600)
    assert phone.state() == laptop.state()


def test_list_stays_within_its_bound_although_no_program_runs_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sottovoce.chat.feed.LISTED_MAX", 20)
    monkeypatch.setattr("sottovoce.chat.feed.TRIM_EVERY", 10)
    post, phone, laptop = two()
    laptop.switch_off()
    for n in range(20):
        for part in range(5):
            both_hear(post, f"text {n}.{part}", phone)
        phone.switch_off()
        phone.start()
    rows = phone.feed.changes_for("laptop", after=0, limit=1000)
    assert sum(row.kind is RecordKind.MESSAGE for row in rows) <= 30


def test_message_of_somebody_who_was_blocked_since_asks_for_no_attention() -> None:
    post, phone, laptop = two()
    phone.do(AddContact(BRUNO.key))
    post.pass_time(60)
    laptop.switch_off()
    both_hear(post, "you will hear of me", phone)
    phone.do(BlockContact(BRUNO.key))
    post.pass_time(60)
    laptop.start()
    laptop.said.clear()
    post.pass_time(60)
    (added,) = only(MessageAdded, laptop.said)
    assert not added.asks_attention
    assert phone.state() == laptop.state()


def test_device_that_lost_its_database_gets_all_again() -> None:
    post, phone, laptop = two()
    phone.do(AddContact(BRUNO.key))
    both_hear(post, "hello", phone, laptop)
    post.pass_time(60)
    laptop.restore(Device("laptop", post, laptop.entropy).copy())
    post.pass_time(120)
    assert laptop.state() == phone.state()
    assert laptop.texts(BRUNO) == ["hello"]


@pytest.mark.slow
def test_lost_device_costs_four_small_envelopes_a_day_and_harms_nobody() -> None:
    post, phone, laptop = two()
    tablet = post.device("tablet")
    post.pair("phone", "laptop", "tablet")
    post.pass_time(60)
    tablet.switch_off()
    for n in range(10):
        both_hear(post, f"text {n}", phone)
        post.pass_time(3600)
    assert laptop.state() == phone.state()
    post.sent.clear()
    post.pass_time(10 * 86_400)
    assert len(post.sent) <= 2 * 10 * 4 + 2
    assert max(size for _, _, size in post.sent) < 500


def test_three_devices_have_everything_although_half_of_it_is_lost() -> None:
    post = Post(seed=3, loss=0.5, delay_s=20.0)
    devices = [post.device(name) for name in ("phone", "laptop", "tablet")]
    post.pair("phone", "laptop", "tablet")
    for n in range(12):
        both_hear(post, f"text {n}", devices[n % 3])
        devices[(n + 1) % 3].do(JoinPublicChat(f"room-{n}"))
        post.pass_time(30)
    post.pass_time(86_400)
    assert devices[0].state() == devices[1].state() == devices[2].state()
    assert len(devices[0].texts(BRUNO)) == 12


def test_clock_of_one_device_that_was_wrong_does_not_keep_the_last_word() -> None:
    post, phone, laptop = two()
    phone.do(JoinPublicChat("lobby"))
    post.pass_time(60)
    laptop.ahead_s = 400 * 86_400.0
    laptop.do(MuteChat(ChatId("lobby"), True))
    laptop.ahead_s = 0.0
    post.pass_time(60)
    assert next(it for it in phone.store.chats() if it.id == "lobby").muted
    phone.do(MuteChat(ChatId("lobby"), False))
    post.pass_time(60)
    assert not next(it for it in laptop.store.chats() if it.id == "lobby").muted
    assert phone.state() == laptop.state()


def test_late_word_of_the_old_protocol_adds_nobody_again() -> None:
    post, phone, laptop = two()
    phone.do(AddContact(BRUNO.key))
    told = SyncInstallationContact(clock=post.now_ms, id=BRUNO.id)
    post.pass_time(60)
    phone.do(RemoveContact(BRUNO.key))
    post.pass_time(60)
    late = Arrived(told, ANNA_KEY, MessageId(bytes(32)), Secrecy.RATCHET, (), post.now_ms, ENVELOPE)
    laptop.hear(late)
    (contact,) = laptop.store.contacts()
    assert not contact.added


def test_message_that_failed_elsewhere_is_sent_again_there() -> None:
    post, phone, laptop = two()
    message = phone.do(SendMessage(BRUNO_ID, "Ciao")).result
    assert isinstance(message, Message)
    phone.hear(Undeliverable(message.id, destinations.Contact(BRUNO.key), "nobody took it"))
    post.pass_time(60)
    assert laptop.messages(BRUNO_ID)[0].state is MessageState.FAILED
    refused = laptop.tries(ResendMessage(message.id))
    assert isinstance(refused, Refused)
    assert "another device" in refused.reason
    phone.do(ResendMessage(message.id))
    post.pass_time(60)
    assert laptop.messages(BRUNO_ID)[0].state is MessageState.SENT


def test_nothing_is_said_while_no_peer_is_there() -> None:
    post, phone, laptop = two()
    phone.hear(PeersChanged(0))
    phone.do(JoinPublicChat("lobby"))
    post.sent.clear()
    post.pass_time(3600)
    assert [name for name, _, _ in post.sent if name == "phone"] == []
    phone.hear(PeersChanged(2))
    post.pass_time(60)
    assert laptop.state() == phone.state()


def test_message_that_a_restored_device_had_on_its_way_leaves_again() -> None:
    post, phone, laptop = two()
    copied = phone.copy()
    message = phone.do(SendMessage(BRUNO_ID, "on its way")).result
    assert isinstance(message, Message)
    post.pass_time(60)
    phone.restore(copied)
    post.left.clear()
    post.pass_time(120)
    assert post.left == [message.id]
    phone.hear(Acknowledged(message.id, destinations.Contact(BRUNO.key)))
    post.pass_time(60)
    assert laptop.messages(BRUNO_ID)[0].state is MessageState.ACKNOWLEDGED
