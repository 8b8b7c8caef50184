"""Names of sessions."""

from sottovoce.secure.stores import SessionName


def test_text_form_of_a_session_names_nobody() -> None:
    assert repr(SessionName(b"prekey", b"peer", "phone")) == "SessionName(…)"
