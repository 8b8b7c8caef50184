"""Texts of keys, links and word lists under garbage, truncation and changed letters."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.base.quantities import PublicKey
from sottovoce.crypto import bls12_381, secp256k1
from sottovoce.crypto.bls12_381 import G1, G2
from sottovoce.identity import multibase
from sottovoce.identity.address import address_of
from sottovoce.identity.alias import WordLists, alias, decode_word_lists
from sottovoce.identity.contact_link import (
    BUNDLE_BYTES_MAX,
    ContactLink,
    NameLink,
    PublicChatLink,
    parse_link,
)
from sottovoce.identity.identicon import identicon_of_text
from sottovoce.identity.json_object import decode_object
from sottovoce.identity.personal_message import (
    RECOVERY_OFFSET,
    recover_personal,
    sign_personal,
)
from sottovoce.identity.public_key_text import (
    WRITTEN_BASES,
    compact_key,
    deserialize,
    hex_key,
    parse_compact_key,
    parse_hex_key,
    serialize,
)
from vectors.png_pixels import decode_png

KEYS = st.integers(1, 2**64).map(
    lambda number: secp256k1.public_key(secp256k1.private_key(number.to_bytes(32, "big")))
)
PREFIXES = st.sampled_from(sorted(multibase.BASES))
WRITTEN = st.sampled_from(sorted(WRITTEN_BASES))
TEXTS = st.one_of(
    st.text(max_size=80),
    st.builds(str.__add__, PREFIXES, st.text(max_size=80)),
    st.builds(multibase.encode, PREFIXES, st.binary(max_size=80)),
    st.builds(
        lambda prefix, kind, raw: multibase.encode(prefix, kind + raw),
        PREFIXES,
        st.sampled_from([b"\xe7\x01", b"\xea\x01", b"\xeb\x01"]),
        st.binary(max_size=99),
    ),
)
LINKS = st.one_of(
    st.builds(ContactLink, KEYS, st.binary(max_size=300)),
    st.builds(NameLink, st.from_regex(r"[a-z0-9]{1,20}(\.[a-z]{1,10}){1,3}", fullmatch=True)),
    st.builds(PublicChatLink, st.from_regex(r"[a-z0-9-]{1,40}", fullmatch=True)),
)


@given(PREFIXES, st.binary(max_size=100))
def test_multibase_round_trips(prefix: str, raw: bytes) -> None:
    text = multibase.encode(prefix, raw)
    assert multibase.decode(text) == raw
    if text.lower() != text.upper() and prefix in "fFbBcCvVtTkKh":
        assert multibase.decode(prefix + text[1:].swapcase()) == raw


@given(TEXTS)
def test_any_text_is_multibase_or_refused(text: str) -> None:
    with contextlib.suppress(RemoteProtocolError):
        multibase.decode(text)


@given(KEYS, WRITTEN, WRITTEN)
def test_key_round_trips_through_its_texts(key: PublicKey, base: str, other: str) -> None:
    assert parse_hex_key(hex_key(key)) == key
    text = compact_key(key, base=base)
    assert parse_compact_key(text) == key
    assert serialize(deserialize(text, other), base) == text


@given(TEXTS)
def test_any_text_is_a_key_or_refused(text: str) -> None:
    for read in (
        parse_hex_key,
        parse_compact_key,
        lambda text: serialize(text, "z"),
        lambda text: deserialize(text, "z"),
    ):
        with contextlib.suppress(RemoteProtocolError):
            read(text)


@given(key=KEYS, place=st.integers(1, 131), letter=st.sampled_from("0123456789abcdefgX"))
def test_changed_hex_key_is_another_key_or_refused(key: PublicKey, place: int, letter: str) -> None:
    text = hex_key(key)
    changed = text[:place] + letter + text[place + 1 :]
    with contextlib.suppress(RemoteProtocolError):
        assert (parse_hex_key(changed) == key) == (changed == text)


@given(key=KEYS, place=st.integers(1, 48), letter=st.characters(codec="ascii"))
def test_changed_compact_key_is_another_key_or_refused(
    key: PublicKey, place: int, letter: str
) -> None:
    text = compact_key(key)
    changed = text[:place] + letter + text[place + 1 :]
    with contextlib.suppress(RemoteProtocolError):
        assert (parse_compact_key(changed) == key) == (changed == text)


@given(KEYS, WRITTEN, st.integers(0, 48))
def test_cut_key_is_refused(key: PublicKey, base: str, end: int) -> None:
    text = compact_key(key, base=base)
    with pytest.raises(RemoteProtocolError):
        parse_compact_key(text[: min(end, len(text) - 1)])


@given(st.sampled_from([G1, G2]), st.binary(min_size=48, max_size=192), st.booleans())
def test_any_bytes_are_a_point_or_refused(group: bls12_381.Group, raw: bytes, short: bool) -> None:
    size = group.compressed_bytes if short else group.uncompressed_bytes
    raw = raw.ljust(size, b"\0")[:size]
    raw = bytes((raw[0] & 0x1F | (0x80 if short else 0),)) + raw[1:]
    with contextlib.suppress(RemoteProtocolError):
        (bls12_381.decompress if short else bls12_381.compress)(group, raw)


@given(LINKS, st.booleans())
def test_link_round_trips(link: ContactLink | NameLink | PublicChatLink, web: bool) -> None:
    assert parse_link(link.text(web=web)) == link


@given(LINKS, st.integers(0, 600), st.text(max_size=3))
def test_changed_or_cut_link_leads_somewhere_or_is_refused(
    link: ContactLink | NameLink | PublicChatLink, place: int, letters: str
) -> None:
    text = link.text()
    for changed in (text[:place], text[:place] + letters + text[place + 1 :]):
        with contextlib.suppress(RemoteProtocolError):
            parse_link(changed)


@given(
    KEYS,
    st.booleans(),
    st.integers(0, 131),
    st.sampled_from(["", *"0159afgzAFOZ.-"]),
    st.integers(0, 1),
    st.sampled_from(["", "status-im://u/", "status-im://"]),
)
def test_key_with_one_wrong_letter_leads_to_a_key_or_nowhere(
    key: PublicKey, compact: bool, place: int, letter: str, replaced: int, start: str
) -> None:
    text = compact_key(key) if compact else hex_key(key)
    place %= len(text)
    with contextlib.suppress(RemoteProtocolError):
        link = parse_link(start + text[:place] + letter + text[place + replaced :])
        assert isinstance(link, ContactLink)


@given(st.one_of(st.text(max_size=100), st.text(max_size=60).map("status-im://u/".__add__)))
def test_any_text_is_a_link_or_refused(text: str) -> None:
    with contextlib.suppress(RemoteProtocolError):
        match parse_link(text):
            case ContactLink(bundle=bundle):
                assert len(bundle) <= BUNDLE_BYTES_MAX
            case link:
                assert "\n" not in repr(link)


@given(st.binary(max_size=200), st.integers(1, 2**64))
def test_signer_of_a_message_is_recovered_with_either_habit_of_v(message: bytes, key: int) -> None:
    private = secp256k1.private_key(key.to_bytes(32, "big"))
    signature = sign_personal(private, message)
    signer = address_of(secp256k1.public_key(private))
    assert recover_personal(message, signature) == signer
    plain = signature[:-1] + bytes((signature[-1] - RECOVERY_OFFSET,))
    assert recover_personal(message, plain) == signer
    assert recover_personal(message + b"!", signature) != signer


@given(
    st.binary(max_size=100),
    st.binary(max_size=70) | st.binary(min_size=65, max_size=65),
    st.sampled_from([0, 1, 2, 3, 4, 26, 27, 28, 29, 30, 31, 255]),
)
def test_any_bytes_are_somebodys_signature_or_refused(message: bytes, raw: bytes, v: int) -> None:
    for signature in (raw, raw[:64] + bytes((v,))):
        with contextlib.suppress(RemoteProtocolError):
            assert len(recover_personal(message, signature).raw) == 20


@given(st.integers(0, 64), st.integers(1, 255))
def test_changed_personal_signature_is_never_that_of_the_signer(
    place: int, difference: int
) -> None:
    private = secp256k1.private_key(b"\x05" * 32)
    signer = address_of(secp256k1.public_key(private))
    signature = sign_personal(private, b"words")
    changed = bytearray(signature)
    changed[place] ^= difference
    with contextlib.suppress(RemoteProtocolError):
        # The same v in the other habit is the same signature.
        same = changed[:64] == signature[:64] and changed[64] + RECOVERY_OFFSET == signature[64]
        assert same or recover_personal(b"words", bytes(changed)) != signer


WORDS = st.lists(st.from_regex(r"[A-Za-z\u00e0-\u00f6]{1,32}", fullmatch=True), min_size=1)
JSON: Any = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=12), inner),
    max_leaves=10,
)


@given(WORDS, WORDS, KEYS)
def test_word_lists_round_trip_and_name_every_key(
    adjectives: list[str], beings: list[str], key: PublicKey
) -> None:
    document = json.dumps({"adjectives": adjectives, "animals": beings}).encode()
    words = decode_word_lists(document)
    assert words == WordLists(tuple(adjectives), tuple(beings))
    first, second, third = alias(key, words).split(" ")
    assert {first, second} <= set(adjectives)
    assert third in beings


@given(st.one_of(st.binary(max_size=60), JSON.map(lambda value: json.dumps(value).encode())))
def test_any_document_holds_word_lists_or_is_refused(document: bytes) -> None:
    with contextlib.suppress(LocalProtocolError):
        decode_word_lists(document)
    with contextlib.suppress(RemoteProtocolError):
        assert isinstance(decode_object(document), dict)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=40))
def test_every_text_has_a_picture(text: str) -> None:
    picture = identicon_of_text(text)
    assert decode_png(picture.png()) == (50, 50, picture.pixels())
    assert [row[::-1] for row in picture.cells] == list(picture.cells)
