from sottovoce.base.secret import SymmetricKey
from sottovoce.payloads.message_id import MessageId
from sottovoce.stack.destinations import OwnDevices, PublicChat
from sottovoce.stack.memory_store import MemoryStackStore, memory_stores
from sottovoce.stack.stores import Submission

LOBBY, KEY = PublicChat("lobby"), SymmetricKey(b"k" * 32)


def test_submissions_come_back_in_the_order_of_their_first_saving() -> None:
    store = MemoryStackStore()
    rows = [
        Submission(MessageId(b"1"), destination, 5, b"raw", None)
        for destination in (LOBBY, OwnDevices())
    ]
    for row in rows:
        store.save_submission(row)
    replaced = Submission(MessageId(b"1"), LOBBY, 6, b"", b"s" * 32)
    store.save_submission(replaced)
    assert list(store.submissions()) == [replaced, rows[1]]
    store.remove_submission(MessageId(b"1"), LOBBY)
    store.remove_submission(MessageId(b"1"), LOBBY)
    assert list(store.submissions()) == [rows[1]]


def test_key_of_a_name_is_kept_until_it_is_removed() -> None:
    store = MemoryStackStore()
    assert store.load_name_key("lobby") is None
    store.save_name_key("lobby", KEY)
    assert store.load_name_key("lobby") == KEY
    store.remove_name_key("lobby")
    store.remove_name_key("lobby")
    assert store.load_name_key("lobby") is None


def test_text_form_only_counts() -> None:
    stores = memory_stores()
    stores.stack.save_name_key("lobby", KEY)
    assert repr(stores.stack) == "MemoryStackStore(0 submissions, 1 keys)"
