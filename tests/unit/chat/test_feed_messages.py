"""Messages and reactions that are brought."""

from dataclasses import replace

from sottovoce.chat.events import MessageAdded, MessageChanged, ReactionChanged, Unshown
from sottovoce.chat.feed_settings import RECENT_MS
from sottovoce.chat.records import Message, MessageState
from sottovoce.chat.settings import ChatSettings
from sottovoce.payloads.chat_message import (
    ContentType,
    ImageMessage,
    ImageType,
    MessageType,
    StickerMessage,
)
from sottovoce.payloads.feed import FeedChat, FeedReaction, RecordKind
from sottovoce.payloads.message_id import MessageId
from sottovoce.secure.facts import Secrecy
from unit.chat.feed_scene import BRUNO, BRUNO_ID, LOBBY, Scene, message, written
from unit.chat.own_devices import ANNA_KEY
from unit.chat.people import NOW_MS, only

JOINED = FeedChat(LOBBY, MessageType.PUBLIC_GROUP, active=True, accepted=True)
OWN = replace(message(1), author=ANNA_KEY.raw, state=2, state_unix_ms=5)


def kept(scene: Scene, n: int = 1) -> Message:
    found = scene.store.load_message(MessageId(n.to_bytes(32, "big")))
    assert found is not None
    return found


def test_received_message_is_here_as_there() -> None:
    scene = Scene()
    scene.takes(JOINED, message(1))
    assert kept(scene) == Message(
        MessageId((1).to_bytes(32, "big")),
        LOBBY,
        BRUNO.key,
        NOW_MS,
        NOW_MS,
        NOW_MS,
        ContentType.TEXT_PLAIN,
        "Ciao",
        secrecy=Secrecy.PUBLIC,
    )


def test_only_unread_and_recent_messages_ask_for_attention() -> None:
    scene = Scene()
    old = written("old", clock=NOW_MS - RECENT_MS)
    mention = written(f"@0x04{ANNA_KEY.raw.hex()}", clock=NOW_MS - 5)
    scene.takes(replace(JOINED, read_at_clock=NOW_MS - 9), message(1, mention))
    scene.takes(message(2, old), message(3, written("read", clock=NOW_MS - 10)))
    asked = [it.asks_attention for it in only(MessageAdded, scene.book.said)]
    assert asked == [True, False, False]
    assert [it.mentions_us for it in only(MessageAdded, scene.book.said)] == [True, False, False]


def test_own_message_comes_forward_by_the_later_word() -> None:
    scene = Scene()
    scene.takes(JOINED, OWN)
    assert (kept(scene).own, kept(scene).state) == (True, MessageState.SENT)
    scene.takes(replace(OWN, state=1, state_unix_ms=4))
    assert kept(scene).state is MessageState.SENT
    failed = replace(OWN, state=4, state_unix_ms=6, reason="nobody took it", recipient_count=3)
    scene.takes(failed)
    assert (kept(scene).state, kept(scene).reason) == (MessageState.FAILED, "nobody took it")
    scene.takes(replace(OWN, state=2, state_unix_ms=7))
    assert (kept(scene).state, kept(scene).reason) == (MessageState.SENT, "")
    assert len(only(MessageChanged, scene.book.said)) == 2


def test_state_of_somebody_elses_message_means_nothing() -> None:
    scene = Scene()
    scene.takes(JOINED, replace(message(1), state=4, reason="no", state_unix_ms=9))
    scene.takes(replace(message(1), state=5, state_unix_ms=10))
    assert (kept(scene).state, kept(scene).reason) == (MessageState.RECEIVED, "")


def test_message_without_its_chat_shows_no_chat_that_was_left() -> None:
    scene = Scene()
    scene.takes(message(1))
    (chat,) = scene.store.chats()
    assert (chat.active, chat.accepted, chat.unread_count) == (False, False, 1)


def test_message_stays_within_bounds() -> None:
    scene = Scene(ChatSettings(public_chat_bytes_max=1500, stranger_bytes_max=1500))
    scene.takes(JOINED, message(1), message(2))
    assert scene.book.statistics == {Unshown.INBOX_FULL: 1}
    private = written(chat_id=BRUNO_ID, kind=MessageType.ONE_TO_ONE)
    scene.takes(message(3, private), message(4, private))
    assert scene.book.statistics == {Unshown.INBOX_FULL: 2}


def test_attachment_comes_along_if_it_is_the_one_that_is_announced() -> None:
    scene = Scene()
    sticker = StickerMessage("e301", 7)
    announced = replace(written(), content_type=ContentType.STICKER, attachment=sticker)
    strange = replace(written(), attachment=ImageMessage(b"x", ImageType.PNG))
    scene.takes(JOINED, message(1, announced), message(2, strange))
    assert (kept(scene, 1).attachment, kept(scene, 2).attachment) == (sticker, None)


def test_reaction_may_come_before_its_message_and_the_latest_counts() -> None:
    scene = Scene()
    love = FeedReaction(message(1).id, LOBBY, BRUNO.key.raw, 1, NOW_MS)
    scene.takes(JOINED, love)
    assert only(ReactionChanged, scene.book.said) == []
    scene.takes(message(1))
    taken_back = replace(love, clock=NOW_MS + 1, retracted=True)
    scene.takes(taken_back)
    scene.takes(love, done=99)
    (changed,) = only(ReactionChanged, scene.book.said)
    assert changed.reaction.retracted
    assert [kind for kind, _ in scene.lacks()] == [RecordKind.REACTION]
    (chat,) = scene.store.chats()
    assert chat.last_clock == NOW_MS + 1


def test_reaction_in_no_chat_or_to_what_was_cleared_is_not_kept() -> None:
    scene = Scene()
    love = FeedReaction(message(1).id, LOBBY, BRUNO.key.raw, 1, NOW_MS)
    scene.takes(love)
    assert scene.book.statistics == {Unshown.NO_MESSAGE: 1}
    scene.takes(replace(JOINED, deleted_at_clock=NOW_MS), love)
    assert scene.store.load_reaction(MessageId(love.message_id), BRUNO.key, 1) is None


def test_secrecy_that_is_not_known_yet_is_learned() -> None:
    scene = Scene()
    scene.takes(JOINED, replace(OWN, secrecy=0, state=1, state_unix_ms=4))
    assert kept(scene).secrecy is None
    scene.takes(replace(OWN, secrecy=3))
    assert kept(scene).secrecy is Secrecy.RATCHET
