import pytest

from sottovoce.base.errors import LocalProtocolError, ResourceLimitError
from sottovoce.identity import keystore_kdf
from sottovoce.identity.keystore_kdf import (
    LIGHT,
    PBKDF2_ROUNDS_MAX,
    STANDARD,
    KeyDerivation,
    Pbkdf2Cost,
    ScryptCost,
)


@pytest.mark.parametrize(
    ("n", "r", "p"),
    [(0, 8, 1), (1, 8, 1), (3, 8, 1), (-4, 8, 1), (4096, 0, 1), (4096, 8, 0), (4096, -8, -1)],
)
def test_impossible_parameters_of_scrypt_are_refused(n: int, r: int, p: int) -> None:
    with pytest.raises(LocalProtocolError, match="impossible"):
        ScryptCost(n=n, r=r, p=p)


@pytest.mark.parametrize(
    ("n", "r", "p"),
    [(2**19, 8, 1), (2**18, 9, 1), (2**60, 1, 1), (2, 2**40, 1), (2**1000, 2**1000, 1)],
)
def test_too_much_memory_is_refused_before_it_is_taken(n: int, r: int, p: int) -> None:
    with pytest.raises(ResourceLimitError, match="memory"):
        ScryptCost(n=n, r=r, p=p)


@pytest.mark.parametrize(("n", "r", "p"), [(2**18, 8, 5), (2**17, 8, 9), (4096, 8, 257)])
def test_too_much_work_is_refused_before_it_is_done(n: int, r: int, p: int) -> None:
    with pytest.raises(ResourceLimitError, match="work"):
        ScryptCost(n=n, r=r, p=p)


def test_parameters_in_use_are_within_the_limits() -> None:
    assert (STANDARD.n, STANDARD.r, STANDARD.p) == (262144, 8, 1)
    assert (LIGHT.n, LIGHT.r, LIGHT.p) == (4096, 8, 6)
    ScryptCost(n=32768, r=1, p=8)
    Pbkdf2Cost(1_000_000)


@pytest.mark.parametrize(("n", "r", "p"), [(65536, 1, 1), (262144, 1, 8)])
def test_cost_that_the_standard_forbids_is_refused(n: int, r: int, p: int) -> None:
    with pytest.raises(LocalProtocolError, match="forbids"):
        ScryptCost(n=n, r=r, p=p)


def test_machine_without_memory_is_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: object, **__: object) -> bytes:
        raise MemoryError

    monkeypatch.setattr(keystore_kdf, "scrypt", exhausted)
    with pytest.raises(ResourceLimitError, match="too little memory"):
        KeyDerivation(LIGHT, bytes(32)).derive(b"")


def test_largest_cost_for_a_block_of_one_is_computed() -> None:
    assert len(KeyDerivation(ScryptCost(n=32768, r=1, p=1), b"").derive(b"")) == 32


def test_rounds_of_pbkdf2_are_bounded() -> None:
    with pytest.raises(LocalProtocolError, match="impossible"):
        Pbkdf2Cost(0)
    with pytest.raises(ResourceLimitError, match="work"):
        Pbkdf2Cost(PBKDF2_ROUNDS_MAX + 1)


def test_derived_key_is_neither_too_short_nor_too_long() -> None:
    cost = Pbkdf2Cost(1)
    with pytest.raises(LocalProtocolError, match="short"):
        KeyDerivation(cost, bytes(32), 31)
    with pytest.raises(ResourceLimitError, match="long"):
        KeyDerivation(cost, bytes(32), 65)
    with pytest.raises(ResourceLimitError, match="long"):
        KeyDerivation(cost, bytes(1025))


@pytest.mark.parametrize("cost", [ScryptCost(n=2, r=1, p=1), Pbkdf2Cost(3)])
def test_first_half_of_a_longer_key_is_used(cost: ScryptCost | Pbkdf2Cost) -> None:
    salt = b"salt"
    assert KeyDerivation(cost, salt, 64).derive(b"p") == KeyDerivation(cost, salt).derive(b"p")
    assert len(KeyDerivation(cost, salt, 64).derive(b"p")) == 32


@pytest.mark.parametrize(("n", "r", "p"), [(2, 1, 4_194_304), (2, 1_048_576, 4)])
def test_many_lanes_of_memory_are_refused_before_they_are_taken(n: int, r: int, p: int) -> None:
    with pytest.raises(ResourceLimitError, match="memory"):
        ScryptCost(n, r, p)
