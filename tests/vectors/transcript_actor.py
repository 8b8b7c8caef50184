"""One person of a transcript: a whole stack with its filters, whose draws are the recorded ones."""

from collections.abc import Iterable
from functools import cache
from typing import Any, Final

from sottovoce.base.moment import Moment
from sottovoce.base.secret import SymmetricKey
from sottovoce.crypto import secp256k1
from sottovoce.gossip.envelope import Envelope
from sottovoce.gossip.filters import FilterTable
from sottovoce.gossip.seal import EnvelopeRoute
from sottovoce.secure.channel import Channel
from sottovoce.secure.memory_store import MemoryStore
from sottovoce.stack.events import (
    DeriveKey,
    EnvelopeOpened,
    KeyDerived,
    Listen,
    PeersChanged,
    PostEnvelope,
    StackEvent,
    StackOutput,
    Started,
    StopListening,
)
from sottovoce.stack.memory_store import MemoryStackStore
from sottovoce.stack.settings import StackSettings
from sottovoce.stack.stack import Stack
from sottovoce.stack.stores import StackStores
from sottovoce.stack.topics import key_of_name
from sottovoce.sync.memory_store import MemorySyncStore
from vectors.families.x3dh import key_pair


@cache
def derived(name: str) -> SymmetricKey:
    """Return the key of a name; each costs tens of milliseconds once."""
    return key_of_name(name)


class Draws:
    """The draws of one step after another; everybody draws from the same."""

    def __init__(self, draws: Iterable[bytes] = ()) -> None:
        self._draws = list(draws)

    def load(self, draws: Iterable[bytes]) -> None:
        """Begin a step; all of the one before must have been drawn."""
        assert not self._draws, f"{len(self._draws)} recorded draws were not taken"
        self._draws = list(draws)

    def take(self, size_bytes: int) -> bytes:
        """Return the next recorded draw."""
        assert self._draws, f"a draw of {size_bytes} bytes was not recorded"
        drawn = self._draws.pop(0)
        assert len(drawn) == size_bytes, f"recorded {len(drawn)} bytes, asked for {size_bytes}"
        return drawn

    def copy(self) -> "Draws":
        """Return what is left, for whoever tries something."""
        return Draws(self._draws)


class Actor:
    """One person with one device.

    Attributes:
        told: What the stack told upwards.
        wished: The envelopes that it asked for.
    """

    def __init__(
        self, recorded: dict[str, Any], draws: Draws, settings: StackSettings, now: Moment
    ) -> None:
        self.private, self.public = key_pair(recorded["identity"])
        assert recorded["contact_id"] == f"0x{self.public.uncompressed.hex()}"
        self.identity: Final = secp256k1.compress(self.public)
        self.installation_id: Final[str] = recorded["installation_id"]
        self.secure: Final = MemoryStore()
        self._draws: Final = draws
        self._filters: Final = FilterTable()
        self.told: list[StackOutput] = []
        self.wished: list[PostEnvelope] = []
        stores = StackStores(self.secure, MemorySyncStore(), MemoryStackStore())
        self._stack: Final = Stack(
            self.private, self.installation_id, stores, draws, now=now, settings=settings
        )
        self.tell(Started(), now)
        self.tell(PeersChanged(1), now)

    def tell(self, event: StackEvent, now: Moment) -> None:
        """Tell the stack something, and carry out what it wants."""
        for output in self._stack.handle(event, now):
            match output:
                case PostEnvelope():
                    self.wished.append(output)
                case Listen():
                    self._filters.install(output.number, output.filter)
                case StopListening():
                    self._filters.remove(output.number)
                case DeriveKey():
                    self.tell(KeyDerived(output.name, derived(output.name)), now)
                case _:
                    self.told.append(output)

    def take_wish(self) -> tuple[EnvelopeRoute, bytes]:
        """Return the one envelope that was asked for."""
        (wish,) = self.wished
        self.wished.clear()
        return wish.route, wish.payload

    def open(self, envelope: Envelope) -> EnvelopeOpened | None:
        """Try all filters on an envelope."""
        opened = self._filters.open(envelope, direct=False, pow=None)
        return None if opened is None else EnvelopeOpened(opened[1], opened[0])

    def channel(self) -> Channel:
        """Return the layer of secrecy alone, on the same store and draws."""
        return Channel(self.private, self.installation_id, self.secure, self._draws)

    def trial(self) -> Channel:
        """Return the layer of secrecy alone, on copies: whatever it does is undone."""
        store, draws = self.secure.copy(), self._draws.copy()
        return Channel(self.private, self.installation_id, store, draws)
