"""The curves of `bench.growth` as pictures: `python -m bench.plots JSON FOLDER`, one per family.

Each picture has three parts side by side: processor time per envelope, latency, memory. A colour is
a curve, and solid or dashed says which figure. It needs matplotlib, the extra `sim`.
"""

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.curves import FAMILIES, Curve, Growth, read

_SUFFIX: Final = ".svg"
# Inches: three parts side by side, readable at the width of a page.
_FIGURE_INCHES: Final = (12.0, 4.4)
_DPI: Final = 110
# Colours that people who see no red or no green tell apart as well.
_COLOURS: Final = ("#0072b2", "#d55e00", "#009e73")
_STYLES: Final = ("o-", "s--")
# What spreads over less than this is shown on a linear axis from zero.
_LOG_FROM_RATIO: Final = 8.0
# Between powers of ten a logarithmic axis has labels at these multiples.
_LOG_LABELS: Final = (1.0, 2.0, 5.0)
_PICTURE: Final = {
    # Without a salt the same figures would give another file in each run.
    "svg.hashsalt": "growth",
    # Letters stay letters: a tenth of the size, and the text can be searched.
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
}


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a picture.

    Attributes:
        title: What it shows.
        unit: What its axis is labelled with.
        metrics: The figures in it with their names; the first is a solid line, the second dashed.
    """

    title: str
    unit: str
    metrics: tuple[tuple[str, str], tuple[str, str]]


PARTS: Final = (
    Part(
        "Processor time per relayed envelope",
        "microseconds",
        (("cpu_bundled_us", "in packets of up to 50"), ("cpu_alone_us", "each alone")),
    ),
    Part(
        "Latency of one envelope",
        "milliseconds",
        (("latency_p50_ms", "p50"), ("latency_p99_ms", "p99")),
    ),
    Part(
        "Memory of the process",
        "MB",
        (("rss_mb", "RSS"), ("beside_pool_mb", "without the pooled bytes")),
    ),
)


def is_logarithmic(values: Sequence[float]) -> bool:
    """Tell whether an axis with these values is easier to read with powers of ten."""
    return min(values) > 0 and max(values) >= _LOG_FROM_RATIO * min(values)


def values_of(curves: Sequence[Curve], part: Part) -> list[float]:
    """Return everything that one part of a picture shows."""
    return [
        getattr(point, metric)
        for curve in curves
        for point in curve.points
        for metric, _ in part.metrics
    ]


def tick_label(value: float) -> str:
    """Return a number in few letters: 0.5, 20, 5k, 1M."""
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


def draw(growth: Growth, folder: Path, suffix: str = _SUFFIX) -> list[Path]:
    """Draw a picture for each family that was measured, and return where they are."""
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams.update(_PICTURE)
    paths = []
    for family, axis in FAMILIES.items():
        curves = growth.of_family(family)
        if curves:
            paths.append(folder / f"growth-{family}{suffix}")
            _draw_family(curves, axis, paths[-1])
    return paths


def _draw_family(curves: Sequence[Curve], axis: str, path: Path) -> None:
    from matplotlib import pyplot
    from matplotlib.lines import Line2D

    figure, places = pyplot.subplots(1, len(PARTS), figsize=_FIGURE_INCHES, dpi=_DPI)
    for place, part in zip(places, PARTS, strict=True):
        _draw_part(place, curves, part)
        place.set_xlabel(axis)
    bottom = 0.0
    if len(curves) > 1:
        named = [
            Line2D([], [], color=colour, linewidth=3, label=curve.name)
            for curve, colour in zip(curves, _COLOURS, strict=False)
        ]
        figure.legend(handles=named, loc="lower center", ncols=len(named), frameon=False)
        bottom = 0.07
    figure.tight_layout(rect=(0, bottom, 1, 1))
    # A date in the file would make each run's another one.
    figure.savefig(path, metadata={"Date": None} if path.suffix == _SUFFIX else None)
    pyplot.close(figure)


def _draw_part(place: Any, curves: Sequence[Curve], part: Part) -> None:  # noqa: ANN401 - matplotlib's
    for curve, colour in zip(curves, _COLOURS, strict=False):
        sizes = [point.size for point in curve.points]
        for (metric, _), style in zip(part.metrics, _STYLES, strict=True):
            figures = [getattr(point, metric) for point in curve.points]
            place.plot(sizes, figures, style, color=colour, markersize=4, linewidth=1.5)
    for (_, name), style in zip(part.metrics, _STYLES, strict=True):
        place.plot([], [], style, color="#444444", markersize=4, linewidth=1.5, label=name)
    place.legend(frameon=False)
    place.set_title(part.title, fontsize=10)
    place.set_ylabel(part.unit)
    place.grid(visible=True, which="major", alpha=0.3)
    place.set_xscale("log")
    _label(place.xaxis, (1.0,))
    if is_logarithmic(values_of(curves, part)):
        place.set_yscale("log")
        _label(place.yaxis, _LOG_LABELS)
    else:
        place.set_ylim(bottom=0)


def _label(axis: Any, labels: Sequence[float]) -> None:  # noqa: ANN401 - matplotlib's
    """Give a logarithmic axis plain numbers at these multiples of powers of ten."""
    from matplotlib import ticker

    axis.set_major_locator(ticker.LogLocator(subs=labels))
    axis.set_major_formatter(lambda value, _: tick_label(value))
    axis.set_minor_formatter(ticker.NullFormatter())


def main(arguments: Iterable[str]) -> int:
    """Draw all pictures of one run."""
    parser = argparse.ArgumentParser(prog="python -m bench.plots", description=__doc__)
    parser.add_argument("growth", type=Path, metavar="JSON", help="what bench.growth wrote")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="where the pictures go")
    parser.add_argument("--png", action="store_true", help="PNG instead of SVG")
    chosen = parser.parse_args(list(arguments))
    for path in draw(read(chosen.growth), chosen.folder, ".png" if chosen.png else _SUFFIX):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
