"""What becomes of a row of the list when another device has brought its version."""

from sottovoce.base.moment import Moment
from sottovoce.chat.feed_rows import Bringing
from sottovoce.chat.feed_settings import CLOCKS_APART_MS_MAX
from sottovoce.chat.feed_stores import FedDevice
from sottovoce.payloads.feed import RecordKind
from sottovoce.payloads.limits import CLOCK_AHEAD_MS_MAX
from unit.chat.feed_scene import Scene

CHAT = RecordKind.CHAT


def by(done: int = 0) -> Bringing:
    return Bringing(FedDevice("laptop", done=done), Moment(0.0, 0.0), 7)


def test_what_changed_goes_to_the_others_and_not_back() -> None:
    scene = Scene()
    scene.rows.brought(CHAT, b"a", by(), stamps=(5,), changed=True, same=True)
    assert (scene.lacks(), scene.lacks("tablet")) == ([], [(CHAT, b"a")])
    assert scene.rows.stamps(CHAT, b"a") == (5,)
    assert scene.log.has_news


def test_what_is_older_there_goes_back_unless_it_is_on_its_way() -> None:
    scene = Scene()
    scene.feed.put_change(CHAT, b"a")
    scene.rows.brought(CHAT, b"a", by(done=0), changed=False, same=False)
    assert scene.feed.last_number() == 1
    scene.rows.brought(CHAT, b"a", by(done=1), changed=False, same=False)
    assert scene.feed.last_number() == 2
    assert scene.lacks() == [(CHAT, b"a")]


def test_what_both_have_need_not_be_told() -> None:
    scene = Scene()
    scene.feed.put_change(CHAT, b"a")
    scene.rows.brought(CHAT, b"a", by(), changed=False, same=True)
    assert (scene.lacks(), scene.feed.last_number()) == ([], 1)


def test_device_of_a_former_life_need_not_have_what_it_brings() -> None:
    """Found among simulated people (seed 3021): the restored device never got the message again."""
    scene = Scene()
    late = Bringing(FedDevice("laptop"), Moment(0.0, 0.0), 7, is_believed=False)
    scene.rows.brought(CHAT, b"a", late, changed=True, same=True)
    assert scene.lacks() == [(CHAT, b"a")]


def test_latest_clock_leaves_room_for_clocks_that_are_apart() -> None:
    assert by().latest_clock == 7 + CLOCKS_APART_MS_MAX + CLOCK_AHEAD_MS_MAX
