"""Proof of work: the worth of given nonces, the bits to aim for, and the search."""

from collections.abc import Iterator
from functools import partial
from typing import Any, Final

import pytest

from sottovoce.base.errors import ProofOfWorkError
from sottovoce.base.quantities import Topic
from sottovoce.gossip.envelope import FIELDS_BYTES, UnminedEnvelope
from sottovoce.gossip.proof_of_work import envelope_pow, mine, target_bits
from vectors.case import Case
from vectors.floats import assert_float
from vectors.text import unhex

# Our search is bounded in tries, not in time: so many stand for one second of the Go nodes' work.
TRIES_PER_WORK_S: Final = 20_000


def cases(document: dict[str, Any]) -> Iterator[Case]:
    """Yield one case for each element of the four lists."""
    for recorded in document["pow"]:
        name = f"nonce {recorded['nonce']}, ttl {recorded['ttl']}, size {recorded['size']}"
        yield Case("pow", name, partial(_check_pow, recorded))
    for recorded in document["target_bits"]:
        name = f"{recorded['pow_target']}, ttl {recorded['ttl']}, data {recorded['data_length']}"
        yield Case("target_bits", name, partial(_check_target_bits, recorded))
    for recorded in document["seal"]:
        name = f"{recorded['pow_target']}, ttl {recorded['ttl']}, nonce {recorded['nonce_found']}"
        yield Case("seal", name, partial(_check_seal, recorded))
    for recorded in document["seal_errors"]:
        name = f"{recorded['pow_target']} in {recorded['work_time']} s"
        yield Case("seal_errors", name, partial(_check_seal_error, recorded))


def _check_pow(recorded: dict[str, Any]) -> None:
    unmined = _unmined(recorded)
    envelope = unmined.mined(int(recorded["nonce"]))
    assert envelope.hash == unhex(recorded["hash"])
    assert envelope.size_bytes == recorded["size"]
    assert len(envelope.prefix) == recorded["rlp_without_nonce_length"]
    assert envelope.prefix == unmined.prefix
    assert_float(envelope_pow(envelope), recorded["pow"])
    for later in recorded["pow_with_extra_seconds"]:
        assert_float(envelope_pow(envelope, later["extra_seconds"]), later["pow"])


def _check_target_bits(recorded: dict[str, Any]) -> None:
    size_bytes = FIELDS_BYTES + recorded["data_length"]
    bits = target_bits(float(recorded["pow_target"]), size_bytes, recorded["ttl"])
    assert bits == recorded["leading_zero_bits"]


def _check_seal(recorded: dict[str, Any]) -> None:
    unmined = _unmined(recorded)
    target = float(recorded["pow_target"])
    bits = target_bits(target, unmined.size_bytes, unmined.ttl_s)
    assert bits == recorded["leading_zero_bits_wanted"]
    envelope = mine(unmined, target, recorded["nonce_found"] + 1)
    assert envelope.nonce == recorded["nonce_found"]
    assert envelope.hash == unhex(recorded["hash"])
    assert_float(envelope_pow(envelope), recorded["pow"])


def _check_seal_error(recorded: dict[str, Any]) -> None:
    # The fields do not matter, says the file; a long life makes sure that the work is long, too.
    unmined = UnminedEnvelope(expiry_unix_s=3600, ttl_s=3600, topic=Topic(bytes(4)), data=b"")
    with pytest.raises(ProofOfWorkError):
        mine(unmined, float(recorded["pow_target"]), recorded["work_time"] * TRIES_PER_WORK_S)


def _unmined(recorded: dict[str, Any]) -> UnminedEnvelope:
    if "data" in recorded:
        data = unhex(recorded["data"])
    else:
        data = unhex(recorded["data_byte_repeated"]) * recorded["data_length"]
    topic = Topic(unhex(recorded["topic"]))
    return UnminedEnvelope(recorded["expiry"], recorded["ttl"], topic, data)
