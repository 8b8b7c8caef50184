"""A person of ``sottovoce demo`` in a process of their own: both what runs there and its keeper.

The process unlocks an account, dials a relay, says so in one line of JSON and then serves the
account's control socket, as any running node with an account does. It ends in order when its
standard input ends; so it cannot outlive the demo, however that ends.
"""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from pathlib import Path
from typing import Final

from sottovoce.cli.output import CommandError, ExitCode
from sottovoce.runtime.loop import run
from sottovoce.sdk.messenger import Messenger

# A process starts, derives two keys and finds its peer within two seconds; a busy machine takes
# some times as long.
START_TIMEOUT_S: Final = 30.0
STOP_TIMEOUT_S: Final = 10.0


class PersonProcess:
    """One person's process, seen from the demo.

    Args:
        name: Who it is.
        data_dir: The data directory with the account.
        password: What unlocks it.
        enode: The relay that it dials.
    """

    def __init__(self, name: str, data_dir: Path, password: str, enode: str) -> None:
        self.name = name
        self.data_dir = data_dir
        self._password = password
        self._enode = enode
        self._process: Process | None = None

    @property
    def pid(self) -> int:
        """The number of the process."""
        assert self._process is not None, "it was not started"
        return self._process.pid

    def dial(self, enode: str) -> None:
        """Let it dial another relay from its next start on."""
        self._enode = enode

    async def start(self) -> int:
        """Start the process and wait until its peer is there; returns the port of its connection.

        Raises:
            CommandError: It ended or did not get ready.
        """
        log = self.data_dir / "demo.log"
        with log.open("ab") as errors:
            self._process = process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", __name__, str(self.data_dir), self._enode,
                stdin=PIPE, stdout=PIPE, stderr=errors,
                start_new_session=True,  # An interrupt from the keyboard is the demo's business.
            )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(ConnectionError):  # Then it has ended, and its log says why.
            process.stdin.write(self._password.encode() + b"\n")
            await process.stdin.drain()
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                line = await process.stdout.readline()
        except TimeoutError:
            line = b""
        if not line:
            raise CommandError(
                f"{self.name}'s process did not get ready: {_last_line(log)}", ExitCode.UNEXPECTED
            )
        return int(json.loads(line)["port"])

    async def kill(self) -> None:
        """End the process as ``kill -9`` does, at whatever it is doing."""
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    async def stop(self) -> None:
        """Let the process end in order; one that does not is killed."""
        if self._process is None or self._process.returncode is not None:
            return
        assert self._process.stdin is not None
        self._process.stdin.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await self._process.wait()
        await self.kill()


async def live(data_dir: Path, password: str, enode: str) -> None:
    """Be the person until standard input ends."""
    async with Messenger.open(data_dir, password=password, peers=[enode]) as me:
        await me.connect(enode)
        port = int(enode.rpartition(":")[2])
        own_port = next(
            stream.local_port
            for stream in me.client.statistics().streams
            if stream.remote_port == port
        )
        sys.stdout.write(json.dumps({"event": "ready", "port": own_port}) + "\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


if __name__ == "__main__":
    run(live(Path(sys.argv[1]), sys.stdin.readline().rstrip("\n"), sys.argv[2]))
