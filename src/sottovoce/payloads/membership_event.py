"""Group events with their signatures: made, taken apart, and kept as the bytes that they are.

An event names no author; whoever the signature's key belongs to is the author. The signature
covers the group's id and the encoded event, so that an event of one group is nobody's in another.
Events are never encoded again: a later version may write fields that we skip.

Spec: Status specs draft 7 (group chat), "Membership updates"; status-go
protocol/v1/membership_update_message.go.
"""

import re
from dataclasses import dataclass
from typing import Final

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey
from sottovoce.crypto import secp256k1
from sottovoce.payloads.author_signature import recover_author, sign_as_author
from sottovoce.payloads.clock import check_clock
from sottovoce.payloads.contact_id import CONTACT_ID_FORM, contact_id
from sottovoce.payloads.form import Value
from sottovoce.payloads.membership import MembershipEvent, MembershipUpdate
from sottovoce.payloads.wire import decode_event, encode_event

SIGNATURE_BYTES: Final = secp256k1.SIGNATURE_BYTES

GROUP_UUID_FORM: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_CLOCK_TAG: Final = b"\x08"  # field 1, a varint; nobody writes another field before it
_VARINT_BYTES_MAX: Final = 10
# What we sign begins with the id, which a stranger chose, and the same key signs payloads. None of
# these letters begins a field of number 1 to 4 or 8, so that id and event are never a message or a
# reaction of ours (docs/spec-deviations.md, "Group rules").
_SIGNED_FOR: Final = re.compile(f"{GROUP_UUID_FORM}-{CONTACT_ID_FORM}")


@dataclass(frozen=True, slots=True, repr=False)
class SignedEvent(Value):
    """An event of one group, and who made it.

    Attributes:
        chat_id: The group that it was signed for.
        event: What it says.
        author: Who signed it.
        signature: 65 bytes; two events are the same when these are.
        raw: The encoded event as it was signed.
    """

    chat_id: str
    event: MembershipEvent
    author: PublicKey
    signature: bytes
    raw: bytes

    @property
    def wire(self) -> bytes:
        """What an update carries: the signature, then the encoded event."""
        return self.signature + self.raw

    @property
    def author_id(self) -> str:
        """The author as events name people."""
        return contact_id(self.author)


def is_usual_group_id(chat_id: str) -> bool:
    """Tell whether a group's id is a UUID, "-" and a contact id, as every client makes them."""
    return _SIGNED_FOR.fullmatch(chat_id) is not None


def sign_event(event: MembershipEvent, *, chat_id: str, author_key: PrivateKey) -> SignedEvent:
    """Encode and sign an event for a group.

    Raises:
        LocalProtocolError: A field breaks its bounds, the event says nothing at all (its encoding
            would be empty, and nobody opens that), or the group's id is not a UUID, "-" and a
            contact id: nothing is signed for such a group, although others may be in it.
        InvalidKeyError: The private key is not below the order of the curve.
    """
    if not is_usual_group_id(chat_id):
        raise LocalProtocolError(
            "the group's id is not a UUID and its creator's key, so that the signature could stand "
            "under something else; do not take part in this group"
        )
    raw = encode_event(event)
    if not raw:
        raise LocalProtocolError("a group event says nothing")
    signature = sign_as_author(author_key, _material(chat_id, raw))
    return SignedEvent(chat_id, event, secp256k1.kept_public_key(author_key), signature, raw)


def open_event(wire: bytes, *, chat_id: str) -> SignedEvent:
    """Take an event apart and find out who made it.

    Any bytes of the right length have an author, whom the rules of the group then refuse.

    Raises:
        RemoteProtocolError: It is too short, the signature fits no key, or the rest is no event.
    """
    if len(wire) <= SIGNATURE_BYTES:
        raise RemoteProtocolError("a group event is too short")
    signature, raw = wire[:SIGNATURE_BYTES], wire[SIGNATURE_BYTES:]
    author = recover_author(_material(chat_id, raw), signature)
    return SignedEvent(chat_id, decode_event(raw), author, signature, raw)


def open_events(update: MembershipUpdate, *, now_unix_ms: int) -> tuple[SignedEvent, ...]:
    """Take every event of an update apart, in the order in which they came.

    Args:
        update: What came.
        now_unix_ms: Our own time: no event's clock may be far ahead of it.

    Raises:
        RemoteProtocolError: Any one of them is broken, or its clock is 0 or too far ahead.
    """
    events = tuple(open_event(wire, chat_id=update.chat_id) for wire in update.events)
    for signed in events:
        check_clock(signed.event.clock, now_unix_ms)
    return events


def leading_clock(wire: bytes) -> int:
    """Return the clock of an event without opening it, if it stands where every client writes it.

    It is a guess that costs next to nothing, for an early "not yet"; whoever writes fields in
    another order gets 0, and the judgement of those who open the event.
    """
    if wire[SIGNATURE_BYTES : SIGNATURE_BYTES + 1] != _CLOCK_TAG:
        return 0
    clock = 0
    varint = wire[SIGNATURE_BYTES + 1 : SIGNATURE_BYTES + 1 + _VARINT_BYTES_MAX]
    for place, byte in enumerate(varint):
        clock |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return clock
    return 0


def _material(chat_id: str, raw: bytes) -> bytes:
    try:
        material = chat_id.encode() + raw
    except UnicodeEncodeError:
        material = None
    # Raised only here, for Python's error holds the whole id.
    if material is None:
        raise LocalProtocolError("a group's id is not valid Unicode text")
    return material
