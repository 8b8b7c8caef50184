"""What relaying costs, counted on fixed work: who doubles the work of an envelope hears of it here.

Nothing is timed. Where a count depends on how code is cut into functions, its bound leaves about a
third; who passes it for a good reason raises it, and says what was bought.
"""

import gc
import tracemalloc
from collections import Counter
from collections.abc import Callable
from typing import Final

import pytest

from cost.scene import Scene, counted, counting_calls
from sottovoce.codec import rlp, snappy
from sottovoce.gossip import confirmations, envelope, proof_of_work

# Calls of Python functions, measured: 10, 4 and 37.
CALLS_PER_ENVELOPE_MAX: Final = 13
CALLS_PER_DUPLICATE_MAX: Final = 6
CALLS_PER_PEER_MAX: Final = 50
# Beside its own bytes, measured: 356.
BYTES_PER_POOLED_ENVELOPE_MAX: Final = 430

FEW, MANY = 20, 80
POOLED: Final = 2000


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count the hashes over whole inputs, by the module of gossip that wants them."""
    counts: Counter[str] = Counter()
    for module in (confirmations, envelope, proof_of_work):
        monkeypatch.setattr(module, "keccak256", _noting(module.keccak256, module, counts))
    return counts


def _noting(
    keccak256: Callable[[bytes], bytes], module: object, counts: Counter[str]
) -> Callable[[bytes], bytes]:
    def call(data: bytes) -> bytes:
        counts[getattr(module, "__name__", "").rpartition(".")[2]] += 1
        return keccak256(data)

    return call


# ---- hashes, copies, writes: exactly


def test_fresh_envelope_is_hashed_once_for_its_proof_of_work(hashed: Counter[str]) -> None:
    scene = Scene(sinks=3)
    hashed.clear()
    scene.relay(scene.arrival(scene.fresh(FEW)))
    assert hashed == {"proof_of_work": FEW}


def test_duplicate_is_never_hashed(hashed: Counter[str]) -> None:
    scene = Scene()
    known = scene.fresh(FEW)
    scene.relay(scene.arrival(known))
    hashed.clear()
    assert scene.relay(scene.arrival(known)) == []
    assert hashed == {}


def test_bundle_is_encoded_and_compressed_once_for_all_peers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene = Scene(sinks=10)
    arrived = scene.arrival(scene.fresh(FEW))
    encode_list, encoded = counted(rlp.encode_list)
    compress, compressed = counted(snappy.compress)
    monkeypatch.setattr(rlp, "encode_list", encode_list)
    monkeypatch.setattr(snappy, "compress", compress)
    assert len(scene.relay(arrived)) == len(scene.sinks)
    assert (len(encoded), len(compressed)) == (1, 1)


def test_each_peer_is_written_to_once_for_packets_that_came_together() -> None:
    scene = Scene(sinks=3)
    writes = scene.relay(scene.arrival(scene.fresh(FEW), scene.fresh(FEW), scene.fresh(FEW)))
    assert len(writes) == len({write.stream for write in writes}) == 3


# ---- calls of functions


def test_fresh_envelope_takes_few_calls() -> None:
    scene = Scene()
    few, many = (scene.calls(scene.arrival(scene.fresh(count))) for count in (FEW, MANY))
    assert many - few <= CALLS_PER_ENVELOPE_MAX * (MANY - FEW)


def test_duplicate_takes_fewer_calls() -> None:
    scene = Scene()
    known = scene.fresh(MANY)
    scene.relay(scene.arrival(known))
    few, many = scene.calls(scene.arrival(known[:FEW])), scene.calls(scene.arrival(known))
    assert many - few <= CALLS_PER_DUPLICATE_MAX * (MANY - FEW)


@pytest.mark.parametrize("count", [FEW, MANY])
def test_further_peer_takes_as_many_calls_whatever_the_packet_holds(count: int) -> None:
    calls = []
    for sinks in (1, 11):
        scene = Scene(sinks=sinks)
        calls.append(scene.calls(scene.arrival(scene.fresh(count))))
    one, eleven = calls
    assert eleven - one <= CALLS_PER_PEER_MAX * 10


def test_pool_makes_relaying_no_dearer() -> None:
    scene = Scene()
    scene.relay(scene.arrival(scene.fresh(1)))
    before = scene.lines(scene.arrival(scene.fresh(FEW)))
    scene.fill_pool(POOLED)
    assert scene.lines(scene.arrival(scene.fresh(FEW))) < before + POOLED // 10


def test_filters_for_other_topics_make_relaying_no_dearer() -> None:
    assert _calls_with(filters=1000) == _calls_with(filters=1)


def test_pool_costs_nothing_while_time_passes() -> None:
    scene = Scene()
    scene.relay(scene.arrival(scene.fresh(1)))
    scene.wait(1.0)
    before = scene.calls_of_a_second()
    scene.fill_pool(2000)
    scene.wait(1.0)
    assert scene.calls_of_a_second() == before


def test_next_deadline_is_known_without_asking_every_peer() -> None:
    calls = []
    for idle in (1, 40):
        scene = Scene(idle=idle)
        with counting_calls() as counts:
            scene.party.node.next_deadline()
        calls.append(counts.total())
    assert calls[0] == calls[1]


def _calls_with(*, filters: int) -> int:
    scene = Scene(filters=filters)
    scene.relay(scene.arrival(scene.fresh(1)))
    return scene.calls(scene.arrival(scene.fresh(FEW)))


# ---- memory


def test_pooled_envelope_takes_little_beside_its_bytes() -> None:
    scene = Scene()
    scene.relay(scene.arrival(scene.fresh(400)))
    envelopes = [scene.fresh(100) for _ in range(20)]
    arrivals = [scene.arrival(part) for part in envelopes]
    own_bytes = sum(len(one.raw) for part in envelopes for one in part)
    count = sum(len(part) for part in envelopes)
    del envelopes
    gc.collect()
    tracemalloc.start()
    try:
        for arrived in arrivals:
            scene.relay(arrived)
        gc.collect()
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken - own_bytes <= BYTES_PER_POOLED_ENVELOPE_MAX * count
