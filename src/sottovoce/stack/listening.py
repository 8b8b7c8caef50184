"""Which filters stand for which names, and where the names' keys come from.

A key is derived once, off the loop, and stored; then its name is heard. Keys of names that nobody
needs any more are forgotten. Who wants which name is the business of `routes`.

Spec: Status specs 10 (waku usage), "Topics"; status-go protocol/transport/filters_manager.go.
"""

from collections.abc import Iterable
from typing import Final, TypeAlias

from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import SymmetricKey
from sottovoce.secure.facts import SecretAgreed
from sottovoce.stack.events import DeriveKey, Listen, StopListening
from sottovoce.stack.routes import Routes
from sottovoce.stack.stores import NameKeyStore
from sottovoce.stack.topics import negotiated

Wish: TypeAlias = Listen | StopListening | DeriveKey


class Listening:
    """The filters of one person."""

    def __init__(self, routes: Routes, store: NameKeyStore) -> None:
        self._routes: Final = routes
        self._store: Final = store
        self._numbers: Final[dict[str, int]] = {}
        self._names: Final[dict[int, str]] = {}
        self._asked: Final[set[str]] = set()
        self._sending: Final[set[str]] = set()
        self._last_number = 0

    def start(self) -> list[Wish]:
        """Begin to hear what is ours."""
        wishes: list[Wish] = []
        for filter in self._routes.filters_of_people():
            self._last_number += 1
            wishes.append(Listen(self._last_number, filter))
        return [*wishes, *self.refresh()]

    def refresh(self) -> list[Wish]:
        """Begin and end to hear, so that exactly the wanted names are heard."""
        heard = self._routes.names()
        wishes: list[Wish] = []
        for name in [name for name in self._numbers if name not in heard]:
            wishes.append(self._stop(name))
            if name not in self._sending:
                self._forget_key(name)
        self._asked.intersection_update(heard | self._sending)
        for name in sorted(heard):
            wishes += self.hear(name)
        return wishes

    def hear(self, name: str) -> list[Wish]:
        """Begin to hear one name, or ask for its key first."""
        if name in self._numbers or name in self._asked:
            return []
        return [self._listen(name)] if self._has_key(name) else self._ask(name)

    def agree(self, peer: PublicKey, secret: SymmetricKey) -> list[Wish]:
        """Begin to hear the topic that was negotiated with somebody."""
        if self._routes.has_agreed(peer):
            return []
        name = self._routes.agree(peer, secret)
        return self.hear(name.text) if name.text in self._routes.names() else []

    def restore(self, agreed: Iterable[SecretAgreed]) -> None:
        """Learn of the negotiated topics that were heard before: those whose key is stored."""
        for fact in agreed:
            if self._store.load_name_key(negotiated(fact.secret).text) is not None:
                self._routes.agree(fact.peer, fact.secret)

    def need_key(self, name: str) -> list[Wish]:
        """Have the key of a name for as long as something has to be sent there, heard or not."""
        self._sending.add(name)
        return [] if name in self._asked or self._has_key(name) else self._ask(name)

    def release_key(self, name: str) -> None:
        """Nothing has to be sent to a name any more."""
        self._sending.discard(name)
        if name not in self._numbers and name not in self._routes.names():
            self._asked.discard(name)
            self._forget_key(name)

    def derived(self, name: str, key: SymmetricKey) -> list[Wish]:
        """Take a key that was asked for; one that is not needed any more changes nothing."""
        if name not in self._asked:
            return []
        self._asked.discard(name)
        self._store.save_name_key(name, key)
        self._routes.learn_key(name, key)
        return [self._listen(name)] if name in self._routes.names() else []

    def names_of(self, numbers: Iterable[int]) -> list[str]:
        """Return the names behind filters; our own topics have none."""
        return [self._names[number] for number in numbers if number in self._names]

    def _listen(self, name: str) -> Listen:
        filter = self._routes.filter_of_name(name)
        assert filter is not None, "the key is at hand"
        self._last_number += 1
        self._numbers[name] = self._last_number
        self._names[self._last_number] = name
        return Listen(self._last_number, filter)

    def _stop(self, name: str) -> StopListening:
        number = self._numbers.pop(name)
        del self._names[number]
        return StopListening(number)

    def _has_key(self, name: str) -> bool:
        if self._routes.has_key(name):
            return True
        key = self._store.load_name_key(name)
        if key is not None:
            self._routes.learn_key(name, key)
        return key is not None

    def _ask(self, name: str) -> list[Wish]:
        self._asked.add(name)
        return [DeriveKey(name)]

    def _forget_key(self, name: str) -> None:
        self._routes.forget_key(name)
        self._store.remove_name_key(name)
