"""A real PostgreSQL server on a folder of its own, which is stopped, killed, halted and started."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from sottovoce.app.application import LOOPBACK

PROGRAMS: Final = Path("/usr/lib/postgresql/15/bin")
USER: Final = "sottovoce"
# PostgreSQL refuses to run as root.
UNPRIVILEGED: Final = "nobody"
START_PATIENCE_S: Final = 60.0
PAUSE_S: Final = 0.02


class PostgresServer:
    """A server that belongs to one test run.

    Attributes:
        folder: Its own folder, which goes with it.
        conninfo: Where its first database is.
    """

    def __init__(self) -> None:
        # Paths of sockets have at most some hundred bytes, so it lies high up.
        self.folder: Final = Path(tempfile.mkdtemp(prefix="sottovoce-pg-"))
        self._account = pwd.getpwnam(UNPRIVILEGED) if os.getuid() == 0 else None
        if self._account is not None:
            os.chown(self.folder, self._account.pw_uid, self._account.pw_gid)
        with socket.socket() as probe:
            probe.bind((LOOPBACK, 0))
            self._port: int = probe.getsockname()[1]
        self.conninfo: Final = self.database("postgres")
        self._process: subprocess.Popen[bytes] | None = None
        self._run(
            "initdb", "--pgdata", "data", "--username", USER, "--auth", "trust", "--no-sync",
            "--encoding", "UTF8", "--locale", "C",
        )  # fmt: skip

    def database(self, name: str) -> str:
        """Return the address of a database."""
        return f"host={self.folder} port={self._port} dbname={name} user={USER}"

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        assert self._process is None, "it runs already"
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    # Whatever becomes of us, it does not stay.
                    "setpriv", "--pdeathsig", "INT",
                    PROGRAMS / "postgres", "-D", "data", "-p", str(self._port),
                    "-c", f"listen_addresses={LOOPBACK}",
                    "-c", f"unix_socket_directories={self.folder}",
                    "-c", "fsync=on", "-c", "recovery_init_sync_method=syncfs",
                ],
                stdout=log, stderr=log, **self._who(),
            )  # fmt: skip
        deadline_s = time.monotonic() + START_PATIENCE_S
        while self._run("pg_isready", "--host", str(self.folder), "--port", str(self._port),
                        is_checked=False):  # fmt: skip
            assert self._process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < deadline_s, "the server does not start"
            time.sleep(PAUSE_S)

    def stop(self) -> None:
        """Stop it in order, ending connections."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """End it at once, as a power cut would that spares the disk; it recovers at its start."""
        self._end(signal.SIGQUIT)

    def halt(self) -> None:
        """Let no process of it go on."""
        for process in self._processes():
            os.kill(process, signal.SIGSTOP)

    def go_on(self) -> None:
        """Let all processes go on."""
        for process in self._processes():
            os.kill(process, signal.SIGCONT)

    def remove(self) -> None:
        """Stop it if it runs, and remove everything."""
        if self._process is not None:
            self._end(signal.SIGQUIT)
        shutil.rmtree(self.folder)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        assert process is not None, "it does not run"
        process.send_signal(how)
        process.wait(START_PATIENCE_S)

    def _processes(self) -> list[int]:
        """Return the processes of the server, each backend included."""
        assert self._process is not None, "it does not run"
        parent = self._process.pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text()
        return [parent, *map(int, children.split())]

    def _run(self, program: str, *arguments: str, is_checked: bool = True) -> int:
        done = subprocess.run(
            [PROGRAMS / program, *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **self._who(),
        )  # fmt: skip
        assert not is_checked or not done.returncode, done.stdout.decode()
        return done.returncode

    def _who(self) -> dict[str, Any]:
        """Return as whom, and where, programs run."""
        where: dict[str, Any] = {"cwd": self.folder, "env": {"PATH": os.defpath, "LC_ALL": "C"}}
        if self._account is None:
            return where
        return where | {
            "user": self._account.pw_uid, "group": self._account.pw_gid, "extra_groups": [],
        }  # fmt: skip
