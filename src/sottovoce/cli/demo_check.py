"""The end of ``sottovoce demo``: both databases are read back and compared with what was said."""

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sottovoce.adapters.sqlite.key import DatabasePassword
from sottovoce.adapters.sqlite.person_store import open_person_store
from sottovoce.app.accounts import find_account, unlock
from sottovoce.chat.records import ChatId, Message, MessageState
from sottovoce.payloads.message_id import MessageId
from sottovoce.secure.facts import Secrecy
from sottovoce.secure.stores import SessionName

_UNSURE: Final = (MessageState.QUEUED, MessageState.SENT, MessageState.FAILED)
_PAGE: Final = 200  # more than the demo says in any chat


@dataclass(frozen=True, slots=True)
class Kept:
    """What one person's database holds.

    Attributes:
        chats: The messages of each chat, the oldest first.
        sessions: The sessions with others.
    """

    chats: Mapping[ChatId, Sequence[Message]]
    sessions: frozenset[SessionName]

    @property
    def messages(self) -> list[Message]:
        """All messages, chat by chat."""
        return [message for chat in self.chats.values() for message in chat]


def read_back(data_dir: Path, password: str) -> Kept:
    """Read what the database of a stopped process holds; takes some tenths of a second.

    Raises:
        SottovoceError: It cannot be opened.
    """
    account = unlock(data_dir, find_account(data_dir, None), password)
    key = DatabasePassword(account.database_password)
    store = open_person_store(account.database_path, key, create=False)
    try:
        history = store.open_history()
        try:
            chats = {
                chat.id: tuple(reversed(history.page(chat.id, before=None, limit=_PAGE)))
                for chat in history.list_chats()
            }
            return Kept(chats, frozenset(store.below_chat.secure.sessions()))
        finally:
            history.close()
    finally:
        store.close()


def read_copy(data_dir: Path, password: str) -> Kept:
    """Read what a process that was killed left on the disk, and leave its files alone.

    Raises:
        SottovoceError: It cannot be opened.
    """
    copy = data_dir.with_name(data_dir.name + " after the crash")
    shutil.copytree(data_dir, copy, ignore=shutil.ignore_patterns("*.sock"))
    try:
        return read_back(copy, password)
    finally:
        shutil.rmtree(copy)


def find_faults(said: Sequence[Message], kept: Mapping[str, Kept]) -> list[str]:
    """Compare what was said with what is kept; returns a sentence for each difference.

    Args:
        said: All that was said by anybody, in the order of saying.
        kept: What each person's database holds.
    """
    faults = []
    for name, of_person in kept.items():
        have = of_person.messages
        faults += _lost_or_strange(name, said, have)
        faults += _out_of_order(name, said, have)
    orders = {tuple(_private(of_person)) for of_person in kept.values()}
    if len(orders) > 1 and not faults:
        faults.append("the conversation does not have the same order on both sides")
    return faults


def find_unsure(kept: Mapping[str, Kept]) -> list[str]:
    """Return a sentence for each person who said something privately that is not acknowledged."""
    faults = []
    for name, of_person in kept.items():
        private = [each for each in of_person.messages if each.secrecy is not Secrecy.PUBLIC]
        count = sum(each.state in _UNSURE for each in private)
        if count:
            faults.append(f"{name} does not know of {count} messages that they arrived")
    return faults


def _lost_or_strange(name: str, said: Sequence[Message], have: Sequence[Message]) -> list[str]:
    faults = []
    counts = Counter(message.text for message in have)
    texts = {message.id: message.text for message in have}
    for number, message in enumerate(said, start=1):
        count = counts.pop(message.text, 0)
        if count != 1:
            faults.append(f"message {number} is {count} times in {name}'s database")
        elif texts.get(message.id) != message.text:
            faults.append(f"message {number} has another name in {name}'s database")
    if counts:
        faults.append(f"{counts.total()} messages in {name}'s database were never said")
    return faults


def _out_of_order(name: str, said: Sequence[Message], have: Sequence[Message]) -> list[str]:
    """Look at each author's messages; those of two who spoke at once have no order of saying."""
    places = {message.id: place for place, message in enumerate(said)}
    streams: dict[tuple[ChatId, bytes], list[int]] = {}
    for message in have:
        if message.id in places:
            stream = streams.setdefault((message.chat_id, message.author.raw), [])
            stream.append(places[message.id])
    return [
        f"messages of one author are out of order in {name}'s database"
        for stream in streams.values()
        if stream != sorted(stream)
    ]


def _private(kept: Kept) -> list[MessageId]:
    """Return the names of the messages between the two, in the order of their chat."""
    return [
        message.id
        for chat_id, chat in kept.chats.items()
        if chat_id.startswith("0x")
        for message in chat
    ]
