"""The stack's tables; what the port promises stands in tests/contract."""

from contract.made import message_id, person
from sottovoce.adapters.memory.person_store import MemoryPersonStore
from sottovoce.stack.destinations import Contact
from sottovoce.stack.stores import StackStore, Submission
from unit.adapters.sqlite.plan import steps


def work(stack: StackStore) -> None:
    for unix_s in (1, 2):
        stack.save_submission(Submission(message_id(1), Contact(person(1)), unix_s, b"raw", None))
    stack.load_name_key("lobby")
    stack.remove_name_key("lobby")
    stack.remove_submission(message_id(1), Contact(person(1)))


def test_everything_is_found_by_an_index(store: MemoryPersonStore) -> None:
    assert steps(store, lambda: work(store.below_chat.stack)) == []
