"""A session with one device: its ratchet, how it was agreed on, and its stored form.

It owns the record and its bytes. Which session is used, and when it is stored, is the business of
`sealing` and `opening`.

Spec: status-im/specs docs/stable/5-secure-transport.md, "Session management"; status-go
protocol/encryption/persistence.go.
"""

import struct
from typing import Final, NamedTuple

from typing_extensions import override

from sottovoce.base.errors import InvalidKeyError, LocalProtocolError
from sottovoce.base.secret import PrivateKey
from sottovoce.crypto.secp256k1 import COMPRESSED_BYTES
from sottovoce.secure.double_ratchet import RatchetState

# So often the other side may start anew on one prekey of ours before it has to take the next one,
# a day later at most. Each start is remembered, so that its first message can be replayed never.
FOUNDERS_MAX: Final = 32

_VERSION: Final = 1
_SENDABLE: Final = 1
# Version, flags, when it was last used, our unanswered ephemeral key, and the ratchet.
_FIXED: Final = struct.Struct("<BBq33s33s32s33s32s32sQ32sQQQ")
_NONE: Final = bytes(COMPRESSED_BYTES)


class Session(NamedTuple):
    """One session (a NamedTuple, for one is made per message). Its text form shows no key.

    Attributes:
        ratchet: Our side of the ratchet.
        ephemeral: Our ephemeral key while the other side has not answered, 33 bytes; else empty.
        founders: The other side's ephemeral keys that started this session, 33 bytes each; several
            if the other side lost its state.
        used_unix_s: When a message was last sent or received.
        sendable: Whether we may send on it; not after our own state was restored from a backup.
    """

    ratchet: RatchetState
    ephemeral: bytes
    founders: tuple[bytes, ...]
    used_unix_s: int
    sendable: bool = True

    @override
    def __repr__(self) -> str:
        return f"Session({self.ratchet!r})"


def encode_session(session: Session) -> bytes:
    """Return the stored form, version 1."""
    ratchet = session.ratchet
    fixed = _FIXED.pack(
        _VERSION,
        _SENDABLE if session.sendable else 0,
        session.used_unix_s,
        session.ephemeral,
        ratchet.their_key,
        ratchet.own_private.raw,
        ratchet.own_public,
        ratchet.root_key,
        ratchet.sending_key,
        ratchet.sending_count,
        ratchet.receiving_key,
        ratchet.receiving_count,
        ratchet.previous_count,
        ratchet.keys_count,
    )
    return fixed + b"".join(session.founders)


def decode_session(raw: bytes) -> Session:
    """Read the stored form.

    Raises:
        LocalProtocolError: The bytes are damaged, or of a version that is not known.
    """
    founders = raw[_FIXED.size :]
    if not raw or raw[0] != _VERSION:
        raise LocalProtocolError("a stored session has a form that this program does not know")
    if len(raw) < _FIXED.size or len(founders) % COMPRESSED_BYTES:
        raise LocalProtocolError("a stored session is damaged")
    _, flags, used_unix_s, ephemeral, their_key, private, *rest = _FIXED.unpack_from(raw)
    try:
        own_private = PrivateKey(private)
    except InvalidKeyError:
        raise LocalProtocolError("a stored session is damaged") from None
    return Session(
        ratchet=RatchetState(_key(their_key), own_private, *rest),
        ephemeral=_key(ephemeral),
        founders=tuple(
            founders[start : start + COMPRESSED_BYTES]
            for start in range(0, len(founders), COMPRESSED_BYTES)
        ),
        used_unix_s=used_unix_s,
        sendable=bool(flags & _SENDABLE),
    )


def _key(padded: bytes) -> bytes:
    return b"" if padded == _NONE else padded
