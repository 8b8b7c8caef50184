"""What was deleted or replaced is in no page any more."""

from dataclasses import replace
from typing import Final

from contract.made import CHAIN, chat, message, person, session
from sottovoce.adapters.memory.person_store import MemoryPersonStore
from sottovoce.base.secret import SymmetricKey
from sottovoce.chat.records import ChatId
from sottovoce.payloads.chat_message import ImageMessage
from sottovoce.secure.double_ratchet import MessageKey
from sottovoce.stack.destinations import OwnDevices
from sottovoce.stack.stores import Submission
from sottovoce.sync.records import Message, MessageId, RecordType
from sottovoce.sync.stores import Waiting

MARK: Final = b"unmistakable".ljust(32, b"!")
ID: Final = MessageId(b"i" * 32)
ROUNDS: Final = 30  # so that rows stand in many pages, and pages get empty


def write(store: MemoryPersonStore, n: int) -> None:
    below = store.below_chat
    name = session(n)
    below.secure.save_own(MARK * n)
    below.secure.save_session(name, MARK * n)
    below.secure.add_message_keys(name, [MessageKey(CHAIN, n, n, MARK)], newest=9, above=-1)
    below.sync.add_waiting(
        Waiting(person(n), ID, RecordType.MESSAGE, 0, 9), Message(b"g" * 32, 5, MARK * n * 9)
    )
    below.stack.save_submission(Submission(message(n).id, OwnDevices(), 5, MARK * n, None))
    below.stack.save_name_key(f"{n}", SymmetricKey(MARK))
    made = message(n, text=MARK.decode() * n)
    store.chat.save_message(replace(made, attachment=ImageMessage(MARK * 500), raw=MARK))


def delete(store: MemoryPersonStore, n: int) -> None:
    below = store.below_chat
    below.secure.save_own(b"other")
    below.secure.save_session(session(n), b"other")
    below.secure.delete_message_key(session(n), CHAIN, n)
    below.sync.remove_waiting(person(n), ID)
    below.stack.remove_submission(message(n).id, OwnDevices())
    below.stack.remove_name_key(f"{n}")


def test_deleted_bytes_are_gone_after_the_commit() -> None:
    store = MemoryPersonStore()
    store.begin()
    store.chat.save_chat(chat("lobby"))
    for n in range(1, ROUNDS):
        write(store, n)
    store.commit()
    mark = MARK.rstrip(b"!")
    assert mark in store._db._raw.serialize("main")
    store.begin()
    for n in range(1, ROUNDS):
        delete(store, n)
    store.chat.remove_messages(ChatId("lobby"), up_to_clock=ROUNDS)
    store.commit()
    assert mark not in store._db._raw.serialize("main")
    store.close()
