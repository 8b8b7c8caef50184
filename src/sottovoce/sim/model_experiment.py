"""`sim model`: the scaling model's formula, beside what the node code really receives.

Each case is one line for each number of users. For the smallest number the same case also runs on
nodes in the simulated network.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from sottovoce.sim.model_world import CaseMeasured, ModelWorld
from sottovoce.sim.scaling_model import CASES, ModelParameters, bytes_per_day, printed_size

USERS: Final = (100, 10_000, 1_000_000)
SIMULATED_USERS: Final = 100
SIMULATED_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """What is asked.

    Attributes:
        seed: Everything random follows from it.
        users: Numbers of users to compute.
        simulated_users: The number for which nodes are run as well, or None for none.
        simulated_s: For how long they run, virtual seconds.
        cases: Which cases.
        model: The assumptions.
    """

    seed: int = 1
    users: tuple[int, ...] = USERS
    simulated_users: int | None = SIMULATED_USERS
    simulated_s: float = SIMULATED_S
    cases: tuple[int, ...] = tuple(CASES)
    model: ModelParameters = field(default_factory=ModelParameters)


@dataclass(frozen=True, slots=True)
class ModelLine:
    """What one node receives in one case.

    Attributes:
        case: The case's number.
        users: How many users the network has.
        bytes_per_day: What the formula says.
        simulated: What was measured on the node code, scaled to a day; None if nothing was.
        printed: The formula's bytes as the post prints them.
    """

    case: int
    users: int
    bytes_per_day: int
    simulated: int | None
    printed: str

    @property
    def error(self) -> float | None:
        """By which part of the formula the measured bytes differ from it; None if none were."""
        return None if self.simulated is None else self.simulated / self.bytes_per_day - 1


@dataclass(frozen=True, slots=True)
class ModelResult:
    """What came of it.

    Attributes:
        lines: Case after case, the smallest network first.
        measured: What was measured, case after case.
    """

    lines: tuple[ModelLine, ...]
    measured: tuple[CaseMeasured, ...]


def run_model(settings: ModelSettings, on_progress: Callable[[float, str], None]) -> ModelResult:
    """Compute all cases, and play those that are to be measured.

    Args:
        settings: What is asked.
        on_progress: Told how far it is, 0 to 1, and what it is at.

    Raises:
        ViolationError: A node refused what the model wants.
    """
    measured = {case: _measure(case, settings, on_progress) for case in settings.cases}
    lines = tuple(
        _line(case, users, settings.model, measured[case])
        for case in settings.cases
        for users in settings.users
    )
    return ModelResult(lines, tuple(each for each in measured.values() if each is not None))


def _measure(
    case: int, settings: ModelSettings, on_progress: Callable[[float, str], None]
) -> CaseMeasured | None:
    if settings.simulated_users is None:
        return None
    place, count = settings.cases.index(case), len(settings.cases)
    world = ModelWorld(
        case,
        users=settings.simulated_users,
        duration_s=settings.simulated_s,
        seed=settings.seed,
        model=settings.model,
    )
    said = f"case {case}: {CASES[case].title}"
    return world.run(lambda done: on_progress((place + done) / count, said))


def _line(
    case: int, users: int, model: ModelParameters, measured: CaseMeasured | None
) -> ModelLine:
    size_bytes = bytes_per_day(case, users, model)
    simulated = None
    if measured is not None and measured.users == users:
        simulated = measured.bytes_per_day
    return ModelLine(case, users, size_bytes, simulated, printed_size(size_bytes))
