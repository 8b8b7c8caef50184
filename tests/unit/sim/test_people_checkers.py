"""Checkers on histories made by hand: each finds what it is there for, and nothing in good ones."""

from dataclasses import replace

import pytest

from sottovoce.base.quantities import PublicKey, topic
from sottovoce.base.secret import PrivateKey
from sottovoce.chat.events import ChatFact, MessageAdded, MessageChanged
from sottovoce.chat.records import Chat, ChatId, ChatKind, Message, MessageState
from sottovoce.gossip.seal import EnvelopeRoute
from sottovoce.node.inputs import PostMessage
from sottovoce.payloads.chat_message import ContentType
from sottovoce.payloads.message_id import MessageId
from sottovoce.secure.double_ratchet import RatchetHeader
from sottovoce.secure.message import DirectMessage, ProtocolMessage, SessionHeader
from sottovoce.secure.wire import encode_message
from sottovoce.sim import people_checkers as checkers
from sottovoce.sim.checkers import ViolationError
from sottovoce.sim.people_checkers import KeysOnce, ToldOnce, View
from sottovoce.sim.people_device import Shown
from sottovoce.sim.people_log import PeopleLog, Said
from sottovoce.sim.people_network import quick_key

ANNA, BRUNO, LOBBY = ChatId("anna"), ChatId("bruno"), ChatId("lobby")
KEYS = {ANNA: PublicKey(b"a" * 64), BRUNO: PublicKey(b"b" * 64)}
ROUTE = EnvelopeRoute(topic(b"news"), quick_key("news"), PrivateKey(b"k" * 32))


def message(
    number: int, *, own: bool, chat_id: ChatId, state: MessageState = MessageState.ACKNOWLEDGED
) -> Message:
    return Message(
        MessageId(number.to_bytes(32, "big")),
        chat_id,
        PublicKey(b"a" * 64),
        number,
        number,
        number,
        ContentType.TEXT_PLAIN,
        f"text {number}",
        own=own,
        state=state if own else MessageState.RECEIVED,
    )


def view(
    device: int,
    me: ChatId,
    *messages: Message,
    kind: ChatKind = ChatKind.ONE_TO_ONE,
    forgotten: frozenset[MessageId] = frozenset(),
) -> View:
    """Return a device whose only chat has these messages, given from the newest."""
    chat_id = messages[0].chat_id if messages else LOBBY
    chat = Chat(chat_id, kind)
    shown = Shown({chat_id: chat}, {chat_id: list(messages)}, {})
    return View(device, KEYS[me], me, shown, forgotten)


def good() -> list[View]:
    """Return two devices that both show two messages of the first one."""
    sent = [message(number, own=True, chat_id=BRUNO) for number in (2, 1)]
    came = [message(number, own=False, chat_id=ANNA) for number in (2, 1)]
    return [view(0, ANNA, *sent), view(1, BRUNO, *came)]


def log(*texts: str) -> PeopleLog:
    made = PeopleLog()
    made.tried.update(texts or ("text 1", "text 2"))
    return made


def spoken() -> PeopleLog:
    """Return the log of two texts that were said on the first device."""
    made = log()
    for number in (1, 2):
        name = MessageId(number.to_bytes(32, "big"))
        made.said[f"text {number}"] = Said(0, BRUNO, name, 1.0)
    return made


def test_good_histories_are_no_violation() -> None:
    views = good()
    checkers.each_text_once(17, views, log())
    checkers.one_order(17, views)
    checkers.said_is_kept(17, views, log())
    checkers.private_is_everywhere(17, views, spoken())
    checkers.public_has_left(17, views, spoken())


# ---- texts


def test_text_that_nobody_wrote_is_a_violation() -> None:
    with pytest.raises(ViolationError, match="seed 17: device 0 shows what nobody wrote"):
        checkers.each_text_once(17, good(), log("text 1"))


def test_text_under_two_names_is_a_violation() -> None:
    again = replace(message(3, own=True, chat_id=BRUNO), text="text 1")
    views = [view(0, ANNA, again, message(1, own=True, chat_id=BRUNO))]
    with pytest.raises(ViolationError, match="seed 17: device 0 shows a text twice"):
        checkers.each_text_once(17, views, log())


def test_text_that_has_another_name_elsewhere_is_a_violation() -> None:
    again = replace(message(3, own=False, chat_id=ANNA), text="text 1")
    views = [good()[0], view(1, BRUNO, again)]
    with pytest.raises(ViolationError, match="seed 17: device 1 shows a text twice"):
        checkers.each_text_once(17, views, log())


def test_notes_of_a_group_need_no_author() -> None:
    kind = ContentType.SYSTEM_MESSAGE_CONTENT_PRIVATE_GROUP
    note = replace(message(5, own=False, chat_id=LOBBY), content_type=kind)
    checkers.each_text_once(17, [view(0, ANNA, note), view(1, BRUNO, note)], log())


# ---- order


@pytest.mark.parametrize("change", [{"clock": 9}, {"text": "else"}, {"response_to": "0x00"}])
def test_message_that_differs_on_two_devices_is_a_violation(change: dict[str, object]) -> None:
    changed = replace(message(2, own=False, chat_id=ANNA), **change)  # type: ignore[arg-type]
    with pytest.raises(ViolationError, match="seed 17: device 1 shows another message"):
        checkers.one_order(17, [good()[0], view(1, BRUNO, changed)])


def test_history_that_is_not_in_the_order_of_clocks_is_a_violation() -> None:
    turned = [message(number, own=True, chat_id=BRUNO) for number in (1, 2)]
    with pytest.raises(ViolationError, match="seed 17: device 0 shows another order"):
        checkers.one_order(17, [view(0, ANNA, *turned)])


# ---- what arrived


@pytest.mark.parametrize("state", [MessageState.QUEUED, MessageState.SENT, MessageState.FAILED])
def test_message_that_is_not_acknowledged_in_the_end_is_a_violation(state: MessageState) -> None:
    stuck = message(1, own=True, chat_id=BRUNO, state=state)
    views = [view(0, ANNA, stuck), good()[1]]
    with pytest.raises(ViolationError, match=f"device 0 to device 1 is {state.value} in the end"):
        checkers.private_is_everywhere(17, views, spoken())


def test_acknowledged_message_that_is_not_shown_is_a_violation_unless_a_copy_explains_it() -> None:
    one, _ = good()
    came = message(1, own=False, chat_id=ANNA)
    with pytest.raises(ViolationError, match="seed 17: device 1 lacks a message of device 0"):
        checkers.private_is_everywhere(17, [one, view(1, BRUNO, came)], spoken())
    lost = frozenset({message(2, own=True, chat_id=BRUNO).id})
    checkers.private_is_everywhere(17, [one, view(1, BRUNO, came, forgotten=lost)], spoken())


def test_second_device_that_lacks_a_message_is_a_violation() -> None:
    with pytest.raises(ViolationError, match="seed 17: device 2 lacks a message of device 0"):
        checkers.private_is_everywhere(17, [*good(), view(2, BRUNO)], spoken())
    with pytest.raises(ViolationError, match="seed 17: device 2 lacks a message of device 0"):
        checkers.private_is_everywhere(17, [*good(), view(2, ANNA)], spoken())


def test_second_device_need_not_know_what_became_of_a_message() -> None:
    sent = [message(n, own=True, chat_id=BRUNO, state=MessageState.SENT) for n in (2, 1)]
    views = [*good(), view(2, ANNA, *sent)]
    checkers.private_is_everywhere(17, views, spoken())


def test_public_message_that_waits_in_the_end_is_a_violation() -> None:
    waiting = message(1, own=True, chat_id=LOBBY, state=MessageState.QUEUED)
    sent = message(1, own=True, chat_id=LOBBY, state=MessageState.SENT)
    checkers.public_has_left(17, [view(0, ANNA, sent, kind=ChatKind.PUBLIC)], spoken())
    with pytest.raises(ViolationError, match="a public message of device 0 is queued in the end"):
        checkers.public_has_left(17, [view(0, ANNA, waiting, kind=ChatKind.PUBLIC)], spoken())


def test_queued_message_that_is_gone_is_a_violation_unless_a_copy_explains_it() -> None:
    kept = log()
    kept.said["text 3"] = Said(0, BRUNO, MessageId(bytes(32)), 1.0)
    with pytest.raises(ViolationError, match="seed 17: device 0 lost what it had queued"):
        checkers.said_is_kept(17, good(), kept)
    lost = frozenset({MessageId(bytes(32))})
    checkers.said_is_kept(17, [view(0, ANNA, forgotten=lost)], kept)


# ---- at every moment


def test_message_that_is_told_of_twice_is_a_violation() -> None:
    kept = log()
    checker = ToldOnce(17, kept)
    added = MessageAdded(message(1, own=False, chat_id=ANNA))

    def tell(fact: ChatFact) -> None:
        kept.heard(1, fact, 0.0)
        checker(1, fact)

    tell(added)
    tell(MessageChanged(added.message))
    with pytest.raises(ViolationError, match="seed 17: device 1 told of a message twice"):
        tell(added)


def posted(payload: bytes, *, n: int = 0, key: bytes = b"\x02" * 33) -> PostMessage:
    header = SessionHeader(b"\x03" * 33, RatchetHeader(key, n, 0))
    direct = {"a phone": DirectMessage(payload, session=header)}
    return post(encode_message(ProtocolMessage("a tablet", direct=direct)))


def post(content: bytes) -> PostMessage:
    return PostMessage(1, ROUTE, content, 15, 0.1, 1.0)


def test_key_of_a_ratchet_that_seals_two_contents_is_a_violation() -> None:
    checker = KeysOnce(17)
    checker(0, posted(b"one"))
    checker(0, posted(b"one"))
    checker(0, posted(b"two", n=1))
    checker(0, posted(b"three", key=b"\x03" * 33))
    assert len(checker) == 3
    with pytest.raises(ViolationError, match="seed 17: device 0 used a key twice"):
        checker(0, posted(b"four", n=1))


def test_fresh_key_that_seals_two_contents_is_a_violation() -> None:
    checker = KeysOnce(17)
    one, two = (
        post(encode_message(ProtocolMessage("a tablet", direct={"none": entry})))
        for entry in (DirectMessage(text, ephemeral=b"\x02" * 33) for text in (b"one", b"two"))
    )
    checker(0, one)
    with pytest.raises(ViolationError, match="used a key twice"):
        checker(0, two)


def test_public_content_uses_no_key() -> None:
    checker = KeysOnce(17)
    checker(0, post(b"\xff\xff"))
    checker(0, post(encode_message(ProtocolMessage("a", direct={"b": DirectMessage(b"")}))))
    assert len(checker) == 0
