"""Stores of simulated devices in files."""

from pathlib import Path

from sottovoce.chat.records import Profile
from sottovoce.sim.people_files import stores_in


def test_reopened_store_has_what_was_committed_and_a_copy_goes_its_own_way(tmp_path: Path) -> None:
    store = stores_in(tmp_path)()
    store.begin()
    store.chat.save_profile(Profile("kept"))
    store.commit()
    copy = store.copied()
    store.begin()
    store.chat.save_profile(Profile("lost"))
    store = store.reopened()
    assert store.chat.load_profile() == Profile("kept")
    copy.begin()
    copy.chat.save_profile(Profile("copy"))
    copy.commit()
    assert store.chat.load_profile() == Profile("kept")
    for each in (store, copy):
        each.close()


def test_each_store_is_a_file_of_its_own(tmp_path: Path) -> None:
    make = stores_in(tmp_path)
    stores = [make(), make()]
    assert {path.name for path in tmp_path.glob("*.db")} == {"0.db", "1.db"}
    for store in stores:
        store.close()
