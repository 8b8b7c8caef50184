"""``sottovoce sim topics``: tables, lines of JSON and plot of one topic against many."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Final

from sottovoce.cli.output import Output
from sottovoce.cli.progress import ProgressBar
from sottovoce.cli.sim_plots import check_plot, draw_topics
from sottovoce.gossip.settings import Interest
from sottovoce.sim.topics_bandwidth import BandwidthLine
from sottovoce.sim.topics_experiment import TopicsResult, TopicsSettings, run_topics
from sottovoce.sim.topics_footprint import FootprintLine


def print_topics(settings: TopicsSettings, plot: Path | None, *, as_json: bool) -> None:
    """Measure, print a line for each case, and draw them if that is wanted."""
    output = Output(as_json=as_json)
    if plot is not None:
        check_plot(plot)
    with ProgressBar() as bar:
        result = run_topics(settings, bar.show)
    if as_json:
        for line in result.bandwidth:
            output.result("", part="bandwidth", **asdict(line), others_share=line.others_share)
        for seen in result.footprint:
            rates = {"recall": seen.recall, "precision": seen.precision}
            output.result("", part="footprint", **asdict(seen), **rates)
    else:
        for text in topics_tables(result):
            output.result(text)
    if plot is not None:
        draw_topics(result, plot)
        output.talk(f"drawn into {plot}")


def topics_tables(result: TopicsResult) -> Iterator[str]:
    """Yield the lines that people read."""
    people, looked = result.settings.bandwidth, result.settings.footprint
    yield (
        f"Bandwidth: {people.people} people with {people.contacts} contacts and {people.chats} "
        f"chats each say {people.messages}"
    )
    yield f"private messages in {people.duration_s:g} s. What comes to one of them, on average:"
    yield (
        f"  {'private messages':<16} {'announced':<19} {'topics':>6} {'meant':>5}"
        f" {'came':>6} {'of others':>9} {'bytes':>8}"
    )
    yield from map(_bandwidth_row, result.bandwidth)
    yield ""
    yield (
        f"Footprint of what is announced: a peer knows {looked.keys:,} keys, and of "
        f"{looked.topics:,}"
    )
    yield "topics what they are. In brackets what arithmetic expects."
    for announces, form in _FORMS.items():
        lines = [line for line in result.footprint if line.announces == announces.value]
        yield ""
        yield form
        yield _cells("", [f"{line.contacts} contacts" for line in lines])
        for fact, cell in _FACTS.items():
            yield _cells(f"  {fact}", [cell(line) for line in lines])


def _bandwidth_row(line: BandwidthLine) -> str:
    return (
        f"  {line.scheme:<16} {line.announces:<19} {line.topics:>6.0f} {line.meant:>5.0f}"
        f" {line.received:>6.1f} {line.others_share:>9.2%} {line.bytes:>8,.0f}"
    )


def _cells(name: str, cells: Iterable[str]) -> str:
    return (f"{name:<31}" + "".join(f" {cell:<15}" for cell in cells)).rstrip()


def _fill(line: FootprintLine) -> str:
    if line.fill is None or line.fill_expected is None:
        return "-"
    return f"{line.fill:.3f} ({line.fill_expected:.3f})"


def _own_key(line: FootprintLine) -> str:
    if line.own_found and not line.own_announced:
        return "no, by chance"
    return _yes(line.own_found)


def _yes(value: bool) -> str:
    return "yes" if value else "no"


_FORMS: Final = {
    Interest.BLOOM: "a bloom filter is announced",
    Interest.TOPICS: "the topics themselves are announced",
}

_FACTS: Final[Mapping[str, Callable[[FootprintLine], str]]] = {
    "topics in it": lambda line: f"{line.topics}",
    "bits that are set": _fill,
    "of all traffic, comes": lambda line: f"{line.share:.2%} ({line.share_expected:.2%})",
    "own contact code is announced": lambda line: _yes(line.own_announced),
    "own key found by it": _own_key,
    "own key by discovery topic": lambda line: _yes(line.discovery_found),
    "contacts found": lambda line: f"{line.found} ({line.contacts})",
    "others found with them": lambda line: f"{line.false_found} ({line.false_expected:.0f})",
    "contacts among the found": lambda line: f"{line.precision:.2f}",
    "keys that may be the person": lambda line: (
        f"{line.partition_class} ({line.partition_expected:.0f})"
    ),
    "topics that one more may be": lambda line: (
        f"{line.candidates} ({line.candidates_expected:.0f})"
    ),
}
