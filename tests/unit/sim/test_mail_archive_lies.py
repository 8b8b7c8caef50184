"""An archive that lies."""

from random import Random

from sottovoce.base.quantities import Topic
from sottovoce.gossip.envelope import decode_envelope
from sottovoce.mail.archive import Selection
from sottovoce.sim.mail_archive_lies import ArchiveLie, LyingArchive
from sottovoce.sim.mail_traffic import MailTraffic

NOW = 1_590_000_000
TOPIC = Topic(b"aaaa")


def test_it_keeps_everything_and_lies_in_every_way() -> None:
    archive = LyingArchive(Random(1))
    traffic = MailTraffic(Random(2), (TOPIC,))
    kept = {traffic.invent(TOPIC, NOW - 20 + place) for place in range(10)}
    assert archive.store(sorted(kept, key=lambda envelope: envelope.hash)) == 10
    selection = Selection(NOW - 60, NOW, frozenset({TOPIC}), 0, None, 100, 100_000)
    pages = [archive.query(selection) for _ in range(40)]
    assert sum(archive.told.values()) == 40
    assert all(archive.told[lie.value] for lie in ArchiveLie)
    found = [{decode_envelope(raw) for raw in page.envelopes} for page in pages]
    assert any(envelopes < kept for envelopes in found)
    assert any(envelopes > kept for envelopes in found)
    assert any(not envelopes for envelopes in found)
    assert any(page.has_more for page in pages)
