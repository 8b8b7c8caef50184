"""What a benchmark measured, and how it is shown: one table for people, lines for machines."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

# Whom targets are counted against: go-ethereum's code, status-go's node where it is alone.
REFERENCES: Final = ("primitives", "messenger", "wnode", "statusd")

_HEADINGS: Final = ("row", "benchmark", "workload", "figure", "ours")


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of one workload.

    Attributes:
        row: The benchmark's number in the table of `docs/reference/benchmarks.md`.
        benchmark: Its name.
        workload: What was done.
        metric: What was measured, with its unit.
        ours: Our figure.
        peers: The peers' figures of the same run, by the name of the program.
        higher_is_better: Whether a larger figure is the better one.
        ratio_target: How many times better than the first of `REFERENCES` that there is we want to
            be, or None.
        bound: What our figure must not be worse than, whatever the peer does, or None.
    """

    row: int
    benchmark: str
    workload: str
    metric: str
    ours: float
    peers: Mapping[str, float] = field(default_factory=dict)
    higher_is_better: bool = False
    ratio_target: float | None = None
    bound: float | None = None

    @property
    def ratios(self) -> dict[str, float]:
        """How many times better than each peer we are; above 1 we are ahead."""
        if self.higher_is_better:
            return {name: self.ours / theirs for name, theirs in self.peers.items() if theirs}
        return {name: theirs / self.ours for name, theirs in self.peers.items() if self.ours}

    @property
    def is_met(self) -> bool | None:
        """Whether every target is met; None if there is none, or no peer to compare with."""
        verdicts = []
        if self.bound is not None:
            within = self.ours >= self.bound if self.higher_is_better else self.ours <= self.bound
            verdicts.append(within)
        if self.ratio_target is not None and self.ratios:
            reference = next(name for name in REFERENCES if name in self.ratios)
            verdicts.append(self.ratios[reference] >= self.ratio_target)
        return all(verdicts) if verdicts else None

    def as_json(self) -> dict[str, Any]:
        """Return the figure as plain values, with the ratios and the verdict."""
        return asdict(self) | {
            "peers": dict(self.peers),
            "ratios": {name: round(ratio, 3) for name, ratio in self.ratios.items()},
            "is_met": self.is_met,
        }


def table(figures: Iterable[Figure]) -> str:
    """Return the figures as a Markdown table, whose columns are aligned."""
    figures = list(figures)
    names = list(dict.fromkeys(name for figure in figures for name in figure.peers))
    rows = [[*_HEADINGS, *names, "ratio", "target", "met"]]
    rows += [_cells(figure, names) for figure in figures]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def _cells(figure: Figure, names: Iterable[str]) -> list[str]:
    return [
        str(figure.row),
        figure.benchmark,
        figure.workload,
        figure.metric,
        _number(figure.ours),
        *(_number(figure.peers[name]) if name in figure.peers else "" for name in names),
        " / ".join(f"{ratio:.2f}x" for ratio in figure.ratios.values()),
        _target(figure),
        {True: "yes", False: "NO", None: ""}[figure.is_met],
    ]


def _target(figure: Figure) -> str:
    parts = []
    if figure.ratio_target is not None:
        parts.append(f"{figure.ratio_target:g}x")
    if figure.bound is not None:
        parts.append(f"{'>=' if figure.higher_is_better else '<='} {_number(figure.bound)}")
    return ", ".join(parts)


def _number(value: float) -> str:
    """Return three significant digits, thousands in groups."""
    if abs(value) >= 100:  # three digits need no point
        return f"{value:,.0f}"
    return f"{value:.3g}"
