"""A session with one device: its ratchets, how they were agreed on, and its stored form.

It owns the record and its bytes, and what becomes of its ratchets when one starts or opens. Which
session is used, and when it is stored, is the business of `sealing` and `opening`.

Spec: status-im/specs docs/stable/5-secure-transport.md, "Session management"; status-go
protocol/encryption/persistence.go.
"""

import struct
from typing import Final, NamedTuple

from typing_extensions import override

from sottovoce.base.errors import InvalidKeyError, LocalProtocolError
from sottovoce.crypto import secp256k1
from sottovoce.crypto.secp256k1 import COMPRESSED_BYTES
from sottovoce.secure.double_ratchet import COUNTER_MAX, RatchetState
from sottovoce.secure.stored_form import checked_key

# So often the other side may start anew on one prekey of ours before it has to take the next one,
# a day later at most. Each start is remembered, so that its first message can be replayed never.
FOUNDERS_MAX: Final = 32
# Ratchets beside the present one: what was under way when a session started anew still opens. Each
# costs a forger two multiplications more, and a peer is answered with a new one every two hours at
# most.
KEPT_RATCHETS_MAX: Final = 4
# Chains that ended, remembered so that an old message is known as such: one for each change of
# direction in a conversation.
ENDED_CHAINS_MAX: Final = 2000

_VERSION: Final = 2
_VERSION_WITHOUT_KEPT: Final = 1  # its founders go on to the end
_SENDABLE: Final = 1
# Version, flags, when it was last used, our unanswered ephemeral key.
_FIXED: Final = struct.Struct("<BBq33s")
_RATCHET: Final = struct.Struct("<33s32s33s32s32sQ32sQQQ")
_COUNT: Final = struct.Struct("<B")
_KEPT: Final = struct.Struct("<?q")
_NONE: Final = bytes(COMPRESSED_BYTES)
# Nobody gets so far, and whoever counts on stays within the 63 bits of a store.
_KEYS_COUNT_MAX: Final = 1 << 62


class KeptRatchet(NamedTuple):
    """A ratchet beside the present one, kept for what is under way on it; its repr shows no key.

    Attributes:
        ratchet: Our side of it.
        used_unix_s: When the last message opened on it, or it was put aside.
        sendable: Whether it becomes the present one again if the other side uses it now; not if it
            was us who put it aside, for our state may have been turned back.
    """

    ratchet: RatchetState
    used_unix_s: int
    sendable: bool

    @override
    def __repr__(self) -> str:
        return f"KeptRatchet({self.ratchet!r})"


class Session(NamedTuple):
    """One session (a NamedTuple, for one is made per message). Its text form shows no key.

    Attributes:
        ratchet: Our side of the ratchet.
        ephemeral: Our ephemeral key while the other side has not answered, 33 bytes; else empty.
        founders: The other side's ephemeral keys that started this session, 33 bytes each; several
            if the other side lost its state.
        used_unix_s: When a message was last sent or received.
        sendable: Whether we may send on it; not after our own state was restored from a backup.
        kept: The ratchets beside the present one, the one put aside first comes first.
    """

    ratchet: RatchetState
    ephemeral: bytes
    founders: tuple[bytes, ...]
    used_unix_s: int
    sendable: bool = True
    kept: tuple[KeptRatchet, ...] = ()

    @override
    def __repr__(self) -> str:
        return f"Session({self.ratchet!r})"

    def unsendable(self) -> "Session":
        """Return this when nothing may be sent any more on what it has."""
        kept = tuple(one._replace(sendable=False) for one in self.kept)
        return self._replace(sendable=False, kept=kept)

    def started_anew(self, ratchet: RatchetState, ephemeral: bytes, now_unix_s: int) -> "Session":
        """Return what stands under this session's name from now on.

        What is under way on the ratchets from before still opens. Keys of messages are stored under
        the session's name, so they are counted on.

        Args:
            ratchet: The new ratchet.
            ephemeral: Our ephemeral key, 33 bytes, if it was us who started it; else empty.
            now_unix_s: The time.
        """
        before = self.unsendable() if ephemeral else self
        kept = KeptRatchet(self.ratchet, now_unix_s, before.sendable)
        return Session(
            ratchet=ratchet._replace(keys_count=self.ratchet.keys_count),
            ephemeral=ephemeral,
            founders=self.founders,
            used_unix_s=now_unix_s,
            kept=(*before.kept, kept)[-KEPT_RATCHETS_MAX:],
        )

    def started_late(self, ratchet: RatchetState, now_unix_s: int) -> "Session":
        """Return this with a ratchet that a late message started: it opens, and replaces nothing.

        Args:
            ratchet: The new ratchet, with the session's count of keys.
            now_unix_s: The time.
        """
        kept = KeptRatchet(ratchet, now_unix_s, sendable=True)
        return self._replace(
            ratchet=self.ratchet._replace(keys_count=ratchet.keys_count),
            kept=(*self.kept, kept)[-KEPT_RATCHETS_MAX:],
        )

    def turned(
        self, place: int, ratchet: RatchetState, now_unix_s: int, *, is_late: bool
    ) -> "Session":
        """Return this after a message opened on one of its ratchets.

        Args:
            place: 0 for the present ratchet, else that of a kept one, from 1.
            ratchet: What it has become, with the session's count of keys.
            now_unix_s: The time.
            is_late: Whether the message may be an old one, which shows nothing about the present.
        """
        if place == 0:
            # What came on it shows that the other side has it, so nothing more is repeated.
            return self._replace(ratchet=ratchet, ephemeral=b"")
        kept = list(self.kept)
        sendable = kept[place - 1].sendable
        if is_late or not sendable:
            kept[place - 1] = KeptRatchet(ratchet, now_unix_s, sendable)
            counted = self.ratchet._replace(keys_count=ratchet.keys_count)
            return self._replace(ratchet=counted, kept=tuple(kept))
        kept[place - 1] = KeptRatchet(self.ratchet, now_unix_s, self.sendable)
        return self._replace(ratchet=ratchet, ephemeral=b"", sendable=True, kept=tuple(kept))


def encode_session(session: Session) -> bytes:
    """Return the stored form, version 2."""
    flags = _SENDABLE if session.sendable else 0
    parts = [
        _FIXED.pack(_VERSION, flags, session.used_unix_s, session.ephemeral),
        _encode_ratchet(session.ratchet),
        _COUNT.pack(len(session.founders)),
        *session.founders,
    ]
    for kept in session.kept:
        parts += (_KEPT.pack(kept.sendable, kept.used_unix_s), _encode_ratchet(kept.ratchet))
    return b"".join(parts)


def _encode_ratchet(ratchet: RatchetState) -> bytes:
    return _RATCHET.pack(
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


def decode_session(raw: bytes) -> Session:
    """Read the stored form, of version 1 or 2.

    Raises:
        LocalProtocolError: The bytes are damaged, or of a version that is not known.
    """
    if not raw or raw[0] not in {_VERSION, _VERSION_WITHOUT_KEPT}:
        raise LocalProtocolError("a stored session has a form that this program does not know")
    try:
        version, flags, used_unix_s, ephemeral = _FIXED.unpack_from(raw)
        ratchet = _decode_ratchet(raw, _FIXED.size)
        at = _FIXED.size + _RATCHET.size
        if version == _VERSION:
            (count,) = _COUNT.unpack_from(raw, at)
            at += _COUNT.size
            end = at + count * COMPRESSED_BYTES
        else:
            end = len(raw)
        founders = _decode_founders(raw[at:end])
        kept = _decode_kept(raw, end)
    except (struct.error, InvalidKeyError):
        raise LocalProtocolError("a stored session is damaged") from None
    sendable = bool(flags & _SENDABLE)
    return Session(ratchet, _key(ephemeral), founders, used_unix_s, sendable, kept)


def _decode_ratchet(raw: bytes, at: int) -> RatchetState:
    """Read a ratchet.

    Raises:
        struct.error: The bytes end before.
        InvalidKeyError: Its private key is none.
        LocalProtocolError: A public key is none, or a number is out of its range.
    """
    their_key, private, own_public, *rest = _RATCHET.unpack_from(raw, at)
    ratchet = RatchetState(
        _key(their_key), secp256k1.private_key(private), checked_key(own_public), *rest
    )
    if (
        max(ratchet.sending_count, ratchet.previous_count) > COUNTER_MAX
        # One more, for a last message that bears the highest number was received as well.
        or ratchet.receiving_count > COUNTER_MAX + 1
        or ratchet.keys_count > _KEYS_COUNT_MAX
    ):
        raise LocalProtocolError("a stored session is damaged")
    return ratchet


def _decode_founders(raw: bytes) -> tuple[bytes, ...]:
    """Read the founders, which fill the bytes.

    Raises:
        LocalProtocolError: They do not, or are too many.
    """
    if len(raw) % COMPRESSED_BYTES or len(raw) > FOUNDERS_MAX * COMPRESSED_BYTES:
        raise LocalProtocolError("a stored session is damaged")
    starts = range(0, len(raw), COMPRESSED_BYTES)
    return tuple(raw[start : start + COMPRESSED_BYTES] for start in starts)


def _decode_kept(raw: bytes, start: int) -> tuple[KeptRatchet, ...]:
    """Read the kept ratchets, which go on to the end.

    Raises:
        struct.error: The bytes end within one, or before.
        InvalidKeyError: A private key is none.
        LocalProtocolError: A public key is none, or a number is out of its range.
    """
    size = _KEPT.size + _RATCHET.size
    kept = []
    for at in range(start, max(len(raw), start), size):
        sendable, used_unix_s = _KEPT.unpack_from(raw, at)
        ratchet = _decode_ratchet(raw, at + _KEPT.size)
        kept.append(KeptRatchet(ratchet, used_unix_s, sendable))
    return tuple(kept)


def _key(padded: bytes) -> bytes:
    return b"" if padded == _NONE else checked_key(padded)
