"""``sottovoce sim light``: the table, the lines of JSON and the plot of light nodes."""

from dataclasses import asdict
from pathlib import Path

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
    ]
    for topology in Topology:
        lines += ["", _TITLES[topology], _HEAD]
        lines += [_row(line) for line in result.lines if line.topology == topology.value]
    return lines


_HEAD = (
    f"  {'':<25}  {'peers':>5}  {'valid':>6}  {'dup.':>6}  {'useful':>6}  {'unwanted':>8}"
    f"  {'bytes':>10}  | published: peers  valid  invalid"
)


def _row(line: LightLine) -> str:
    ours = (
        f"  {line.node:<25}  {line.peers:>5}  {line.valid:>6}  {line.duplicates:>6}"
        f"  {line.useful:>6}  {line.unwanted:>8}  {line.bytes:>10,}  |"
    )
    if line.published_valid is None:
        return ours
    published = f"{line.published_peers:>5}  {line.published_valid:>5}  {line.published_invalid:>7}"
    return f"{ours}            {published}"
