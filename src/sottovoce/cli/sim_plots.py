"""The pictures of ``sottovoce sim``, one function for each experiment.

Matplotlib belongs to the extra `sim` and is loaded only when something is drawn.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from textwrap import wrap
from typing import Any, Final

from sottovoce.cli.output import CommandError, ExitCode
from sottovoce.gossip.settings import Interest
from sottovoce.sim.light_experiment import LightLine, LightResult
from sottovoce.sim.light_network import LIGHT_KINDS, Topology
from sottovoce.sim.model_experiment import ModelResult
from sottovoce.sim.scaling_model import CASES, ModelCase, printed_size
from sottovoce.sim.spam_experiment import SpamLine, SpamResult
from sottovoce.sim.topics_bandwidth import Scheme
from sottovoce.sim.topics_experiment import TopicsResult

SUFFIXES: Final = (".png", ".svg")
# Colours that people who see no red or no green tell apart as well.
COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_DPI: Final = 130
_CASE_LETTERS: Final = 15  # of a line below the bars of a case
_STYLE: Final = {
    # Without a salt the same figures would give another file in each run.
    "svg.hashsalt": "sottovoce",
    # Letters stay letters: a tenth of the size, and the text can be searched.
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def check_plot(path: Path) -> None:
    """Check, before anything long begins, that a picture can be drawn into a file.

    Raises:
        CommandError: Its kind is unknown, its folder is not there, nothing may be written there, it
            is a folder itself, or matplotlib is missing.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise CommandError(
            f"a plot is a .png or an .svg, not {path.name or path}; change the file's ending",
            ExitCode.USAGE,
        )
    if not path.parent.is_dir():
        raise CommandError(f"there is no folder {path.parent}; make it first", ExitCode.USAGE)
    if path.is_dir():
        raise CommandError(f"{path} is a folder; name a file in it", ExitCode.USAGE)
    place = path if path.exists() else path.parent
    if not os.access(place, os.W_OK):
        raise CommandError(
            f"you may not write to {place}; choose another place for the plot", ExitCode.USAGE
        )
    if find_spec("matplotlib") is None:
        raise CommandError(
            'plots need matplotlib; install it with: pip install "sottovoce[sim]"', ExitCode.USAGE
        )


def new_figure(columns: int = 1, *, width: float = 8.0, height: float = 4.4) -> tuple[Any, Any]:
    """Return a figure and its parts, side by side.

    Args:
        columns: How many parts.
        width: Inches.
        height: Inches.

    Returns:
        Matplotlib's figure, and a list of its axes.
    """
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams.update(_STYLE)
    from matplotlib import pyplot

    figure, places = pyplot.subplots(1, columns, figsize=(width, height), dpi=_DPI, squeeze=False)
    return figure, list(places[0])


@contextmanager
def plot_written(path: Path) -> Iterator[None]:
    """Say which file it was if a picture cannot be written after all.

    Raises:
        CommandError: It cannot.
    """
    try:
        yield
    except OSError as error:
        raise CommandError(
            f"the plot was not written into {path}: {error.strerror or error}; "
            "draw it again into another place, the figures will be the same",
            ExitCode.UNEXPECTED,
        ) from error


def save_figure(figure: Any, path: Path) -> None:  # noqa: ANN401 - matplotlib's
    """Write a figure into a file and forget it."""
    from matplotlib import pyplot

    # A date in the file would make each run's another one.
    metadata = {"Date": None} if path.suffix.lower() == ".svg" else None
    with plot_written(path):
        figure.savefig(path, metadata=metadata, bbox_inches="tight")
    pyplot.close(figure)


def draw_model(result: ModelResult, path: Path) -> None:
    """Draw the bytes of a day, case by case: bars for the formula, marks for what was measured."""
    figure, (place,) = new_figure(width=10.5)
    users = sorted({line.users for line in result.lines})
    width = 0.8 / len(users)
    for at, (count, colour) in enumerate(zip(users, COLOURS, strict=False)):
        lines = [line for line in result.lines if line.users == count]
        shift = (at - (len(users) - 1) / 2) * width
        places = [line.case + shift for line in lines]
        values = [line.bytes_per_day for line in lines]
        place.bar(places, values, width * 0.92, color=colour, label=f"{count:,} users")
        measured = [
            (where, line.simulated)
            for where, line in zip(places, lines, strict=True)
            if line.simulated is not None
        ]
        if measured:
            where, sizes = zip(*measured, strict=True)
            place.plot(where, sizes, "D", color="black", markersize=4, label="measured on nodes")
    place.set_yscale("log")
    place.set_xticks(list(CASES), [_case_label(case) for case in CASES.values()], fontsize=7)
    place.yaxis.set_major_formatter(lambda value, _: printed_size(value).replace(".0", " "))
    place.set_yticks([1024**2, 32 * 1024**2, 1024**3, 32 * 1024**3, 1024**4])
    place.minorticks_off()
    place.set_ylabel("received by one node a day")
    place.grid(visible=True, axis="y", alpha=0.3)
    place.legend(frameon=False, loc="upper right")
    save_figure(figure, path)


def _case_label(case: ModelCase) -> str:
    return "\n".join([f"{case.number}", *wrap(case.title, _CASE_LETTERS)])


def draw_light(result: LightResult, path: Path) -> None:
    """Draw what each light node received, copies included: a part for each topology."""
    figure, parts = new_figure(len(Topology), width=9.5, height=3.6)
    kinds = [kind.name for kind in LIGHT_KINDS]
    for part, topology in zip(parts, Topology, strict=True):
        found = {line.node: line for line in result.lines if line.topology == topology.value}
        lines = [found[kind] for kind in kinds]
        rows = range(len(kinds))
        _stack_light(part, lines)
        measured = [(line.published_valid, row) for row, line in zip(rows, lines, strict=True)]
        points = [point for point in measured if point[0] is not None]
        part.plot(
            *zip(*points, strict=True), "D", color="black", markersize=4, label="published valid"
        )
        part.set_yticks(rows, [kind.announces for kind in LIGHT_KINDS])
        part.invert_yaxis()
        part.margins(x=0.15)
        part.set_title(topology.name.lower(), fontsize=10)
        part.set_xlabel(f"envelopes received, of {result.settings.count + 1:,}")
    handles, labels = parts[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncols=len(labels), frameon=False)
    figure.tight_layout(rect=(0, 0.08, 1, 1))
    save_figure(figure, path)


def _stack_light(part: Any, lines: Sequence[LightLine]) -> None:  # noqa: ANN401 - matplotlib's
    """Draw what came as one bar for each light node, in three pieces, with the sum behind it."""
    pieces = {
        "useful": [line.useful for line in lines],
        "unwanted": [line.unwanted for line in lines],
        "duplicates": [line.duplicates for line in lines],
    }
    ends = [0] * len(lines)
    for (label, sizes), colour in zip(pieces.items(), COLOURS, strict=False):
        part.barh(range(len(lines)), sizes, 0.6, left=ends, color=colour, label=label)
        ends = [end + size for end, size in zip(ends, sizes, strict=True)]
    part.bar_label(part.containers[-1], [f"{end:,}" for end in ends], padding=6)


def draw_topics(result: TopicsResult, path: Path) -> None:
    """Draw what each choice of topics costs, and what a peer finds out of the announcement."""
    figure, (cost, seen) = new_figure(2, width=10.0, height=4.0)
    _draw_bandwidth(cost, result)
    _draw_footprint(seen, result)
    figure.tight_layout()
    save_figure(figure, path)


def _draw_bandwidth(part: Any, result: TopicsResult) -> None:  # noqa: ANN401 - matplotlib's
    kinds = list(dict.fromkeys(line.announces for line in result.bandwidth))
    bars = {
        kind: [line.bytes / 1000 for line in result.bandwidth if line.announces == kind]
        for kind in kinds
    }
    _draw_groups(part, bars, [scheme.value for scheme in Scheme], COLOURS[:3])
    part.set_ylim(bottom=1)
    part.set_ylabel("kB that come to a person")
    part.set_title("private messages of everybody, by their topics", fontsize=10)


def _draw_footprint(part: Any, result: TopicsResult) -> None:  # noqa: ANN401 - matplotlib's
    cases = list(dict.fromkeys(line.contacts for line in result.footprint))
    bloom, topics = (
        [line for line in result.footprint if line.announces == announces.value]
        for announces in (Interest.BLOOM, Interest.TOPICS)
    )
    bars = {
        "others, in a bloom": [line.false_found for line in bloom],
        "contacts, in a bloom": [line.found for line in bloom],
        "contacts, in topics": [line.found for line in topics],
    }
    _draw_groups(part, bars, [f"{count} contacts" for count in cases], COLOURS[3:])
    part.set_ylim(bottom=1)
    part.set_ylabel("keys found")
    keys = result.settings.footprint.keys
    part.set_title(f"{keys:,} known keys tried on an announcement", fontsize=10)


def _draw_groups(
    part: Any,  # noqa: ANN401 - matplotlib's
    bars: Mapping[str, Sequence[float]],
    groups: Sequence[str],
    colours: Sequence[str],
) -> None:
    """Draw bars in groups with their figures above them, on a logarithmic axis."""
    width = 0.84 / len(bars)
    for at, ((label, values), colour) in enumerate(zip(bars.items(), colours, strict=True)):
        shift = (at - (len(bars) - 1) / 2) * width
        places = [place + shift for place in range(len(values))]
        drawn = part.bar(places, values, width * 0.9, color=colour, label=label)
        part.bar_label(drawn, [_figure(value) for value in values], padding=1, fontsize=8)
    part.set_xticks(range(len(groups)), groups)
    part.set_yscale("log")
    part.yaxis.set_major_formatter(lambda value, _: f"{value:,g}")
    part.minorticks_off()
    part.margins(y=0.12)
    part.grid(visible=True, axis="y", alpha=0.3)
    part.set_axisbelow(True)
    part.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, -0.26), ncols=len(bars))


def _figure(value: float) -> str:
    """Return a figure with three digits, whole numbers whole."""
    return f"{value:,.0f}" if value == round(value) or value >= 100 else f"{value:.3g}"


def draw_spam(result: SpamResult, path: Path) -> None:
    """Draw the attacker's cost, the victim's and that of honest people, by work and by limits."""
    figure, places = new_figure(len(_SPAM_PARTS), width=11.0, height=3.8)
    for place, (title, unit, value) in zip(places, _SPAM_PARTS, strict=True):
        _draw_spam_part(place, result.lines, value)
        place.set_title(title, fontsize=10)
        place.set_xlabel("work that the attacker does")
        place.set_ylabel(unit)
    costs, bytes_received, honest = places
    costs.set_yscale("log")
    costs.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    costs.legend(frameon=False, title="limits of the relays")
    bytes_received.set_ylim(bottom=0)
    honest.set_ylim(0, 105)
    figure.tight_layout()
    save_figure(figure, path)


_SPAM_PARTS: Final[tuple[tuple[str, str, Callable[[SpamLine], float | None]], ...]] = (
    (
        "What the attacker pays",
        "CPU ms for an envelope that arrives",
        lambda line: line.cpu_s_per_delivered and 1000 * line.cpu_s_per_delivered,
    ),
    ("What the victim receives", "kB a second", lambda line: line.victim_bytes_per_s / 1000),
    (
        "Honest messages that arrive",
        "percent, the flooded topic and another one",
        lambda line: 50 * (line.honest_share + line.other_share),
    ),
)


def _draw_spam_part(
    place: Any,  # noqa: ANN401 - matplotlib's
    lines: Sequence[SpamLine],
    value: Callable[[SpamLine], float | None],
) -> None:
    names = dict.fromkeys(line.limits for line in lines)
    for name, colour, style in zip(names, COLOURS, ("o-", "s--", "^:"), strict=False):
        shown = [(line.pow_target, value(line)) for line in lines if line.limits == name]
        points = [point for point in shown if point[1] is not None]
        if points:
            place.plot(*zip(*points, strict=True), style, color=colour, markersize=5, label=name)
    place.set_xscale("log")
    place.set_xticks(sorted({line.pow_target for line in lines}))
    place.xaxis.set_major_formatter(lambda work, _: f"{work:g}")
    place.minorticks_off()
    place.grid(visible=True, alpha=0.3)
