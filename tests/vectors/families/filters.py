"""Which of the installed filters receives which envelope."""

from collections.abc import Iterator
from functools import partial
from typing import Any, Final

import pytest

from sottovoce.base.errors import SottovoceError
from sottovoce.base.secret import SymmetricKey
from sottovoce.crypto import secp256k1
from sottovoce.gossip.envelope import decode_envelope
from sottovoce.gossip.filters import Filter, FilterTable, make_filter
from sottovoce.gossip.proof_of_work import envelope_pow
from vectors.case import Case
from vectors.floats import assert_float
from vectors.text import unhex

# The file tells by a delivery's name, and only by it, that its proof of work was computed before.
POW_KNOWN_NAME_END: Final = "with its pow already known"


def cases(document: dict[str, Any]) -> Iterator[Case]:
    """Yield one case for each filter and each delivery."""
    for recorded in document["filters"]:
        check = _check_installed if recorded["error"] is None else _check_refused
        yield Case("filters", recorded["name"], partial(check, recorded))
    installed = [recorded for recorded in document["filters"] if recorded["error"] is None]
    for recorded in document["deliveries"]:
        yield Case("deliveries", recorded["name"], partial(_check_delivery, installed, recorded))


def _check_installed(recorded: dict[str, Any]) -> None:
    wanted = _filter(recorded)
    key = recorded.get("symmetric_key") or recorded["private_key"]
    assert wanted.key.raw == unhex(key)
    assert isinstance(wanted.key, SymmetricKey) == ("symmetric_key" in recorded)
    assert {bytes(topic) for topic in wanted.topics} == {
        unhex(topic).ljust(4, b"\x00") for topic in recorded["topics"]
    }
    assert wanted.minimum_pow == recorded["min_pow"]
    assert wanted.allows_direct == recorded["allow_p2p"]
    sender = recorded.get("sender_public_key")
    assert (wanted.source and wanted.source.uncompressed) == (sender and unhex(sender))


def _check_refused(recorded: dict[str, Any]) -> None:
    with pytest.raises(SottovoceError):
        _filter(recorded)


def _check_delivery(installed: list[dict[str, Any]], recorded: dict[str, Any]) -> None:
    table = FilterTable()
    for number, filter_recorded in enumerate(installed):
        table.install(number, _filter(filter_recorded))
    envelope = decode_envelope(unhex(recorded["envelope_rlp"]))
    pow_known = not recorded["p2p"] or recorded["name"].endswith(POW_KNOWN_NAME_END)
    opened = table.open(
        envelope, direct=recorded["p2p"], pow=envelope_pow(envelope) if pow_known else None
    )
    assert_float(envelope_pow(envelope), recorded["pow"])
    numbers: tuple[int, ...] = ()
    if opened is not None:
        message, numbers = opened
        assert message.payload == unhex(recorded["payload"])
        assert_float(message.pow, recorded["pow"])
    either_way = recorded.get("order_dependent_in_go", [])
    names = [installed[number]["name"] for number in numbers]
    assert [name for name in names if name not in either_way] == recorded["delivered_to"]


def _filter(recorded: dict[str, Any]) -> Filter:
    symmetric = recorded.get("symmetric_key")
    private = recorded.get("private_key")
    sender = recorded.get("sender_public_key")
    return make_filter(
        symmetric_key=None if symmetric is None else SymmetricKey(unhex(symmetric)),
        private_key=None if private is None else secp256k1.private_key(unhex(private)),
        topics=[unhex(topic) for topic in recorded["topics"]],
        source=None if sender is None else secp256k1.parse_public_key(unhex(sender)),
        minimum_pow=recorded["min_pow"],
        allows_direct=recorded["allow_p2p"],
    )
