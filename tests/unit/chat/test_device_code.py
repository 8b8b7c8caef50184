from hypothesis import given
from hypothesis import strategies as st

from sottovoce.base.quantities import PublicKey
from sottovoce.chat.device_code import device_code, same_code

ANNA, BRUNO = PublicKey(b"\x01" * 64), PublicKey(b"\x02" * 64)


def test_code_has_two_groups_of_four_digits() -> None:
    code = device_code(ANNA, "phone")
    assert len(code) == len("XXXX-XXXX")
    assert code[4] == "-"


def test_code_depends_on_the_device_and_on_whose_it_is() -> None:
    codes = {device_code(who, which) for who in (ANNA, BRUNO) for which in ("phone", "desktop")}
    assert len(codes) == 4


def test_code_is_the_same_on_every_machine() -> None:
    assert device_code(ANNA, "phone") == "1CVP-2TY6"


@given(st.text(max_size=130))
def test_code_is_known_however_it_is_typed(installation_id: str) -> None:
    code = device_code(ANNA, installation_id)
    for written in (code, code.lower(), f" {code.replace('-', ' ')} ", code.replace("-", "")):
        assert same_code(code, written)
    assert same_code(code, code.replace("1", "l").replace("0", "O"))
    assert not same_code(code, code[:-1])
    assert not same_code(code, "")
