"""``sottovoce sim light``: the table, the lines of JSON and the plot of light nodes."""

from dataclasses import asdict
from pathlib import Path
from typing import Final

from sottovoce.cli.mail_text import size_text
from sottovoce.cli.output import Output
from sottovoce.cli.progress import ProgressBar
from sottovoce.cli.sim_plots import check_plot, draw_light
from sottovoce.sim.light_experiment import LightLine, LightResult, LightSettings, run_light
from sottovoce.sim.light_network import Topology

_TITLES = {
    Topology.STAR: "a star around one full node",
    Topology.MESH: "a mesh: every full node is a peer of every other one",
}


def print_light(settings: LightSettings, plot: Path | None, *, as_json: bool) -> None:
    """Run both networks, print a line for each node, and draw the light ones if that is wanted."""
    output = Output(as_json=as_json)
    if plot is not None:
        check_plot(plot)
    with ProgressBar() as bar:
        result = run_light(settings, bar.show)
    if as_json:
        for line in result.lines:
            output.result("", **asdict(line))
    else:
        for text in light_table(result):
            output.result(text)
    if plot is not None:
        draw_light(result, plot)
        output.talk(f"drawn into {plot}")


def light_table(result: LightResult) -> list[str]:
    """Return the lines that people read."""
    settings = result.settings
    lines = [
        f"One envelope on one of {settings.topics} wanted topics, then {settings.count:,} on",
        f"random topics. A bloom filter of the wanted ones lets {result.matching:,} of all pass.",
        "How many peers nodes had in the published measurement stands in brackets.",
    ]
    for topology in Topology:
        lines += ["", _TITLES[topology], *_HEAD]
        lines += [_row(line) for line in result.lines if line.topology == topology.value]
    return lines


_HEAD: Final = (
    "                                                   un-          | published",
    "                     peers  valid   dup. useful wanted   size  | valid invalid",
)


def _row(line: LightLine) -> str:
    peers = str(line.peers)
    published = ""
    if line.published_valid is not None:
        peers = f"{peers} ({line.published_peers})"
        published = f" {line.published_valid:>5} {line.published_invalid:>7}"
    return (
        f"{line.node.removesuffix(' node'):<20} {peers:>5} {line.valid:>6} {line.duplicates:>6} "
        f"{line.useful:>6} {line.unwanted:>6} {size_text(line.bytes):>8} |{published}"
    )
