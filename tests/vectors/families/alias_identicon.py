"""Three-word names and pictures of keys. Words are compared if `--alias-words` gives lists."""

import base64
from collections.abc import Iterator
from functools import partial
from typing import Any

from sottovoce.crypto import secp256k1
from sottovoce.identity.alias import (
    Indices,
    Register,
    WordLists,
    alias,
    alias_of_seed,
    alias_seed,
    indices,
    register,
)
from sottovoce.identity.identicon import Identicon, identicon, identicon_of_text
from sottovoce.identity.public_key_text import hex_key, parse_hex_key
from vectors.alias_words import configured
from vectors.case import Case
from vectors.png_pixels import decode_png
from vectors.text import unhex


def cases(document: dict[str, Any]) -> Iterator[Case]:
    """Yield one case for each key, text and seed."""
    lists = document["word_lists"]
    for recorded in document["cases"]:
        yield Case("cases", recorded["name"], partial(_check_key, recorded, lists))
    for recorded in document["identicons"]:
        check = partial(_check_text, recorded)
        yield Case("identicons", recorded["input"][:32] or "(empty)", check)
    for recorded in document["seeds"]:
        yield Case("seeds", recorded["seed"], partial(_check_seed, recorded, lists))


def _check_key(recorded: dict[str, Any], lists: dict[str, Any]) -> None:
    key = secp256k1.public_key(secp256k1.private_key(unhex(recorded["private"])))
    assert hex_key(key) == recorded["public_key"]
    assert parse_hex_key(recorded["public_key"]) == key
    seed = alias_seed(key)
    assert seed == int(recorded["seed"])
    assert register(seed) == Register(*map(int, recorded["register"]))
    adjectives, beings = lists["adjectives"]["count"], lists["animals"]["count"]
    places = indices(seed, adjectives=adjectives, beings=beings)
    assert places == Indices(*recorded["indices"])
    words = _configured_words(lists)
    if words is not None:
        assert alias(key, words) == recorded["name"]
    assert recorded["identicon"]["input"] == recorded["public_key"]
    _check_picture(identicon(key), recorded["identicon"])


def _check_seed(recorded: dict[str, Any], lists: dict[str, Any]) -> None:
    seed = int(recorded["seed"])
    assert register(seed) == Register(*map(int, recorded["register"]))
    words = _configured_words(lists)
    if words is not None:
        assert alias_of_seed(seed, words) == recorded["name"]


def _check_text(recorded: dict[str, Any]) -> None:
    _check_picture(identicon_of_text(recorded["input"]), recorded)


def _check_picture(picture: Identicon, recorded: dict[str, Any]) -> None:
    assert picture.digest == unhex(recorded["md5"])
    assert picture.rgba == unhex(recorded["rgba"])
    grid = ["".join(".#"[cell] for cell in row) for row in picture.cells]
    assert grid == recorded["grid"]
    theirs = decode_png(_png_of(recorded["data_uri"]))
    assert (
        decode_png(_png_of(picture.data_uri())) == theirs == (*recorded["size"], picture.pixels())
    )


def _png_of(data_uri: str) -> bytes:
    start = "data:image/png;base64,"
    assert data_uri.startswith(start)
    return base64.b64decode(data_uri.removeprefix(start), validate=True)


def _configured_words(lists: dict[str, Any]) -> WordLists | None:
    """Return the configured lists, which must be those that the file speaks of."""
    words = configured()
    if words is None:
        return None
    fingerprints = words.fingerprints()
    for ours, fingerprint, theirs in zip(
        (words.adjectives, words.beings),
        fingerprints,
        (lists["adjectives"], lists["animals"]),
        strict=True,
    ):
        assert len(ours) == theirs["count"]
        assert len(ours) - len(set(ours)) == theirs["duplicates"]
        assert (ours[0], ours[-1]) == (theirs["first"], theirs["last"])
        assert fingerprint == theirs["sha256"]
    return words
