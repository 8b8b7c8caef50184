"""The end of ``sottovoce demo``: all databases are read back and compared with what was said."""

import shutil
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Final

from sottovoce.adapters.sqlite.key import DatabasePassword
from sottovoce.adapters.sqlite.person_store import open_person_store
from sottovoce.app.accounts import find_account, unlock
from sottovoce.chat.message_values import is_note
from sottovoce.chat.records import ChatId, Message, MessageState
from sottovoce.payloads.message_id import MessageId
from sottovoce.secure.facts import Secrecy
from sottovoce.secure.stores import SessionName

_UNSURE: Final = (
    MessageState.QUEUED,
    MessageState.SENT,
    MessageState.STORED,
    MessageState.FAILED,
)
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
        """All messages, chat by chat, without notes on what became of a group."""
        return [message for chat in self.chats.values() for message in chat if not is_note(message)]


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


def find_faults(said: Mapping[str, Sequence[Message]], kept: Mapping[str, Kept]) -> list[str]:
    """Compare what was said with what is kept; returns a sentence for each difference.

    Args:
        said: What was said to each of them or by them, in the order of saying.
        kept: What each one's database holds.
    """
    faults = []
    for name, of_person in kept.items():
        have = of_person.messages
        faults += _lost_or_strange(name, said[name], have)
        faults += _out_of_order(name, said[name], have)
    if not faults:
        faults += [
            f"a conversation has another order in {one}'s database than in {other}'s"
            for one, other in combinations(kept, 2)
            if _private(kept[one], kept[other]) != _private(kept[other], kept[one])
        ]
    return faults


def find_unsure(said: Mapping[str, Collection[MessageId]], kept: Mapping[str, Kept]) -> list[str]:
    """Return a sentence for each of them who said something that is not acknowledged.

    Args:
        said: What each of them said there, to people.
        kept: What each one's database holds.
    """
    faults = []
    for name, of_person in kept.items():
        own = [each for each in of_person.messages if each.id in said[name]]
        count = sum(each.state in _UNSURE for each in own)
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
        faults.append(f"{counts.total()} messages in {name}'s database were never said to them")
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


def _private(kept: Kept, other: Kept) -> set[tuple[MessageId, ...]]:
    """Return the conversations of one that the other has as well, in the order of their chats."""
    shared = {message.id for message in other.messages if message.secrecy is not Secrecy.PUBLIC}
    conversations = (
        tuple(message.id for message in chat if message.id in shared and not is_note(message))
        for chat in kept.chats.values()
    )
    return {each for each in conversations if each}
