"""A raw end that asks a mailserver for history, and one that fills the archive of a Go mailserver.

Both sides of the comparison are asked by the same end, so that what differs is the server's doing.
"""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from bench.wire_end import NO_WORK, WANTS_NOTHING, WireEnd
from sottovoce.base.packets import Packet
from sottovoce.base.quantities import Topic
from sottovoce.base.secret import SymmetricKey
from sottovoce.codec import rlp
from sottovoce.crypto import secp256k1
from sottovoce.gossip.direct_packets import decode_direct, decode_request_complete
from sottovoce.gossip.proof_of_work import mine
from sottovoce.gossip.seal import EnvelopeRoute, seal
from sottovoce.mail.request import HistoryRequest, bloom_of, encode_request
from sottovoce.runtime.system_clock import read_clock
from sottovoce.runtime.system_entropy import SystemEntropy

_SYNC_RESPONSE: Final = 124
_COMPLETE: Final = 125
_REQUEST: Final = 126
_DIRECT: Final = 127
_TTL_S: Final = 50
_POW: Final = 0.002
_TRIES_MAX: Final = 1_000_000
_ANSWER_TIMEOUT_S: Final = 60.0
_NO_TOPIC: Final = Topic(bytes(4))
# The status of a client of status-go: it wants no envelopes, is no light node, confirms, and has no
# limits. Whoever says less is taken for go-ethereum's node, which takes no lists.
_CLIENT: Final = rlp.encode([6, NO_WORK, b"", 0, 1, [0, 0, 0]])


@dataclass(frozen=True, slots=True)
class Fetched:
    """What one fetch brought, over all its pages.

    Attributes:
        wall_s: From the first request to the last answer, seconds.
        envelopes: How many came.
        wanted: How many of them were of the topics asked for.
        bytes: RLP bytes of all that came.
        wanted_bytes: RLP bytes of those that were asked for.
        pages: How many requests it took.
    """

    wall_s: float
    envelopes: int
    wanted: int
    bytes: int
    wanted_bytes: int
    pages: int


class HistoryEnd:
    """A client without anything behind it."""

    def __init__(self, enode: str, key: SymmetricKey) -> None:
        self._end = WireEnd(enode, _CLIENT, lambda _: None, self._take)
        self._key = key
        self._signer = secp256k1.generate_private_key(SystemEntropy())
        self._payloads: list[bytes] = []
        self._answer: asyncio.Future[bytes] | None = None

    async def connect(self) -> None:
        """Connect.

        Raises:
            ConnectionError: The server hung up.
        """
        await self._end.connect()

    def close(self) -> None:
        """Hang up."""
        self._end.close()

    async def fetch(self, first_unix_s: int, last_unix_s: int, topics: frozenset[Topic]) -> Fetched:
        """Fetch an interval of some topics, page after page.

        Raises:
            ConnectionError: The server refused, or hung up.
        """
        started_s = time.perf_counter()
        self._payloads.clear()
        cursor, pages = b"", 0
        while pages == 0 or cursor:
            wanted = HistoryRequest(
                first_unix_s, last_unix_s, bloom_of(topics), tuple(topics), cursor=cursor
            )
            cursor = await self._ask(encode_request(wanted))
            pages += 1
        wall_s = time.perf_counter() - started_s
        # Looked at afterwards: what the client does with envelopes is not the server's time.
        envelopes = [
            envelope
            for payload in self._payloads
            for envelope in decode_direct(payload, list_accepted=True, bare_accepted=True)
        ]
        exact = [envelope for envelope in envelopes if envelope.topic in topics]
        return Fetched(
            wall_s,
            len(envelopes),
            len(exact),
            sum(len(envelope.raw) for envelope in envelopes),
            sum(len(envelope.raw) for envelope in exact),
            pages,
        )

    async def _ask(self, payload: bytes) -> bytes:
        route = EnvelopeRoute(_NO_TOPIC, self._key, self._signer)
        unmined = seal(payload, route, ttl_s=_TTL_S, now=read_clock(), entropy=SystemEntropy())
        self._answer = asyncio.get_running_loop().create_future()
        await self._end.send(mine(unmined, _POW, _TRIES_MAX).raw, _REQUEST)
        async with asyncio.timeout(_ANSWER_TIMEOUT_S):
            completion = decode_request_complete(await self._answer)
        if completion.error is not None:
            raise ConnectionError(f"the server refused: {completion.error}")
        return completion.cursor

    def _take(self, packet: Packet) -> None:
        if packet.code == _DIRECT:
            self._payloads.append(packet.payload)
        elif packet.code == _COMPLETE and self._answer is not None:
            self._answer.set_result(packet.payload)


class FillingEnd:
    """A mailserver that sends its archive to a Go one, which trusts it and checks nothing."""

    def __init__(self, enode: str) -> None:
        self.end = WireEnd(enode, WANTS_NOTHING, lambda _: None)

    async def fill(self, batches: Iterable[list[bytes]]) -> None:
        """Send batches of envelopes (RLP), one packet each.

        Raises:
            ConnectionError: The server hung up.
        """
        for batch in batches:
            await self.end.send(
                rlp.encode_list(
                    (rlp.encode_list(batch), rlp.encode(b""), rlp.encode_uint(0), rlp.encode(b""))
                ),
                _SYNC_RESPONSE,
            )
            await asyncio.sleep(0)
            if self.end.ended is not None:
                raise ConnectionError(f"the server hung up while it was filled: {self.end.ended}")
