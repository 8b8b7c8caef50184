"""An older copy has taken the place of what was stored."""

from sottovoce.chat.feed_stores import FedDevice
from sottovoce.chat.restored import begin_new_life
from sottovoce.payloads.feed import RecordKind
from sottovoce.sim.entropy import SeededEntropy
from unit.chat.feed_scene import Scene
from unit.chat.people import NOW_MS


def test_copy_begins_a_new_life_and_takes_up_the_lists_of_others_where_it_was() -> None:
    scene = Scene()
    scene.feed.put_change(RecordKind.CHAT, b"a")
    scene.feed.save_device(FedDevice("laptop", b"theirs", have=5, said=7, done=8))
    life = scene.feed.load_life()
    begin_new_life(scene.feed, SeededEntropy(1), NOW_MS)
    assert scene.feed.load_life() not in (b"", life)
    assert [*scene.feed.devices()] == [FedDevice("laptop", b"theirs", have=5)]
    assert scene.lacks() == [(RecordKind.CHAT, b"a")]


def test_nothing_begins_where_there_never_was_another_device() -> None:
    scene = Scene()
    scene.feed.save_life(b"")
    begin_new_life(scene.feed, SeededEntropy(1), NOW_MS)
    assert scene.feed.load_life() == b""
