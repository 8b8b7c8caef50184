"""Envelope data that open, and data that do not: damaged, cut off, for another key."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.crypto import secp256k1
from sottovoce.gossip.seal import open_data
from vectors.case import Case
from vectors.text import unhex

OPENS = "ok"


def cases(document: dict[str, Any]) -> Iterator[Case]:
    """Yield one case for each attempt to open."""
    for recorded in document["cases"]:
        yield Case("cases", recorded["name"], partial(_check, recorded))


def _check(recorded: dict[str, Any]) -> None:
    if recorded["error"] == OPENS:
        open_data(unhex(recorded["data"]), _key(recorded))
        return
    # A key of a wrong length is refused where it is made, and never reaches the data.
    with pytest.raises(RemoteProtocolError):
        open_data(unhex(recorded["data"]), _key(recorded))


def _key(recorded: dict[str, Any]) -> SymmetricKey | PrivateKey:
    if "symmetric_key" in recorded:
        return SymmetricKey(unhex(recorded["symmetric_key"]))
    return secp256k1.private_key(unhex(recorded["recipient_private_key"]))
