"""The Double Ratchet: what follows from sending and receiving, as pure functions of a state.

A state is a value. Sending and receiving return the next one, so that whoever stores it decides
when it counts, and a failed decryption leaves nothing behind. It owns the chains and the limit of
skipped keys; how many keys are stored for how long is the business of the store, and who the two
people are is nobody's here.

Spec: signal.org/docs/specifications/doubleratchet, section 3, as status-im/doubleratchet 3.0.0 runs
it (docs/spec-deviations.md, "Double ratchet").
"""

import struct
from typing import Final, NamedTuple

from typing_extensions import override

from sottovoce.base.entropy import Entropy
from sottovoce.base.errors import DecryptionError, LocalProtocolError
from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.crypto import secp256k1
from sottovoce.secure.kdf_chain import (
    chain_step,
    next_chain_key,
    open_message,
    root_step,
    seal_message,
)

COUNTER_MAX: Final = 0xFFFF_FFFF  # what a header can say

_ASSOCIATED: Final = struct.Struct("<II")


class KeyGoneError(DecryptionError):
    """The key of a message that came before was used up, or given up by a limit."""


class RatchetHeader(NamedTuple):
    """What travels beside a ciphertext; everybody who opens the envelope can read it.

    Attributes:
        key: The sender's ratchet key, compressed, 33 bytes.
        n: The message's place in its chain, from 0.
        pn: How many messages the sender's chain before had.
    """

    key: bytes
    n: int
    pn: int

    @property
    def associated_data(self) -> bytes:
        """The bytes of the header that the tag covers."""
        return _ASSOCIATED.pack(self.n, self.pn) + self.key

    @override
    def __repr__(self) -> str:
        return f"RatchetHeader(n={self.n}, pn={self.pn})"


class MessageKey(NamedTuple):
    """The key of one message that was skipped, or used and not confirmed yet.

    Attributes:
        ratchet_key: The sender's ratchet key, which names the chain, 33 bytes or empty.
        n: The message's place in that chain.
        sequence: Counts the keys of the session, from 0.
        key: The key itself, 32 bytes.
    """

    ratchet_key: bytes
    n: int
    sequence: int
    key: bytes

    @override
    def __repr__(self) -> str:
        return f"MessageKey(n={self.n}, sequence={self.sequence})"


class RatchetState(NamedTuple):
    """One side of a ratchet (a NamedTuple, for one is made per message); its repr shows no key.

    Attributes:
        their_key: The other side's ratchet key, compressed, 33 bytes; empty before the first
            message.
        own_private: Our ratchet key.
        own_public: Its public half, compressed, 33 bytes.
        root_key: 32 bytes.
        sending_key: The key of the chain that we send on, 32 bytes.
        sending_count: How many messages we sent on it.
        receiving_key: The key of the chain that we receive on, 32 bytes.
        receiving_count: How many of its keys were taken.
        previous_count: How many messages we sent on the chain before.
        keys_count: How many keys of messages of the other side were taken altogether.
    """

    their_key: bytes
    own_private: PrivateKey
    own_public: bytes
    root_key: bytes
    sending_key: bytes
    sending_count: int
    receiving_key: bytes
    receiving_count: int
    previous_count: int
    keys_count: int

    @override
    def __repr__(self) -> str:
        return (
            f"RatchetState(sent {self.sending_count} and {self.previous_count}, "
            f"received {self.receiving_count}, keys {self.keys_count})"
        )


class Received(NamedTuple):
    """What a decrypted message leads to. Its text form shows neither text nor keys.

    Attributes:
        state: The next state.
        plaintext: What the other side wrote.
        keys: New keys to store: those that were skipped, and at the end that of the message itself.
        ended_chain: The ratchet key of a chain that was left by this message, or empty.
    """

    state: RatchetState
    plaintext: bytes
    keys: tuple[MessageKey, ...]
    ended_chain: bytes

    @override
    def __repr__(self) -> str:
        return f"Received({len(self.plaintext)} bytes, {len(self.keys)} keys)"


def start_as_initiator(
    secret: SymmetricKey, their_prekey: bytes, *, entropy: Entropy
) -> RatchetState:
    """Make the state of the one who agreed on a secret with somebody's prekey.

    Args:
        secret: What X3DH gave.
        their_prekey: The prekey, compressed, 33 bytes.
        entropy: Gives the first ratchet key, 32 bytes.

    Raises:
        InvalidKeyError: The prekey is no point of the curve.
    """
    theirs = secp256k1.decompress(their_prekey)
    private = secp256k1.generate_private_key(entropy)
    step = root_step(secret.raw, secp256k1.shared_x(private, theirs))
    return RatchetState(
        their_key=their_prekey,
        own_private=private,
        own_public=secp256k1.compress(secp256k1.public_key(private)),
        root_key=step.root_key,
        sending_key=step.chain_key,
        sending_count=0,
        receiving_key=secret.raw,
        receiving_count=0,
        previous_count=0,
        keys_count=0,
    )


def start_as_responder(
    secret: SymmetricKey, prekey: PrivateKey, prekey_public: bytes
) -> RatchetState:
    """Make the state of the one whose prekey was used.

    It can send before it received anything: both sides' first chains start from the secret.

    Args:
        secret: What X3DH gave.
        prekey: The prekey's private half.
        prekey_public: Its public half, compressed, 33 bytes.
    """
    return RatchetState(
        their_key=b"",
        own_private=prekey,
        own_public=prekey_public,
        root_key=secret.raw,
        sending_key=secret.raw,
        sending_count=0,
        receiving_key=secret.raw,
        receiving_count=0,
        previous_count=0,
        keys_count=0,
    )


def encrypt(state: RatchetState, plaintext: bytes) -> tuple[RatchetState, RatchetHeader, bytes]:
    """Encrypt the next message of the sending chain.

    The next state must be stored before the ciphertext leaves: the same state used twice would
    encrypt two texts under one key.

    Returns:
        The next state, the header, and the ciphertext.

    Raises:
        LocalProtocolError: The chain has as many messages as a header can count, which the first
            header of the next chain must do.
    """
    if state.sending_count >= COUNTER_MAX:
        raise LocalProtocolError("a sending chain is at its end")
    header = RatchetHeader(state.own_public, state.sending_count, state.previous_count)
    sending_key, key = chain_step(state.sending_key)
    ciphertext = seal_message(key, plaintext, header.associated_data)
    following = state._replace(sending_key=sending_key, sending_count=state.sending_count + 1)
    return following, header, ciphertext


def decrypt_with(key: bytes, header: RatchetHeader, ciphertext: bytes) -> bytes:
    """Decrypt a message whose key of 32 bytes was stored; no state changes.

    Raises:
        DecryptionError: The message is damaged or not the one that the key belongs to.
    """
    return open_message(key, ciphertext, header.associated_data)


def decrypt(
    state: RatchetState,
    header: RatchetHeader,
    ciphertext: bytes,
    *,
    skip_max: int,
    entropy: Entropy,
) -> Received:
    """Decrypt a message for which no key is stored.

    What a forged message can cost is bounded: two multiplications on the curve and `skip_max`
    hashes. Nothing is drawn and no key is derived for a message that does not open.

    Args:
        state: The present state, which stays as it is.
        header: What came with the message; nothing about it has been checked.
        ciphertext: IV || ciphertext || tag.
        skip_max: How many keys may be skipped on a chain at once.
        entropy: Gives our next ratchet key, 32 bytes, if the other side has a new one.

    Raises:
        KeyGoneError: The message is older than the chain's place, and its key is gone.
        DecryptionError: It does not open, or it would skip too many messages.
        InvalidKeyError: The header's key is no point of the curve.
    """
    if header.key == state.their_key:
        return _decrypt_on(state, header, ciphertext, skip_max=skip_max)
    if not 0 <= header.pn - state.receiving_count <= skip_max:
        raise DecryptionError("ratchet: a new chain does not follow the one before")
    theirs = secp256k1.decompress(header.key)
    step = root_step(state.root_key, secp256k1.shared_x(state.own_private, theirs))
    turned = state._replace(
        their_key=header.key,
        root_key=step.root_key,
        receiving_key=step.chain_key,
        receiving_count=0,
        keys_count=state.keys_count + header.pn - state.receiving_count,
    )
    received = _decrypt_on(turned, header, ciphertext, skip_max=skip_max)
    _, skipped = _skip(state, header.pn)
    private = secp256k1.generate_private_key(entropy)
    step = root_step(step.root_key, secp256k1.shared_x(private, theirs))
    following = received.state._replace(
        own_private=private,
        own_public=secp256k1.compress(secp256k1.public_key(private)),
        root_key=step.root_key,
        sending_key=step.chain_key,
        sending_count=0,
        previous_count=state.sending_count,
    )
    return Received(following, received.plaintext, (*skipped, *received.keys), state.their_key)


def _decrypt_on(
    state: RatchetState, header: RatchetHeader, ciphertext: bytes, *, skip_max: int
) -> Received:
    """Decrypt a message of the present receiving chain.

    Raises:
        KeyGoneError: The message is older than the chain's place, and its key is gone.
        DecryptionError: It does not open, or it would skip too many messages.
    """
    if header.n < state.receiving_count:
        raise KeyGoneError("ratchet: the key of an older message is gone")
    if header.n - state.receiving_count > skip_max:
        raise DecryptionError("ratchet: a message would skip too many others")
    chain_key = state.receiving_key
    for _ in range(state.receiving_count, header.n):
        chain_key = next_chain_key(chain_key)
    receiving_key, key = chain_step(chain_key)
    plaintext = open_message(key, ciphertext, header.associated_data)
    sequence, skipped = _skip(state, header.n)
    following = state._replace(
        receiving_key=receiving_key,
        receiving_count=header.n + 1,
        keys_count=sequence + 1,
    )
    own = MessageKey(state.their_key, header.n, sequence, key)
    return Received(following, plaintext, (*skipped, own), b"")


def _skip(state: RatchetState, until: int) -> tuple[int, list[MessageKey]]:
    """Derive the keys of the receiving chain that are skipped; return them and what is counted."""
    chain_key, sequence = state.receiving_key, state.keys_count
    skipped = []
    for n in range(state.receiving_count, until):
        chain_key, key = chain_step(chain_key)
        skipped.append(MessageKey(state.their_key, n, sequence, key))
        sequence += 1
    return sequence, skipped
