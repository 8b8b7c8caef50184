"""The store of feeds in dictionaries; what every such store promises stands in `tests/contract`."""

from sottovoce.payloads.feed import RecordKind
from unit.chat.feed_scene import Scene


def test_what_a_device_knows_goes_with_the_row() -> None:
    feed = Scene().feed
    feed.put_change(RecordKind.CHAT, b"a")
    feed.note_known("phone", RecordKind.CHAT, b"a")
    feed.remove_change(RecordKind.CHAT, b"a")
    feed.put_change(RecordKind.CHAT, b"a")
    assert len(feed.changes_for("phone", after=0, limit=9)) == 1
