"""The workloads of rows 1 to 5, each once and small: they do what their figures are named for."""

from contextlib import closing
from pathlib import Path

import pytest

from bench import envelope_crypto, envelope_ingest, pow_search, rlpx_frame, rlpx_handshake
from bench.errors import BenchmarkError
from bench.options import Options
from bench.primitives import Primitives
from sottovoce.gossip.envelope import UnminedEnvelope, decode_envelopes
from sottovoce.gossip.seal import OpenedMessage
from unit.bench.peer_script import write_peer


def test_search_is_over_the_same_data_in_every_run() -> None:
    assert pow_search.searched(64, 4) == pow_search.searched(64, 4)
    assert pow_search.searched(64, 4).ours() == 14


def test_peer_that_finds_the_same_nonce_is_measured(tmp_path: Path) -> None:
    wanted = pow_search.searched(64, 4)
    program = write_peer(tmp_path, "{'nonce': 14, 'seconds': 0.002}")
    with closing(Primitives(program)) as peer:
        figure = pow_search._lowest_nonce(
            wanted, 4, Options(), peer, {"row": 1, "benchmark": "pow_search"}
        )
    assert figure.peers == {"primitives": 2.0}


def test_peer_that_finds_another_nonce_is_an_error(tmp_path: Path) -> None:
    wanted = pow_search.searched(64, 4)
    program = write_peer(tmp_path, "{'nonce': 15, 'seconds': 0.002}")
    with (
        closing(Primitives(program)) as peer,
        pytest.raises(BenchmarkError, match="we find the nonce 14, primitives finds 15"),
    ):
        pow_search._lowest_nonce(wanted, 4, Options(), peer, {"row": 1, "benchmark": "pow_search"})


def test_packet_has_the_size_that_payloads_get_on_the_network() -> None:
    packet = envelope_ingest.packet_of(150, 3)
    assert [envelope.size_bytes for envelope in decode_envelopes(packet)] == [304] * 3
    assert envelope_ingest.ingest(packet) == 3


def test_each_operation_on_envelopes_does_what_its_name_says() -> None:
    results = {case.what: case.operation() for case in envelope_crypto._cases()}
    kinds = {what: type(result) for what, result in results.items()}
    assert kinds == {
        "seal_sym": UnminedEnvelope,
        "seal_asym": UnminedEnvelope,
        "open_sym": OpenedMessage,
        "open_asym": OpenedMessage,
        "wrong_sym": type(None),
        "wrong_asym": type(None),
    }


def test_frame_passes_again_and_again() -> None:
    pass_one = rlpx_frame.frame_passing(7)
    pass_one()
    pass_one()


def test_handshake_ends_with_the_same_keys() -> None:
    rlpx_handshake.shake_hands()
