"""Which machine and which software the figures belong to: they mean nothing without."""

import os
import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

# What does the work that is measured: the curve, Snappy, AES, Keccak, the event loop.
_LIBRARIES: Final = ("coincurve", "cramjam", "cryptography", "safe-pysha3", "uvloop")
_CPU_INFO: Final = Path("/proc/cpuinfo")


def describe() -> dict[str, str | int | dict[str, str]]:
    """Describe this machine in plain values."""
    return {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "os": platform.platform(),
        "python": platform.python_version(),
        "libraries": _versions(_LIBRARIES),
        "date": datetime.now(UTC).date().isoformat(),
    }


def in_one_line() -> str:
    """Describe this machine in one line for people."""
    machine = describe()
    libraries = ", ".join(f"{name} {number}" for name, number in _versions(_LIBRARIES).items())
    return (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['os']}, "
        f"Python {machine['python']}, {libraries}, {machine['date']}"
    )


def _cpu_model() -> str:
    if _CPU_INFO.exists():
        for line in _CPU_INFO.read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.machine()


def _versions(names: Iterable[str]) -> dict[str, str]:
    """Return the versions of those libraries that are installed."""
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
