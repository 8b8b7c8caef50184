import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.identity import derivation
from sottovoce.identity.derivation import PATH_DEPTH_MAX, Path, parse_path, wallet
from sottovoce.identity.extended_key import HARDENED


def test_path_is_read_and_written() -> None:
    path = parse_path("m/43'/60'/1581'/0'/0")
    assert path == derivation.CHAT
    assert path.indices == (HARDENED + 43, HARDENED + 60, HARDENED + 1581, HARDENED, 0)
    assert str(path) == "m/43'/60'/1581'/0'/0"


def test_h_marks_hardened_steps_too() -> None:
    assert parse_path("m/44h/60H/0'/0/7") == wallet(7)


def test_root_alone_is_the_master_key() -> None:
    assert parse_path("m") == derivation.MASTER == Path(())
    assert str(derivation.MASTER) == "m"


@pytest.mark.parametrize(
    ("asked", "walked"),
    [
        ("m", "m"),
        ("m/43'/60'/1581'", "m/43'/60'"),
        ("m/44'/60'/0'/0", "m/44'/60'/0'/0"),
        ("m/0'", "m"),
    ],
)
def test_status_forgets_a_last_step_that_is_hardened(asked: str, walked: str) -> None:
    assert parse_path(asked).as_status_derives == parse_path(walked)


@pytest.mark.parametrize(
    "text",
    [
        "", "/", "M", "m/", "m//0", "0/1", "/0", "m/-1", "m/+1", "m/ 1", "m/1 ", "m/01", "m/1''",
        "m/'", "m/x", "m/2147483648", "m/2147483648'", "m/99999999999", "m/\u0661", "m/0\n", "../0",
        "m" + "/0" * (PATH_DEPTH_MAX + 1),
    ],
)  # fmt: skip
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(LocalProtocolError):
        parse_path(text)


@pytest.mark.parametrize("index", [-1, HARDENED])
def test_wallet_out_of_range_is_refused(index: int) -> None:
    with pytest.raises(LocalProtocolError, match="wallet"):
        wallet(index)


@pytest.mark.parametrize("index", [-1, 1 << 32])
def test_step_out_of_range_is_refused(index: int) -> None:
    with pytest.raises(LocalProtocolError, match="out of range"):
        Path((index,))
