"""Floods of requests at a mailserver: what they cost is bounded, and honest peers are served."""

from dataclasses import replace
from typing import Final

from sottovoce.base.quantities import Topic
from sottovoce.mail.asker_limits import ASKERS_MAX, FAULTS_MAX
from sottovoce.mail.open_requests import OPEN_TOPICS_MAX
from sottovoce.mail.request import bloom_of, encode_request
from sottovoce.mail.server_events import EnvelopesReceived, PeerLeft
from sottovoce.mail.server_statistics import Refusal
from unit.mail.mail_bench import (
    PASSWORD_KEY,
    SETTINGS,
    WANTED,
    Bench,
    end,
    envelope,
    error,
    sealed,
    sent,
)

STRANGER: Final = 66
WRONG: Final = sealed(encode_request(WANTED), key=type(PASSWORD_KEY)(b"\x08" * 32))
HELD: Final = [envelope(number, after_s=number) for number in range(5)]


def bench() -> Bench:
    made = Bench()
    made.keep(*HELD)
    return made


def reasons(flooded: Bench) -> dict[Refusal, int]:
    return dict(flooded.server.statistics.refused)


def test_flood_of_wrong_passwords_is_soon_refused_unread_and_disturbs_nobody() -> None:
    flooded = bench()
    for _ in range(2000):
        assert error(flooded.ask(WRONG, peer=STRANGER))
    assert reasons(flooded) == {
        Refusal.NOT_OPENED: FAULTS_MAX,
        Refusal.RATE: 2000 - FAULTS_MAX,
    }
    assert sent(flooded.ask()) == HELD
    flooded.wait(1)
    assert error(flooded.ask(WRONG, peer=STRANGER)) == "failed to decrypt p2p request"


def test_flood_that_reconnects_under_the_same_key_is_the_same_flood() -> None:
    flooded = bench()
    for _ in range(300):
        flooded.ask(WRONG, peer=STRANGER)
        flooded.handle(PeerLeft(STRANGER))
    assert reasons(flooded)[Refusal.NOT_OPENED] == FAULTS_MAX


def test_flood_of_good_requests_ends_at_the_hours_account() -> None:
    flooded = Bench(replace(SETTINGS, requests_per_hour=50))
    answers = [end(flooded.ask(peer=STRANGER)) for _ in range(500)]
    assert sum(answer.error is None for answer in answers) == 50
    assert all(answer.error is None or "rate limit" in answer.error for answer in answers)
    assert end(flooded.ask()).error is None


def test_flood_from_ever_new_keys_is_bounded() -> None:
    flooded = bench()
    garbage = b"\x00"
    for number in range(ASKERS_MAX + 500):
        flooded.ask(garbage, peer=1000 + number)
        flooded.handle(PeerLeft(1000 + number))
    assert flooded.server.sizes()["askers"] == ASKERS_MAX
    assert "ask again in 10 s" in error(flooded.ask())
    flooded.wait(10)
    assert sent(flooded.ask()) == HELD


def test_requests_for_ten_thousand_topics_from_many_peers_are_bounded() -> None:
    flooded = Bench(replace(SETTINGS, minimum_pow=0.0))
    flooded.answering = False
    many = tuple(Topic(number.to_bytes(4, "big")) for number in range(10_000))
    wanted = replace(WANTED, topics=many, bloom=bloom_of(frozenset(many)))
    raw = sealed(encode_request(wanted), pow=0).raw
    for peer in range(2, 27):
        flooded.ask(raw, peer=peer)
    assert flooded.server.sizes()["topics of open requests"] == OPEN_TOPICS_MAX
    assert reasons(flooded) == {Refusal.BUSY: 25 - OPEN_TOPICS_MAX // 10_000}


def test_archive_that_stands_still_bounds_what_waits_and_everything_is_counted() -> None:
    flooded = Bench(replace(SETTINGS, buffer_envelopes_max=1000))
    flooded.answering = False
    for _ in range(1000):
        flooded.handle(EnvelopesReceived(tuple(HELD)))
    sizes = flooded.server.sizes()
    assert sizes["envelopes to archive"] == 1000
    assert sizes["bytes to archive"] == sum(len(each.raw) for each in HELD) * 200
    assert flooded.server.statistics.dropped == 4000
    assert flooded.server.trouble


def test_peers_that_come_ask_and_go_leave_nothing_behind() -> None:
    flooded = bench()
    flooded.answering = False
    for number in range(500):
        flooded.ask(peer=100 + number)
        flooded.handle(PeerLeft(100 + number))
    sizes = flooded.server.sizes()
    assert sizes["open requests"] == sizes["peers that ask"] == 0
