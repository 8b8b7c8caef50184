"""Row 3: seal and open an envelope of 400 bytes, signed, with the right key and with a wrong one.

Opening ends with the payload and the signer, as an application gets them; what a relay does with an
envelope before is row 2. Each envelope is opened many times, always as the same bytes.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from bench.figures import Figure
from bench.options import Options
from bench.primitives import Primitives, primitives, time_operation
from sottovoce.base.moment import Moment
from sottovoce.base.quantities import Topic
from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.crypto import secp256k1
from sottovoce.gossip.envelope import UnminedEnvelope
from sottovoce.gossip.seal import EnvelopeRoute, open_envelope, seal
from sottovoce.runtime.system_entropy import SystemEntropy

ROW: Final = 3
NAME: Final = "envelope_crypto"

_PAYLOAD_BYTES: Final = 400
_TTL_S: Final = 10
_NOW: Final = Moment(0.0, 1_590_000_000.0)
_TOPIC: Final = Topic(bytes.fromhex("deadbeef"))

_SIGNER: Final = PrivateKey(b"\x31" * 32)
_RECIPIENT: Final = PrivateKey(b"\x32" * 32)
_STRANGER: Final = PrivateKey(b"\x33" * 32)
_SHARED: Final = SymmetricKey(b"\x34" * 32)
_OTHER: Final = SymmetricKey(b"\x35" * 32)

_TO_SHARED: Final = EnvelopeRoute(_TOPIC, _SHARED, _SIGNER)
_TO_RECIPIENT: Final = EnvelopeRoute(_TOPIC, secp256k1.public_key(_RECIPIENT), _SIGNER)


@dataclass(frozen=True, slots=True)
class _Case:
    """One operation: what the peer calls it, how often it is done, and what we aim for."""

    what: str
    workload: str
    operation: Callable[[], object]
    count: int
    ratio_target: float


def run(options: Options) -> Iterator[Figure]:
    """Measure the six operations."""
    with primitives(options) as peer:
        for case in _cases():
            yield _measure(case, options, peer)


def _cases() -> list[_Case]:
    entropy = SystemEntropy()
    payload = entropy.take(_PAYLOAD_BYTES)

    def sealing(route: EnvelopeRoute) -> Callable[[], UnminedEnvelope]:
        return lambda: seal(payload, route, ttl_s=_TTL_S, now=_NOW, entropy=entropy)

    def opening(route: EnvelopeRoute, key: SymmetricKey | PrivateKey) -> Callable[[], object]:
        return partial(open_envelope, sealing(route)().mined(0), key, pow=0.0)

    return [
        _Case("seal_sym", "seal, symmetric", sealing(_TO_SHARED), 600, 2.5),
        _Case("seal_asym", "seal, asymmetric", sealing(_TO_RECIPIENT), 300, 3.0),
        _Case("open_sym", "open, symmetric", opening(_TO_SHARED, _SHARED), 600, 2.5),
        _Case("open_asym", "open, asymmetric", opening(_TO_RECIPIENT, _RECIPIENT), 300, 3.0),
        _Case("wrong_sym", "wrong key, symmetric", opening(_TO_SHARED, _OTHER), 25_000, 0.5),
        _Case("wrong_asym", "wrong key, asymmetric", opening(_TO_RECIPIENT, _STRANGER), 500, 3.0),
    ]


def _measure(case: _Case, options: Options, peer: Primitives | None) -> Figure:
    ours, peers = time_operation(
        options,
        peer,
        case.operation,
        count=options.scaled(case.count),
        work=NAME,
        what=case.what,
        payload_bytes=_PAYLOAD_BYTES,
    )
    return Figure(
        row=ROW,
        benchmark=NAME,
        workload=f"{case.workload}, {_PAYLOAD_BYTES} B signed",
        metric="CPU us",
        ours=ours,
        peers=peers,
        ratio_target=case.ratio_target,
    )
