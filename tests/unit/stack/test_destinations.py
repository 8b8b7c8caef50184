import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.quantities import PublicKey
from sottovoce.stack.destinations import NAME_BYTES_MAX, Contact, PublicChat


@pytest.mark.parametrize("name", ["", "x" * (NAME_BYTES_MAX + 1), "è" * (NAME_BYTES_MAX // 2 + 1)])
def test_name_that_is_empty_or_too_long_in_utf8_is_refused(name: str) -> None:
    with pytest.raises(LocalProtocolError, match="1 to 1024 bytes, not"):
        PublicChat(name)


@pytest.mark.parametrize("name", ["x", "x" * NAME_BYTES_MAX, "è" * (NAME_BYTES_MAX // 2)])
def test_name_up_to_the_limit_is_accepted(name: str) -> None:
    assert PublicChat(name).name == name


def test_name_that_is_no_unicode_text_is_refused() -> None:
    with pytest.raises(LocalProtocolError, match="not valid Unicode"):
        PublicChat("\udcff")


def test_text_form_of_a_contact_does_not_name_them() -> None:
    assert repr(Contact(PublicKey(b"k" * 64))) == "Contact()"
