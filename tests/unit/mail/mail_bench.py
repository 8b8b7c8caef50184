"""A mailserver with its archive in memory, and requests as clients of status-go make them."""

from dataclasses import replace
from functools import lru_cache
from typing import Final

from sottovoce.adapters.memory.archive import MemoryArchive
from sottovoce.base.moment import Moment
from sottovoce.base.quantities import PublicKey, Topic
from sottovoce.base.secret import PrivateKey, SymmetricKey
from sottovoce.crypto import secp256k1
from sottovoce.gossip.direct_packets import Completion, decode_completion_body
from sottovoce.gossip.envelope import Envelope, decode_envelope
from sottovoce.gossip.proof_of_work import mine
from sottovoce.gossip.seal import EnvelopeRoute, seal
from sottovoce.mail.request import HistoryRequest, bloom_of, encode_request
from sottovoce.mail.server import MailServer
from sottovoce.mail.server_events import (
    CleanArchive,
    Cleaned,
    EnvelopesReceived,
    PageFound,
    QueryArchive,
    RequestReceived,
    SendArchived,
    SendCompletion,
    ServerEvent,
    ServerOutput,
    StoreBatch,
    Stored,
    TimePassed,
)
from sottovoce.mail.settings import ServerSettings
from unit.gossip.network import CountingEntropy, make_envelope

START: Final = Moment(1000.0, 1_600_000_000.0)
START_UNIX_S: Final = START.unix_whole_s
TOPIC: Final = Topic(b"\x01\x02\x03\x04")
OTHER_TOPIC: Final = Topic(b"\x90\xa0\xb0\x00")
PASSWORD_KEY: Final = SymmetricKey(b"\x07" * 32)
NODE_KEY: Final = PrivateKey(b"\x05" * 32)
CLIENT: Final = PrivateKey(b"\x03" * 32)
SETTINGS: Final = ServerSettings(password_key=PASSWORD_KEY, node_key=NODE_KEY)
FULL: Final = b"\xff" * 64
WANTED: Final = HistoryRequest(START_UNIX_S - 3600, START_UNIX_S + 3600, FULL)
PEER: Final = 1


def asker(number: int = 0) -> PublicKey:
    """Return the node key of a peer; it need not be on the curve."""
    return PublicKey(number.to_bytes(64, "big"))


def envelope(number: int, *, topic: Topic = TOPIC, size: int = 20, after_s: int = 0) -> Envelope:
    """Make an envelope that was sent so many seconds after the start."""
    data = number.to_bytes(4, "big").ljust(size, b"\x00")
    return make_envelope(data, topic=topic, sent_unix_s=START_UNIX_S + after_s, pow=0)


@lru_cache(maxsize=256)
def sealed(
    payload: bytes,
    *,
    key: SymmetricKey | PublicKey = PASSWORD_KEY,
    signer: PrivateKey | None = CLIENT,
    pow: float = 0.001,
) -> Envelope:
    """Seal the payload of a request."""
    unmined = seal(
        payload,
        EnvelopeRoute(Topic(bytes(4)), key, signer),
        ttl_s=50,
        now=START,
        entropy=CountingEntropy(),
    )
    return mine(unmined, pow, 1_000_000)


def request(wanted: HistoryRequest = WANTED) -> Envelope:
    """Make a request."""
    return sealed(encode_request(wanted))


def wanted_topics(*topics: Topic, blurred: bool = False) -> HistoryRequest:
    """Ask for topics, by name or by the filter alone."""
    return replace(WANTED, bloom=bloom_of(frozenset(topics)), topics=() if blurred else topics)


class Bench:
    """The machine and its engine; what the engine is asked is answered at once.

    Attributes:
        answering: Whether the archive answers.
    """

    def __init__(self, settings: ServerSettings = SETTINGS) -> None:
        """Begin with an empty archive."""
        self.now = START
        self.archive = MemoryArchive()
        self.server = MailServer(settings, self.now)
        self.answering = True

    def handle(self, event: ServerEvent) -> list[ServerOutput]:
        """Let an event take its course; returns what is left for others to do."""
        left: list[ServerOutput] = []
        events = [event]
        while events:
            for output in self.server.handle(events.pop(0), self.now):
                answer = self._archived(output) if self.answering else None
                if answer is None:
                    left.append(output)
                else:
                    events.append(answer)
        return left

    def keep(self, *envelopes: Envelope) -> None:
        """Archive envelopes."""
        self.handle(EnvelopesReceived(envelopes))

    def ask(
        self, what: HistoryRequest | Envelope | bytes = WANTED, *, peer: int = PEER
    ) -> list[ServerOutput]:
        """Receive a request of a peer."""
        if isinstance(what, HistoryRequest):
            what = request(what)
        payload = what.raw if isinstance(what, Envelope) else what
        return self.handle(RequestReceived(peer, asker(peer), payload))

    def wait(self, seconds: float) -> list[ServerOutput]:
        """Let time pass."""
        self.now = Moment(self.now.monotonic_s + seconds, self.now.unix_s + seconds)
        return self.handle(TimePassed())

    def _archived(self, output: ServerOutput) -> ServerEvent | None:
        match output:
            case StoreBatch():
                return Stored(self.archive.store(output.envelopes))
            case QueryArchive():
                return PageFound(output.job, self.archive.query(output.selection))
            case CleanArchive():
                deleted = self.archive.expire(output.before_unix_s or 0)
                deleted += self.archive.trim(
                    envelopes_max=output.envelopes_max, bytes_max=output.bytes_max
                )
                return Cleaned(deleted, self.archive.size())
            case _:
                return None


def sent(outputs: list[ServerOutput]) -> list[Envelope]:
    """Return the envelopes of all packets."""
    return [
        decode_envelope(raw)
        for output in outputs
        if isinstance(output, SendArchived)
        for raw in output.envelopes
    ]


def ends(outputs: list[ServerOutput]) -> list[Completion]:
    """Return how requests ended."""
    return [
        decode_completion_body(output.body)
        for output in outputs
        if isinstance(output, SendCompletion)
    ]


def end(outputs: list[ServerOutput]) -> Completion:
    """Return how the only request ended."""
    (completion,) = ends(outputs)
    return completion


def error(outputs: list[ServerOutput]) -> str:
    """Return the text by which the only request was refused, and that nothing was sent."""
    assert not sent(outputs)
    text = end(outputs).error
    assert text is not None
    return text


def node_public_key() -> PublicKey:
    """Return the public half of the server's own key."""
    return secp256k1.public_key(NODE_KEY)
