"""Data sync as vacp2p/mvds in status-go speaks it: identifiers, payloads, schedule, exchanges.

An exchange is replayed record by record: our machines are told what the real nodes were told, at
the same epochs, and must send what the real ones sent. When records leave that answer others
depended on the real nodes' timing, so of those only cause and effect are compared; the epochs at
which the first node repeats its own records are compared exactly.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.moment import Moment
from sottovoce.base.quantities import PublicKey
from sottovoce.crypto import secp256k1
from sottovoce.sync.events import BytesReceived, NotDataSync
from sottovoce.sync.group_id import group_of_two
from sottovoce.sync.memory_store import MemorySyncStore
from sottovoce.sync.schedule import REFERENCE, next_send_epoch
from sottovoce.sync.synchronizer import Synchronizer
from sottovoce.sync.wire import decode_message, decode_payload, encode_message, encode_payload
from vectors.case import Case
from vectors.mvds_exchange import check_exchange, read_message, read_payload
from vectors.text import unhex


def cases(document: dict[str, Any]) -> Iterator[Case]:
    """Yield one case for each element of each list."""
    for recorded in document["group_ids"]:
        name = recorded.get("note", recorded["group_id"][:8])
        yield Case("group_ids", name, partial(_check_group, recorded))
    for recorded in document["message_ids"]:
        yield Case("message_ids", str(recorded["case"]), partial(_check_message, recorded))
    for recorded in document["payloads"]:
        name = "+".join(kind for kind, records in recorded["payload"].items() if records)
        yield Case("payloads", name or "empty", partial(_check_payload, recorded))
    for recorded in document["not_data_sync"]:
        name = recorded["bytes"] or "empty"
        yield Case("not_data_sync", name, partial(_check_other_bytes, recorded))
    for recorded in document["schedule"]:
        name = f"from-{recorded['epoch_when_appended']}"
        yield Case("schedule", name, partial(_check_schedule, recorded))
    first, second = (read_key(document[name]) for name in ("a", "b"))
    for recorded in document["exchanges"]:
        name = f"{recorded['mode']}-{recorded['first_payloads_of_a_lost']}-lost"
        yield Case("exchanges", name, partial(check_exchange, recorded, first, second))


def read_key(recorded: dict[str, str]) -> PublicKey:
    """Read a key; its three forms must agree."""
    key = secp256k1.parse_public_key(unhex(recorded["public"]))
    assert secp256k1.public_key(secp256k1.private_key(unhex(recorded["private"]))) == key
    assert secp256k1.compress(key).hex() == recorded["public_compressed"]
    return key


def _check_group(recorded: dict[str, Any]) -> None:
    one, other = read_key(recorded["key1"]), read_key(recorded["key2"])
    assert group_of_two(one, other).hex() == recorded["group_id"]
    assert group_of_two(other, one).hex() == recorded["group_id"]


def _check_message(recorded: dict[str, Any]) -> None:
    message = read_message(recorded)
    assert encode_message(message).hex() == recorded["protobuf"]
    assert decode_message(unhex(recorded["protobuf"])) == message


def _check_payload(recorded: dict[str, Any]) -> None:
    payload = read_payload(recorded["payload"])
    assert encode_payload(payload).hex() == recorded["protobuf"]
    assert decode_payload(unhex(recorded["protobuf"])) == payload
    assert payload.is_empty is not recorded["valid"]


def _check_other_bytes(recorded: dict[str, Any]) -> None:
    raw = unhex(recorded["bytes"])
    if recorded["decode_error"]:
        with pytest.raises(RemoteProtocolError):
            decode_payload(raw)
        assert not recorded["valid"]
    else:
        assert decode_payload(raw).is_empty is not recorded["valid"]
    now = Moment(0.0, 0.0)
    synchronizer = Synchronizer(MemorySyncStore(), now=now)
    outputs = synchronizer.handle(BytesReceived(secp256k1.GENERATOR, raw), now)
    handed_on = [NotDataSync(secp256k1.GENERATOR, raw)]
    assert (outputs == handed_on) is not recorded["valid"]
    assert synchronizer.next_deadline() is None


def _check_schedule(recorded: dict[str, Any]) -> None:
    epoch = recorded["epoch_when_appended"] + 1
    sent = []
    for send_count in range(1, len(recorded["sent_at_epochs"]) + 1):
        sent.append(epoch)
        epoch = next_send_epoch(REFERENCE, send_count=send_count, due_epoch=epoch, epoch=epoch)
    assert sent == recorded["sent_at_epochs"]
