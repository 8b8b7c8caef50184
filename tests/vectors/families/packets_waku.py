"""Packets of both versions of Waku as status-go's nodes send and receive them."""

import re
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from sottovoce.base.packets import Packet
from sottovoce.base.quantities import Topic
from sottovoce.gossip.dialect import Dialect, PacketKind
from sottovoce.gossip.events import PeerGreeted
from sottovoce.gossip.options import StatusOptions, encode_options
from sottovoce.gossip.registry import dialect_for
from sottovoce.gossip.status import encode_status
from sottovoce.gossip.waku_v0 import STATUS_GO_WAKU_V0, WAKU_V0
from sottovoce.gossip.waku_v1 import STATUS_GO_WAKU_V1, WAKU_V1
from vectors.case import Case
from vectors.gossip_blocks import block_cases
from vectors.gossip_scene import PEER, Scene
from vectors.gossip_sending import check_plain_request

_TOPIC_COUNT: Final = re.compile(r"topic_interest_(\d+)")


def cases(document: dict[str, Any]) -> Iterator[Case]:
    """Yield the cases of both versions; each is checked against the dialect of its version."""
    assert dialect_for(WAKU_V0) is STATUS_GO_WAKU_V0
    assert dialect_for(WAKU_V1) is STATUS_GO_WAKU_V1
    for block, dialect in (("waku_0", STATUS_GO_WAKU_V0), ("waku_1", STATUS_GO_WAKU_V1)):
        section = document[block]
        yield from block_cases(block, section, dialect)
        for entry in section.get("plain_request_validation", []):
            check = partial(check_plain_request, entry, section)
            yield Case(f"{block}.plain_request_validation", entry["name"], check)
        for key, error in section.items():
            counted = _TOPIC_COUNT.fullmatch(key)
            if counted is not None:
                accepted = error is None
                check = partial(_check_topic_count, int(counted[1]), dialect, accepted=accepted)
                yield Case(f"{block}.{key}", "status and update", check)


def _check_topic_count(count: int, dialect: Dialect, *, accepted: bool) -> None:
    topics = frozenset(Topic(number.to_bytes(4, "big")) for number in range(count))
    said = StatusOptions(minimum_pow=0.5, topics=topics)
    scene = Scene(dialect, now_s=0.0)
    scene.feed(Packet(0, encode_status(dialect, said)))
    assert scene.connection_kept() == accepted
    assert (PeerGreeted(PEER) in scene.outputs) == accepted
    assert (scene.session.wishes.topics == topics) == accepted
    scene = Scene(dialect, now_s=0.0)
    scene.greet()
    update = dialect.codes[PacketKind.STATUS_UPDATE]
    scene.feed(Packet(update, encode_options(dialect, said)))
    # An update that is refused is passed over as a whole.
    assert scene.connection_kept()
    assert scene.session.wishes.topics == (topics if accepted else None)
    assert scene.session.wishes.minimum_pow == (0.5 if accepted else 0.0)
