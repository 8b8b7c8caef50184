"""The application wrapper: which payload it is, and who wrote it.

The author is who signed the payload. Who signed the envelope around it is another identity (the
transport sender), which never enters here: a third person may pass a signed wrapper on. The
signature covers the payload and not its type, so that the content must be checked too; some types
are built so much alike that their bytes pass as each other. Whoever acts on a payload that is no
message, reaction or group history therefore asks that author and transport sender are one.

Spec: Status specs 6 (payloads), "Payload wrapper"; status-go protocol/v1/message.go and
status_message.go.
"""

from dataclasses import dataclass
from typing import Final

from sottovoce.base.quantities import PublicKey
from sottovoce.base.secret import PrivateKey
from sottovoce.crypto import secp256k1
from sottovoce.crypto.secp256k1 import SIGNATURE_BYTES
from sottovoce.payloads.author_signature import recover_author, sign_as_author
from sottovoce.payloads.form import Value
from sottovoce.payloads.message_id import MessageId, message_id
from sottovoce.payloads.registry import Payload
from sottovoce.payloads.wire import (
    Wrapper,
    decode_payload,
    decode_wrapper,
    encode_payload,
    encode_wrapper,
)

_FIELD_HEAD_BYTES: Final = 2  # a tag and a length below 128
_LENGTH_BITS: Final = 7  # what one byte of a length carries


@dataclass(frozen=True, slots=True, repr=False)
class Wrapped(Value):
    """A payload ready to be sent.

    Attributes:
        raw: The wrapper's bytes; every recipient gets the same.
        message_id: What names it from now on.
    """

    raw: bytes
    message_id: MessageId


@dataclass(frozen=True, slots=True, repr=False)
class Unwrapped(Value):
    """A payload that came, in good form; whether it may be shown is a question for `validity`.

    Attributes:
        payload: What was written.
        author: Who signed it; None if nobody did, and then the transport sender answers for it.
        message_id: What names it from now on.
    """

    payload: Payload
    author: PublicKey | None
    message_id: MessageId


def wrap(payload: Payload, author_key: PrivateKey) -> Wrapped:
    """Encode and sign a payload.

    Raises:
        LocalProtocolError: A field breaks its bounds, or the whole is too large.
        InvalidKeyError: The private key is not below the order of the curve.
    """
    type_number, encoded = encode_payload(payload)
    signature = sign_as_author(author_key, encoded)
    raw = encode_wrapper(Wrapper(signature, encoded, type_number))
    return Wrapped(raw, message_id(secp256k1.kept_public_key(author_key), raw))


def unwrap(raw: bytes) -> Unwrapped:
    """Decode a wrapper, recover its author, and decode its payload.

    A type without a meaning gives an `UnknownPayload`. That is also what most bytes give that are
    something else, such as a message for another device: they are no error, and nothing is shown.

    Raises:
        RemoteProtocolError: The bytes are no wrapper, the signature fits no key, or the payload
            is not of its type's form.
    """
    wrapper = decode_wrapper(raw)
    author = None
    if wrapper.signature is not None:
        author = recover_author(wrapper.payload, wrapper.signature)
    payload = decode_payload(wrapper.type_number, wrapper.payload)
    return Unwrapped(payload, author, message_id(author, raw))


def overhead_bytes(payload_bytes: int) -> int:
    """Return how many bytes `wrap` adds to an encoded payload of so many bytes."""
    signature = _FIELD_HEAD_BYTES + SIGNATURE_BYTES
    type_number = 2  # its tag and, for every type that has a name, one byte
    if payload_bytes == 0:
        return signature + type_number  # proto3 leaves an empty field out
    length_bytes = (payload_bytes.bit_length() + _LENGTH_BITS - 1) // _LENGTH_BITS
    return signature + type_number + 1 + length_bytes
