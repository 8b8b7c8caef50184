"""A mailserver with an archive in memory, as the Go one of the vectors was set up."""

from collections.abc import Iterable
from typing import Any, Final

from sottovoce.adapters.memory.archive import MemoryArchive
from sottovoce.base.moment import Moment
from sottovoce.base.secret import SymmetricKey
from sottovoce.crypto import secp256k1
from sottovoce.gossip.envelope import decode_envelope
from sottovoce.gossip.sync_packets import SyncRequest
from sottovoce.mail.server import MailServer
from sottovoce.mail.server_events import (
    CleanArchive,
    Cleaned,
    EnvelopesReceived,
    PageFound,
    QueryArchive,
    RequestReceived,
    ServerEvent,
    ServerOutput,
    StoreBatch,
    Stored,
    SyncReceived,
    TimePassed,
)
from sottovoce.mail.settings import DAY_S, Retention, ServerSettings
from vectors.mail_rule import stored_envelopes
from vectors.text import unhex

PEER: Final = 1
_RETENTION_DAYS: Final = 1
_HOUR_S: Final = 3600.0


class MailScene:
    """The machine and its engine; what the engine is asked is answered at once."""

    def __init__(
        self, document: dict[str, Any], *, packet_bytes_max: int, pause_s: float = 0.0
    ) -> None:
        server = document["server"]
        times = [entry["sent"] for entry in document["stored"]]
        self._now = Moment(1000.0, min(times))
        self.key: Final = secp256k1.parse_public_key(unhex(server["client_public_key"]))
        self.archive: Final = MemoryArchive()
        self.machine: Final = MailServer(
            ServerSettings(
                password_key=SymmetricKey(unhex(server["symmetric_key"])),
                node_key=secp256k1.private_key(unhex(server["asymmetric_private_key"])),
                minimum_pow=server["minimum_pow"],
                pause_s=pause_s,
                packet_bytes_max=packet_bytes_max,
                retention=Retention(days=_RETENTION_DAYS),
            ),
            self._now,
        )
        self.handle(EnvelopesReceived(tuple(stored_envelopes(document))))
        self._now = Moment(1000.0, max(times) + DAY_S)

    def handle(self, event: ServerEvent) -> list[ServerOutput]:
        """Let an event take its course; returns what is left for others to do."""
        left: list[ServerOutput] = []
        events = [event]
        while events:
            for output in self.machine.handle(events.pop(0), self._now):
                answer = self._archived(output)
                if answer is None:
                    left.append(output)
                else:
                    events.append(answer)
        return left

    def ask(self, payload: bytes) -> list[ServerOutput]:
        """Receive a request (code 126)."""
        return self.handle(RequestReceived(PEER, self.key, payload))

    def ask_sync(self, request: SyncRequest) -> list[ServerOutput]:
        """Receive another mailserver's request (code 123)."""
        return self.handle(SyncReceived(PEER, self.key, request))

    def prune(self, older_than_unix_s: int) -> int:
        """Let an hour pass, at the end of which a day ago is this second; tell what was deleted."""
        before = self.machine.statistics.cleaned
        unix_s = float(older_than_unix_s + _RETENTION_DAYS * DAY_S)
        self._now = Moment(self._now.monotonic_s + _HOUR_S, unix_s)
        self.handle(TimePassed())
        return self.machine.statistics.cleaned - before

    def _archived(self, output: ServerOutput) -> ServerEvent | None:
        match output:
            case StoreBatch():
                return Stored(self.archive.store(output.envelopes))
            case QueryArchive():
                return PageFound(output.job, self.archive.query(output.selection))
            case CleanArchive():
                deleted = self.archive.expire(output.before_unix_s or 0)
                return Cleaned(deleted, self.archive.size())
            case _:
                return None


def hashes(envelopes: Iterable[bytes]) -> list[str]:
    """Return what envelopes are named in the file."""
    return ["0x" + decode_envelope(raw).hash.hex() for raw in envelopes]
