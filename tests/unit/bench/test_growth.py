"""Which points there are, how much each sends, and the order in which they are measured."""

from pathlib import Path

import pytest

from bench import growth
from bench.curves import FAMILIES, Point, read
from bench.errors import BenchmarkError
from bench.growth import Workload, main, workloads

PACKET_BYTES_MAX = 1024 * 1024


def ends(*, full: bool) -> dict[tuple[str, str], tuple[int, int]]:
    """Return the first and the last size of each curve."""
    sizes: dict[tuple[str, str], list[int]] = {}
    for work in workloads(full=full):
        sizes.setdefault((work.family, work.curve), []).append(work.size)
    return {curve: (found[0], found[-1]) for curve, found in sizes.items()}


def test_quick_form_has_fewer_points_of_the_same_curves() -> None:
    assert ends(full=False) == ends(full=True)
    assert len(workloads(full=False)) < len(workloads(full=True)) / 1.5


def test_curves_span_what_was_asked_for() -> None:
    spans = {family: span for (family, _), span in ends(full=True).items()}
    assert spans == {
        "peers": (1, 100),
        "pool": (1_000, 200_000),
        "filters": (1, 10_000),
        "size": (100, 1_000_000),
    }
    assert spans.keys() == FAMILIES.keys()


@pytest.mark.parametrize("work", workloads(full=True), ids=lambda work: f"{work.curve} {work.size}")
def test_packet_of_every_point_stays_below_the_largest(work: Workload) -> None:
    assert work.bundle * (work.data_bytes + 30) < PACKET_BYTES_MAX
    assert work.bundle <= work.window


def test_dear_envelopes_are_sent_less_often_in_whole_bundles() -> None:
    counts = [Workload("size", "one peer", size, data_bytes=size) for size in (100, 100_000)]
    small, large = (work.bundled_count(400_000) for work in counts)
    assert small > 50 * large
    assert small % counts[0].bundle == large % counts[1].bundle == 0


def test_many_peers_are_all_counted_as_dear() -> None:
    one, all_want = Workload("peers", "x", 1), Workload("peers", "x", 100, sink_count=100)
    all_send = Workload("peers", "x", 100, echo_count=99)
    assert all_want.alone_count(400_000) == all_send.alone_count(400_000) < one.alone_count(400_000)


def test_points_are_measured_in_turns_and_the_median_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = []
    rss_mb = iter([9.0, 1.0, 8.0, 2.0, 7.0, 3.0])

    def measure(work: Workload, *, full: bool) -> Point:
        order.append(work.size)
        return Point(work.size, 1.0, 1.0, 1.0, 1.0, next(rss_mb), 1.0)

    points = [Workload("pool", "one peer", size) for size in (1, 2)]
    monkeypatch.setattr(growth, "workloads", lambda *, full: points)
    monkeypatch.setattr(growth, "measure", measure)
    assert main(["--full", "pool", "--json", str(tmp_path / "growth.json")]) == 0
    assert order == [1, 2, 1, 2, 1, 2]
    [curve] = read(tmp_path / "growth.json").curves
    assert [(point.size, point.rss_mb) for point in curve.points] == [(1, 8.0), (2, 2.0)]


def test_lost_envelopes_end_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def measure(work: Workload, *, full: bool) -> Point:
        raise BenchmarkError("one is missing")

    monkeypatch.setattr(growth, "measure", measure)
    assert main(["size", "--json", str(tmp_path / "growth.json")]) == 1
    assert capsys.readouterr().err.endswith("one is missing\n")
    assert not (tmp_path / "growth.json").exists()
