"""Plaintexts, good and malformed, and what a reader makes of them."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.crypto import secp256k1
from sottovoce.gossip.message_body import decode_body
from vectors.case import Case
from vectors.text import unhex

ACCEPTED = "accepted"


def cases(document: dict[str, Any]) -> Iterator[Case]:
    """Yield one case for each plaintext."""
    for recorded in document["cases"]:
        check = _check_accepted if recorded["expected"] == ACCEPTED else _check_refused
        yield Case("cases", recorded["name"], partial(check, recorded))


def _check_accepted(recorded: dict[str, Any]) -> None:
    body = decode_body(unhex(recorded["plaintext"]))
    sender = recorded.get("sender_public_key")
    assert body.payload == unhex(recorded["payload"])
    assert body.padding == unhex(recorded["padding"])
    assert body.transport_sender == (
        None if sender is None else secp256k1.parse_public_key(unhex(sender))
    )


def _check_refused(recorded: dict[str, Any]) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_body(unhex(recorded["plaintext"]))
