"""The command line of the benchmarks."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

import bench.__main__ as command_line
from bench.__main__ import BENCHMARKS, chosen, main, peers_of, rounds_of
from bench.errors import BenchmarkError, OptionError
from bench.figures import Figure
from bench.options import Options
from unit.bench.peer_script import write_peer

FIGURE = Figure(5, "tea", "one cup", "CPU us", ours=7.0)


def serve(monkeypatch: pytest.MonkeyPatch, *, error: Exception | None = None) -> list[Options]:
    """Let every benchmark be one that yields `FIGURE` and then perhaps fails."""
    seen: list[Options] = []

    def run(options: Options) -> Iterator[Figure]:
        seen.append(options)
        yield FIGURE
        if error is not None:
            raise error

    monkeypatch.setattr(command_line, "import_module", lambda _: SimpleNamespace(run=run))
    return seen


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["tea"], "There is no benchmark 'tea'."),
        (["--nope"], "Unrecognized arguments: --nope. See --help."),
        (["--peer"], "Argument --peer: expected one argument. See --help."),
        (["--peer", "wnode"], "A peer is given as NAME=PATH"),
        (["--peer", "geth=/bin/true"], "A peer is given as NAME=PATH"),
        (["--peer", "wnode=/nowhere"], "There is no program at '/nowhere'."),
        (["--peer", "wnode=/"], "There is no program at '/'."),
    ],
)
def test_misuse_is_one_sentence_and_exit_code_2(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    shown = capsys.readouterr()
    assert shown.err.startswith(sentence)
    assert shown.err.count("\n") == 1
    assert shown.out == ""


def test_benchmarks_run_in_the_order_of_their_rows() -> None:
    assert chosen(["rlpx_frame", "pow_search"]) == ("pow_search", "rlpx_frame")
    assert chosen([]) == tuple(name for name in BENCHMARKS if name in chosen([]))


def test_peers_are_named_programs(tmp_path: Path) -> None:
    program = write_peer(tmp_path, "{}")
    assert peers_of([f"primitives={program}"]) == {"primitives": program}


def test_people_get_the_machine_and_one_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = serve(monkeypatch)
    assert main(["rlpx_handshake", "--full"]) == 0
    shown = capsys.readouterr()
    machine, *rows = shown.out.splitlines()
    assert "Python 3." in machine
    assert len(rows) == 3
    assert "one cup" in rows[2]
    assert "rlpx_handshake" in shown.err
    assert options == [Options(quick=False)]


def test_machines_get_one_json_object_per_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    serve(monkeypatch)
    assert main(["rlpx_handshake", "--json"]) == 0
    machine, figure = map(json.loads, capsys.readouterr().out.splitlines())
    assert set(machine["machine"]) == {"cpu", "cores", "os", "python", "libraries", "date"}
    assert figure == FIGURE.as_json()


@pytest.mark.parametrize("error", [BenchmarkError("no tea"), ConnectionError("no tea")])
def test_failed_benchmark_takes_no_other_with_it(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    serve(monkeypatch, error=error)
    assert main(["rlpx_frame", "rlpx_handshake"]) == 1
    shown = capsys.readouterr()
    assert "rlpx_frame failed: no tea" in shown.err
    assert shown.out.count("one cup") == 2


def test_rounds_are_a_number_from_one_up() -> None:
    assert (rounds_of(None), rounds_of("3")) == (None, 3)
    for text in ("0", "-1", "two"):
        with pytest.raises(OptionError, match="from 1 up"):
            rounds_of(text)
