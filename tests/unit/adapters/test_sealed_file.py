import io
import random
import struct
from collections.abc import Iterator
from typing import Final

import pytest
from typing_extensions import override

from seeded import SeededEntropy
from sottovoce.adapters.sealed_file import (
    CHUNK_BYTES,
    HEADER_BYTES,
    MAGIC,
    SealedReader,
    SealedWriter,
    read_header,
)
from sottovoce.base.errors import DecryptionError, StoreFileError
from sottovoce.crypto.aes import GCM_TAG_BYTES
from sottovoce.crypto.hashes import sha256
from sottovoce.identity.keystore import KeystorePassword
from sottovoce.identity.keystore_kdf import ScryptCost

PASSWORD: Final = KeystorePassword("correct horse")
CHEAP: Final = ScryptCost(n=2, r=1, p=1)
SEALED_CHUNK: Final = CHUNK_BYTES + GCM_TAG_BYTES
# Made by the first program that wrote this version, from `SeededEntropy(1)`.
FIRST: Final = bytes.fromhex(
    "736f74746f766f6365206261636b7570010100010001f5b165224a58b791df6af1d8303e61cdc4bb86c3d1c4"
    "27103c344c4189eb2f1e75423ecdb2ebd542bca8db302f14edd536f4d54aa3f65cc02e54aa97554ed07b9d9f"
    "08e15cf61c7711e1f3533b1cb96714134fc0317c89dfcd900f3eae548418ae564c"
)


def sealed(content: bytes, password: KeystorePassword = PASSWORD) -> bytes:
    stream = io.BytesIO()
    writer = SealedWriter(stream, password, CHEAP, SeededEntropy(1))
    for start in range(0, len(content), 50_000):
        writer.write(content[start : start + 50_000])
    writer.finish()
    return stream.getvalue()


def pieces(file: bytes, count: int, password: KeystorePassword = PASSWORD) -> Iterator[bytes]:
    """Read so many bytes and the end, piece by piece."""
    stream = io.BytesIO(file)
    reader = SealedReader(stream, "my.backup", read_header(stream, "my.backup"), password)
    while count:
        piece = reader.read(count)
        yield piece
        count -= len(piece)
    reader.finish()


def opened(file: bytes, count: int, password: KeystorePassword = PASSWORD) -> bytes:
    return b"".join(pieces(file, count, password))


def content_of(size_bytes: int) -> bytes:
    return random.Random(size_bytes).randbytes(size_bytes)


@pytest.mark.parametrize(
    "size_bytes", [1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES]
)
def test_content_of_any_length_comes_back(size_bytes: int) -> None:
    content = content_of(size_bytes)
    file = sealed(content)
    chunks = -(-size_bytes // CHUNK_BYTES)
    assert len(file) == HEADER_BYTES + size_bytes + chunks * GCM_TAG_BYTES
    assert opened(file, size_bytes) == content


def test_file_of_the_first_version_still_opens() -> None:
    assert sealed(b"Ciao, Bruno") == FIRST
    assert opened(FIRST, 11) == b"Ciao, Bruno"


def test_exact_count_is_read_over_the_end_of_a_chunk() -> None:
    content = content_of(CHUNK_BYTES + 10)
    stream = io.BytesIO(sealed(content))
    reader = SealedReader(stream, "my.backup", read_header(stream, "my.backup"), PASSWORD)
    assert reader.read_exactly(CHUNK_BYTES - 5) == content[: CHUNK_BYTES - 5]
    assert reader.read_exactly(15) == content[-15:]
    reader.finish()


def test_two_files_of_one_content_have_nothing_in_common_but_the_cost() -> None:
    stream = io.BytesIO()
    writer = SealedWriter(stream, PASSWORD, CHEAP, SeededEntropy(2))
    writer.write(b"Ciao, Bruno")
    writer.finish()
    start = len(MAGIC) + 6
    assert stream.getvalue()[:start] == FIRST[:start]
    assert stream.getvalue()[start : start + 32] != FIRST[start : start + 32]
    assert stream.getvalue()[HEADER_BYTES:] != FIRST[HEADER_BYTES:]


# ---- damage


def given_out(file: bytes, bit: int, count: int) -> bytes:
    """Flip a bit, and return what is given out before it is noticed."""
    damaged = bytearray(file)
    damaged[bit // 8] ^= 1 << bit % 8
    given: list[bytes] = []
    with pytest.raises(StoreFileError, match=r"my\.backup") as caught:
        given.extend(pieces(bytes(damaged), count))
    assert caught.value.__context__ is None  # nothing that could hold a key
    assert PASSWORD.text not in str(caught.value)
    return b"".join(given)


def test_every_flipped_bit_of_a_small_file_is_noticed() -> None:
    file = sealed(b"Ciao")
    assert [given_out(file, bit, 4) for bit in range(8 * len(file))] == [b""] * 8 * len(file)


def test_flipped_bit_is_noticed_before_what_follows_is_given_out() -> None:
    content = content_of(2 * CHUNK_BYTES + 1000)
    file = sealed(content)
    dice = random.Random(7)
    for bit in (dice.randrange(8 * HEADER_BYTES, 8 * len(file)) for _ in range(100)):
        sound_chunks = (bit // 8 - HEADER_BYTES) // SEALED_CHUNK
        assert given_out(file, bit, len(content)) == content[: sound_chunks * CHUNK_BYTES]


def test_file_that_ends_anywhere_is_noticed() -> None:
    content = content_of(200)
    file = sealed(content)
    for length in range(len(file)):
        with pytest.raises(StoreFileError, match=r"my\.backup"):
            opened(file[:length], len(content))


def test_file_that_ends_between_two_chunks_is_cut_off() -> None:
    content = content_of(3 * CHUNK_BYTES)
    file = sealed(content)
    for chunks in (1, 2):
        with pytest.raises(StoreFileError, match=r"my\.backup is cut off.*use another copy"):
            opened(file[: HEADER_BYTES + chunks * SEALED_CHUNK], len(content))


def test_chunks_that_changed_places_are_noticed() -> None:
    content = content_of(3 * CHUNK_BYTES)
    file = sealed(content)
    one, two = HEADER_BYTES + SEALED_CHUNK, HEADER_BYTES + 2 * SEALED_CHUNK
    swapped = file[:HEADER_BYTES] + file[one:two] + file[HEADER_BYTES:one] + file[two:]
    with pytest.raises(StoreFileError, match=f"damaged or cut off in the .* from {HEADER_BYTES}"):
        opened(swapped, len(content))


def test_bytes_behind_the_end_are_noticed() -> None:
    for more in (b"x", bytes(SEALED_CHUNK)):
        with pytest.raises(StoreFileError, match="damaged"):
            opened(sealed(b"Ciao") + more, 4)


def test_content_that_nobody_asked_for_is_noticed() -> None:
    for size_bytes in (5, CHUNK_BYTES + 4):
        with pytest.raises(StoreFileError, match="holds more than it should"):
            opened(sealed(bytes(size_bytes)), 4)


def test_reading_past_the_end_says_cut_off() -> None:
    with pytest.raises(StoreFileError, match="is cut off"):
        opened(sealed(b"Ciao"), 5)


# ---- whoever made it


def test_wrong_password_is_told_apart_from_damage() -> None:
    with pytest.raises(DecryptionError):
        opened(sealed(b"Ciao"), 4, KeystorePassword("wrong horse"))


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\x00" * 20, MAGIC[:-1]])
def test_file_of_somebody_else_is_no_backup(content: bytes) -> None:
    with pytest.raises(StoreFileError, match="is no backup of sottovoce's"):
        read_header(io.BytesIO(content), "my.backup")


def header_with(version: int, log_n: int, r: int, p: int) -> bytes:
    """Return a header that somebody made up, with its checksum."""
    start = MAGIC + struct.pack(">BBHH", version, log_n, r, p) + bytes(64)
    return start + sha256(start)[:8]


def test_newer_version_is_refused_in_plain_words() -> None:
    with pytest.raises(StoreFileError, match=r"has version 2, .* install the newer sottovoce"):
        read_header(io.BytesIO(header_with(2, 18, 8, 1)), "my.backup")


@pytest.mark.parametrize(
    ("log_n", "r", "p"),
    [(255, 8, 1), (30, 8, 1), (18, 65535, 65535), (10, 1, 65535), (0, 8, 1), (4, 0, 1)],
)
def test_absurd_cost_is_refused_before_it_is_spent(log_n: int, r: int, p: int) -> None:
    with pytest.raises(StoreFileError, match=r"my\.backup is not opened"):
        read_header(io.BytesIO(header_with(1, log_n, r, p)), "my.backup")


class Counted(io.BytesIO):
    """Knows how many bytes were read and not asked for yet."""

    given = 0

    @override
    def read(self, size: int | None = -1) -> bytes:
        assert size is not None
        assert 0 <= size <= SEALED_CHUNK
        self.given += size
        return super().read(size)


def test_no_more_than_two_chunks_are_held() -> None:
    content = content_of(8 * CHUNK_BYTES)
    stream = Counted(sealed(content))
    reader = SealedReader(stream, "my.backup", read_header(stream, "my.backup"), PASSWORD)
    read = 0
    while read < len(content):
        read += len(reader.read(1000))
        assert stream.given - HEADER_BYTES - read <= 2 * SEALED_CHUNK + 8 * GCM_TAG_BYTES
