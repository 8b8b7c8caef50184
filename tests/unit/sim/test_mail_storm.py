"""A month of history: who is there, and what the checks at its end find."""

import pytest

from sottovoce.sim import mail_storm as module
from sottovoce.sim.checkers import ViolationError
from sottovoce.sim.mail_faults import HOUR_S
from sottovoce.sim.mail_storm import CASTS, MailStorm


def test_cast_has_honest_servers_first() -> None:
    casts = set()
    for seed in range(1, 12):
        honest = [server.liar is None for server in MailStorm(seed).servers]
        assert honest == sorted(honest, reverse=True)
        casts.add((honest.count(True), honest.count(False)))
    assert casts == set(CASTS)


def test_server_that_is_asked_too_often_is_found() -> None:
    storm = MailStorm(1)
    honest, liar = (server.mailserver.enode.public_key for server in storm.servers[:2])
    counts = storm.watches[0].counts
    counts.answered[honest] = 10
    counts.asked[liar] = 30
    storm.check()
    counts.asked[liar] = 31
    with pytest.raises(ViolationError, match="seed 1: server 1 was asked 31 times"):
        storm.check()


def test_size_above_its_bound_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(module.CLIENT_BOUNDS, "heard", -1)
    with pytest.raises(ViolationError, match="client 0 has 0 heard"):
        MailStorm(1).run()


def test_first_hours_of_two_runs_are_the_same() -> None:
    hashes = set()
    for _ in range(2):
        storm = MailStorm(5)
        storm.begin()
        storm.world.run_until(6 * HOUR_S)
        hashes.add(storm.world.trace_hash)
    assert len(hashes) == 1
