"""Our own prekeys: drawing, using, expiring, destroying, and their stored form.

A prekey is used for a day, then it is kept for what comes late, and then it is destroyed. It owns
the record of them; signing bundles is the business of `bundle`.

Spec: status-im/specs docs/stable/5-secure-transport.md, "Bundle refresh"; status-go
protocol/encryption/encryptor.go, whose clients never destroy a prekey (docs/spec-deviations.md,
"Prekeys").
"""

from dataclasses import dataclass, field, replace
from typing import Final

from sottovoce.base.entropy import Entropy
from sottovoce.base.errors import InvalidKeyError, LocalProtocolError
from sottovoce.base.secret import PrivateKey
from sottovoce.crypto import secp256k1
from sottovoce.secure.bundle import PROTOCOL_VERSION, SignedPrekey
from sottovoce.secure.settings import SecureSettings
from sottovoce.secure.stored_form import RecordReader, RecordWriter, checked_key

NANOSECONDS: Final = 1_000_000_000  # in a second

# The wire has 32 bits. A version near their end, from a faulty device of ours, would leave no next
# one; an honest device gets there in five million years.
VERSION_BELIEVED_MAX: Final = 1 << 31

_VERSION: Final = 1
_VERSION_MAX: Final = 0xFFFF_FFFF  # of a prekey, on the wire


@dataclass(frozen=True, slots=True)
class OwnPrekey:
    """A prekey of this installation.

    Attributes:
        private: The private half.
        public: The public half, compressed, 33 bytes.
        version: Counts our prekeys, from 1.
        issued_ns: When it was drawn, nanoseconds since 1970.
        expired: Whether it is only kept for what comes late.
    """

    private: PrivateKey = field(repr=False)
    public: bytes = field(repr=False)
    version: int
    issued_ns: int
    expired: bool = False

    @property
    def signed(self) -> SignedPrekey:
        """What a bundle says about it."""
        return SignedPrekey(self.public, self.version, PROTOCOL_VERSION)


@dataclass(frozen=True, slots=True)
class OwnPrekeys:
    """All prekeys of this installation that can still be used.

    Attributes:
        prekeys: In the order in which they were drawn.
        version_seen: The highest version that was ever drawn here or seen in a bundle of ours.
    """

    prekeys: tuple[OwnPrekey, ...] = ()
    version_seen: int = 0

    def find(self, public: bytes) -> OwnPrekey | None:
        """Return the prekey with this public half, expired or not."""
        return next((prekey for prekey in self.prekeys if prekey.public == public), None)

    @property
    def current(self) -> OwnPrekey | None:
        """The prekey that new sessions start on, if one was drawn."""
        return next((prekey for prekey in reversed(self.prekeys) if not prekey.expired), None)

    def without_current(self) -> "OwnPrekeys":
        """Return these with every prekey expired; the next bundle gets a new one."""
        expired = tuple(replace(prekey, expired=True) for prekey in self.prekeys)
        return replace(self, prekeys=expired)

    def seen(self, version: int) -> "OwnPrekeys":
        """Return these after a bundle of ours showed a version of our prekey that we do not know.

        That happens when an old backup was restored. A higher version than ours has replaced ours
        wherever it was seen, so the next one must be higher still.
        """
        if version <= self.version_seen or version > VERSION_BELIEVED_MAX:
            return self
        return replace(self.without_current(), version_seen=version)

    def refreshed(self, now_ns: int, settings: SecureSettings, *, entropy: Entropy) -> "OwnPrekeys":
        """Return these with a current prekey that is young enough.

        Args:
            now_ns: Nanoseconds since 1970.
            settings: Says how long a prekey is used.
            entropy: Gives a private key, 32 bytes, if one must be drawn.
        """
        current = self.current
        use_ns = settings.prekey_use_s * NANOSECONDS
        # One from the future is as old as one from the past: the clock was wrong when it was drawn.
        if current is not None and abs(now_ns - current.issued_ns) <= use_ns:
            return self
        private = secp256k1.generate_private_key(entropy)
        public = secp256k1.compress(secp256k1.public_key(private))
        drawn = OwnPrekey(private, public, self.version_seen + 1, now_ns)
        # What is kept is kept from now on, however long ago it was drawn or seems to have been: who
        # was away for weeks has yet to read what was written to it.
        kept = tuple(
            replace(prekey, issued_ns=now_ns - use_ns) if prekey is current else prekey
            for prekey in self.prekeys
        )
        expired = replace(self, prekeys=kept).without_current()
        return OwnPrekeys((*expired.prekeys, drawn), drawn.version)

    def without_old(self, now_ns: int, settings: SecureSettings) -> "OwnPrekeys":
        """Return these without the expired ones that have been kept long enough."""
        kept_ns = (settings.prekey_use_s + settings.prekey_kept_s) * NANOSECONDS
        return replace(
            self,
            prekeys=tuple(
                prekey
                for prekey in self.prekeys
                if not prekey.expired or now_ns - prekey.issued_ns <= kept_ns
            ),
        )


def encode_own_prekeys(own: OwnPrekeys) -> bytes:
    """Return the stored form, version 1."""
    writer = RecordWriter(_VERSION)
    writer.number(own.version_seen)
    writer.number(len(own.prekeys))
    for prekey in own.prekeys:
        writer.data(prekey.private.raw)
        writer.data(prekey.public)
        writer.number(prekey.version)
        writer.number(prekey.issued_ns)
        writer.number(prekey.expired)
    return writer.finish()


def decode_own_prekeys(raw: bytes | None) -> OwnPrekeys:
    """Read the stored form; None means that nothing was stored.

    Raises:
        LocalProtocolError: The bytes are damaged, or of a version that is not known.
    """
    if raw is None:
        return OwnPrekeys()
    reader = RecordReader(raw, _VERSION)
    version_seen = _read_version(reader)
    prekeys = tuple(_read_prekey(reader) for _ in range(reader.count()))
    reader.finish()
    return OwnPrekeys(prekeys, version_seen)


def _read_prekey(reader: RecordReader) -> OwnPrekey:
    try:
        private = secp256k1.private_key(reader.data())
    except InvalidKeyError:
        raise LocalProtocolError("a stored prekey is damaged") from None
    public, version, issued_ns = reader.data(), _read_version(reader), reader.number()
    return OwnPrekey(private, checked_key(public), version, issued_ns, bool(reader.number()))


def _read_version(reader: RecordReader) -> int:
    version = reader.number()
    if not 0 <= version <= _VERSION_MAX:
        raise LocalProtocolError("a stored version of a prekey is damaged")
    return version
