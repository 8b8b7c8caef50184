"""Requests for history that this node has open, and what of the answers is believed.

What a server sends that was not asked for ends its request. One that is silent in one world is
asked the same in the other, once; what it says in both counts once. How many requests there are,
and which server is asked what, is the owner's business.

Spec: status-go services/shhext/api_geth.go (the request in its envelope); EIP-627, "P2P Request".
"""

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Final

from sottovoce.base.entropy import Entropy
from sottovoce.base.errors import LocalProtocolError
from sottovoce.base.moment import Moment
from sottovoce.base.quantities import EnvelopeHash, PublicKey, Topic
from sottovoce.crypto import secp256k1
from sottovoce.gossip import events as gossip
from sottovoce.gossip.envelope import Envelope
from sottovoce.gossip.seal import EnvelopeRoute
from sottovoce.mail.client_events import PageEnd
from sottovoce.mail.request import encode_request
from sottovoce.node.effects import (
    Compute,
    Effect,
    HistoryArriving,
    HistoryDone,
    HistoryReasked,
    PostFailed,
)
from sottovoce.node.heard import Heard
from sottovoce.node.history_worlds import SILENCE_S, ServerWorlds
from sottovoce.node.inputs import AskHistory, Computed, PostMessage
from sottovoce.node.open_history import OpenHistory
from sottovoce.node.posting import Mined, Posting

# As status-go's client does it: no topic, and a life that outlasts a slow way to the server.
_TOPIC: Final = Topic(bytes(4))
_TTL_S: Final = 50
_WORK_TIME_S: Final = 5.0
REQUEST_POW: Final = 0.002  # what Status' own servers ask for

REQUESTS_MAX: Final = 16  # each may bring `ANSWER_BYTES_MAX`; a person has a handful of servers
# Requests that were given up and may still be answered, of one server.
GIVEN_UP_MAX: Final = 16

_BUSY: Final = "too many requests for history are open; wait until one of them ends"
_ONE_EACH: Final = "a request to this server is open already; wait until it ends"
_NOT_CONNECTED: Final = "the mailserver is not connected"
_DISCONNECTED: Final = "the mailserver left before its answer was complete"


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
        self._open: dict[int, OpenHistory] = {}
        # Ends that wait until all that came before them was opened.
        self._ending: dict[int, HistoryDone] = {}
        self._marks = itertools.count(1)
        # What each request brought that was asked for, until it is all opened and told.
        self._brought: dict[int, set[EnvelopeHash]] = {}
        # Limits of requests that were given up, by server and id: their answers may still come.
        self._given_up: dict[int, dict[EnvelopeHash, int]] = {}

    def sizes(self) -> dict[str, int]:
        """Return how much there is of everything that peers can make grow."""
        return {
            "history requests": len(self._open),
            "history ends": len(self._ending),
            "history worlds": len(self._worlds),
            "history brought": sum(len(hashes) for hashes in self._brought.values()),
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
        keys = [open.server for open in self._open.values()]
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
        self._open[wish.request] = OpenHistory(wish)
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

    def _send(self, open: OpenHistory, envelope: Envelope, now: Moment) -> None:
        session = self._worlds.session_for(open.server)
        if session is None:
            self._end(open, PageEnd.NOT_CONNECTED, now, detail=_NOT_CONNECTED)
            return
        open.envelope = envelope
        self._ask_on(session, open, envelope, now)

    def _ask_on(self, session: int, open: OpenHistory, envelope: Envelope, now: Moment) -> None:
        open.sessions.append(session)
        open.asked_s, open.other_world_s = now.monotonic_s, math.inf
        if self._worlds.next_session(open.server, open.sessions) is not None:
            open.other_world_s = now.monotonic_s + SILENCE_S
        self._tell_relay(gossip.DirectRequestPosted(session, envelope.raw), now)

    def next_deadline(self) -> float | None:
        """Return the monotonic second at which a server is to be asked in another world."""
        if not self._open:
            return None
        due_s = min(open.other_world_s for open in self._open.values())
        return None if due_s == math.inf else due_s

    def time_passed(self, now: Moment) -> None:
        """Ask servers that say nothing in one world in the other."""
        # To send may find that a connection is over, which ends what is open there.
        due = [open for open in self._open.values() if open.other_world_s <= now.monotonic_s]
        for open in due:
            open.other_world_s = math.inf
            session = self._worlds.next_session(open.server, open.sessions)
            if session is not None and open.envelope is not None:
                self._emit(HistoryReasked(open.wish.request))
                self._ask_on(session, open, open.envelope, now)

    def cancel(self, request: int, now: Moment) -> None:
        """Forget a request: nothing more is taken of it and nothing more is said."""
        for mark, done in list(self._ending.items()):
            if done.request == request:
                del self._ending[mark]
        self._brought.pop(request, None)
        open = self._open.pop(request, None)
        if open is None:
            return
        if open.envelope is None:
            for effect in self._sealing.cancel(request):
                if not isinstance(effect, PostFailed):
                    self._emit(effect)
            return
        if not open.is_heard:
            after_s = now.monotonic_s - open.asked_s
            self._worlds.given_up(open.server, open.sessions, after_s=after_s)
        for session in open.sessions:
            self._give_up(open, session)
            self._tell_relay(gossip.DirectRequestClosed(session), now)

    def _note_word(self, open: OpenHistory, session: int, now: Moment) -> None:
        """Note that a server says something; in another world no answer is waited for any more."""
        if open.is_heard:
            return
        self._worlds.answered(open.server, session)
        for silent in open.heard(session, sum(self._given_up.get(session, {}).values())):
            self._give_up(open, silent)
            self._tell_relay(gossip.DirectRequestClosed(silent), now)

    def _give_up(self, open: OpenHistory, session: int) -> None:
        assert open.envelope is not None
        given_up = self._given_up.setdefault(session, {})
        given_up[open.envelope.hash] = open.limit
        if len(given_up) > GIVEN_UP_MAX:
            del given_up[next(iter(given_up))]

    # ---- gossip

    def received(self, received: gossip.DirectReceived, now: Moment) -> None:
        """Judge what a server sent, and let the filters try what was asked for."""
        open = self._open_of(received.peer)
        if open is None:
            return
        asked_for = [part for part in received.envelopes if open.asked_for(part)]
        # A peer that is trusted by itself may send what it likes, at any time.
        if asked_for or not received.trusted:
            self._note_word(open, received.peer, now)
        size_bytes = sum(len(part.raw) for part in received.envelopes)
        if not received.trusted:
            fault = open.take(received.envelopes, len(asked_for), size_bytes)
            if fault is not None:
                self._give_up(open, received.peer)
                self._end(open, PageEnd.DISHONEST, now, detail=fault)
                return
        taken = received.envelopes if received.trusted else tuple(asked_for)
        new = sum(self._heard.note(part.hash) for part in asked_for)
        told = min(len(asked_for), open.limit - open.told)
        # What a trusted server sends beyond the limit is taken, and was not asked for.
        brought = self._brought.setdefault(open.wish.request, set())
        brought.update(part.hash for part in asked_for[:told])
        open.told += told
        self._emit(HistoryArriving(open.wish.request, told, min(new, told), size_bytes))
        if taken:
            self._tell_relay(gossip.DirectOffered(taken), now)

    def completed(self, completed: gossip.RequestCompleted, now: Moment) -> None:
        """Take a server's word that a request ended; of one that is not open here it counts not."""
        id = EnvelopeHash(completed.request_id)
        self._given_up.get(completed.peer, {}).pop(id, None)
        open = self._open_of(completed.peer)
        if open is None or open.envelope is None or open.envelope.hash != id:
            return
        self._note_word(open, completed.peer, now)
        if completed.error is not None:
            self._end(open, PageEnd.REFUSED, now, detail=completed.error)
        else:
            self._end(open, PageEnd.ANSWERED, now, cursor=completed.cursor)

    def peer_left(self, peer: int, now: Moment) -> None:
        """Take the news that a peer is gone."""
        self._given_up.pop(peer, None)
        open = self._open_of(peer)
        if open is None:
            return
        open.sessions.remove(peer)
        if not open.sessions:
            self._end(open, PageEnd.DISCONNECTED, now, detail=_DISCONNECTED)

    def opened_up_to(self, mark: int) -> None:
        """Tell the owner of an end, now that all that came before it was told."""
        done = self._ending.pop(mark, None)
        if done is not None:
            self._brought.pop(done.request, None)
            self._emit(done)

    def page_of(self, envelope: EnvelopeHash) -> int | None:
        """Return the request that brought an envelope that was just opened; None if none did."""
        brought = (request for request, hashes in self._brought.items() if envelope in hashes)
        return next(brought, None)

    def _open_of(self, peer: int) -> OpenHistory | None:
        return next((open for open in self._open.values() if peer in open.sessions), None)

    def _end(
        self, open: OpenHistory, end: PageEnd, now: Moment, *, cursor: bytes = b"", detail: str = ""
    ) -> None:
        del self._open[open.wish.request]
        mark = next(self._marks)
        self._ending[mark] = HistoryDone(open.wish.request, end, cursor, detail)
        for session in open.sessions:
            self._tell_relay(gossip.DirectRequestClosed(session), now)
        self._tell_relay(gossip.OpeningMarked(mark), now)
