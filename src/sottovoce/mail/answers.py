"""Packing what an archive found into packets.

Spec: status-go mailserver/mailserver.go (processRequestInBundles).
"""

from collections.abc import Iterator, Sequence

from sottovoce.gossip.direct_packets import Completion, encode_completion_body
from sottovoce.mail.archive import Page


def packed(
    envelopes: Sequence[bytes], *, batch: bool, bytes_max: int, limit_reached: bool
) -> Iterator[tuple[bytes, ...]]:
    """Split envelopes into packets as status-go does.

    Args:
        envelopes: RLP of each.
        batch: Whether a packet may hold more than one.
        bytes_max: The envelopes of a packet stay below this together; a single one need not.
        limit_reached: Whether there are as many as were asked for: the last one then sits in a
            packet of its own.
    """
    packet: list[bytes] = []
    size = 0
    last = len(envelopes) - 1
    for number, raw in enumerate(envelopes):
        alone = not batch or (limit_reached and number == last)
        if packet and (alone or size + len(raw) >= bytes_max):
            yield tuple(packet)
            packet, size = [], 0
        packet.append(raw)
        size += len(raw)
    if packet:
        yield tuple(packet)


def next_cursor(page: Page, limit: int) -> bytes:
    """Return where the next request goes on, 36 bytes; empty when there is no more.

    A page that is full has one, whether or not anything follows, as status-go's have.
    """
    more = page.has_more or len(page.envelopes) >= limit
    return page.last.encode() if more and page.last is not None else b""


def completion(request_id: bytes, page: Page, limit: int) -> bytes:
    """Return the body that ends a request that was answered."""
    if page.last is None:
        return encode_completion_body(Completion(request_id))
    return encode_completion_body(
        Completion(request_id, last_envelope=page.last.hash, cursor=next_cursor(page, limit))
    )


def refusal(request_id: bytes, detail: str) -> bytes:
    """Return the body that ends a request that was not answered."""
    return encode_completion_body(Completion(request_id, error=detail))
