"""The cases that a block of every file of packets has: what one kind of node sent and received."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from sottovoce.gossip.bloom import topic_bloom
from sottovoce.gossip.dialect import Dialect
from sottovoce.gossip.envelope import decode_envelope
from sottovoce.gossip.proof_of_work import envelope_pow
from sottovoce.gossip.wishes import pow_to_bits
from vectors.case import Case
from vectors.gossip_receiving import check_packet_received, check_status_received
from vectors.gossip_scene import text
from vectors.gossip_sending import check_sent, check_status_sent
from vectors.text import unhex


def block_cases(block: str, section: dict[str, Any], dialect: Dialect) -> Iterator[Case]:
    """Yield the cases of one kind of node, each checked against its dialect."""
    for entry in section.get("status_sent", []):
        yield _case(block, "status_sent", entry, partial(check_status_sent, entry, dialect))
    for entry in section.get("status_received", []):
        check = partial(check_status_received, entry, dialect)
        yield _case(block, "status_received", entry, check)
    for entry in section.get("packets_received", []):
        check = partial(check_packet_received, entry, dialect)
        yield _case(block, "packets_received", entry, check)
    for entry in section.get("packets_sent", []):
        yield _case(block, "packets_sent", entry, partial(check_sent, entry, section, dialect))
    for label, entry in section.get("envelopes", {}).items():
        yield Case(f"{block}.envelopes", label, partial(_check_envelope, entry))
    if "error_codes" in section:
        check = partial(_check_error_codes, section["error_codes"], dialect)
        yield Case(f"{block}.error_codes", "numbers", check)


def _case(block: str, key: str, entry: dict[str, Any], check: Any) -> Case:
    return Case(f"{block}.{key}", entry["name"], check)


def _check_envelope(entry: dict[str, Any]) -> None:
    envelope = decode_envelope(unhex(entry["rlp"]))
    assert text(envelope.hash) == entry["hash"]
    assert text(envelope.topic) == entry["topic"]
    assert pow_to_bits(envelope_pow(envelope)) == int(entry["pow"]["ieee754_bits"], 16)
    assert topic_bloom(envelope.topic) > 0


def _check_error_codes(entry: dict[str, Any], dialect: Dialect) -> None:
    assert dialect.error_code_time == entry["time_not_synced"]
    assert dialect.error_code_other == entry["other"]
    assert dialect.error_code_sent == entry["code_given_to_an_ordinary_error"]
