"""The Go program of rows 1 to 5, as a script that answers what a test wants."""

import os
from contextlib import closing
from pathlib import Path

import pytest

from bench import options as bench_options
from bench.errors import BenchmarkError
from bench.options import Options
from bench.primitives import Primitives, in_turns, primitives
from unit.bench.peer_script import write_peer


def test_answers_become_microseconds_of_one_operation(tmp_path: Path) -> None:
    program = write_peer(tmp_path, "{'operations': request['count'], 'seconds': 0.5}")
    with closing(Primitives(program)) as peer:
        assert peer.microseconds_each("rlpx_frame", count=1000) == 500.0


def test_answer_about_envelopes_counts_envelopes(tmp_path: Path) -> None:
    program = write_peer(tmp_path, "{'envelopes': 4, 'seconds': 0.5}")
    with closing(Primitives(program)) as peer:
        assert peer.microseconds_each("envelope_ingest", rounds=1) == 125_000.0


def test_refusal_is_told_in_the_peer_s_words(tmp_path: Path) -> None:
    with (
        closing(Primitives(write_peer(tmp_path, "{'error': 'no tea'}"))) as peer,
        pytest.raises(BenchmarkError, match="refuses tea: no tea"),
    ):
        peer.ask("tea")


def test_peer_that_ends_is_an_error(tmp_path: Path) -> None:
    with (
        closing(Primitives(write_peer(tmp_path, "sys.exit()"))) as peer,
        pytest.raises(BenchmarkError, match="gives no answer to tea"),
    ):
        peer.ask("tea")


def test_program_that_does_not_start_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match="does not start"):
        Primitives(tmp_path / "nothing")


def test_we_and_the_peer_are_on_the_tested_core_while_it_is_measured(tmp_path: Path) -> None:
    before, core = os.sched_getaffinity(0), bench_options.tested_core()
    cores = "{'cores': sorted(__import__('os').sched_getaffinity(0))}"
    options = Options(peers={"primitives": write_peer(tmp_path, cores)})
    with primitives(options) as peer:
        assert peer is not None
        assert os.sched_getaffinity(0) == core
        assert set(peer.ask("cores")["cores"]) == core
    assert os.sched_getaffinity(0) == before


def test_without_a_program_only_ours_is_measured() -> None:
    with primitives(Options()) as peer:
        assert peer is None
        assert in_turns(Options(), lambda: 2.0, None) == (2.0, {})


def test_peer_has_its_column_beside_ours() -> None:
    assert in_turns(Options(), lambda: 2.0, lambda: 5.0) == (2.0, {"primitives": 5.0})
