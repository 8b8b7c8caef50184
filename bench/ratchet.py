"""Row 12, its cryptographic part: agreeing on a secret, and a message of 400 bytes on a ratchet.

A message counts on both sides, encrypted and decrypted. On the same chain nothing but hashes and
AES is done; with a new chain the receiver also multiplies twice on the curve and draws a key. The
last two figures are whole messages between two people: bundle, session, wire form and a store in
memory. No peer has a program for this row; the bounds are what the table of benchmarks derives from
theirs.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Final

from bench.errors import BenchmarkError
from bench.figures import Figure
from bench.options import Options
from bench.processor import microseconds_each, pinned_to_tested_core
from sottovoce.base.moment import Moment
from sottovoce.base.secret import PrivateKey
from sottovoce.crypto import secp256k1
from sottovoce.runtime.system_entropy import SystemEntropy
from sottovoce.secure.channel import Channel
from sottovoce.secure.double_ratchet import (
    RatchetState,
    decrypt,
    encrypt,
    start_as_initiator,
    start_as_responder,
)
from sottovoce.secure.facts import Opened
from sottovoce.secure.memory_store import MemoryStore
from sottovoce.secure.settings import SKIP_MAX
from sottovoce.secure.x3dh import agree_as_initiator, agree_as_responder

ROW: Final = 12
NAME: Final = "ratchet"

_CONTENT: Final = bytes(400)
_NOW: Final = Moment(0.0, 1_590_000_000.0)
_ENTROPY: Final = SystemEntropy()
_ALICE: Final = PrivateKey(b"\x41" * 32)
_BOB: Final = PrivateKey(b"\x42" * 32)
_PREKEY: Final = PrivateKey(b"\x43" * 32)
_EPHEMERAL: Final = PrivateKey(b"\x44" * 32)
_ALICE_PUBLIC: Final = secp256k1.public_key(_ALICE)
_BOB_PUBLIC: Final = secp256k1.public_key(_BOB)
_PREKEY_PUBLIC: Final = secp256k1.public_key(_PREKEY)
_EPHEMERAL_PUBLIC: Final = secp256k1.public_key(_EPHEMERAL)

# From the Go library's 20 and 750 us: 0.6 times as fast on the same chain, four times with a new
# one.
_SAME_CHAIN_BOUND_US: Final = 33
_NEW_CHAIN_BOUND_US: Final = 190


@dataclass(frozen=True, slots=True)
class _Case:
    """One operation, how often it is done, and what it may take."""

    workload: str
    operation: Callable[[], object]
    count: int
    bound: float | None = None


def run(options: Options) -> Iterator[Figure]:
    """Measure the five operations."""
    with pinned_to_tested_core():
        for case in _cases():
            count = options.scaled(case.count)
            ours = median(microseconds_each(case.operation, count) for _ in range(options.rounds))
            yield Figure(ROW, NAME, case.workload, "CPU us", ours, bound=case.bound)


def _cases() -> Iterator[_Case]:
    yield _Case("X3DH, both sides", _agree, 300)
    yield _Case("message, same chain", _Conversation().one_way, 3000, _SAME_CHAIN_BOUND_US)
    yield _Case("message, new chain", _Conversation().in_turns, 1000, _NEW_CHAIN_BOUND_US)
    yield _Case("whole message, same chain", partial(_People().send, 0, 1), 300)
    yield _Case("whole message, new chain", _People().in_turns, 300)


def _agree() -> None:
    active = agree_as_initiator(
        identity=_ALICE,
        ephemeral=_EPHEMERAL,
        their_identity=_BOB_PUBLIC,
        their_prekey=_PREKEY_PUBLIC,
    )
    passive = agree_as_responder(
        identity=_BOB,
        prekey=_PREKEY,
        their_identity=_ALICE_PUBLIC,
        their_ephemeral=_EPHEMERAL_PUBLIC,
    )
    if active != passive:
        raise BenchmarkError("the two sides agreed on different secrets")


class _Conversation:
    """The two ends of one ratchet, without any store."""

    def __init__(self) -> None:
        secret = agree_as_initiator(
            identity=_ALICE,
            ephemeral=_EPHEMERAL,
            their_identity=_BOB_PUBLIC,
            their_prekey=_PREKEY_PUBLIC,
        )
        prekey = secp256k1.compress(_PREKEY_PUBLIC)
        self._sender: RatchetState = start_as_initiator(secret, prekey, entropy=_ENTROPY)
        self._receiver: RatchetState = start_as_responder(secret, _PREKEY, prekey)
        self.one_way()

    def one_way(self) -> None:
        """Send one message in the same direction as before."""
        self._sender, header, ciphertext = encrypt(self._sender, _CONTENT)
        received = decrypt(self._receiver, header, ciphertext, skip_max=SKIP_MAX, entropy=_ENTROPY)
        self._receiver = received.state

    def in_turns(self) -> None:
        """Send one message in the other direction than before."""
        self._sender, self._receiver = self._receiver, self._sender
        self.one_way()


class _People:
    """Two channels that know each other."""

    def __init__(self) -> None:
        self._channels = [
            Channel(_ALICE, "alice's device", MemoryStore(), _ENTROPY),
            Channel(_BOB, "bob's device", MemoryStore(), _ENTROPY),
        ]
        self._publics = (_ALICE_PUBLIC, _BOB_PUBLIC)
        self._turn = 0
        self._channels[0].open(_BOB_PUBLIC, self._channels[1].seal_bundle(_NOW).content, _NOW)
        for _ in range(4):
            self.in_turns()

    def send(self, sender: int, receiver: int) -> None:
        """Seal, open and confirm one message.

        Raises:
            BenchmarkError: It does not open.
        """
        sealed = self._channels[sender].seal(self._publics[receiver], _CONTENT, _NOW)
        opened = self._channels[receiver].open(self._publics[sender], sealed.content, _NOW)
        if not isinstance(opened, Opened) or opened.content != _CONTENT or opened.receipt is None:
            raise BenchmarkError("a message did not open")
        self._channels[receiver].confirm(opened.receipt)

    def in_turns(self) -> None:
        """Send one message from whoever did not send the last one."""
        self.send(self._turn, 1 - self._turn)
        self._turn = 1 - self._turn
