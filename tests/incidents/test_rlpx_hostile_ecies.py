"""Nodes that took ECIES points off the curve, or crashed on wrong lengths, fell in the wild.

GO-2026-4511 (points that were not checked), CVE-2026-22862 (lengths that were). Ours must answer
every such packet with one and the same error, and keep its key and its state.
"""

import random
from collections.abc import Iterator

import pytest

from sottovoce.base.errors import DecryptionError
from sottovoce.crypto import ecies, secp256k1
from sottovoce.devp2p.events import BytesReceived, ConnectionEnded, StreamEnded, StreamOpened
from sottovoce.devp2p.handshake import InitiatorHandshake
from unit.devp2p.pair import INITIATOR_KEY, RECIPIENT, RECIPIENT_KEY, at, ended, make_recipient
from vectors.scripted_entropy import SeededEntropy

FIELD_PRIME = 2**256 - 2**32 - 977
CASES_OF_A_KIND = 500
NOW = at(0.0)


def good_message() -> bytes:
    return ecies.encrypt(RECIPIENT, bytes(194), entropy=SeededEntropy(b"good"))


def with_point(point: bytes) -> bytes:
    return point + good_message()[secp256k1.UNCOMPRESSED_BYTES :]


def off_the_curve(rng: random.Random) -> bytes:
    # A random pair lies on the curve with a chance of 2^-256.
    return b"\x04" + rng.randbytes(64)


def x_beyond_the_field(rng: random.Random) -> bytes:
    x = FIELD_PRIME + rng.randrange(2**32 + 977)
    return b"\x04" + x.to_bytes(32, "big") + rng.randbytes(32)


def y_beyond_the_field(rng: random.Random) -> bytes:
    y = FIELD_PRIME + rng.randrange(2**32 + 977)
    return b"\x04" + rng.randbytes(32) + y.to_bytes(32, "big")


def known_x_with_a_changed_y(rng: random.Random) -> bytes:
    y = int.from_bytes(RECIPIENT.raw[32:], "big") ^ 1 << rng.randrange(256)
    return b"\x04" + RECIPIENT.raw[:32] + y.to_bytes(32, "big")


def compressed(rng: random.Random) -> bytes:
    return rng.choice(b"\x02\x03").to_bytes(1, "big") + RECIPIENT.raw


def hybrid_or_unknown_prefix(rng: random.Random) -> bytes:
    prefix = rng.choice([value for value in range(256) if value != 4])
    return bytes((prefix,)) + RECIPIENT.raw


def infinity(rng: random.Random) -> bytes:
    return rng.choice([b"\x00", b"\x04"]) + bytes(64)


KINDS = [
    off_the_curve,
    x_beyond_the_field,
    y_beyond_the_field,
    known_x_with_a_changed_y,
    compressed,
    hybrid_or_unknown_prefix,
    infinity,
]


def errors_of(messages: Iterator[bytes]) -> set[tuple[type[Exception], str]]:
    seen: set[tuple[type[Exception], str]] = set()
    for message in messages:
        with pytest.raises(DecryptionError) as caught:
            ecies.decrypt(RECIPIENT_KEY, message)
        seen.add((caught.type, str(caught.value)))
    return seen


@pytest.mark.parametrize("kind", KINDS)
def test_rlpx_ecies_point_off_the_curve_gives_one_error(kind: object) -> None:
    assert callable(kind)
    rng = random.Random(4511)
    messages = (with_point(kind(rng)) for _ in range(CASES_OF_A_KIND))
    bad_tag = good_message()[:-1] + b"\x00"
    assert errors_of(messages) == errors_of(iter([bad_tag]))


def test_rlpx_ecies_wrong_lengths_give_one_error() -> None:
    message = good_message()
    lengths = [*range(ecies.OVERHEAD_BYTES + 40), len(message) - 1]
    cut = (message[:length] for length in lengths)
    longer = (message + bytes(count) for count in range(1, 40))
    assert len(errors_of(cut) | errors_of(longer)) == 1


def test_rlpx_ecies_hostile_input_leaves_the_key_usable() -> None:
    before = RECIPIENT_KEY.raw
    errors_of(with_point(kind(random.Random(1))) for kind in KINDS)
    assert RECIPIENT_KEY.raw == before
    assert ecies.decrypt(RECIPIENT_KEY, good_message()) == bytes(194)


@pytest.mark.parametrize("kind", KINDS)
def test_rlpx_handshake_with_a_hostile_point_ends_without_an_answer(kind: object) -> None:
    assert callable(kind)
    rng = random.Random(2026)
    packet = InitiatorHandshake(
        INITIATOR_KEY, RECIPIENT, entropy=SeededEntropy(b"hostile")
    ).auth_packet
    for _ in range(20):
        machine = make_recipient()
        machine.handle(StreamOpened(), NOW)
        hostile = packet[:2] + kind(rng) + packet[67:]
        outputs = machine.handle(BytesReceived(hostile), NOW)
        assert outputs == [ended(outputs)]


@pytest.mark.parametrize("size", [0, 1, 112, 113, 114, 306, 307, 308, 340, 0xFFFF])
def test_rlpx_handshake_with_any_announced_size_ends_without_an_answer(size: int) -> None:
    machine = make_recipient()
    machine.handle(StreamOpened(), NOW)
    outputs = machine.handle(BytesReceived(size.to_bytes(2, "big") + bytes(400)), NOW)
    outputs += machine.handle(StreamEnded(), NOW)
    assert [type(output) for output in outputs] == [ConnectionEnded]
