"""``sottovoce sim model``: the table, the lines of JSON and the plot of the scaling model."""

from dataclasses import asdict
from pathlib import Path

from sottovoce.cli.output import Output
from sottovoce.cli.progress import ProgressBar
from sottovoce.cli.sim_plots import check_plot, draw_model
from sottovoce.sim.model_experiment import ModelLine, ModelResult, ModelSettings, run_model
from sottovoce.sim.scaling_model import CASES, printed_size


def print_model(settings: ModelSettings, plot: Path | None, *, as_json: bool) -> None:
    """Compute all cases, print a line for each, and draw them if that is wanted."""
    output = Output(as_json=as_json)
    if plot is not None:
        check_plot(plot)
    with ProgressBar() as bar:
        result = run_model(settings, bar.show)
    if as_json:
        for line in result.lines:
            output.result("", **asdict(line))
    else:
        for text in _table(result):
            output.result(text)
    if plot is not None:
        draw_model(result, plot)
        output.talk(f"drawn into {plot}")


def _table(result: ModelResult) -> list[str]:
    lines = [
        f"{'users':>9}  {'formula':>9}"
        + (f"  {'measured':>9}  {'error':>6}" if result.measured else "")
    ]
    for number, case in CASES.items():
        rows = [_row(line) for line in result.lines if line.case == number]
        if rows:
            lines += [f"case {number}: {case.title}", *rows]
    return lines + _measured(result)


def _row(line: ModelLine) -> str:
    said = f"{line.users:>9,}  {line.printed:>9}"
    if line.simulated is None or line.error is None:
        return said
    return f"{said}  {printed_size(line.simulated):>9}  {line.error:>+6.1%}"


def _measured(result: ModelResult) -> list[str]:
    """Say what the measured figures count."""
    if not result.measured:
        return []
    opened = sum(each.opened for each in result.measured)
    meant = sum(each.meant for each in result.measured)
    return [
        "",
        "A day. Formula: the model, exactly. Measured: bytes of envelopes that nodes",
        "received in a virtual hour, live and as history, each time one came; not",
        "frames, pings and greetings.",
        f"Those whom they were meant for opened {opened:,} of {meant:,} envelopes.",
    ]
