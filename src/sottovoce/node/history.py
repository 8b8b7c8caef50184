"""Requests for history that this node has open, and what of the answers is believed.

A server is believed as far as it was asked: no more envelopes than the limit, sent between the
bounds, on topics that were named or lie in the filter. What it sends besides ends the request.
How many requests there are, and which server is asked what, is the owner's business.

Spec: status-go services/shhext/api_geth.go (the request in its envelope); EIP-627, "P2P Request".
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from sottovoce.base.entropy import Entropy
from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.moment import Moment
from sottovoce.base.quantities import EnvelopeHash, PublicKey, Topic
from sottovoce.crypto import secp256k1
from sottovoce.gossip import events as gossip
from sottovoce.gossip.bloom import topic_bloom
from sottovoce.gossip.envelope import SECONDS_MAX, Envelope
from sottovoce.gossip.seal import EnvelopeRoute
from sottovoce.mail.client_events import PageEnd
from sottovoce.mail.request import REQUEST_LIMIT_MAX, HistoryRequest, encode_request
from sottovoce.node.effects import Compute, Effect, HistoryArriving, HistoryDone, PostFailed
from sottovoce.node.heard import Heard
from sottovoce.node.history_worlds import ServerWorlds
from sottovoce.node.inputs import AskHistory, Computed, PostMessage
from sottovoce.node.posting import Mined, Posting

# As status-go's client does it: no topic, and a life that outlasts a slow way to the server.
_TOPIC: Final = Topic(bytes(4))
_TTL_S: Final = 50
_WORK_TIME_S: Final = 5.0
REQUEST_POW: Final = 0.002  # what Status' own servers ask for

REQUESTS_MAX: Final = 16  # each may bring `ANSWER_BYTES_MAX`; a person has a handful of servers
# A thousand envelopes of 128 kB each; people's are hundreds of bytes, and a few have pictures.
ANSWER_BYTES_MAX: Final = 128 * 1024 * 1024
# Requests that were given up and may still be answered, of one server.
GIVEN_UP_MAX: Final = 16

_BUSY: Final = "too many requests for history are open; wait until one of them ends"
_ONE_EACH: Final = "a request to this server is open already; wait until it ends"
_NOT_CONNECTED: Final = "the mailserver is not connected"
_DISCONNECTED: Final = "the mailserver left before its answer was complete"


@dataclass(slots=True)
class _Open:
    """A request on its way.

    Attributes:
        wish: What the owner wants.
        peer: Gossip's number for the server, or None while the proof of work is searched.
        id: The hash of the request's envelope.
        asked_s: The monotonic second at which it was sent.
        is_heard: Whether the server said anything to it.
        envelopes_left: How many envelopes it may still bring.
        strays_left: How many of these may belong to a request that was given up before.
        bytes_left: How many bytes it may still bring.
        told: How many envelopes the owner was told of; a late answer to a request for the same,
            that was given up, counts only as far as this one goes.
    """

    wish: AskHistory
    peer: int | None = None
    id: EnvelopeHash | None = None
    asked_s: float = 0.0
    is_heard: bool = False
    envelopes_left: int = 0
    strays_left: int = 0
    bytes_left: int = 0
    told: int = 0
    topics: frozenset[bytes] = field(init=False, repr=False)
    bloom: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.topics = frozenset(self.wish.wanted.topics)
        self.bloom = int.from_bytes(self.wish.wanted.bloom, "big")

    def asked_for(self, envelope: Envelope) -> bool:
        """Whether an envelope is one of those that were asked for."""
        wanted = self.wish.wanted
        to_unix_s = wanted.to_unix_s or SECONDS_MAX  # 0 is now, by the server's clock
        if not wanted.from_unix_s <= envelope.sent_unix_s <= to_unix_s:
            return False
        # A server of status-go's kind looks at the filter only, one of ours at the names.
        bits = topic_bloom(envelope.topic)
        return envelope.topic in self.topics or bits & self.bloom == bits


def limit_of(wanted: HistoryRequest) -> int:
    """Return how many envelopes a request is for; 0 stands for the most."""
    return wanted.limit or REQUEST_LIMIT_MAX


class HistoryBook:
    """The open requests of a node.

    Args:
        entropy: Where the keys and the padding of requests come from.
        job_numbers: Gives the numbers of searches for proof of work.
        heard: What is known of envelopes.
        find_sessions: Gives gossip's numbers for a connected peer, the preferred one first.
        tell_relay: Told what gossip has to know, in order.
        emit: Told each effect, in order.
    """

    def __init__(
        self,
        entropy: Entropy,
        *,
        job_numbers: Iterator[int],
        heard: Heard,
        find_sessions: Callable[[PublicKey], tuple[int, ...]],
        tell_relay: Callable[[gossip.GossipEvent, Moment], None],
        emit: Callable[[Effect], None],
    ) -> None:
        self._entropy = entropy
        self._sealing = Posting(entropy, job_numbers)
        self._heard = heard
        self._worlds = ServerWorlds(find_sessions)
        self._tell_relay = tell_relay
        self._emit = emit
        self._open: dict[int, _Open] = {}
        # Ends that wait until all that came before them was opened.
        self._ending: dict[int, HistoryDone] = {}
        self._marks = itertools.count(1)
        # Limits of requests that were given up, by server and id: their answers may still come.
        self._given_up: dict[int, dict[EnvelopeHash, int]] = {}

    def sizes(self) -> dict[str, int]:
        """Return how much there is of everything that peers can make grow."""
        return {
            "history requests": len(self._open),
            "history ends": len(self._ending),
            "history worlds": len(self._worlds),
        }

    # ---- the owner

    def ask(self, wish: AskHistory, minimum_pow: float, now: Moment) -> None:
        """Send a request, or say why there is none."""
        refusal = self._refusal(wish)
        if refusal is not None:
            self._emit(HistoryDone(wish.request, PageEnd.REFUSED, detail=refusal))
        elif self._worlds.session_for(wish.server.enode.public_key) is None:
            self._emit(HistoryDone(wish.request, PageEnd.NOT_CONNECTED, detail=_NOT_CONNECTED))
        else:
            self._seal(wish, minimum_pow, now)

    def _refusal(self, wish: AskHistory) -> str | None:
        keys = [open.wish.server.enode.public_key for open in self._open.values()]
        if wish.server.enode.public_key in keys or wish.request in self._open:
            return _ONE_EACH
        return _BUSY if len(keys) + len(self._ending) >= REQUESTS_MAX else None

    def _seal(self, wish: AskHistory, minimum_pow: float, now: Moment) -> None:
        try:
            payload = encode_request(wish.wanted)
        except LocalProtocolError as error:
            self._emit(HistoryDone(wish.request, PageEnd.REFUSED, detail=str(error)))
            return
        # Whoever signs with the node key tells the server, in a form that can be shown around,
        # who asked; the connection says it in passing only.
        signer = secp256k1.generate_private_key(self._entropy)
        key = wish.server.key or wish.server.enode.public_key
        post = PostMessage(
            request=wish.request,
            route=EnvelopeRoute(_TOPIC, key, signer),
            payload=payload,
            ttl_s=_TTL_S,
            pow_target=max(minimum_pow, REQUEST_POW),
            work_time_s=_WORK_TIME_S,
        )
        self._open[wish.request] = _Open(wish)
        self._step(self._sealing.start(post, now), now)

    def computed(self, result: Computed, now: Moment) -> None:
        """Take the result of a search; one that is not for a request here changes nothing."""
        self._step(self._sealing.finish(result), now)

    def _step(self, step: Mined | Compute | PostFailed | None, now: Moment) -> None:
        match step:
            case Mined(post, envelope):
                self._send(self._open[post.request], envelope, now)
            case PostFailed(request, detail):
                del self._open[request]
                self._emit(HistoryDone(request, PageEnd.REFUSED, detail=detail))
            case Compute():
                self._emit(step)
            case None:
                pass

    def _send(self, open: _Open, envelope: Envelope, now: Moment) -> None:
        peer = self._worlds.session_for(open.wish.server.enode.public_key)
        if peer is None:
            self._end(open, PageEnd.NOT_CONNECTED, now, detail=_NOT_CONNECTED)
            return
        open.peer, open.id, open.asked_s = peer, envelope.hash, now.monotonic_s
        open.strays_left = sum(self._given_up.get(peer, {}).values())
        open.envelopes_left = limit_of(open.wish.wanted) + open.strays_left
        open.bytes_left = ANSWER_BYTES_MAX
        self._tell_relay(gossip.DirectRequestPosted(peer, envelope.raw), now)

    def cancel(self, request: int, now: Moment) -> None:
        """Forget a request: nothing more is taken of it and nothing more is said."""
        for mark, done in list(self._ending.items()):
            if done.request == request:
                del self._ending[mark]
        open = self._open.pop(request, None)
        if open is None:
            return
        if open.peer is None:
            for effect in self._sealing.cancel(request):
                if not isinstance(effect, PostFailed):
                    self._emit(effect)
            return
        self._give_up(open)
        if not open.is_heard:
            after_s = now.monotonic_s - open.asked_s
            self._worlds.given_up(open.wish.server.enode.public_key, open.peer, after_s=after_s)
        self._tell_relay(gossip.DirectRequestClosed(open.peer), now)

    def _note_answer(self, open: _Open) -> None:
        """Note that a server answers where it was asked."""
        if not open.is_heard:
            assert open.peer is not None
            open.is_heard = True
            self._worlds.answered(open.wish.server.enode.public_key, open.peer)

    def _give_up(self, open: _Open) -> None:
        assert open.peer is not None
        assert open.id is not None
        given_up = self._given_up.setdefault(open.peer, {})
        given_up[open.id] = limit_of(open.wish.wanted)
        if len(given_up) > GIVEN_UP_MAX:
            del given_up[next(iter(given_up))]

    # ---- gossip

    def received(self, received: gossip.DirectReceived, now: Moment) -> None:
        """Judge what a server sent, and let the filters try what was asked for."""
        open = self._open_of(received.peer)
        if open is None:
            return
        self._note_answer(open)
        asked_for = [part for part in received.envelopes if open.asked_for(part)]
        size_bytes = sum(len(part.raw) for part in received.envelopes)
        # A peer that is trusted by itself may send what it likes, at any time.
        if not received.trusted:
            fault = _fault(open, received.envelopes, len(asked_for), size_bytes)
            if fault is not None:
                self._give_up(open)
                self._end(open, PageEnd.DISHONEST, now, detail=fault)
                return
        taken = received.envelopes if received.trusted else tuple(asked_for)
        new = sum(self._heard.note(part.hash) for part in asked_for)
        told = min(len(asked_for), limit_of(open.wish.wanted) - open.told)
        open.told += told
        self._emit(HistoryArriving(open.wish.request, told, min(new, told), size_bytes))
        if taken:
            self._tell_relay(gossip.DirectOffered(taken), now)

    def completed(self, completed: gossip.RequestCompleted, now: Moment) -> None:
        """Take a server's word that a request ended; of one that is not open here it counts not."""
        id = EnvelopeHash(completed.request_id)
        self._given_up.get(completed.peer, {}).pop(id, None)
        open = self._open_of(completed.peer)
        if open is None or open.id != id:
            return
        self._note_answer(open)
        if completed.error is not None:
            self._end(open, PageEnd.REFUSED, now, detail=completed.error)
        else:
            self._end(open, PageEnd.ANSWERED, now, cursor=completed.cursor)

    def peer_left(self, peer: int, now: Moment) -> None:
        """Take the news that a peer is gone."""
        self._given_up.pop(peer, None)
        open = self._open_of(peer)
        if open is not None:
            self._end(open, PageEnd.DISCONNECTED, now, detail=_DISCONNECTED)

    def opened_up_to(self, mark: int) -> None:
        """Tell the owner of an end, now that all that came before it was told."""
        done = self._ending.pop(mark, None)
        if done is not None:
            self._emit(done)

    def _open_of(self, peer: int) -> _Open | None:
        return next((open for open in self._open.values() if open.peer == peer), None)

    def _end(
        self, open: _Open, end: PageEnd, now: Moment, *, cursor: bytes = b"", detail: str = ""
    ) -> None:
        del self._open[open.wish.request]
        mark = next(self._marks)
        self._ending[mark] = HistoryDone(open.wish.request, end, cursor, detail)
        if open.peer is not None:
            self._tell_relay(gossip.DirectRequestClosed(open.peer), now)
        self._tell_relay(gossip.OpeningMarked(mark), now)


def _fault(
    open: _Open, envelopes: tuple[Envelope, ...], asked_for: int, size_bytes: int
) -> str | None:
    """Count what came against what was asked for, and say what is wrong with it."""
    open.envelopes_left -= len(envelopes)
    open.strays_left -= len(envelopes) - asked_for
    open.bytes_left -= size_bytes
    if open.strays_left < 0:
        return "the mailserver sent envelopes that were not asked for"
    if open.envelopes_left < 0:
        return "the mailserver sent more envelopes than were asked for"
    if open.bytes_left < 0:
        return "the mailserver sent too much for one answer"
    return None
