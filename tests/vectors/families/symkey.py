"""Symmetric keys from passwords, and ids of keys."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from sottovoce.base.errors import SottovoceError
from sottovoce.gossip.keyring import key_pair_id, symmetric_key_from_password
from vectors.case import Case
from vectors.text import unhex


def cases(document: dict[str, Any]) -> Iterator[Case]:
    """Yield one case for each password and each id."""
    for recorded in document["passwords"]:
        yield Case("passwords", recorded["password"], partial(_check_password, recorded))
    for recorded in document["ids"]:
        yield Case("ids", recorded["input"], partial(_check_id, recorded))


def _check_password(recorded: dict[str, Any]) -> None:
    key = symmetric_key_from_password(recorded["password"])
    assert key.raw == unhex(recorded["key"])


def _check_id(recorded: dict[str, Any]) -> None:
    if recorded["error"] is None:
        assert key_pair_id(recorded["input"]) == recorded["id"]
        return
    with pytest.raises(SottovoceError):
        key_pair_id(recorded["input"])
