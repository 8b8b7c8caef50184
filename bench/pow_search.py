"""Row 1: the search for a nonce.

Two figures for each size. In the first we try a fixed range of nonces in which none can be enough,
and the peer's speed is that of its own searches. In the second both look for the lowest nonce that
reaches a target, and must find the same one: then our envelopes are the Go node's, byte for byte.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from bench.errors import BenchmarkError
from bench.figures import Figure
from bench.options import Options
from bench.primitives import PEER, Primitives, in_turns, primitives
from bench.processor import cpu_seconds
from sottovoce.base.quantities import Topic
from sottovoce.gossip.envelope import UnminedEnvelope
from sottovoce.gossip.proof_of_work import mine, search
from sottovoce.sim.entropy import SeededEntropy

ROW: Final = 1
NAME: Final = "pow_search"

_EXPIRY_UNIX_S: Final = 1_600_000_000
_TTL_S: Final = 50
_TOPIC: Final = Topic(bytes.fromhex("deadbeef"))
_DIGEST_BITS: Final = 256  # no nonce is ever found that reaches this many
_HALF_A_BIT: Final = 0.5  # targets lie in the middle between two numbers of bits
_TRIES_MAX: Final = 1 << 40
_MILLISECONDS: Final = 1e3

# Bytes of data, nonces of the fixed range, bits to reach, target.
_CASES: Final = (
    (64, 50_000, 16, 0.8),
    (284, 50_000, 16, 1.7),
    (1_052, 50_000, 15, 3.4),
    (10_268, 50_000, 13, 25.0),
)


@dataclass(frozen=True, slots=True)
class _Search:
    """One search: what is searched for, and how much work it must be worth."""

    unmined: UnminedEnvelope
    target: float

    def ours(self) -> int:
        return mine(self.unmined, self.target, _TRIES_MAX).nonce

    def theirs(self, peer: Primitives) -> tuple[int, float]:
        """Return the peer's nonce and its CPU seconds."""
        answer = peer.ask(
            NAME,
            expiry=self.unmined.expiry_unix_s,
            ttl=self.unmined.ttl_s,
            topic=self.unmined.topic.hex(),
            data=self.unmined.data.hex(),
            pow=self.target,
        )
        return int(answer["nonce"]), float(answer["seconds"])


def run(options: Options) -> Iterator[Figure]:
    """Measure each size twice.

    Raises:
        BenchmarkError: The peer finds another nonce.
    """
    with primitives(options) as peer:
        for size_bytes, count, bits, ratio_target in _CASES:
            wanted = searched(size_bytes, bits)
            common: dict[str, Any] = {"row": ROW, "benchmark": NAME, "ratio_target": ratio_target}
            yield _fixed_range(wanted, options.scaled(count), options, peer, common)
            yield _lowest_nonce(wanted, bits, options, peer, common)


def searched(size_bytes: int, bits: int) -> _Search:
    """Return a search over data that are the same in every run."""
    data = SeededEntropy(NAME, size_bytes).take(size_bytes)
    unmined = UnminedEnvelope(_EXPIRY_UNIX_S, _TTL_S, _TOPIC, data)
    return _Search(unmined, 2 ** (bits - _HALF_A_BIT) / unmined.size_bytes / _TTL_S)


def _fixed_range(
    wanted: _Search,
    count: int,
    options: Options,
    peer: Primitives | None,
    common: Mapping[str, Any],
) -> Figure:
    prefix = wanted.unmined.prefix

    def their_speed(peer: Primitives) -> float:
        nonce, seconds = wanted.theirs(peer)
        return (nonce + 1) / seconds

    ours, peers = in_turns(
        options,
        lambda: count / cpu_seconds(partial(search, prefix, _DIGEST_BITS, 0, count)),
        None if peer is None else partial(their_speed, peer),
    )
    return Figure(
        **common,
        workload=f"{len(wanted.unmined.data):,} B, {count:,} nonces",
        metric="hashes/s",
        ours=ours,
        peers=peers,
        higher_is_better=True,
    )


def _lowest_nonce(
    wanted: _Search, bits: int, options: Options, peer: Primitives | None, common: Mapping[str, Any]
) -> Figure:
    nonce = wanted.ours()

    def their_time(peer: Primitives) -> float:
        theirs, seconds = wanted.theirs(peer)
        if theirs != nonce:
            raise BenchmarkError(
                f"for {len(wanted.unmined.data)} B and {bits} bits we find the nonce {nonce}, "
                f"{PEER} finds {theirs}"
            )
        return seconds * _MILLISECONDS

    ours, peers = in_turns(
        options,
        lambda: cpu_seconds(wanted.ours) * _MILLISECONDS,
        None if peer is None else partial(their_time, peer),
    )
    return Figure(
        **common,
        workload=f"{len(wanted.unmined.data):,} B, lowest nonce with {bits} bits: {nonce:,}",
        metric="CPU ms",
        ours=ours,
        peers=peers,
    )
