"""Row 5: a whole handshake in the padded form of EIP-8, both sides, from keys to frame secrets."""

from collections.abc import Iterator
from typing import Final

from bench.errors import BenchmarkError
from bench.figures import Figure
from bench.options import Options
from bench.primitives import primitives, time_operation
from sottovoce.base.secret import PrivateKey
from sottovoce.codec.byte_queue import ByteQueue
from sottovoce.crypto import secp256k1
from sottovoce.devp2p.handshake import InitiatorHandshake, RecipientHandshake
from sottovoce.runtime.system_entropy import SystemEntropy

ROW: Final = 5
NAME: Final = "rlpx_handshake"

_COUNT: Final = 100
_RATIO_TARGET: Final = 3.0

_INITIATOR: Final = PrivateKey(b"\x11" * 32)
_RECIPIENT: Final = PrivateKey(b"\x12" * 32)
_RECIPIENT_PUBLIC: Final = secp256k1.public_key(_RECIPIENT)
_ENTROPY: Final = SystemEntropy()


def run(options: Options) -> Iterator[Figure]:
    """Measure the handshake."""
    with primitives(options) as peer:
        ours, peers = time_operation(
            options, peer, shake_hands, count=options.scaled(_COUNT), work=NAME
        )
    yield Figure(
        row=ROW,
        benchmark=NAME,
        workload="both sides, EIP-8",
        metric="CPU us",
        ours=ours,
        peers=peers,
        ratio_target=_RATIO_TARGET,
    )


def shake_hands() -> None:
    """Do one handshake.

    Raises:
        BenchmarkError: The two sides did not end with the same keys.
    """
    to_recipient, to_initiator = ByteQueue(), ByteQueue()
    initiator = InitiatorHandshake(_INITIATOR, _RECIPIENT_PUBLIC, entropy=_ENTROPY)
    to_recipient.append(initiator.auth_packet)
    accepted = RecipientHandshake(_RECIPIENT, entropy=_ENTROPY).advance(to_recipient)
    if accepted is None:
        raise BenchmarkError("the recipient waits for more of a whole auth packet")
    to_initiator.append(accepted.reply)
    done = initiator.advance(to_initiator)
    if done is None or done.secrets.aes_secret != accepted.secrets.aes_secret:
        raise BenchmarkError("the two sides of a handshake ended with different keys")
