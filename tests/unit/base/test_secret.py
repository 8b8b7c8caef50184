import pytest

from sottovoce.base.errors import InvalidKeyError
from sottovoce.base.secret import PrivateKey, SymmetricKey

KINDS = [PrivateKey, SymmetricKey]


@pytest.mark.parametrize("kind", KINDS)
def test_text_of_a_secret_hides_its_bytes(kind: type[PrivateKey | SymmetricKey]) -> None:
    text = f"{kind(b'Z' * 32)} {kind(b'Z' * 32)!r}"
    assert "Z" not in text
    assert "5a" not in text


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_secret_of_another_length_is_refused(
    kind: type[PrivateKey | SymmetricKey], length: int
) -> None:
    with pytest.raises(InvalidKeyError, match=f"32 bytes, not {length}"):
        kind(b"\x01" * length)


@pytest.mark.parametrize("kind", KINDS)
def test_all_zero_secret_is_refused(kind: type[PrivateKey | SymmetricKey]) -> None:
    with pytest.raises(InvalidKeyError, match="zero"):
        kind(bytes(32))


def test_refused_secret_does_not_show_in_the_error() -> None:
    with pytest.raises(InvalidKeyError) as caught:
        SymmetricKey(b"Z" * 31)
    assert "Z" not in str(caught.value)


def test_secrets_of_two_kinds_are_never_equal() -> None:
    secrets: set[object] = {kind(b"\x01" * 32) for kind in KINDS}
    assert len(secrets) == 2
