"""Contact ids: texts of keys."""

import pytest

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.crypto.secp256k1 import GENERATOR
from sottovoce.payloads.contact_id import contact_id, contact_key
from unit.payloads.people import ANNA_ID

ID = contact_id(GENERATOR)


def test_id_and_key_are_each_other() -> None:
    assert ID.startswith("0x0479be667e")
    assert len(ID) == 132
    assert contact_key(ID) == GENERATOR


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0x",
        ID[2:],
        ID[:-2],
        ID + "00",
        ID.upper(),
        "0x04" + ID[4:].upper(),
        "0x02" + ID[4:68],
        "0x06" + ID[4:],
        ID[:-1] + "g",
        ID + "\n",
        " " + ID,
    ],
)
def test_other_form_is_refused(text: str) -> None:
    with pytest.raises(RemoteProtocolError, match="another form"):
        contact_key(text)


def test_point_off_the_curve_is_refused() -> None:
    with pytest.raises(RemoteProtocolError, match="not a point"):
        contact_key(ANNA_ID[:-1] + ("1" if ANNA_ID[-1] != "1" else "2"))
    with pytest.raises(RemoteProtocolError, match="not a point"):
        contact_key("0x04" + "0" * 128)
