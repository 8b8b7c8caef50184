import os
from pathlib import Path

import pytest

from sottovoce.adapters.peer_file import (
    PEER_FILE_NAME,
    PEERS_MAX,
    SavedPeer,
    add_peer,
    read_peers,
)
from sottovoce.base.errors import LocalProtocolError
from sottovoce.crypto import secp256k1
from sottovoce.devp2p.enode import Enode
from unit.node.pump import key_number


def peer(number: int, port: int = 30303, *, trusted: bool = False) -> SavedPeer:
    public_key = secp256k1.public_key(key_number(number))
    return SavedPeer(Enode(public_key, "192.0.2.7", port, port), trusted)


def write(directory: Path, text: str | bytes) -> Path:
    file = directory / PEER_FILE_NAME
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def words_of_refusal(directory: Path) -> str:
    with pytest.raises(LocalProtocolError) as caught:
        read_peers(directory)
    return str(caught.value)


# ---- reading


def test_no_file_means_no_peers(tmp_path: Path) -> None:
    assert read_peers(tmp_path) == read_peers(tmp_path / "nowhere") == []


def test_peers_are_read_in_order_with_their_trust(tmp_path: Path) -> None:
    write(tmp_path, f"{peer(1).enode}\n{peer(2).enode} trusted\n{peer(3).enode}")
    assert read_peers(tmp_path) == [peer(1), peer(2, trusted=True), peer(3)]


def test_remarks_and_empty_lines_are_ignored(tmp_path: Path) -> None:
    write(
        tmp_path,
        f"# my peers \u00e8\n\n  \t\n{peer(1).enode}  # at home, trusted\r\n"
        f"{peer(2).enode}\ttrusted# the mail server\n",
    )
    assert read_peers(tmp_path) == [peer(1), peer(2, trusted=True)]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("192.0.2.7:30303", "enode://"),
        ("enode://00@192.0.2.7:30303", "2 hex digits"),
        (f"{peer(1).enode} friend", "after the enode only the word 'trusted' may stand"),
        (f"{peer(1).enode} trusted trusted", "only the word 'trusted'"),
        (f"{peer(1).enode} {peer(2).enode}", "only the word 'trusted'"),
    ],
    ids=["no enode", "bad key", "other word", "twice", "two in a line"],
)
def test_bad_line_is_refused_with_its_file_and_number(
    tmp_path: Path, line: str, words: str
) -> None:
    file = write(tmp_path, f"# mine\n{peer(3).enode}\n{line}\n")
    said = words_of_refusal(tmp_path)
    assert said.startswith(f"{file} line 3: ")
    assert words in said


def test_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path, b"\xff\xfe")
    assert words_of_refusal(tmp_path) == f"cannot read {file}: it is not text"


def test_folder_in_the_place_of_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / PEER_FILE_NAME).mkdir()
    assert words_of_refusal(tmp_path).endswith("peers.txt: Is a directory")


def test_endless_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / PEER_FILE_NAME).symlink_to("/dev/zero")
    assert words_of_refusal(tmp_path).endswith("it is longer than any list of peers")


def test_more_peers_than_a_node_can_mean_are_refused(tmp_path: Path) -> None:
    write(tmp_path, f"{peer(1).enode}\n" * PEERS_MAX)
    assert len(read_peers(tmp_path)) == PEERS_MAX
    file = write(tmp_path, f"{peer(1).enode}\n" * (PEERS_MAX + 1))
    assert words_of_refusal(tmp_path) == f"{file} names 1001 peers, at most 1000 are kept"


# ---- adding


def test_added_peers_can_be_read_again(tmp_path: Path) -> None:
    assert add_peer(tmp_path, peer(1))
    assert add_peer(tmp_path, peer(2, trusted=True))
    assert read_peers(tmp_path) == [peer(1), peer(2, trusted=True)]


def test_new_file_says_what_may_stand_in_it(tmp_path: Path) -> None:
    add_peer(tmp_path, peer(1))
    add_peer(tmp_path, peer(2))
    lines = (tmp_path / PEER_FILE_NAME).read_text().splitlines()
    assert [line.startswith("#") for line in lines] == [True, False, False]


def test_known_key_is_replaced(tmp_path: Path) -> None:
    add_peer(tmp_path, peer(1))
    add_peer(tmp_path, peer(2))
    assert not add_peer(tmp_path, peer(1, port=30304, trusted=True))
    assert read_peers(tmp_path) == [peer(2), peer(1, port=30304, trusted=True)]


def test_what_people_wrote_stays(tmp_path: Path) -> None:
    written = f"# mine\n\n{peer(1).enode} trusted  # at home\n# theirs"
    file = write(tmp_path, written)
    add_peer(tmp_path, peer(2))
    assert file.read_text() == f"{written}\n{peer(2).enode}\n"


@pytest.mark.parametrize(
    "enode",
    [
        Enode(secp256k1.public_key(key_number(1)), None, 0, 0),
        Enode(secp256k1.public_key(key_number(1)), "192.0.2.7", 0, 30303),
    ],
    ids=["no address", "no port"],
)
def test_peer_that_cannot_be_dialled_is_refused(tmp_path: Path, enode: Enode) -> None:
    with pytest.raises(LocalProtocolError, match="cannot be dialled"):
        add_peer(tmp_path, SavedPeer(enode, trusted=False))
    assert list(tmp_path.iterdir()) == []


def test_full_file_takes_no_new_peer_but_changes_a_known_one(tmp_path: Path) -> None:
    others = f"{peer(1).enode}\n" * (PEERS_MAX - 1)
    file = write(tmp_path, others + f"{peer(2).enode}\n")
    with pytest.raises(LocalProtocolError, match="names 1000 peers already; remove one first"):
        add_peer(tmp_path, peer(3))
    assert not add_peer(tmp_path, peer(2, trusted=True))
    assert file.read_text() == others + f"{peer(2).enode} trusted\n"


def test_bad_file_is_not_touched(tmp_path: Path) -> None:
    file = write(tmp_path, "nonsense\n")
    with pytest.raises(LocalProtocolError, match="line 1"):
        add_peer(tmp_path, peer(1))
    assert file.read_text() == "nonsense\n"


def test_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(LocalProtocolError, match=r"cannot write .*peers\.txt: No such file"):
        add_peer(tmp_path / "nowhere", peer(1))


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_crash_leaves_the_old_file_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    add_peer(tmp_path, peer(1))
    monkeypatch.setattr(os if step == "fsync" else Path, step, crash)
    with pytest.raises(KeyboardInterrupt):
        add_peer(tmp_path, peer(2))
    assert read_peers(tmp_path) == [peer(1)]


def test_draft_of_a_crash_does_not_disturb(tmp_path: Path) -> None:
    (tmp_path / PEER_FILE_NAME).with_suffix(".new").write_text("half a li")
    add_peer(tmp_path, peer(1))
    assert read_peers(tmp_path) == [peer(1)]
    assert [each.name for each in tmp_path.iterdir()] == [PEER_FILE_NAME]
