"""How cost grows, as data: points, the curves they make, and the file that keeps them.

It measures nothing and draws nothing: `bench.growth` fills it, `bench.plots` shows it.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from statistics import median
from typing import Any, Final

# What is varied, with the unit that its axis shows.
FAMILIES: Final[Mapping[str, str]] = {
    "peers": "connected peers",
    "pool": "pooled envelopes of 512 B",
    "filters": "installed filters",
    "size": "data of one envelope, bytes",
}
_DECADE: Final = 10


@dataclass(frozen=True, slots=True)
class Point:
    """What was measured at one place of a curve.

    Attributes:
        size: How many, or how large, of what the family varies.
        cpu_bundled_us: Processor time per relayed envelope in packets of several, microseconds.
        cpu_alone_us: The same when each comes in a packet of its own and nothing else is going on.
        latency_p50_ms: Median time from sending to receiving, one envelope at a time.
        latency_p99_ms: The slowest of a hundred.
        rss_mb: Memory of the process at the end, millions of bytes.
        pooled_mb: Bytes of the pooled envelopes at the end, millions.
    """

    size: float
    cpu_bundled_us: float
    cpu_alone_us: float
    latency_p50_ms: float
    latency_p99_ms: float
    rss_mb: float
    pooled_mb: float

    @property
    def beside_pool_mb(self) -> float:
        """Memory without the bytes of the pooled envelopes, millions of bytes."""
        return self.rss_mb - self.pooled_mb


METRICS: Final = tuple(field.name for field in fields(Point) if field.name != "size")


@dataclass(frozen=True, slots=True)
class Curve:
    """One line of a plot.

    Attributes:
        family: What is varied, a key of `FAMILIES`.
        name: What tells it from the other curves of its family.
        points: By ascending size.
    """

    family: str
    name: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Growth:
    """One run.

    Attributes:
        machine: Where it was measured.
        form: `quick` or `full`.
        rounds: How often each point was measured; the median counts.
        curves: By family.
    """

    machine: Mapping[str, Any]
    form: str
    rounds: int
    curves: tuple[Curve, ...]

    def of_family(self, family: str) -> list[Curve]:
        """Return the curves of one plot."""
        return [curve for curve in self.curves if curve.family == family]

    def write(self, path: Path) -> None:
        """Write the run as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")


def read(path: Path) -> Growth:
    """Read what `Growth.write` wrote."""
    values = json.loads(path.read_text(encoding="utf-8"))
    curves = tuple(
        Curve(curve["family"], curve["name"], tuple(Point(**point) for point in curve["points"]))
        for curve in values["curves"]
    )
    return Growth(values["machine"], values["form"], values["rounds"], curves)


def middle(rounds: Sequence[Point]) -> Point:
    """Return the median of each figure of several rounds of one point."""
    return Point(
        rounds[0].size,
        **{name: round(median(getattr(point, name) for point in rounds), 3) for name in METRICS},
    )


def exponent(points: Sequence[Point], metric: str) -> float | None:
    """Return k where a figure grows like size to the power k, over the curve's last decade.

    Returns:
        About 0 for what stays, 1 for what grows in proportion; None if there is too little to say.
    """
    last = points[-1]
    near = [part for part in points[:-1] if part.size > 0 and part.size * _DECADE >= last.size]
    if not near:
        return None
    first = near[0]
    low, high = getattr(first, metric), getattr(last, metric)
    if not (low > 0 and high > 0):
        return None
    return math.log(high / low) / math.log(last.size / first.size)


def lines(curves: Iterable[Curve]) -> list[str]:
    """Return the run as text for people, a line for each point and one for how each curve ends."""
    said = []
    for curve in curves:
        said.append(f"{curve.family}: {curve.name}")
        for point in curve.points:
            figures = "  ".join(f"{name} {getattr(point, name):,.3g}" for name in METRICS)
            said.append(f"  {point.size:>9,.0f}  {figures}")
        ends = [(name, exponent(curve.points, name)) for name in METRICS]
        powers = ", ".join(f"{name} {power:.2f}" for name, power in ends if power is not None)
        said.append(f"  exponents at the end: {powers}")
    return said
