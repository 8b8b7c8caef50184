"""People with devices, wired back to back: no network, no clock, no mocks."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import NoReturn

import pytest

from sottovoce.base.entropy import Entropy
from sottovoce.base.moment import Moment
from sottovoce.base.secret import PrivateKey
from sottovoce.crypto import secp256k1
from sottovoce.secure import double_ratchet
from sottovoce.secure.channel import Channel
from sottovoce.secure.facts import Opened, Sealed, Unopened, Unreadable
from sottovoce.secure.memory_store import MemoryStore
from sottovoce.secure.message import DirectMessage, ProtocolMessage
from sottovoce.secure.settings import SecureSettings
from sottovoce.secure.wire import decode_message, encode_message
from vectors.scripted_entropy import SeededEntropy

DAY_S = 86_400.0
START = Moment(1000.0, 1_590_000_000.0)


def after(seconds: float, start: Moment = START) -> Moment:
    """Return the moment so many seconds later."""
    return Moment(start.monotonic_s + seconds, start.unix_s + seconds)


def _no_step(_: bytes) -> NoReturn:
    pytest.fail("a header made us derive the keys of a chain")


@contextmanager
def no_chain_steps() -> Iterator[None]:
    """End the test at the first step of a chain: a billion of them would take an hour."""
    with pytest.MonkeyPatch.context() as patched:
        for step in ("chain_step", "next_chain_key"):
            patched.setattr(double_ratchet, step, _no_step)
        yield


class Device:
    """One device of a person, with its store in the open."""

    def __init__(
        self,
        person: str,
        installation_id: str = "",
        *,
        settings: SecureSettings | None = None,
        entropy: Entropy | None = None,
    ) -> None:
        self.private = PrivateKey(SeededEntropy(person.encode()).take(32))
        self.public = secp256k1.public_key(self.private)
        self.identity = secp256k1.compress(self.public)
        self.installation_id = installation_id or f"{person}'s phone"
        self.settings = settings
        self.entropy = entropy or SeededEntropy(self.installation_id.encode())
        self.store = MemoryStore()
        self.channel = self.opened_on(self.store)

    def opened_on(self, store: MemoryStore) -> Channel:
        """Start the program (anew) on a store."""
        self.store = store
        self.channel = Channel(
            self.private, self.installation_id, store, self.entropy, self.settings
        )
        return self.channel

    def lose_everything(self) -> None:
        """Start with an empty store, under the same installation id."""
        self.opened_on(MemoryStore())

    def send(self, other: "Device", text: bytes, now: Moment = START) -> Sealed:
        """Seal to another person."""
        return self.channel.seal(other.public, text, now)

    def open(self, sender: "Device", sealed: Sealed, now: Moment = START) -> Opened | Unopened:
        """Open what somebody sealed."""
        return self.channel.open(sender.public, sealed.content, now)

    def read(self, sender: "Device", sealed: Sealed, now: Moment = START) -> bytes:
        """Open what somebody sealed, and confirm it; it must open."""
        opened = self.open(sender, sealed, now)
        assert isinstance(opened, Opened), opened
        if opened.receipt is not None:
            self.channel.confirm(opened.receipt)
        return opened.content

    def hear_of(self, other: "Device", now: Moment = START) -> None:
        """Get somebody's bundle."""
        self.open(other, other.channel.seal_bundle(now), now)

    def snapshot(self) -> object:
        """Return what the store holds, to be compared."""
        return dump(self.store)


def dump(store: MemoryStore) -> object:
    """Return everything in a store, as a value that can be compared."""
    return (
        store.load_own(),
        {identity: store.load_peer(identity) for identity in store.peers()},
        tuple(store.strangers()),
        {
            name: (
                store.load_session(name),
                tuple(store.message_keys(name)),
                tuple(store.ended_chains(name)),
            )
            for name in store.sessions()
        },
    )


def talking(**settings: int) -> tuple[Device, Device]:
    """Return two people on a running session that Alice began, both having answered."""
    limits = replace(SecureSettings(), **settings)
    alice, bob = Device("alice", settings=limits), Device("bob", settings=limits)
    alice.hear_of(bob)
    assert bob.read(alice, alice.send(bob, b"hello")) == b"hello"
    assert alice.read(bob, bob.send(alice, b"hi")) == b"hi"
    return alice, bob


def parts(sealed: Sealed) -> ProtocolMessage:
    """Return what a sealed message is made of."""
    return decode_message(sealed.content)


def entry_for(sealed: Sealed, device: Device) -> DirectMessage:
    """Return the entry for one device."""
    return parts(sealed).direct[device.installation_id]


def with_entry(sealed: Sealed, device: Device, entry: DirectMessage) -> Sealed:
    """Return the message with another entry for one device."""
    message = parts(sealed)
    direct = {**message.direct, device.installation_id: entry}
    return replace(sealed, content=encode_message(replace(message, direct=direct)))


def reason(opened: Opened | Unopened) -> Unreadable | None:
    """Return why something did not open."""
    return opened.reason if isinstance(opened, Unopened) else None
