"""What one peer may ask of a mailserver in a time, however often it comes and goes.

It counts and judges; what a request means is not its business.

Spec: status-go mailserver/limiter.go for the pause; the accounts by the hour are our own.
"""

from collections import OrderedDict
from dataclasses import dataclass
from itertools import islice
from math import ceil, inf
from typing import Final

from sottovoce.base.quantities import PublicKey
from sottovoce.base.token_bucket import TokenBucket
from sottovoce.mail.reading import Refused
from sottovoce.mail.server_statistics import Refusal
from sottovoce.mail.settings import ServerSettings

# Some 500 bytes each. Who asks once is forgotten within seconds, so only a flood of new keys, each
# with a connection of its own, ever fills the table.
ASKERS_MAX: Final = 10_000
# Refused requests that one peer may send at once, and how fast the account refills. To read one
# costs a third of a millisecond, or fifteen if it is as large as may be, so bytes count as well;
# whoever sends more is refused before anything is decrypted.
FAULTS_MAX: Final = 60
FAULTS_PER_S: Final = 1.0
FAULT_BYTES: Final = 4096  # a refused request counts once more for so many bytes

_HOUR_S: Final = 3600.0
_LOOKED_AT: Final = 16  # of the askers that came longest ago, when one has to be forgotten
_WAIT_S: Final = 10.0  # when the table is full of busy askers; most are idle again by then
_PAUSE_TEXT: Final = "rate limit exceeded"
_SYNC_PAUSE_TEXT: Final = "requests per seconds limit exceeded"


@dataclass(slots=True)
class _Asker:
    requests: TokenBucket
    envelopes: TokenBucket
    bytes: TokenBucket
    faults: TokenBucket
    asked_s: float = -inf


class AskerLimits:
    """The accounts of all peers that asked lately, by their keys."""

    def __init__(self, settings: ServerSettings) -> None:
        """Begin with nobody."""
        self._settings = settings
        self._askers: OrderedDict[PublicKey, _Asker] = OrderedDict()

    def __len__(self) -> int:
        return len(self._askers)

    def refusal_unread(self, key: PublicKey, now_s: float) -> Refused | None:
        """Tell why a peer's request is not even read, or None; the peer has an account then."""
        asker = self._find(key, now_s)
        if asker is None:
            return _refused(f"{ASKERS_MAX} peers asked lately", _WAIT_S)
        wait_s = asker.faults.wait_s(1, now_s)
        return _refused("too many refused requests", wait_s) if wait_s > 0 else None

    def refusal(self, key: PublicKey, now_s: float, *, sync: bool) -> Refused | None:
        """Tell why a peer's request is not answered now, or None."""
        asker = self._find(key, now_s)
        if asker is None:
            return _refused(f"{ASKERS_MAX} peers asked lately", _WAIT_S)
        if now_s - asker.asked_s < self._settings.pause_s:
            return Refused(Refusal.PAUSE, _SYNC_PAUSE_TEXT if sync else _PAUSE_TEXT)
        accounts = (
            (asker.requests, self._settings.requests_per_hour, "requests"),
            (asker.envelopes, self._settings.envelopes_per_hour, "envelopes"),
            (asker.bytes, self._settings.bytes_per_hour, "bytes"),
        )
        for account, number, noun in accounts:
            wait_s = account.wait_s(1, now_s)
            if wait_s > 0:
                return _refused(f"{number} {noun} an hour", wait_s)
        return None

    def note_request(self, key: PublicKey, now_s: float) -> None:
        """Note that a request is going to be answered."""
        asker = self._find(key, now_s)
        if asker is not None:
            asker.requests.spend(1, now_s)
            asker.asked_s = now_s

    def note_refused(self, key: PublicKey, now_s: float, *, size: int = 0) -> None:
        """Note that a request of some bytes was refused."""
        asker = self._find(key, now_s)
        # What is refused unread costs nothing more, or a flood would bar its peer for days.
        if asker is not None and asker.faults.wait_s(1, now_s) == 0:
            asker.faults.spend(1 + size // FAULT_BYTES, now_s)

    def note_sent(self, key: PublicKey, now_s: float, *, envelopes: int, bytes: int) -> None:
        """Note what an answer brought."""
        asker = self._find(key, now_s)
        if asker is not None:
            asker.envelopes.spend(envelopes, now_s)
            asker.bytes.spend(bytes, now_s)

    def _find(self, key: PublicKey, now_s: float) -> _Asker | None:
        """Return a peer's account, a new one if need be; None if there is no room."""
        asker = self._askers.get(key)
        if asker is not None:
            self._askers.move_to_end(key)
            return asker
        if len(self._askers) >= ASKERS_MAX and not self._forget(now_s):
            return None
        asker = self._askers[key] = self._new(now_s)
        return asker

    def _new(self, now_s: float) -> _Asker:
        settings = self._settings
        return _Asker(
            requests=_hourly(settings.requests_per_hour, now_s),
            envelopes=_hourly(settings.envelopes_per_hour, now_s),
            bytes=_hourly(settings.bytes_per_hour, now_s),
            faults=TokenBucket(capacity=FAULTS_MAX, refill_per_s=FAULTS_PER_S, now_s=now_s),
        )

    def _forget(self, now_s: float) -> bool:
        """Forget a peer of whom nothing has to be remembered; tell whether there is one."""
        for key, asker in tuple(islice(self._askers.items(), _LOOKED_AT)):
            accounts = (asker.requests, asker.envelopes, asker.bytes, asker.faults)
            rested = now_s - asker.asked_s >= self._settings.pause_s
            if rested and all(account.is_full(now_s) for account in accounts):
                del self._askers[key]
                return True
        return False


def _hourly(number: int, now_s: float) -> TokenBucket:
    return TokenBucket(capacity=number, refill_per_s=number / _HOUR_S, now_s=now_s)


def _refused(limit: str, wait_s: float) -> Refused:
    detail = f"rate limit exceeded: {limit}; ask again in {ceil(wait_s)} s"
    return Refused(Refusal.RATE, detail)
