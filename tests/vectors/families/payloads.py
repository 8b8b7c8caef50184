"""Every payload wrapped and signed, the checks on received ones, clocks, and local content.

`parsed_text` is the tree of the recording client's own markdown library and is not compared.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.crypto import secp256k1
from sottovoce.crypto.hashes import keccak256
from sottovoce.payloads import chat_message, devices
from sottovoce.payloads.clock import next_clock
from sottovoce.payloads.ens_claim import is_lookup_due
from sottovoce.payloads.message_id import message_id_text
from sottovoce.payloads.metadata import unwrap, wrap
from sottovoce.payloads.registry import PAYLOAD_CLASSES, Payload, PayloadType
from sottovoce.payloads.text_content import is_right_to_left, newline_count
from sottovoce.payloads.validity import check_received
from sottovoce.payloads.wire import (
    Wrapper,
    decode_payload,
    decode_wrapper,
    encode_payload,
    encode_wrapper,
)
from sottovoce.secure.wire import decode_message
from vectors.case import Case
from vectors.text import unhex

OTHER_NAMES = {"timestamp": "timestamp_unix_ms", "sticker": "attachment"}
TYPES = {value_class.__name__: number for number, value_class in PAYLOAD_CLASSES.items()}


def cases(document: dict[str, Any]) -> Iterator[Case]:
    """Yield one case for each element of each list, and one for each object with keys in it."""
    for row in document["wrapped"]:
        yield Case("wrapped", row["name"], partial(_check_wrapped, row, document["author"]))
    for row in document["validation"]:
        name = f"{row['message']} {row['name']}".strip()
        yield Case("validation", name, partial(_check_validity, row))
    for section, check in LOCAL.items():
        for row in document[section]:
            name = ", ".join(f"{key} {row[key]}" for key in row if key != "parsed_text")
            yield Case(section, name, partial(check, row))
    yield Case("unsigned", "unsigned", partial(_check_unsigned, document["unsigned"]))
    for person in ("author", "peer"):
        yield Case("keys", person, partial(_check_keys, document[person]))


def _check_keys(keys: dict[str, str]) -> None:
    public = secp256k1.public_key(secp256k1.private_key(unhex(keys["private"])))
    assert public.uncompressed == unhex(keys["public"])
    assert secp256k1.compress(public) == unhex(keys["public_compressed"])


def _check_wrapped(row: dict[str, Any], author: dict[str, str]) -> None:
    raw = unhex(row["wrapped"])
    wrapper = decode_wrapper(raw)
    assert wrapper.payload == unhex(row["payload"])
    assert wrapper.signature == unhex(row["signature"])
    assert wrapper.type_number == row["type"] == PayloadType[row["type_name"]]
    assert keccak256(wrapper.payload) == unhex(row["signed_digest"])

    unwrapped = unwrap(raw)
    assert unwrapped.author is not None
    assert unwrapped.author.uncompressed == unhex(author["public"])
    assert message_id_text(unwrapped.message_id) == row["message_id"]
    check_fields(unwrapped.payload, row["fields"])

    _check_fall_through(raw, row["decoding_wrapped_as_protocol_message"])
    wrapped = wrap(_payload(row), secp256k1.private_key(unhex(author["private"])))
    assert wrapped.raw == raw
    assert message_id_text(wrapped.message_id) == row["message_id"]


def _check_fall_through(raw: bytes, error: str) -> None:
    """A receiver tries the layer below first: it refuses the wrapper, or finds nothing in it."""
    if error:
        with pytest.raises(RemoteProtocolError):
            decode_message(raw)
        return
    message = decode_message(raw)
    assert not message.direct
    assert message.public is None


def _payload(row: dict[str, Any]) -> Payload:
    """Make the value out of its fields; where the file only counts them, out of its bytes."""
    ((name, fields),) = row["fields"].items()
    if isinstance(fields, str):
        return decode_payload(TYPES[name], unhex(row["payload"]))
    value_class: Callable[..., Payload] = PAYLOAD_CLASSES[TYPES[name]]
    return value_class(**{OTHER_NAMES.get(key, key): _value(key, fields[key]) for key in fields})


def _value(key: str, written: Any) -> Any:
    match key:
        case "clock" | "timestamp" | "last_updated":
            return int(written)
        case "signature":
            return unhex(written)
        case "system_tags":
            return tuple(written or ())
        case "sticker":
            return chat_message.StickerMessage(**written)
        case _:
            return written


def check_fields(payload: Payload, recorded: dict[str, Any]) -> None:
    """A payload holds what was recorded, field by field."""
    ((name, fields),) = recorded.items()
    assert type(payload).__name__ == name
    if isinstance(fields, str):
        assert isinstance(payload, devices.SyncInstallation)
        counted = f"{len(payload.contacts)} contacts, {len(payload.public_chats)} public chats"
        assert counted == fields
        return
    for key, written in fields.items():
        assert getattr(payload, OTHER_NAMES.get(key, key)) == _value(key, written), key
    if isinstance(payload, chat_message.ChatMessage):
        assert (payload.attachment is not None) == ("sticker" in fields)


def _check_validity(row: dict[str, Any]) -> None:
    payload = decode_payload(TYPES[row["message"]], unhex(row["payload"]))
    check_fields(payload, row["fields"])
    assert encode_payload(_payload(row)) == (TYPES[row["message"]], unhex(row["payload"]))
    envelope_unix_ms = int(row["envelope_timestamp_ms"])
    if row["valid"]:
        check_received(payload, envelope_unix_ms=envelope_unix_ms)
        return
    with pytest.raises(RemoteProtocolError):
        check_received(payload, envelope_unix_ms=envelope_unix_ms)


def _check_unsigned(row: dict[str, Any]) -> None:
    raw = unhex(row["wrapped"])
    unwrapped = unwrap(raw)
    assert unwrapped.author is None
    assert message_id_text(unwrapped.message_id) == row["message_id_by_receiver"]
    type_number, encoded = encode_payload(unwrapped.payload)
    assert encode_wrapper(Wrapper(None, encoded, type_number)) == raw


def _check_clock(row: dict[str, Any]) -> None:
    now_unix_ms = int(row["now_ms"])
    clock = next_clock(last_clock=int(row["last_clock"]), now_unix_ms=now_unix_ms)
    assert clock == int(row["clock"])
    assert now_unix_ms == int(row["timestamp"])


def _check_content(row: dict[str, Any]) -> None:
    assert is_right_to_left(row["text"]) == row["rtl"]
    assert newline_count(row["text"]) == row["line_count"]


def _check_ens(row: dict[str, Any]) -> None:
    due = is_lookup_due(
        row["name"],
        verified=row["verified"],
        failures=row["retries"],
        last_try_unix_s=row["verified_at"],
        now_unix_s=row["now"],
    )
    assert due == row["try_now"]


LOCAL = {"clocks": _check_clock, "content": _check_content, "ens": _check_ens}
