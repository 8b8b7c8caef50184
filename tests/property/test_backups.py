"""Whatever stands in a file, it is a backup or it is refused in a sentence."""

import io
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seeded import SeededEntropy
from sottovoce.adapters.backup_manifest import decode_manifest, encode_manifest
from sottovoce.adapters.sealed_file import (
    HEADER_BYTES,
    MAGIC,
    SealedReader,
    SealedWriter,
    read_header,
)
from sottovoce.base.errors import RemoteProtocolError, StoreFileError
from sottovoce.crypto.hashes import sha256
from sottovoce.identity.keystore import KeystorePassword
from unit.adapters.test_backup_manifest import CHEAP, made

PASSWORD = KeystorePassword("correct horse")
MANIFEST = encode_manifest(made())
MEMBERS = sorted(json.loads(MANIFEST))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=3,
)


def sealed(parts: list[bytes]) -> bytes:
    stream = io.BytesIO()
    writer = SealedWriter(stream, PASSWORD, CHEAP, SeededEntropy(1))
    for part in parts:
        writer.write(part)
    writer.finish()
    return stream.getvalue()


def opened(file: bytes, count: int) -> bytes:
    stream = io.BytesIO(file)
    reader = SealedReader(stream, "my.backup", read_header(stream, "my.backup"), PASSWORD)
    content = reader.read_exactly(count)
    reader.finish()
    return content


@given(st.lists(st.binary(max_size=100_000), min_size=1, max_size=4).filter(any))
@settings(max_examples=30)  # Each has a tenth of a megabyte.
def test_what_was_sealed_in_any_parts_comes_back(parts: list[bytes]) -> None:
    content = b"".join(parts)
    assert opened(sealed(parts), len(content)) == content


@pytest.mark.slow
@given(st.binary(min_size=1, max_size=100), st.data())
def test_change_of_any_length_anywhere_is_noticed(content: bytes, data: st.DataObject) -> None:
    file = sealed([content])
    start = data.draw(st.integers(0, len(file)))
    end = data.draw(st.integers(start, len(file)))
    changed = file[:start] + data.draw(st.binary(max_size=20)) + file[end:]
    if changed != file:
        with pytest.raises(StoreFileError, match=r"my\.backup"):
            opened(changed, len(content))


@given(st.binary(max_size=2 * HEADER_BYTES), st.booleans(), st.booleans())
def test_any_bytes_are_a_header_or_refused(tail: bytes, has_magic: bool, has_sum: bool) -> None:
    file = MAGIC * has_magic + tail
    if has_sum:
        file = file[: HEADER_BYTES - 8] + sha256(file[: HEADER_BYTES - 8])[:8]
    with suppress(StoreFileError):
        read_header(io.BytesIO(file), "my.backup")


@given(st.binary(max_size=300) | st.just(MANIFEST).map(lambda whole: whole[:-1]))
def test_any_bytes_are_a_manifest_or_refused(document: bytes) -> None:
    with suppress(RemoteProtocolError):
        decode_manifest(document)


@pytest.mark.slow
@settings(max_examples=50)  # Each checks a key and a peer.
@given(st.sampled_from(MEMBERS), JSON)
def test_any_member_is_understood_or_refused(name: str, value: object) -> None:
    members: dict[str, Any] = json.loads(MANIFEST)
    with suppress(RemoteProtocolError):
        decode_manifest(json.dumps(members | {name: value}).encode())
