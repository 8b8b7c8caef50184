"""Row 2: what there is to compute about every envelope of a packet before it is kept.

Decode, hash, proof of work, bloom of the topic, by the functions that the relay calls; the hash is
asked for here even where a relay can do without. Every round decodes the packet anew, so that
nothing computed before is found again; only the blooms of topics seen before come from the cache
that a relay has too. The peer does the same with the same bytes.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bench.errors import BenchmarkError
from bench.figures import Figure
from bench.options import Options
from bench.primitives import in_turns, primitives
from bench.processor import microseconds_each
from sottovoce.base.moment import Moment
from sottovoce.base.quantities import Topic
from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.gossip.bloom import topic_bloom
from sottovoce.gossip.envelope import Envelope, decode_envelopes, encode_envelopes
from sottovoce.gossip.proof_of_work import envelope_pow
from sottovoce.gossip.seal import EnvelopeRoute, seal
from sottovoce.sim.entropy import SeededEntropy

ROW: Final = 2
NAME: Final = "envelope_ingest"

_NOW: Final = Moment(0.0, 1_590_000_000.0)
_TTL_S: Final = 50
_KEY: Final = SymmetricKey(b"\x34" * 32)
_SIGNER: Final = PrivateKey(b"\x31" * 32)
_TOPIC_BYTES: Final = 4
_NONCE_BYTES: Final = 3  # what a search of some seconds leaves
_RATIO_TARGET: Final = 0.9

# Bytes of the payload, distinct envelopes in one packet (below 1 MiB), packets per round.
_CASES: Final = ((150, 1000, 7), (400, 1000, 7), (1_000, 600, 7), (10_000, 80, 20))


def run(options: Options) -> Iterator[Figure]:
    """Measure each size."""
    with TemporaryDirectory() as folder, primitives(options) as peer:
        for payload_bytes, distinct, count in _CASES:
            packet = packet_of(payload_bytes, distinct)
            path = Path(folder, str(payload_bytes))
            path.write_bytes(packet)
            packets = options.scaled(count)
            ours, peers = in_turns(
                options,
                partial(_microseconds_each, packet, packets, distinct),
                None
                if peer is None
                else partial(peer.microseconds_each, NAME, path=str(path), rounds=packets),
            )
            yield Figure(
                row=ROW,
                benchmark=NAME,
                workload=f"{packets * distinct:,} envelopes of {payload_bytes:,} B payload",
                metric="CPU us each",
                ours=ours,
                peers=peers,
                ratio_target=_RATIO_TARGET,
            )


def _microseconds_each(packet: bytes, packets: int, distinct: int) -> float:
    return microseconds_each(partial(ingest, packet), packets) / distinct


def packet_of(payload_bytes: int, count: int) -> bytes:
    """Return a packet of signed envelopes, each with a topic of its own."""
    entropy = SeededEntropy(NAME, payload_bytes)

    def one() -> Envelope:
        route = EnvelopeRoute(Topic(entropy.take(_TOPIC_BYTES)), _KEY, _SIGNER)
        sealed = seal(entropy.take(payload_bytes), route, ttl_s=_TTL_S, now=_NOW, entropy=entropy)
        return sealed.mined(int.from_bytes(entropy.take(_NONCE_BYTES), "big"))

    return encode_envelopes([one() for _ in range(count)])


def ingest(packet: bytes) -> int:
    """Decode a packet, compute everything about its envelopes, and return how many there are.

    Raises:
        BenchmarkError: One of the results is nothing, which cannot be.
    """
    envelopes = decode_envelopes(packet)
    for envelope in envelopes:
        if not (envelope.hash and envelope_pow(envelope) and topic_bloom(envelope.topic)):
            raise BenchmarkError("an envelope has no hash, no worth or no bloom")
    return len(envelopes)
