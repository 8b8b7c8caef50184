import shutil
from pathlib import Path

import pytest

from sottovoce.adapters.sqlite.opening import Openings
from sottovoce.adapters.sqlite.person_store import SqlitePersonStore
from sottovoce.app.person import DatabasePlace, OpenedStore, PersonSettings, open_store
from sottovoce.base.errors import StorageError, StoreFileError
from sottovoce.base.moment import Moment
from sottovoce.chat.records import Profile
from sottovoce.crypto import secp256k1
from sottovoce.secure.channel import Channel
from sottovoce.secure.facts import Sealed
from sottovoce.secure.memory_store import MemoryStore
from sottovoce.secure.wire import decode_message
from sottovoce.sim.entropy import SeededEntropy

ANNA = secp256k1.generate_private_key(SeededEntropy("opened", 1))
BRUNO = secp256k1.generate_private_key(SeededEntropy("opened", 2))
NOW = Moment(0.0, 1_600_000_000.0)


def opened_at(place: DatabasePlace | None) -> OpenedStore:
    return open_store(PersonSettings(ANNA, "laptop", place), SeededEntropy("opened", 3))


def channel_of(opened: OpenedStore, seed: int) -> Channel:
    secure = opened.store.below_chat.secure
    return Channel(ANNA, "laptop", secure, SeededEntropy("opened", seed))


def say(opened: OpenedStore, seed: int) -> Sealed:
    """Let Anna say something to Bruno, and store what that changes."""
    opened.store.begin()
    sealed = channel_of(opened, seed).seal(secp256k1.public_key(BRUNO), b"hello", NOW)
    opened.store.commit()
    return sealed


def session_of(sealed: Sealed) -> tuple[bytes, bytes, int]:
    """Return what tells under which key a message was sealed."""
    [entry] = decode_message(sealed.content).direct.values()
    assert entry.session is not None
    return entry.session.prekey, entry.session.ratchet.key, entry.session.ratchet.n


@pytest.fixture
def place(tmp_path: Path) -> DatabasePlace:
    """Anna's file, in which she has a session with Bruno."""
    place = DatabasePlace(tmp_path / "anna.db", "secret")
    bruno = Channel(BRUNO, "phone", MemoryStore(), SeededEntropy("opened", 4))
    opened = opened_at(place)
    opened.store.begin()
    channel = channel_of(opened, 5)
    channel.open(secp256k1.public_key(BRUNO), bruno.seal_bundle(NOW).content, NOW)
    opened.store.commit()
    say(opened, 6)
    opened.close()
    return place


def test_sessions_go_on_over_openings(place: DatabasePlace) -> None:
    numbers = []
    for seed in (10, 11):
        opened = opened_at(place)
        numbers.append(session_of(say(opened, seed)))
        opened.close()
    assert [n for _, _, n in numbers] == [1, 2]
    assert numbers[0][:2] == numbers[1][:2]


@pytest.mark.parametrize("with_marks", [False, True], ids=["the file", "the whole folder"])
def test_older_copy_in_its_place_never_uses_a_key_again(
    place: DatabasePlace, tmp_path: Path, with_marks: bool
) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in place.path.parent.glob("anna.db*"):
        shutil.copy2(file, copy)
    opened = opened_at(place)
    used = session_of(say(opened, 10))
    opened.close()
    for file in copy.iterdir():
        if with_marks or file.name == place.path.name:
            shutil.copy2(file, place.path.parent)
    again = opened_at(place)
    after = session_of(say(again, 11))
    again.close()
    assert used[1] != after[1]


def test_file_that_moved_to_another_machine_starts_anew(
    place: DatabasePlace, tmp_path: Path
) -> None:
    opened = opened_at(place)
    used = session_of(say(opened, 10))
    opened.close()
    elsewhere = DatabasePlace(tmp_path / "elsewhere.db", "secret")
    shutil.copy(place.path, elsewhere.path)
    moved = opened_at(elsewhere)
    assert session_of(say(moved, 11))[1] != used[1]
    moved.close()


def test_older_copy_begins_a_new_life_of_what_devices_are_fed(
    place: DatabasePlace, tmp_path: Path
) -> None:
    opened = opened_at(place)
    opened.store.begin()
    opened.store.feed.save_life(b"life")
    opened.store.commit()
    opened.close()
    again = opened_at(place)
    assert again.store.feed.load_life() == b"life"
    again.close()
    elsewhere = DatabasePlace(tmp_path / "elsewhere.db", "secret")
    shutil.copy(place.path, elsewhere.path)
    moved = opened_at(elsewhere)
    assert moved.store.feed.load_life() not in (b"", b"life")
    moved.close()


def test_full_disk_does_not_keep_anybody_from_reading(
    place: DatabasePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise StorageError("no room")

    monkeypatch.setattr(Openings, "note", fail)
    opened = opened_at(place)
    assert opened.history.read_profile() == Profile()
    opened.close()


def test_copy_that_cannot_start_anew_is_not_opened(
    place: DatabasePlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise StorageError("no room")

    elsewhere = DatabasePlace(tmp_path / "elsewhere.db", "secret")
    shutil.copy(place.path, elsewhere.path)
    monkeypatch.setattr(Openings, "note", fail)
    with pytest.raises(StorageError, match="no room"):
        opened_at(elsewhere)


def test_file_that_is_gone_is_missed_until_somebody_decides(place: DatabasePlace) -> None:
    opened_at(place).close()
    kept = place.path.rename(place.path.with_name("kept"))
    with pytest.raises(
        StoreFileError, match=r"anna\.db is missing, .* left anna\.db\.opened beside"
    ):
        opened_at(place)
    kept.rename(place.path)
    opened_at(place).close()


def test_store_without_a_place_keeps_nothing() -> None:
    for _ in range(2):
        opened = opened_at(None)
        assert opened.history.read_profile() == Profile()
        opened.store.begin()
        opened.store.chat.save_profile(Profile("anna.eth"))
        opened.store.commit()
        assert opened.history.read_profile() == Profile("anna.eth")
        opened.close()


def test_store_is_made_at_the_first_opening_and_lasts(tmp_path: Path) -> None:
    place = DatabasePlace(tmp_path / "anna.db", "secret")
    opened = opened_at(place)
    opened.store.begin()
    opened.store.chat.save_profile(Profile("anna.eth"))
    opened.store.commit()
    opened.close()
    again = opened_at(place)
    assert again.history.read_profile() == Profile("anna.eth")
    again.close()
    with pytest.raises(StorageError):
        opened_at(DatabasePlace(place.path, "wrong"))


def test_history_that_cannot_be_opened_lets_go_of_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise StorageError("no")

    place = DatabasePlace(tmp_path / "anna.db", "secret")
    monkeypatch.setattr(SqlitePersonStore, "open_history", fail)
    with pytest.raises(StorageError, match="no"):
        opened_at(place)
    monkeypatch.undo()
    opened_at(place).close()


def test_password_is_in_no_text_form() -> None:
    assert "secret" not in repr(DatabasePlace(Path("anna.db"), "secret"))
