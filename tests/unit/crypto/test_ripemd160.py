import pytest

from sottovoce.crypto.ripemd160 import ripemd160


@pytest.mark.parametrize(
    ("data", "digest"),
    [
        # Those that the authors published.
        (b"", "9c1185a5c5e9fc54612808977ee8f548b2258d31"),
        (b"abc", "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc"),
        (b"abcdefghijklmnopqrstuvwxyz", "f71c27109c692c1b56bbdceb5b9d2865b3708dbc"),
        (b"1234567890" * 8, "9b752e45573d4b39f4dbd3323cab82bf63326bfb"),
    ],
)
def test_digest_is_the_published_one(data: bytes, digest: str) -> None:
    assert ripemd160(data).hex() == digest


def test_length_field_that_needs_a_block_of_its_own_gets_one() -> None:
    digests = {ripemd160(bytes(size)) for size in (55, 56, 63, 64, 119, 120)}
    assert {len(digest) for digest in digests} == {20}
    assert len(digests) == 6
