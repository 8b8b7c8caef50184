"""Feeds between Anna's devices over whole stacks, with Bruno as partner."""

import pytest

from sottovoce.chat.commands import (
    AddMembers,
    CreateGroup,
    EnableDevice,
    JoinGroup,
    JoinPublicChat,
    MarkRead,
    React,
    RemoveMember,
    SendMessage,
)
from sottovoce.chat.feed_stores import FedDevice
from sottovoce.chat.records import ChatId, Group, MessageState
from sottovoce.gossip.envelope import Envelope
from sottovoce.payloads.reaction import ReactionType
from sottovoce.stack.events import TimePassed
from unit.chat.talkers import Talker, family, pair
from unit.stack.post_office import Office

LOBBY = ChatId("lobby")
_STEPS_MAX = 2000


def pass_time(office: Office, seconds: float) -> None:
    """Let time pass for stacks and for chats."""
    end_s = office.now.monotonic_s + seconds
    for _ in range(_STEPS_MAX):
        talkers = [it for it in office.people if isinstance(it, Talker) and it.connected]
        dues = [it.chats.next_deadline() for it in talkers]
        nearest_s = min((due for due in dues if due is not None), default=end_s)
        office.pass_time(max(0.0, min(nearest_s, end_s) - office.now.monotonic_s))
        if nearest_s > end_s:
            return
        for talker in talkers:
            due_s = talker.chats.next_deadline()
            if due_s is not None and due_s <= office.now.monotonic_s:
                talker.hear(TimePassed())
        office.settle()
    raise AssertionError("they never stop")


def fed_family() -> tuple[Office, Talker, Talker, Talker]:
    office, phone, desk, bruno = family(feeds=True)
    pass_time(office, 300)
    office.sent.clear()
    return office, phone, desk, bruno


def fed(talker: Talker) -> list[FedDevice]:
    assert talker.feed_store is not None
    return [*talker.feed_store.devices()]


def counted(sent: list[Envelope]) -> tuple[int, int]:
    """Return how many envelopes there are, and their bytes."""
    return len(sent), sum(it.size_bytes for it in sent)


@pytest.mark.slow
def test_received_message_is_not_missed_by_the_device_that_was_off() -> None:
    office, phone, desk, bruno = fed_family()
    desk.connect(False)
    bruno.says("you alone hear this", phone)
    phone.do(MarkRead(bruno.id))
    bruno.says("and this", phone)
    pass_time(office, 6 * 3600)
    desk.connect()
    pass_time(office, 120)
    assert desk.history(bruno.id) == phone.history(bruno.id) == ["you alone hear this", "and this"]
    (chat,) = (it for it in desk.chat_store.chats() if it.id == bruno.id)
    assert chat.unread_count == 1


@pytest.mark.slow
def test_device_that_joins_late_has_all_that_was_said() -> None:
    office, phone, desk, bruno = fed_family()
    phone.do(JoinPublicChat(LOBBY))
    bruno.do(JoinPublicChat(LOBBY))
    bruno.do(SendMessage(LOBBY, "in public"))
    message = bruno.says("in private", phone)
    phone.do(React(message.id, ReactionType.LOVE))
    own = phone.says("my answer", bruno)
    tablet = Talker("anna", office, device="tablet", feeds=True)
    pair(phone, desk, tablet)
    pass_time(office, 600)
    assert tablet.history(bruno.id) == ["in private", "my answer"]
    assert tablet.history(LOBBY) == ["in public"]
    assert tablet.kept(own).state is MessageState.ACKNOWLEDGED
    assert [it.author for it in tablet.chat_store.reactions([message.id])] == [phone.key]


@pytest.mark.slow
def test_group_with_its_history_and_messages_reaches_a_device_that_was_off() -> None:
    office, phone, desk, bruno = fed_family()
    desk.connect(False)
    group = phone.do(CreateGroup("lunch", (bruno.key,))).result
    assert isinstance(group, Group)
    chat_id = group.chat_id
    bruno.do(JoinGroup(chat_id))
    bruno.do(SendMessage(chat_id, "pizza?"))
    pass_time(office, 6 * 3600)
    desk.connect()
    pass_time(office, 120)
    (there,) = desk.chat_store.list_groups()
    (here,) = phone.chat_store.list_groups()
    assert there == here
    assert desk.history(chat_id) == phone.history(chat_id)
    assert "pizza?" in desk.history(chat_id)
    (chat,) = (it for it in desk.chat_store.chats() if it.id == chat_id)
    assert (chat.active, chat.accepted) == (True, True)
    desk.do(RemoveMember(chat_id, bruno.key))
    pass_time(office, 600)
    assert phone.chat_store.list_groups() == desk.chat_store.list_groups()
    assert phone.chat_store.list_groups()[0].members == (phone.key,)
    phone.do(AddMembers(chat_id, (bruno.key,)))


@pytest.mark.slow
def test_disabled_device_gets_nothing_more_and_the_others_go_on() -> None:
    office, phone, desk, bruno = fed_family()
    tablet = Talker("anna", office, device="tablet", feeds=True)
    pair(phone, desk, tablet)
    pass_time(office, 600)
    for other in (phone, tablet):
        other.do(EnableDevice(desk.installation_id, enabled=False))
    phone.do(JoinPublicChat(LOBBY))
    pass_time(office, 600)
    assert LOBBY in [it.id for it in tablet.chat_store.chats() if it.active]
    assert LOBBY not in [it.id for it in desk.chat_store.chats()]
    message = bruno.says("still there?", phone)
    pass_time(office, 600)
    assert tablet.kept(message) is not None
    assert [it.installation_id for it in fed(phone)] == [tablet.installation_id]


@pytest.mark.slow
def test_restart_goes_on_where_it_was() -> None:
    office, phone, desk, bruno = fed_family()
    desk.connect(False)
    bruno.says("one", phone)
    pass_time(office, 3600)
    phone.run()
    desk.run()
    desk.connect()
    bruno.says("two", phone)
    pass_time(office, 3600)
    assert desk.history(bruno.id) == ["one", "two"]
    office.sent.clear()
    pass_time(office, 3600)
    assert office.sent == []


def cost(*, feeds: bool) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Return envelopes and bytes for messages that are received, and for our own."""
    office, phone, desk, bruno = family(feeds=feeds)
    pass_time(office, 300)
    received, own = [], []
    for n in range(4):
        office.sent.clear()
        bruno.says(f"hello {n}", phone)
        pass_time(office, 120)
        received.append(counted(office.sent))
        office.sent.clear()
        phone.says(f"hello {n}", bruno)
        pass_time(office, 120)
        own.append(counted(office.sent))
    assert desk.history(bruno.id) == phone.history(bruno.id)
    return received, own


def test_copies_for_a_device_that_is_gone_are_not_repeated() -> None:
    office, phone, desk, bruno = fed_family()
    desk.connect(False)
    phone.do(JoinPublicChat(LOBBY))
    for n in range(5):
        phone.says(f"text {n}", bruno)
    pass_time(office, 86_400)
    office.sent.clear()
    pass_time(office, 5 * 86_400)
    envelopes, size_bytes = counted(office.sent)
    # Four questions a day, and introductions to contacts.
    assert envelopes < 5 * 20
    assert size_bytes < 5 * 12_000
    desk.connect()
    pass_time(office, 600)
    assert desk.history(bruno.id) == phone.history(bruno.id)
    assert LOBBY in [it.id for it in desk.chat_store.chats()]


@pytest.mark.slow
def test_received_message_costs_two_small_envelopes_more_and_an_own_one_costs_one() -> None:
    received, own = cost(feeds=True)
    received_before, own_before = cost(feeds=False)
    # Of several, for sometimes both devices speak at the same moment.
    usual = (sorted(each)[1] for each in (received, received_before, own, own_before))
    for after, before, more in zip(usual, usual, (2, 1), strict=True):
        assert after[0] == before[0] + more
        assert after[1] <= before[1] + 2000
