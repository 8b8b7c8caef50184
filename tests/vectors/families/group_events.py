"""A group's life: every event signed, opened and judged, whole updates, and a merge."""

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.crypto import secp256k1
from sottovoce.payloads.contact_id import contact_id, contact_key
from sottovoce.payloads.group_rules import (
    GroupState,
    apply_event,
    evaluate,
    group_chat_id,
    merge,
)
from sottovoce.payloads.membership import EventType, MembershipEvent, MembershipUpdate
from sottovoce.payloads.membership_event import SignedEvent, open_event, open_events, sign_event
from sottovoce.payloads.registry import PayloadType
from sottovoce.payloads.wire import decode_payload, encode_payload
from vectors.case import Case
from vectors.text import unhex

BROKEN_EVENT = "signature or encoding"
BROKEN_RULE = "rules"
# The file judges updates without a clock; every event of it lies long before this.
LATER_UNIX_MS = 1 << 62


def cases(document: dict[str, Any]) -> Iterator[Case]:
    """Yield one case for each person, row, event and update, and one for the merge."""
    for name, keys in document["keys"].items():
        yield Case("keys", name, partial(_check_keys, keys))
    yield Case("chat_id", "chat_id", partial(_check_chat_id, document))
    for index, row in enumerate(document["life"]):
        name = row.get("what", "the creation")
        yield Case("life", name, partial(_check_life, document, index))
    for event in document["valid_history"]:
        name = f"{event['type']} at {event['clock']}"
        yield Case("valid_history", name, partial(_check_recorded, document, event))
    yield Case("valid_history", "the whole", partial(_check_history, document))
    for row in document["updates"]:
        yield Case("updates", row["name"], partial(_check_update, row))
    yield Case("merge", "merge", partial(_check_merge, document))


def _check_keys(keys: dict[str, str]) -> None:
    public = secp256k1.public_key(secp256k1.private_key(unhex(keys["private"])))
    assert public.uncompressed == unhex(keys["public"])
    assert secp256k1.compress(public) == unhex(keys["public_compressed"])
    assert contact_key(contact_id(public)) == public


def _check_chat_id(document: dict[str, Any]) -> None:
    creator = secp256k1.parse_public_key(unhex(document["keys"]["creator"]["public"]))
    assert group_chat_id(document["uuid"], creator) == document["chat_id"]


def _event_type(written: str) -> int:
    """Read the name of a type; one without a name is written as its number."""
    return EventType[written] if written in EventType.__members__ else int(written)


def _check_event(document: dict[str, Any], recorded: dict[str, Any]) -> SignedEvent:
    wire, chat_id = unhex(recorded["wire"]), document["chat_id"]
    signed = open_event(wire, chat_id=chat_id)
    assert signed.event.clock == int(recorded["clock"])
    assert signed.event.members == tuple(recorded["members"] or ())
    assert signed.event.name == recorded["name"]
    assert signed.event.type == _event_type(recorded["type"])
    assert signed.author_id == recorded["from"]
    assert signed.signature == unhex(recorded["signature"])
    assert signed.raw == unhex(recorded["raw_payload"])
    assert signed.wire == wire

    made = MembershipEvent(
        clock=int(recorded["clock"]),
        members=tuple(recorded["members"] or ()),
        name=recorded["name"],
        type=_event_type(recorded["type"]),
    )
    author = next(
        keys for keys in document["keys"].values() if "0x" + keys["public"] == recorded["from"]
    )
    key = secp256k1.private_key(unhex(author["private"]))
    assert sign_event(made, chat_id=chat_id, author_key=key) == signed
    return signed


def _check_recorded(document: dict[str, Any], recorded: dict[str, Any]) -> None:
    _check_event(document, recorded)


def _state(recorded: dict[str, Any]) -> GroupState:
    return GroupState(
        name=recorded["name"],
        members=tuple(recorded["members"] or ()),
        joined=tuple(recorded["joined"] or ()),
        admins=tuple(recorded["admins"] or ()),
    )


def _check_life(document: dict[str, Any], index: int) -> None:
    row = document["life"][index]
    before = _state(document["life"][index - 1]["state"]) if index else GroupState()
    signed = _check_event(document, row["event"])
    if "by" in row:
        assert signed.author_id == "0x" + document["keys"][row["by"]]["public"]
    if row["ok"]:
        assert apply_event(before, signed) == _state(row["state"])
        return
    assert before == _state(row["state"])
    with pytest.raises(RemoteProtocolError):
        apply_event(before, signed)


def _history(document: dict[str, Any]) -> list[SignedEvent]:
    return [
        open_event(unhex(event["wire"]), chat_id=document["chat_id"])
        for event in document["valid_history"]
    ]


def _check_history(document: dict[str, Any]) -> None:
    """The valid history is what the rows of the life that were taken make."""
    last = document["life"][-1]["state"]
    assert evaluate(document["chat_id"], _history(document)) == _state(last)
    assert evaluate(document["chat_id"], reversed(_history(document))) == _state(last)


def _check_update(row: dict[str, Any]) -> None:
    raw = unhex(row["protobuf"])
    update = decode_payload(PayloadType.MEMBERSHIP_UPDATE_MESSAGE, raw)
    assert isinstance(update, MembershipUpdate)
    assert update.chat_id == row["chat_id"]
    assert (update.content is not None) == row.get("has_message", False)
    assert encode_payload(update) == (PayloadType.MEMBERSHIP_UPDATE_MESSAGE, raw)
    opened: list[SignedEvent] = []
    if row["ok"]:
        assert _judge(update, opened) == _state(row["state"])
        return
    with pytest.raises(RemoteProtocolError):
        _judge(update, opened)
    # It fails where the reference failed, and not before.
    assert row["error_stage"] in (BROKEN_EVENT, BROKEN_RULE)
    assert len(opened) == (len(update.events) if row["error_stage"] == BROKEN_RULE else 0)


def _judge(update: MembershipUpdate, opened: list[SignedEvent]) -> GroupState:
    """Open and judge an update; `opened` tells how far that came."""
    opened += open_events(update, now_unix_ms=LATER_UNIX_MS)
    return evaluate(update.chat_id, opened)


def _check_merge(document: dict[str, Any]) -> None:
    recorded = document["merge"]
    found = re.match(r"(\d+)\.\.(\d+)", recorded["events_b"])
    assert found is not None
    first, last = map(int, found.groups())
    history = _history(document)
    ours, theirs = history[: recorded["events_a"]], history[first : last + 1]
    for merged in (merge(ours, theirs), merge(theirs, ours)):
        assert len(merged) == recorded["merged_count"]
        assert evaluate(document["chat_id"], merged) == _state(recorded["state"])
