"""What honest mailservers have."""

from random import Random

from sottovoce.base.quantities import PublicKey, Topic
from sottovoce.sim.mail_disks import HonestDisks
from sottovoce.sim.mail_traffic import MailTraffic
from sottovoce.sim.mail_world import EPOCH_UNIX_S

ONE, OTHER = PublicKey(b"a".ljust(64, b".")), PublicKey(b"b".ljust(64, b"."))
TOPIC = Topic(b"aaaa")


def test_what_only_some_have_is_not_of_all() -> None:
    disks = HonestDisks(2)
    envelope = MailTraffic(Random(1), (TOPIC,)).invent(TOPIC, int(EPOCH_UNIX_S) + 5)
    disks.taken(ONE, [envelope, envelope], 6.0)
    assert not disks.of_all
    assert disks.of(ONE, TOPIC) == [(envelope.hash, 5.0, 6.0)]
    assert disks.of(OTHER, TOPIC) == []
    disks.taken(OTHER, [envelope], 7.0)
    disks.taken(ONE, [envelope], 8.0)
    assert disks.of_all[TOPIC] == [(envelope.hash, 5.0, 7.0)]
    assert len(disks.of(ONE, TOPIC)) == 1


def test_what_one_lost_is_not_promised_by_all() -> None:
    disks = HonestDisks(2)
    envelope = MailTraffic(Random(1), (TOPIC,)).invent(TOPIC, int(EPOCH_UNIX_S) + 5)
    for server in (ONE, OTHER):
        disks.taken(server, [envelope], 6.0)
    assert not disks.is_lost(envelope.hash)
    disks.lost(ONE, [envelope])
    assert disks.is_lost(envelope.hash)
    assert disks.of(ONE, TOPIC) == []
    assert len(disks.of(OTHER, TOPIC)) == 1
