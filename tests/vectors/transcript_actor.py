"""One person of a transcript: a whole stack with its filters, whose draws are the recorded ones."""

from functools import cache
from typing import Any, Final

from sottovoce.base.moment import Moment
from sottovoce.base.secret import SymmetricKey
from sottovoce.crypto import secp256k1
from sottovoce.gossip.envelope import Envelope
from sottovoce.gossip.filters import FilterTable
from sottovoce.gossip.seal import EnvelopeRoute
from sottovoce.secure.channel import Channel
from sottovoce.secure.installations import Installation
from sottovoce.secure.memory_store import MemoryStore
from sottovoce.stack.events import (
    Acknowledged,
    DeriveKey,
    EnvelopeOpened,
    KeyDerived,
    Listen,
    OwnInstallations,
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
from vectors.transcript_draws import Draws
from vectors.transcript_screen import Screen


@cache
def derived(name: str) -> SymmetricKey:
    """Return the key of a name; each costs tens of milliseconds once."""
    return key_of_name(name)


class Actor:
    """One device of a person.

    Attributes:
        draws: What it draws next.
        told: What the stack told upwards.
        wished: The envelopes that it asked for.
        unacknowledged: What it submitted to data sync, and what it will tell when somebody has it.
        screen: What it has to show.
    """

    def __init__(self, recorded: dict[str, Any], settings: StackSettings, now: Moment) -> None:
        self.private, self.public = key_pair(recorded["identity"])
        assert recorded["contact_id"] == f"0x{self.public.uncompressed.hex()}"
        self.identity: Final = secp256k1.compress(self.public)
        self.installation_id: Final[str] = recorded["installation_id"]
        self.secure: Final = MemoryStore()
        self.draws: Final = Draws()
        self._filters: Final = FilterTable()
        self._own = OwnInstallations(())
        self.told: list[StackOutput] = []
        self.wished: list[PostEnvelope] = []
        self.unacknowledged: Final[dict[bytes, Acknowledged]] = {}
        self.screen: Final = Screen(self.public, self.installation_id)
        stores = StackStores(self.secure, MemorySyncStore(), MemoryStackStore())
        self._stack: Final = Stack(
            self.private, self.installation_id, stores, self.draws, now=now, settings=settings
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
                case OwnInstallations():
                    self._own = output
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

    def other_devices(self) -> dict[str, Installation]:
        """Return the other devices of the same person, which the stack has told."""
        known = self.channel().installations(self.public)
        told = {each.installation_id: each.enabled for each in self._own.installations}
        assert told == {name: each.enabled for name, each in known.items()}
        return known

    def channel(self) -> Channel:
        """Return the layer of secrecy alone, on the same store and draws."""
        return Channel(self.private, self.installation_id, self.secure, self.draws)

    def trial(self) -> Channel:
        """Return the layer of secrecy alone, on copies: whatever it does is undone."""
        store, draws = self.secure.copy(), self.draws.copy()
        return Channel(self.private, self.installation_id, store, draws)
