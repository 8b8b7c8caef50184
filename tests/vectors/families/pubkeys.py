"""Public keys as text: in every base, in both directions, and what is refused."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.crypto import secp256k1
from sottovoce.identity.public_key_text import (
    compact_key,
    deserialize,
    hex_key,
    parse_compact_key,
    parse_hex_key,
    serialize,
    uncompressed_key,
)
from vectors.case import Case
from vectors.text import unhex

# A refused encoding has no prefix in the file; these are the names of those in the specification.
UNWRITTEN = {"base8": "7", "base10": "9", "base32z": "h"}


def cases(document: dict[str, Any]) -> Iterator[Case]:
    """Yield one case for each key and each special text."""
    for recorded in document["cases"]:
        yield Case("cases", recorded["compact"], partial(_check_key, recorded))
    for recorded in document["special"]:
        yield Case("special", recorded["name"], partial(_check_special, recorded))


def _check_key(recorded: dict[str, Any]) -> None:
    key = secp256k1.public_key(secp256k1.private_key(unhex(recorded["private"])))
    assert key.uncompressed == unhex(recorded["public"])
    assert secp256k1.compress(key) == unhex(recorded["public_compressed"])
    assert hex_key(key) == recorded["legacy"]
    assert compact_key(key) == recorded["compact"]
    assert parse_hex_key(recorded["legacy"]) == key == parse_compact_key(recorded["compact"])
    assert recorded["encodings"]
    for name, texts in recorded["encodings"].items():
        if "error" in texts:
            with pytest.raises(LocalProtocolError):
                compact_key(key, base=texts.get("prefix", UNWRITTEN.get(name, name)))
            continue
        base = texts["prefix"]
        assert compact_key(key, base=base) == texts["compressed"]
        assert uncompressed_key(key, base=base) == texts["uncompressed"]
        assert serialize(texts["uncompressed"], base) == texts["compressed"]
        assert deserialize(texts["compressed"], base) == texts["uncompressed"]
        assert parse_compact_key(texts["compressed"]) == key


def _check_special(recorded: dict[str, Any]) -> None:
    convert = {"serialize": serialize, "deserialize": deserialize}[recorded["direction"]]
    if recorded["ok"]:
        assert convert(recorded["input"], recorded["output_base"]) == recorded["output"]
        return
    with pytest.raises((LocalProtocolError, RemoteProtocolError)):
        convert(recorded["input"], recorded["output_base"])
