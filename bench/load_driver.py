"""The load driver as benchmarks see it: another process that feeds a node and listens to it."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bench.child import Child, child
from bench.errors import BenchmarkError
from bench.options import driver_cores


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What a load driver saw.

    Attributes:
        wall_s: From the first envelope sent to the last one received, seconds.
        sent: How many envelopes the source sent.
        received: How many distinct ones each sink has.
        disconnects: Why connections ended.
        latency_p50_ms: Median from sending to receiving; not a number if nothing came.
        latency_p99_ms: The slowest of a hundred.
    """

    wall_s: float
    sent: int
    received: list[int]
    disconnects: list[str]
    latency_p50_ms: float
    latency_p99_ms: float

    def check_all(self, count: int) -> None:
        """Refuse a measurement in which something was lost.

        Raises:
            BenchmarkError: Not everything arrived everywhere, or a connection ended.
        """
        if self.disconnects or set(self.received) != {count}:
            raise BenchmarkError(
                f"of {count} envelopes the sinks received {self.received}; "
                f"connections ended: {self.disconnects or 'none'}"
            )


class LoadDriver:
    """One load driver; `bench.load` is its other side."""

    def __init__(self, process: Child) -> None:
        self._process = process

    def connect(
        self,
        enodes: Sequence[str],
        *,
        sink_count: int,
        data_bytes: int,
        count: int,
        ttl_s: int = 60,
        idle_count: int = 0,
        echo_count: int = 0,
        waku: bool = False,
    ) -> None:
        """Connect a source to the first node of a line and sinks to the last.

        Args:
            enodes: The nodes of the line; one alone is both.
            sink_count: How many sinks.
            data_bytes: The length of the data of each envelope.
            count: How many envelopes will be sent.
            ttl_s: Their time to live.
            idle_count: How many more peers of the last node there are, who want no envelopes.
            echo_count: How many more of these there are, who send it what the source sends.
            waku: Whether all of them speak Waku; else Whisper.

        Raises:
            BenchmarkError: A node hung up.
        """
        self._process.ask(
            {
                "do": "connect",
                "source": enodes[0],
                "sink": enodes[-1],
                "sink_count": sink_count,
                "data_bytes": data_bytes,
                "ttl_s": ttl_s,
                "count": count,
                "idle_count": idle_count,
                "echo_count": echo_count,
                "waku": waku,
            }
        )

    def send(
        self,
        count: int,
        *,
        bundle: int,
        rate: float | None = None,
        window: int = 0,
        random_phases: bool = False,
    ) -> LoadResult:
        """Send more envelopes and wait until all have arrived, or nothing comes any more.

        Args:
            count: How many.
            bundle: How many in a packet.
            rate: Envelopes a second, or None for as fast as the window allows.
            window: How many may be on their way at once if there is no rate.
            random_phases: Whether each packet leaves at a random moment of its period.
        """
        return self._result(
            {
                "do": "send",
                "count": count,
                "bundle": bundle,
                "rate": rate,
                "window": window,
                "random_phases": random_phases,
            }
        )

    def join(self, enode: str, count: int) -> LoadResult:
        """Connect one more sink and wait until it has the whole pool, of `count` envelopes."""
        return self._result({"do": "join", "sink": enode, "count": count})

    def _result(self, command: dict[str, Any]) -> LoadResult:
        return LoadResult(**self._process.ask(command))


@contextmanager
def load_driver() -> Iterator[LoadDriver]:
    """Give a load driver on the cores that are not under test."""
    with child([sys.executable, "-m", "bench.load"], driver_cores()) as process:
        yield LoadDriver(process)
