"""Row 13: what the simulator's nodes receive, beside the closed formula and what was published.

Workload: the eight cases of the scaling model, 100 people for a virtual hour (quick: ten minutes),
and the star and the mesh of light nodes with 10,001 envelopes. Nothing here is a matter of speed:
the figures are the same on every machine.
"""

from collections.abc import Iterator
from functools import partial
from typing import Final

from bench.figures import Figure
from bench.options import Options
from sottovoce.sim.light_experiment import LightSettings, run_light
from sottovoce.sim.model_experiment import ModelSettings, run_model
from sottovoce.sim.scaling_model import CASES, printed_size

ROW: Final = 13
NAME: Final = "scaling_model"

_USERS: Final = 100
_QUICK_S: Final = 600.0
_FULL_S: Final = 3600.0
_ERROR_PERCENT_MAX: Final = 10.0
# What a hundred topics let pass; published are 8.0 and 8.1.
_BLOOM_PERCENT_MAX: Final = 9.0
_PERCENT: Final = 100
_LIGHT: Final = {"bloom light node": _BLOOM_PERCENT_MAX, "topic-interest light node": 1.0}

_figure: Final = partial(Figure, ROW, NAME)


def run(options: Options) -> Iterator[Figure]:
    """Measure, and yield each figure as soon as it is known."""
    duration_s = _QUICK_S if options.quick else _FULL_S
    for case in CASES:
        yield from _case(case, duration_s)
    yield from _light()


def _case(case: int, duration_s: float) -> Iterator[Figure]:
    settings = ModelSettings(
        users=(_USERS,), simulated_users=_USERS, simulated_s=duration_s, cases=(case,)
    )
    [line] = run_model(settings, _nobody_listens).lines
    assert line.simulated is not None
    assert line.error is not None
    workload = f"case {case}, {_USERS} users, {duration_s / 60:g} minutes"
    yield _figure(
        workload, f"bytes a day; formula {printed_size(line.bytes_per_day)}", line.simulated
    )
    yield _figure(
        workload, "% off the formula", abs(line.error) * _PERCENT, bound=_ERROR_PERCENT_MAX
    )


def _light() -> Iterator[Figure]:
    result = run_light(LightSettings(), _nobody_listens)
    total = result.settings.count + 1
    for line in result.lines:
        if line.node not in _LIGHT:
            continue
        is_bloom = line.node == "bloom light node"
        yield _figure(
            f"{line.topology.replace('_', ' ')}: {line.node}",
            f"% of {total:,} envelopes" if is_bloom else f"envelopes of {total:,}",
            line.valid * _PERCENT / total if is_bloom else line.valid,
            bound=_LIGHT[line.node],
        )


def _nobody_listens(_done: float, _what: str) -> None:
    """Take the progress, which no table shows."""
