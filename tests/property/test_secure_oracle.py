"""Our ratchet against another implementation, which reads and writes the other half of a talk."""

import random
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

import pytest
from doubleratchet import (
    AEAD,
    KDF,
    DiffieHellmanRatchet,
    DoubleRatchet,
    EncryptedMessage,
    Header,
)
from typing_extensions import override

from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.crypto import secp256k1
from sottovoce.secure.double_ratchet import (
    RatchetHeader,
    RatchetState,
    decrypt,
    decrypt_with,
    encrypt,
    start_as_initiator,
)
from sottovoce.secure.kdf_chain import chain_step, open_message, root_step, seal_message
from vectors.scripted_entropy import SeededEntropy

STEPS: Final = 3000
SKIP_MAX: Final = 1000
SECRET: Final = SymmetricKey(b"\x11" * 32)
PREKEY: Final = PrivateKey(b"\x22" * 32)
PREKEY_PUBLIC: Final = secp256k1.compress(secp256k1.public_key(PREKEY))
ENTROPY: Final = SeededEntropy(b"oracle")

ResultT = TypeVar("ResultT")


class RootKdf(KDF):
    @override
    @staticmethod
    async def derive(key: bytes, data: bytes, length: int) -> bytes:
        return b"".join(root_step(key, data))[:length]


class ChainKdf(KDF):
    @override
    @staticmethod
    async def derive(key: bytes, data: bytes, length: int) -> bytes:
        return b"".join(chain_step(key))[:length]


class Cipher(AEAD):
    @override
    @staticmethod
    async def encrypt(plaintext: bytes, key: bytes, associated_data: bytes) -> bytes:
        return seal_message(key, plaintext, associated_data)

    @override
    @staticmethod
    async def decrypt(ciphertext: bytes, key: bytes, associated_data: bytes) -> bytes:
        return open_message(key, ciphertext, associated_data)


class Secp256k1Ratchet(DiffieHellmanRatchet):
    @override
    @staticmethod
    def _generate_priv() -> bytes:
        return secp256k1.generate_private_key(ENTROPY).raw

    @override
    @staticmethod
    def _derive_pub(priv: bytes) -> bytes:
        return secp256k1.compress(secp256k1.public_key(PrivateKey(priv)))

    @override
    @staticmethod
    def _perform_diffie_hellman(own_priv: bytes, other_pub: bytes) -> bytes:
        return secp256k1.shared_x(PrivateKey(own_priv), secp256k1.decompress(other_pub))


class Oracle(DoubleRatchet):
    @override
    @staticmethod
    def _build_associated_data(associated_data: bytes, header: Header) -> bytes:
        return ours(header).associated_data


def ours(header: Header) -> RatchetHeader:
    return RatchetHeader(
        header.ratchet_pub, header.sending_chain_length, header.previous_sending_chain_length
    )


def theirs(header: RatchetHeader, ciphertext: bytes) -> EncryptedMessage:
    return EncryptedMessage(Header(header.key, header.pn, header.n), ciphertext)


def run(coroutine: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Finish a coroutine that never waits."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: ResultT = stop.value
        return result
    pytest.fail("the other implementation waits for something")


class Talk:
    """We are one side, the other implementation is the other."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.keys: dict[tuple[bytes, int], bytes] = {}
        self.to_oracle: list[tuple[RatchetHeader, bytes, bytes]] = []
        self.to_us: list[tuple[RatchetHeader, bytes, bytes]] = []
        self.state: RatchetState = start_as_initiator(SECRET, PREKEY_PUBLIC, entropy=ENTROPY)
        self.state, header, ciphertext = encrypt(self.state, b"first")
        self.oracle, plaintext = run(
            Oracle.decrypt_initial_message(
                Secp256k1Ratchet, RootKdf, ChainKdf, b"", SKIP_MAX, 2 * SKIP_MAX, Cipher,
                SECRET.raw, PREKEY.raw, theirs(header, ciphertext), b"",
            )
        )  # fmt: skip
        assert plaintext == b"first"

    def step(self) -> None:
        roll = self.random.random()
        text = self.random.randbytes(self.random.randrange(64))
        if roll < 0.28:
            self.state, header, ciphertext = encrypt(self.state, text)
            self.to_oracle.append((header, ciphertext, text))
        elif roll < 0.56:
            message = run(self.oracle.encrypt_message(text, b""))
            self.to_us.append((ours(message.header), message.ciphertext, text))
        elif roll < 0.78 and self.to_oracle:
            header, ciphertext, text = self.pick(self.to_oracle)
            read = run(self.oracle.decrypt_message(theirs(header, ciphertext), b""))
            assert read == text
        elif self.to_us:
            header, ciphertext, text = self.pick(self.to_us)
            assert self.read(header, ciphertext) == text

    def pick(
        self, messages: list[tuple[RatchetHeader, bytes, bytes]]
    ) -> tuple[RatchetHeader, bytes, bytes]:
        """Take any of the last ones; some of those before stay on their way for ever."""
        return messages.pop(self.random.randrange(max(len(messages) - 8, 0), len(messages)))

    def read(self, header: RatchetHeader, ciphertext: bytes) -> bytes:
        key = self.keys.pop((header.key, header.n), None)
        if key is not None:
            return decrypt_with(key, header, ciphertext)
        received = decrypt(self.state, header, ciphertext, skip_max=SKIP_MAX, entropy=ENTROPY)
        self.state = received.state
        self.keys |= {(key.ratchet_key, key.n): key.key for key in received.keys[:-1]}
        return received.plaintext


@pytest.mark.slow
def test_both_implementations_read_each_other() -> None:
    talk = Talk(seed=7)
    for _ in range(STEPS):
        talk.step()
