"""What can be set about history, on the side that keeps it and on the side that asks.

Spec: status-go params/config.go (the names and defaults of its mailserver).
"""

from dataclasses import dataclass, field
from typing import Final

from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey, SymmetricKey

DAY_S: Final = 86_400
RETENTION_DAYS: Final = 30
MINIMUM_POW: Final = 0.001  # of a request, as status-go's node has it
# Half of what a Go peer takes in one packet; the Go servers fill packets to the brim.
PACKET_BYTES_MAX: Final = 512 * 1024
# Four packets of a megabyte; what is more waits for the next page.
ANSWER_BYTES_MAX: Final = 4 * 1024 * 1024
# An hour of a busy network, or ten seconds of twenty times that.
BUFFER_BYTES_MAX: Final = 64 * 1024 * 1024
BUFFER_ENVELOPES_MAX: Final = 65_536
# A month of a person with a hundred topics, in pages of a thousand, and half of that again.
REQUESTS_PER_HOUR: Final = 1200
ENVELOPES_PER_HOUR: Final = 1_000_000
BYTES_PER_HOUR: Final = 1024 * 1024 * 1024
OPEN_REQUESTS_PER_PEER: Final = 4
OPEN_REQUESTS_MAX: Final = 256


@dataclass(frozen=True, slots=True)
class Retention:
    """How long envelopes are kept; None for no bound.

    Attributes:
        days: Days after they were sent.
        bytes_max: Bytes of RLP in all; the oldest go first.
        envelopes_max: Envelopes in all; the oldest go first.
    """

    days: int | None = RETENTION_DAYS
    bytes_max: int | None = None
    envelopes_max: int | None = None


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """The settings of one mailserver.

    Attributes:
        password_key: Made of the password; requests sealed with it are answered. None for none.
        node_key: Requests sealed to this key are answered, too; None for none.
        is_public: Whether everybody may ask: the plain form of a request, and other mailservers'
            for sync, prove no password. Sealed requests need one of the keys in any case.
        admitted: Node keys of peers that may ask in those forms though it is not public.
        minimum_pow: Proof of work below which a request is refused.
        pause_s: Seconds between two answered requests of one peer; 0 for none.
        requests_per_hour: Answered requests of one peer.
        envelopes_per_hour: Envelopes sent to one peer.
        bytes_per_hour: Bytes of envelopes sent to one peer.
        open_requests_per_peer: Requests of one peer that wait for their answer.
        open_requests_max: Requests that wait for their answer, of all peers.
        packet_bytes_max: Envelopes of an answer fill a packet below this.
        answer_bytes_max: Bytes of envelopes in one answer; the cursor leads to the rest.
        buffer_bytes_max: Bytes that wait to be archived.
        buffer_envelopes_max: Envelopes that wait to be archived.
        retention: How long envelopes are kept.

    Raises:
        LocalProtocolError: A bound is not positive, or nobody could ask.
    """

    password_key: SymmetricKey | None = field(default=None, repr=False)
    node_key: PrivateKey | None = field(default=None, repr=False)
    is_public: bool = True
    admitted: frozenset[PublicKey] = field(default=frozenset(), repr=False)
    minimum_pow: float = MINIMUM_POW
    pause_s: float = 0.0
    requests_per_hour: int = REQUESTS_PER_HOUR
    envelopes_per_hour: int = ENVELOPES_PER_HOUR
    bytes_per_hour: int = BYTES_PER_HOUR
    open_requests_per_peer: int = OPEN_REQUESTS_PER_PEER
    open_requests_max: int = OPEN_REQUESTS_MAX
    packet_bytes_max: int = PACKET_BYTES_MAX
    answer_bytes_max: int = ANSWER_BYTES_MAX
    buffer_bytes_max: int = BUFFER_BYTES_MAX
    buffer_envelopes_max: int = BUFFER_ENVELOPES_MAX
    retention: Retention = field(default_factory=Retention)

    def __post_init__(self) -> None:
        if self.password_key is None and self.node_key is None:
            raise LocalProtocolError("a mailserver needs a password or a key, or nobody can ask it")
        if self.pause_s < 0 or self.minimum_pow < 0:
            raise LocalProtocolError("a pause and a proof of work are 0 or more")
        bounds = (
            self.requests_per_hour,
            self.envelopes_per_hour,
            self.bytes_per_hour,
            self.open_requests_per_peer,
            self.open_requests_max,
            self.packet_bytes_max,
            self.answer_bytes_max,
            self.buffer_bytes_max,
            self.buffer_envelopes_max,
        )
        if min(bounds) < 1:
            raise LocalProtocolError("bounds of a mailserver are positive")


# Status' clients live for 15 seconds on the network and other programs for 50 or 120; servers take
# what expired up to 20 seconds ago, and honest clocks are 10 apart at either end.
OVERLAP_S: Final = 120 + 20 + 2 * 10
FIRST_WINDOW_S: Final = DAY_S  # how much of a topic's past is fetched when it is first wanted
HISTORY_S: Final = 30 * DAY_S  # servers keep no more
WITNESSES: Final = 3
ANSWER_TIMEOUT_S: Final = 6.0  # with nothing heard; a fail-over is through within 15 s
REFRESH_S: Final = 1800.0  # what a relay withheld is found so long after, without anything else
PAGES_WITHOUT_NEWS_MAX: Final = 3
CHUNK_PAGES_MAX: Final = 1000  # a million envelopes in a day's chunk


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """The settings of whoever asks for history.

    Attributes:
        witnesses: How many servers each gap is asked of, the best first; one that lies by leaving
            out is found out by the others only. 1 costs the least.
        blurred: Whether requests name no topics, only a filter with decoys: a server learns less
            and sends more.
        first_window_s: How much of a topic's past is fetched when it is first wanted, seconds.
        history_s: How far back gaps are asked for at all, seconds.
        overlap_s: By how much windows overlap: the longest TTL and what clocks may differ.
        answer_timeout_s: Seconds without a sign of a server after which another one is asked.
        refresh_s: Seconds after which what was heard live is compared with the servers; None never.
        pages_without_news_max: Pages in a row that bring nothing, before a server is given up.
        chunk_pages_max: Pages of one day's request, before a server is given up.

    Raises:
        LocalProtocolError: A number is not positive.
    """

    witnesses: int = WITNESSES
    blurred: bool = False
    first_window_s: int = FIRST_WINDOW_S
    history_s: int = HISTORY_S
    overlap_s: int = OVERLAP_S
    answer_timeout_s: float = ANSWER_TIMEOUT_S
    refresh_s: float | None = REFRESH_S
    pages_without_news_max: int = PAGES_WITHOUT_NEWS_MAX
    chunk_pages_max: int = CHUNK_PAGES_MAX

    def __post_init__(self) -> None:
        numbers = (
            self.witnesses,
            self.first_window_s,
            self.history_s,
            self.overlap_s,
            self.answer_timeout_s,
            self.pages_without_news_max,
            self.chunk_pages_max,
            self.refresh_s or 1.0,
        )
        if min(numbers) <= 0:
            raise LocalProtocolError("settings of history are positive numbers")
