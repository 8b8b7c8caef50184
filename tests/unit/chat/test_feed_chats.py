"""Chats that are brought: the later decision counts, marks only rise."""

from dataclasses import replace

import pytest

from sottovoce.chat.events import Unshown
from sottovoce.chat.feed_keys import chat_key
from sottovoce.chat.feed_settings import CLOCKS_APART_MS_MAX
from sottovoce.chat.records import Chat, ChatKind
from sottovoce.chat.settings import ChatSettings
from sottovoce.payloads.chat_message import MessageType
from sottovoce.payloads.feed import FeedChat, RecordKind
from sottovoce.payloads.limits import CLOCK_AHEAD_MS_MAX
from unit.chat.feed_scene import BRUNO_ID, LOBBY, Scene, message, written
from unit.chat.people import NOW_MS

JOINED = FeedChat(LOBBY, MessageType.PUBLIC_GROUP, active=True, accepted=True)


def chat(scene: Scene) -> Chat:
    (found,) = scene.store.chats()
    return found


def test_later_decision_counts_whatever_comes_first() -> None:
    muted = replace(JOINED, muted=True, muted_unix_ms=5)
    loud = replace(JOINED, muted=False, muted_unix_ms=6)
    for first, second in ((muted, loud), (loud, muted)):
        scene = Scene()
        scene.takes(first)
        scene.takes(second)
        assert not chat(scene).muted
        assert scene.feed.change(RecordKind.CHAT, chat_key(LOBBY)).stamps == (0, 0, 6)  # type: ignore[union-attr]


def test_what_is_later_here_goes_back() -> None:
    scene = Scene()
    scene.takes(replace(JOINED, muted=True, muted_unix_ms=6))
    assert scene.lacks() == []
    scene.takes(replace(JOINED, muted=False, muted_unix_ms=5), done=9)
    assert scene.lacks() == [(RecordKind.CHAT, chat_key(LOBBY))]


def test_read_mark_rises_and_counts_anew() -> None:
    scene = Scene()
    scene.takes(JOINED, *(message(n, written(clock=NOW_MS + n)) for n in (1, 2, 3)))
    assert chat(scene).unread_count == 3
    scene.takes(replace(JOINED, read_at_clock=NOW_MS + 2))
    assert chat(scene).unread_count == 1
    scene.takes(replace(JOINED, read_at_clock=NOW_MS + 1))
    assert chat(scene).read_at_clock == NOW_MS + 2


def test_cleared_chat_is_cleared_up_to_the_mark() -> None:
    scene = Scene()
    scene.takes(JOINED, *(message(n, written(clock=NOW_MS + n)) for n in (1, 2, 3)))
    scene.takes(replace(JOINED, deleted_at_clock=NOW_MS + 2))
    assert [it.clock for it in scene.store.page(LOBBY, before=None, limit=9)] == [NOW_MS + 3]
    assert chat(scene).last_message_unix_ms == NOW_MS
    scene.takes(replace(JOINED, deleted_at_clock=NOW_MS + 5))
    assert (chat(scene).last_message_unix_ms, chat(scene).held_bytes) == (0, 0)
    scene.takes(message(9, written(clock=NOW_MS + 5)))
    assert scene.store.page(LOBBY, before=None, limit=9) == []


def test_mark_of_the_future_does_not_outlast_its_time() -> None:
    scene = Scene()
    scene.takes(replace(JOINED, read_at_clock=1 << 63, deleted_at_clock=1 << 63))
    latest = NOW_MS + CLOCKS_APART_MS_MAX + CLOCK_AHEAD_MS_MAX
    assert (chat(scene).read_at_clock, chat(scene).deleted_at_clock) == (latest, latest)


def test_chat_of_another_kind_and_unknown_group_are_not_taken() -> None:
    scene = Scene()
    scene.book.put_chat(Chat(BRUNO_ID, ChatKind.ONE_TO_ONE))
    scene.takes(replace(JOINED, id="some group", kind=MessageType.PRIVATE_GROUP))
    assert scene.book.statistics == {Unshown.NOT_INVITED: 1}
    scene.takes(replace(JOINED, id=BRUNO_ID, kind=MessageType.PRIVATE_GROUP))
    assert scene.book.statistics[Unshown.UNKNOWN_KIND] == 1


@pytest.mark.parametrize("accepted", [True, False])
def test_chats_stay_within_bounds(accepted: bool) -> None:
    scene = Scene(ChatSettings(chats_max=1, strangers_max=1))
    for name in ("one", "two"):
        scene.takes(replace(JOINED, id=name, accepted=accepted))
    assert len(scene.store.list_chats()) == 1
