"""The histories of all groups of one person, in memory and in step with the store.

Spec: none; status-go keeps them in its table `chats` (membership_updates).
"""

from collections.abc import Iterable, Iterator
from typing import Final

from sottovoce.base.quantities import PublicKey
from sottovoce.chat.group_history import GroupHistory, group_history
from sottovoce.chat.records import ChatId
from sottovoce.chat.stores import ChatStore
from sottovoce.payloads.membership_event import SignedEvent


class GroupBook:
    """One person's groups.

    It holds groups in which we no longer are as well: their members are not to change any more,
    but a late event may still come.
    """

    def __init__(self, store: ChatStore) -> None:
        self._store: Final = store
        events: dict[ChatId, list[SignedEvent]] = {}
        for signed in store.group_events():
            events.setdefault(ChatId(signed.chat_id), []).append(signed)
        self._histories: Final = {id: group_history(id, some) for id, some in events.items()}

    def __len__(self) -> int:
        return len(self._histories)

    def history(self, chat_id: ChatId) -> GroupHistory:
        """Return what is known of a group, which may be nothing."""
        return self._histories.get(chat_id) or group_history(chat_id, ())

    def members(self, chat_id: ChatId) -> tuple[PublicKey, ...]:
        """Return who is in a group as far as we know; nobody if it is none."""
        history = self._histories.get(chat_id)
        return () if history is None else history.members

    def put(self, after: GroupHistory, fresh: Iterable[SignedEvent]) -> None:
        """Keep a group with its new events."""
        self._histories[after.chat_id] = after
        for signed in fresh:
            self._store.add_group_event(signed)
        self._store.save_group(after.record())

    def remove(self, chat_id: ChatId) -> None:
        """Forget a group whose chat the store forgets."""
        self._histories.pop(chat_id, None)

    def __iter__(self) -> Iterator[GroupHistory]:
        return iter(self._histories.values())
