"""The load driver: a process of its own that feeds a node under test and listens to what comes out.

It reads one command per line from standard input and answers each with one line, both JSON.
Commands: ``connect`` (a source at one enode, sinks at another), ``send`` (envelopes, at a rate or
as fast as a window allows), ``join`` (one more sink, which waits for the pool).
"""

import asyncio
import json
import math
import sys
import time
from typing import Any, Final

from bench.traffic import EnvelopeKind, bundles
from bench.wire_end import (
    WAKU_WANTS_ALL,
    WAKU_WANTS_NOTHING,
    WANTS_ALL,
    WANTS_NOTHING,
    WireEnd,
    random_phase_s,
)

_LOOK_EVERY_S: Final = 0.002
# Nothing more is expected when nothing has come for so long.
_SILENCE_S: Final = 5.0


class Sink:
    """A peer that wants everything; it counts distinct envelopes and their latencies."""

    def __init__(self, enode: str, kind: EnvelopeKind, count: int, status: bytes) -> None:
        self.end = WireEnd(enode, status, self._take)
        self._kind = kind
        self._seen = bytearray(count)
        self.received = 0
        self.latencies_ns: list[int] = []

    def _take(self, payload: bytes) -> None:
        now_ns = time.monotonic_ns()
        for sent_ns, serial in self._kind.stamps(payload):
            # What is not ours has a serial number by chance only.
            if serial < len(self._seen) and not self._seen[serial]:
                self._seen[serial] = 1
                self.received += 1
                self.latencies_ns.append(now_ns - sent_ns)


class Load:
    """One source and the sinks."""

    def __init__(self) -> None:
        self._kind = EnvelopeKind(512, 60)
        self._wants_all, self._wants_nothing = WANTS_ALL, WANTS_NOTHING
        self._source: WireEnd | None = None
        self._sinks: list[Sink] = []
        self._idle: list[WireEnd] = []
        self._echoes: list[WireEnd] = []
        self._sent = 0

    async def connect(self, command: dict[str, Any]) -> dict[str, Any]:
        """Connect a source, sinks and peers that want nothing, for envelopes of one kind."""
        self._kind = EnvelopeKind(command["data_bytes"], command["ttl_s"])
        if command.get("waku"):
            self._wants_all, self._wants_nothing = WAKU_WANTS_ALL, WAKU_WANTS_NOTHING
        self._source = WireEnd(command["source"], self._wants_nothing, lambda _: None)
        await self._source.connect()
        for _ in range(command["sink_count"]):
            await self._add_sink(command["sink"], command["count"])
        for count, ends in (("idle_count", self._idle), ("echo_count", self._echoes)):
            for _ in range(command.get(count, 0)):
                end = WireEnd(command["sink"], self._wants_nothing, lambda _: None)
                ends.append(end)
                await end.connect()
        return {"envelope_bytes": self._kind.envelope_bytes}

    async def _add_sink(self, enode: str, count: int) -> Sink:
        sink = Sink(enode, self._kind, count, self._wants_all)
        self._sinks.append(sink)
        await sink.end.connect()
        return sink

    async def send(self, command: dict[str, Any]) -> dict[str, Any]:
        """Send more envelopes and wait until every sink has all, or nothing comes any more."""
        for sink in self._sinks:
            sink.latencies_ns.clear()
        payloads = []
        if command["rate"] is None:
            envelopes = self._kind.make(self._sent, command["count"])
            payloads = bundles(envelopes, command["bundle"])
        started_s = time.monotonic()
        if command["rate"] is None:
            await self._send_in_window(command, payloads)
        else:
            await self._send_paced(command)
        await self._silence()
        return self._result(time.monotonic() - started_s)

    async def join(self, command: dict[str, Any]) -> dict[str, Any]:
        """Add a sink and wait until it has the whole pool, or nothing comes any more."""
        started_s = time.monotonic()
        sink = await self._add_sink(command["sink"], command["count"])
        self._sinks = [sink]
        await self._silence()
        return self._result(time.monotonic() - started_s)

    async def _send_in_window(self, command: dict[str, Any], payloads: list[bytes]) -> None:
        assert self._source is not None
        end = self._sent + command["count"]
        for payload in payloads:
            while self._sent - self._least_received() >= command["window"]:
                await asyncio.sleep(_LOOK_EVERY_S)
                if self._source.ended is not None:
                    return
            await self._feed(payload)
            self._sent = min(self._sent + command["bundle"], end)

    async def _send_paced(self, command: dict[str, Any]) -> None:
        assert self._source is not None
        bundle, rate = command["bundle"], command["rate"]
        period_s = bundle / rate
        end = self._sent + command["count"]
        next_s = time.monotonic()
        for _ in range(0, command["count"], bundle):
            # With one envelope at a time the phase is drawn anew, not to meet a node's own rhythm.
            phase_s = random_phase_s(period_s) if command["random_phases"] else 0.0
            await asyncio.sleep(max(0.0, next_s + phase_s - time.monotonic()))
            if self._source.ended is not None:
                return
            size = min(bundle, end - self._sent)
            for payload in bundles(self._kind.make(self._sent, size), size):
                await self._feed(payload)
            self._sent += size
            next_s += period_s

    async def _feed(self, payload: bytes) -> None:
        assert self._source is not None
        await self._source.send(payload)
        for echo in self._echoes:
            await echo.send(payload)

    def _least_received(self) -> int:
        return min((sink.received for sink in self._sinks), default=self._sent)

    async def _silence(self) -> None:
        """Wait until all have everything, or until nothing has come for a while."""
        before, since_s = -1, time.monotonic()
        while self._least_received() < self._sent:
            received = sum(sink.received for sink in self._sinks)
            if received != before:
                before, since_s = received, time.monotonic()
            elif time.monotonic() - since_s > _SILENCE_S:
                return
            await asyncio.sleep(_LOOK_EVERY_S)

    def _result(self, wall_s: float) -> dict[str, Any]:
        ends = [sink.end for sink in self._sinks] + self._idle + self._echoes + [self._source]
        latencies = sorted(latency for sink in self._sinks for latency in sink.latencies_ns)
        return {
            "wall_s": wall_s,
            "sent": self._sent,
            "received": [sink.received for sink in self._sinks],
            "disconnects": [end.ended for end in ends if end is not None and end.ended],
            "latency_p50_ms": _percentile_ms(latencies, 0.50),
            "latency_p99_ms": _percentile_ms(latencies, 0.99),
        }


def _percentile_ms(ascending_ns: list[int], share: float) -> float:
    if not ascending_ns:
        return math.nan
    return ascending_ns[min(len(ascending_ns) - 1, int(share * len(ascending_ns)))] / 1e6


async def _main() -> None:
    load = Load()
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        command = json.loads(line)
        try:
            answer = await getattr(load, command.pop("do"))(command)
        except (OSError, TimeoutError) as error:
            answer = {"error": str(error) or type(error).__name__}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    from sottovoce.runtime.loop import run

    run(_main())
