"""Protocol messages and bundles as bytes; the only module of this layer that knows protobuf code.

It owns the fields' numbers (by way of the generated code) and the limits of what is read. Whether a
key is one, and whether a signature fits, is not its business.

Spec: status-im/specs docs/stable/5-secure-transport.md; status-go
protocol/encryption/protocol_message.proto.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Final, TypeVar

from google.protobuf.message import DecodeError

from sottovoce.base.errors import LocalProtocolError, RemoteProtocolError
from sottovoce.proto import secure_pb2 as pb
from sottovoce.secure.bundle import Bundle, SignedPrekey
from sottovoce.secure.double_ratchet import RatchetHeader
from sottovoce.secure.message import DirectMessage, ProtocolMessage, SessionHeader, X3dhHeader

# Every bundle costs a recovery of its signer, 50 us; deployed clients send one per message.
BUNDLES_PER_MESSAGE_MAX: Final = 8
# Deployed clients name three installations in a bundle and write to as many.
PREKEYS_PER_BUNDLE_MAX: Final = 16
DIRECT_ENTRIES_MAX: Final = 64
# An installation id is a UUID of 36 characters in practice, and it is stored.
INSTALLATION_ID_BYTES_MAX: Final = 128

_Value = TypeVar("_Value")


def encode_message(message: ProtocolMessage) -> bytes:
    """Encode a message, with the entries of maps in ascending order.

    Raises:
        LocalProtocolError: A text has no UTF-8 form, or a number does not fit its field.
    """
    encoded = None
    with suppress(ValueError):
        encoded = pb.ProtocolMessage(
            installation_id=message.installation_id,
            bundles=[_bundle_to_wire(bundle) for bundle in message.bundles],
            direct_message=[
                pb.DirectMessageEntry(key=name, value=_direct_to_wire(direct))
                for name, direct in _ordered(message.direct)
            ],
            public_message=message.public,
        )
    # Raised only here: the library's error may hold what it could not encode.
    if encoded is None:
        raise LocalProtocolError("a protocol message holds what cannot be encoded")
    return encoded.SerializeToString()


def decode_message(raw: bytes) -> ProtocolMessage:
    """Decode a message.

    Raises:
        RemoteProtocolError: The bytes are no such message (which is normal: public content comes
            without this layer), or a limit is exceeded.
    """
    parsed = None
    with suppress(DecodeError, RecursionError):
        parsed = pb.ProtocolMessage.FromString(raw)
    # Raised only here: the library's error may hold what it could not read.
    if parsed is None:
        raise RemoteProtocolError("the bytes are no protocol message")
    if (
        len(parsed.bundles) > BUNDLES_PER_MESSAGE_MAX
        or len(parsed.direct_message) > DIRECT_ENTRIES_MAX
    ):
        raise RemoteProtocolError("a protocol message has too many parts")
    return ProtocolMessage(
        installation_id=_installation_id(parsed.installation_id),
        bundles=tuple(_bundle_from_wire(bundle) for bundle in parsed.bundles),
        direct={entry.key: _direct_from_wire(entry.value) for entry in parsed.direct_message},
        public=parsed.public_message if parsed.HasField("public_message") else None,
    )


def encode_bundle(bundle: Bundle) -> bytes:
    """Encode a bundle, with its installations in ascending order.

    Raises:
        LocalProtocolError: A text has no UTF-8 form, or a number does not fit its field.
    """
    with suppress(ValueError):
        return _bundle_to_wire(bundle).SerializeToString()
    raise LocalProtocolError("a bundle holds what cannot be encoded")


def decode_bundle(raw: bytes) -> Bundle:
    """Decode a bundle; `verify_bundle` checks it.

    Raises:
        RemoteProtocolError: The bytes are no bundle, or a limit is exceeded.
    """
    parsed = None
    with suppress(DecodeError, RecursionError):
        parsed = pb.Bundle.FromString(raw)
    if parsed is None:
        raise RemoteProtocolError("the bytes are no bundle")
    return _bundle_from_wire(parsed)


def _ordered(entries: Mapping[str, _Value]) -> list[tuple[str, _Value]]:
    # By bytes; the library's own order of a map puts a longer text before one that it begins with.
    return sorted(entries.items(), key=lambda entry: entry[0].encode())


def _prekey_to_wire(prekey: SignedPrekey) -> pb.SignedPreKey:
    return pb.SignedPreKey(
        signed_pre_key=prekey.key, version=prekey.version, protocol_version=prekey.protocol_version
    )


def _bundle_to_wire(bundle: Bundle) -> pb.Bundle:
    return pb.Bundle(
        identity=bundle.identity,
        signed_pre_keys=[
            pb.SignedPreKeyEntry(key=name, value=_prekey_to_wire(prekey))
            for name, prekey in _ordered(bundle.prekeys)
        ],
        signature=bundle.signature,
        timestamp=bundle.timestamp_ns,
    )


def _bundle_from_wire(parsed: pb.Bundle) -> Bundle:
    if len(parsed.signed_pre_keys) > PREKEYS_PER_BUNDLE_MAX:
        raise RemoteProtocolError("a bundle has too many prekeys")
    return Bundle(
        identity=parsed.identity,
        prekeys={
            _installation_id(entry.key): SignedPrekey(
                entry.value.signed_pre_key, entry.value.version, entry.value.protocol_version
            )
            for entry in parsed.signed_pre_keys
        },
        timestamp_ns=parsed.timestamp,
        signature=parsed.signature,
    )


def _installation_id(text: str) -> str:
    if len(text.encode()) > INSTALLATION_ID_BYTES_MAX:
        raise RemoteProtocolError("an installation id is too long")
    return text


def _direct_to_wire(direct: DirectMessage) -> pb.DirectMessageProtocol:
    entry = pb.DirectMessageProtocol(payload=direct.payload)
    if direct.x3dh is not None:
        entry.x3dh_header.key = direct.x3dh.ephemeral
        entry.x3dh_header.id = direct.x3dh.prekey
    if direct.session is not None:
        ratchet = direct.session.ratchet
        entry.dr_header.key = ratchet.key
        entry.dr_header.n = ratchet.n
        entry.dr_header.pn = ratchet.pn
        entry.dr_header.id = direct.session.prekey
    if direct.ephemeral is not None:
        entry.dh_header.key = direct.ephemeral
    return entry


def _direct_from_wire(entry: pb.DirectMessageProtocol) -> DirectMessage:
    x3dh = session = ephemeral = None
    if entry.HasField("x3dh_header"):
        x3dh = X3dhHeader(entry.x3dh_header.key, entry.x3dh_header.id)
    if entry.HasField("dr_header"):
        header = entry.dr_header
        session = SessionHeader(header.id, RatchetHeader(header.key, header.n, header.pn))
    if entry.HasField("dh_header"):
        ephemeral = entry.dh_header.key
    return DirectMessage(entry.payload, x3dh, session, ephemeral)
