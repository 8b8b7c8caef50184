from pathlib import Path

import pytest

from sottovoce.adapters.mailserver_file import (
    MAILSERVER_FILE_NAME,
    MAILSERVERS_MAX,
    SavedMailserver,
    add_mailserver,
    parse_all,
    parse_saved,
    pin_mailserver,
    read_mailservers,
    remove_mailserver,
    replace_mailservers,
)
from sottovoce.adapters.node_key_file import DataDirectoryError
from sottovoce.base.errors import LocalProtocolError, SottovoceError
from sottovoce.crypto import secp256k1
from sottovoce.devp2p.enode import Enode, EnodePassword
from unit.node.pump import key_number

SECRET = "correct-horse"


def server(number: int, password: str | None = None, *, pinned: bool = False) -> SavedMailserver:
    key = secp256k1.public_key(key_number(number))
    secret = None if password is None else EnodePassword(password)
    return SavedMailserver(Enode(key, "192.0.2.7", 30303, 30303), secret, pinned)


def write(directory: Path, text: str | bytes) -> Path:
    file = directory / MAILSERVER_FILE_NAME
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    file.chmod(0o600)
    return file


def words_of_refusal(directory: Path) -> str:
    with pytest.raises(SottovoceError) as caught:
        read_mailservers(directory)
    assert caught.value.__context__ is None or SECRET not in str(caught.value.__context__)
    return str(caught.value)


# ---- reading


def test_no_file_means_no_mailservers(tmp_path: Path) -> None:
    assert read_mailservers(tmp_path) == ()


def test_mailservers_are_read_in_order_with_password_and_pin(tmp_path: Path) -> None:
    kept = (server(1), server(2, SECRET, pinned=True), server(3, ""))
    lines = "".join(f"{each.line()}\n" for each in kept)
    write(tmp_path, f"# mine\n\n{lines}")
    assert read_mailservers(tmp_path) == kept


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("192.0.2.7:30303", "enode://"),
        (server(1, SECRET).url().replace(":30303", ":0"), "cannot be dialled"),
        (server(1, SECRET).url().replace("enode://", "enode://zz"), "hexadecimal"),
        (f"{server(1, SECRET).url()} trusted", "only the word 'pinned'"),
        (f"{server(1, SECRET).url()} pinned pinned", "only the word 'pinned'"),
    ],
)
def test_line_that_is_none_is_named_and_its_password_is_not(
    tmp_path: Path, line: str, words: str
) -> None:
    write(tmp_path, f"# mine\n{line}\n")
    refusal = words_of_refusal(tmp_path)
    assert f"{MAILSERVER_FILE_NAME} line 2" in refusal
    assert words in refusal
    assert SECRET not in refusal


def test_two_pins_and_a_mailserver_named_twice_are_refused(tmp_path: Path) -> None:
    write(tmp_path, f"{server(1, pinned=True).line()}\n{server(2, pinned=True).line()}\n")
    assert "one line only" in words_of_refusal(tmp_path)
    write(tmp_path, f"{server(1).line()}\n{server(1, SECRET).line()}\n")
    assert "twice" in words_of_refusal(tmp_path)


def test_file_that_is_too_long_or_no_text_or_open_to_others_is_refused(tmp_path: Path) -> None:
    write(tmp_path, b"\xff\xfe")
    assert "not text" in words_of_refusal(tmp_path)
    write(tmp_path, "#" * 100_000)
    assert "bytes" in words_of_refusal(tmp_path)
    write(tmp_path, f"{server(1, SECRET).line()}\n").chmod(0o644)
    assert "chmod 600" in words_of_refusal(tmp_path)


def test_more_mailservers_than_are_asked_are_refused(tmp_path: Path) -> None:
    many = [server(number) for number in range(1, MAILSERVERS_MAX + 2)]
    write(tmp_path, "".join(f"{each.line()}\n" for each in many))
    assert str(MAILSERVERS_MAX) in words_of_refusal(tmp_path)
    with pytest.raises(LocalProtocolError, match="at most"):
        parse_all([each.url() for each in many])
    with pytest.raises(LocalProtocolError, match="at most"):
        replace_mailservers(tmp_path, many)


# ---- writing


def test_added_mailserver_is_read_back_from_a_file_of_our_own(tmp_path: Path) -> None:
    assert add_mailserver(tmp_path, server(1, SECRET))
    assert add_mailserver(tmp_path, server(2))
    assert not add_mailserver(tmp_path, server(1, "other"))
    assert read_mailservers(tmp_path) == (server(2), server(1, "other"))
    file = tmp_path / MAILSERVER_FILE_NAME
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text().startswith("# One enode a line")


def test_pin_moves_and_is_taken_off(tmp_path: Path) -> None:
    write(tmp_path, f"{server(1).line()} # at home\n{server(2, SECRET, pinned=True).line()}\n")
    assert pin_mailserver(tmp_path, server(1).enode.public_key)
    assert read_mailservers(tmp_path) == (server(1, pinned=True), server(2, SECRET))
    assert "pinned # at home" in (tmp_path / MAILSERVER_FILE_NAME).read_text()
    assert not pin_mailserver(tmp_path, server(3).enode.public_key)
    assert add_mailserver(tmp_path, server(3, pinned=True))
    assert [each.pinned for each in read_mailservers(tmp_path)] == [False, False, True]
    assert pin_mailserver(tmp_path, None)
    assert not any(each.pinned for each in read_mailservers(tmp_path))


def test_removed_mailserver_is_gone_and_remarks_stay(tmp_path: Path) -> None:
    write(tmp_path, f"# mine\n{server(1).line()}\n{server(2).line()}\n")
    assert remove_mailserver(tmp_path, server(1).enode.public_key)
    assert not remove_mailserver(tmp_path, server(1).enode.public_key)
    text = (tmp_path / MAILSERVER_FILE_NAME).read_text()
    assert text == f"# mine\n{server(2).line()}\n"


def test_all_are_replaced_and_remarks_stay(tmp_path: Path) -> None:
    write(tmp_path, f"# mine\n{server(1).line()}\n")
    replace_mailservers(tmp_path, [server(3, SECRET, pinned=True), server(2)])
    assert read_mailservers(tmp_path) == (server(3, SECRET, pinned=True), server(2))
    assert (tmp_path / MAILSERVER_FILE_NAME).read_text().startswith("# mine\n")
    replace_mailservers(tmp_path, [])
    assert read_mailservers(tmp_path) == ()


def test_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataDirectoryError, match="cannot write"):
        add_mailserver(tmp_path / "nowhere", server(1))


# ---- URLs


def test_pinned_url_need_not_be_repeated(tmp_path: Path) -> None:
    [first, second] = parse_all([server(1).url()], server(2, SECRET).url())
    assert (first, second) == (server(1), server(2, SECRET, pinned=True))
    assert parse_all([server(1).url(), server(2).url()], server(1).url()) == (
        server(1, pinned=True),
        server(2),
    )


def test_url_with_a_blank_in_its_password_is_refused_without_being_repeated() -> None:
    with pytest.raises(LocalProtocolError) as caught:
        parse_saved(server(1, f"{SECRET} 2").url())
    assert SECRET not in str(caught.value)


def test_password_is_in_no_repr() -> None:
    assert SECRET not in repr(server(1, SECRET))
