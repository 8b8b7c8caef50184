"""What we know about one identity: its devices, their prekeys, what was agreed; its stored form.

It owns which devices a message goes to and which prekey of a device is the current one. Signatures
were checked before anything comes here, and keys are those of the bundle.

Spec: status-im/specs docs/stable/5-secure-transport.md, "Multi-device"; status-go
protocol/encryption/multidevice and persistence.go (docs/spec-deviations.md, "Prekeys of others").
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from sottovoce.base.errors import InvalidKeyError, LocalProtocolError
from sottovoce.base.secret import SymmetricKey
from sottovoce.secure.bundle import Bundle, SignedPrekey
from sottovoce.secure.message import ANY_DEVICE
from sottovoce.secure.stored_form import RecordReader, RecordWriter, checked_key

# Devices of one identity that we remember; messages go to the three newest. Deployed clients
# remember all, so that an identity could grow without end.
INSTALLATIONS_REMEMBERED_MAX: Final = 32
# Prekeys of one device that we remember: one a day, and an old one serves only to be recognised.
PREKEYS_REMEMBERED_MAX: Final = 16
# Installation ids from which messages came, whether or not a bundle named them.
AGREED_MAX: Final = 64

_VERSION: Final = 2
# It did not say who was written to, nor when anything was heard: none of it is ever given up.
_VERSION_WITHOUT_KNOWN: Final = 1
_FORWARD_SECRET: Final = 1
_KNOWN: Final = 2
_ENABLED: Final = 1
_EXPIRED: Final = 1


@dataclass(frozen=True, slots=True)
class KnownPrekey:
    """A prekey of somebody's installation.

    Attributes:
        key: The public key, compressed, 33 bytes.
        version: Counts the installation's prekeys.
        timestamp_ns: When the bundle was signed in which it was seen first.
        expired: Whether a newer one has replaced it.
    """

    key: bytes = field(repr=False)
    version: int
    timestamp_ns: int
    expired: bool = False


@dataclass(frozen=True, slots=True)
class Installation:
    """A device of somebody.

    Attributes:
        timestamp_ns: When the newest bundle was signed that names it.
        enabled: Whether messages go to it. Devices of others are enabled on sight, our own only by
            the person.
        protocol_version: The highest that it was seen with.
        prekeys: In the order in which they were seen.
        active_prekey: Names the session on which the last new message came, 33 bytes, or empty.
        announced_ns: When the newest bundle was signed that came from the device itself, or came
            if it was signed in the future; else 0.
    """

    timestamp_ns: int
    enabled: bool
    protocol_version: int
    prekeys: tuple[KnownPrekey, ...] = ()
    active_prekey: bytes = field(default=b"", repr=False)
    announced_ns: int = 0

    @property
    def current(self) -> KnownPrekey | None:
        """The prekey that a new session starts on."""
        usable = [prekey for prekey in self.prekeys if not prekey.expired]
        return max(usable, key=lambda prekey: prekey.version, default=None)

    def is_usable(self, prekey: bytes) -> bool:
        """Tell whether a prekey is one of this installation's and has not expired."""
        return any(known.key == prekey and not known.expired for known in self.prekeys)

    def learned(
        self, prekey: SignedPrekey, timestamp_ns: int, *, announced: bool, now_ns: int
    ) -> "Installation":
        """Return this after a bundle showed a prekey.

        Args:
            prekey: What the bundle says.
            timestamp_ns: When the bundle was signed.
            announced: Whether the installation itself sent the bundle.
            now_ns: The time by our clock.
        """
        announced_ns, prekeys = self.announced_ns, self.prekeys
        if announced:
            # A device whose clock ran ahead once must not seem late for ever after.
            announced_ns = max(announced_ns, min(timestamp_ns, now_ns))
        if all(known.key != prekey.key for known in prekeys):
            added = KnownPrekey(prekey.key, prekey.version, timestamp_ns)
            since_ns = self._since_ns(announced=announced, now_ns=now_ns)
            prekeys = self._with_prekey(added, since_ns)
        if timestamp_ns <= self.timestamp_ns:
            return replace(self, prekeys=_pruned(prekeys), announced_ns=announced_ns)
        active = self.active_prekey
        if announced and self._has_forgotten(prekey):
            # Its sessions are gone as well, those on prekeys of ours included.
            active = b""
        if announced or not self.announced_ns:
            # A device that lost its memory counts anew from 1, or from where its backup stands. Its
            # own word, newer than all we heard of it, counts more than the higher version of a
            # prekey that it no longer has; so does the newest bundle while it has said nothing.
            prekeys = tuple(_only_current(known, prekey.key) for known in prekeys)
        version = max(self.protocol_version, prekey.protocol_version)
        return Installation(
            timestamp_ns, self.enabled, version, _pruned(prekeys), active, announced_ns
        )

    def _since_ns(self, *, announced: bool, now_ns: int) -> int:
        """Return when the bundle was signed that says what the device has now."""
        if not announced and not self.announced_ns:
            return self.timestamp_ns
        # What the device sent itself may have been kept as well, and sent again by somebody else.
        current = self.current
        if current is None or current.timestamp_ns > now_ns:
            return self.announced_ns
        return max(self.announced_ns, current.timestamp_ns)

    def _with_prekey(self, added: KnownPrekey, since_ns: int) -> tuple[KnownPrekey, ...]:
        """Return the prekeys with one that was not known."""
        if added.timestamp_ns < since_ns:
            # A bundle that was signed later says what the device has. Whoever kept this one from
            # before cannot bring back what the device has lost.
            return (*self.prekeys, replace(added, expired=True))
        return (*(_older_expired(known, added) for known in self.prekeys), added)

    def _has_forgotten(self, prekey: SignedPrekey) -> bool:
        """Tell whether a device that says this must have lost what it had."""
        current = self.current
        return (
            current is not None and current.key != prekey.key and prekey.version <= current.version
        )


def _rank(installation: Installation, ours: str | None) -> tuple[bool, int]:
    """Return what decides which device is forgotten first: the lowest."""
    return ours is not None and installation.enabled, installation.timestamp_ns


def _older_expired(known: KnownPrekey, added: KnownPrekey) -> KnownPrekey:
    if known.expired or known.version >= added.version:
        return known
    return replace(known, expired=True)


def _only_current(known: KnownPrekey, current: bytes) -> KnownPrekey:
    expired = known.key != current
    return known if known.expired == expired else replace(known, expired=expired)


def _pruned(prekeys: tuple[KnownPrekey, ...]) -> tuple[KnownPrekey, ...]:
    if len(prekeys) <= PREKEYS_REMEMBERED_MAX:
        return prekeys
    # False sorts before True, so that the first is the oldest expired one, if there is any.
    worst = min(prekeys, key=lambda known: (not known.expired, known.version))
    return tuple(known for known in prekeys if known is not worst)


@dataclass(frozen=True, slots=True)
class Peer:
    """An identity as we know it; our own one too, whose installations are our other devices.

    Attributes:
        installations: By installation id, in the order in which they were seen.
        secret: The negotiated secret, once a message went or came; else None.
        agreed: The installation ids that have it: those a message came from, and our own.
        forward_secret: Whether messages go through sessions; else every device can read them with
            the identity's key alone.
        known: Whether this is no stranger: we wrote to it, or the person decided something about
            it, or it is our own.
        heard_unix_s: When it was last heard of, by our clock.
    """

    installations: Mapping[str, Installation] = field(default_factory=dict, repr=False)
    secret: SymmetricKey | None = None
    agreed: tuple[str, ...] = field(default=(), repr=False)
    forward_secret: bool = True
    known: bool = False
    heard_unix_s: int = field(default=0, repr=False)

    def active(self, count_max: int) -> list[str]:
        """Return the enabled installations, those of the newest bundles first."""
        enabled = [name for name, known in self.installations.items() if known.enabled]
        enabled.sort(key=lambda name: self.installations[name].timestamp_ns, reverse=True)
        return enabled[:count_max]

    def with_installation(self, name: str, installation: Installation) -> "Peer":
        """Return this with an installation replaced or added."""
        return replace(self, installations={**self.installations, name: installation})

    def with_secret(self, secret: SymmetricKey, installation_id: str) -> "Peer":
        """Return this with the secret, which one more installation has."""
        if self.secret is not None and installation_id in self.agreed:
            return self
        others = tuple(name for name in self.agreed if name != installation_id)
        agreed = (*others, installation_id)[-AGREED_MAX:]
        return replace(self, secret=secret, agreed=agreed)

    def has_newer_word(self, bundle: Bundle, installation_id: str) -> bool:
        """Tell whether an installation said something after it sent a bundle that names it.

        Args:
            bundle: A bundle of this identity that came from the installation, and was learned.
            installation_id: Which one.
        """
        installation = self.installations.get(installation_id)
        return installation is None or bundle.timestamp_ns < installation.announced_ns

    def learned(
        self, bundle: Bundle, *, ours: str | None, announced_by: str | None, now_ns: int
    ) -> tuple["Peer", list[str]]:
        """Return this after a bundle of this identity, and the ids that are new.

        Args:
            bundle: The bundle, whose signature and keys were checked.
            ours: Our installation id if this is our own identity; else None.
            announced_by: The installation that sent the bundle, if it is one of this identity.
            now_ns: The time by our clock.
        """
        installations = dict(self.installations)
        new = []
        for name, prekey in bundle.prekeys.items():
            if name in {ours, ANY_DEVICE, ""}:
                continue
            known = installations.get(name)
            if known is None:
                known = Installation(bundle.timestamp_ns, ours is None, prekey.protocol_version)
                new.append(name)
            installations[name] = known.learned(
                prekey, bundle.timestamp_ns, announced=name == announced_by, now_ns=now_ns
            )
        # Of our own those that the person enabled stay: others may be made without end.
        while len(installations) > INSTALLATIONS_REMEMBERED_MAX:
            oldest = min(installations, key=lambda name: _rank(installations[name], ours))
            del installations[oldest]
        return replace(self, installations=installations), [n for n in new if n in installations]


def encode_peer(peer: Peer) -> bytes:
    """Return the stored form, version 2."""
    writer = RecordWriter(_VERSION)
    flags = _FORWARD_SECRET if peer.forward_secret else 0
    writer.number(flags | (_KNOWN if peer.known else 0))
    writer.number(peer.heard_unix_s)
    writer.data(b"" if peer.secret is None else peer.secret.raw)
    writer.number(len(peer.agreed))
    for name in peer.agreed:
        writer.text(name)
    writer.number(len(peer.installations))
    for name, installation in peer.installations.items():
        writer.text(name)
        writer.number(installation.timestamp_ns)
        writer.number(installation.announced_ns)
        writer.number(_ENABLED if installation.enabled else 0)
        writer.number(installation.protocol_version)
        writer.data(installation.active_prekey)
        writer.number(len(installation.prekeys))
        for prekey in installation.prekeys:
            writer.data(prekey.key)
            writer.number(prekey.version)
            writer.number(prekey.timestamp_ns)
            writer.number(_EXPIRED if prekey.expired else 0)
    return writer.finish()


def decode_peer(raw: bytes | None) -> Peer:
    """Read the stored form, of version 1 or 2; None means that nothing was stored.

    Raises:
        LocalProtocolError: The bytes are damaged, or of a version that is not known.
    """
    if raw is None:
        return Peer()
    is_old = raw[:1] == bytes((_VERSION_WITHOUT_KNOWN,))
    reader = RecordReader(raw, _VERSION_WITHOUT_KNOWN if is_old else _VERSION)
    flags = reader.number()
    known = is_old or bool(flags & _KNOWN)
    heard_unix_s = 0 if is_old else reader.number()
    secret = reader.data()
    agreed = tuple(reader.text() for _ in range(reader.count()))
    installations = {}
    for _ in range(reader.count()):
        name = reader.text()
        installations[name] = _read_installation(reader, is_old=is_old)
    reader.finish()
    try:
        key = SymmetricKey(secret) if secret else None
    except InvalidKeyError:
        raise LocalProtocolError("a stored secret is damaged") from None
    forward_secret = bool(flags & _FORWARD_SECRET)
    return Peer(installations, key, agreed, forward_secret, known, heard_unix_s)


def _read_installation(reader: RecordReader, *, is_old: bool) -> Installation:
    timestamp_ns = reader.number()
    announced_ns = 0 if is_old else reader.number()
    flags, version = reader.number(), reader.number()
    active_prekey = reader.data()
    if active_prekey:
        checked_key(active_prekey)
    prekeys = tuple(_read_prekey(reader) for _ in range(reader.count()))
    enabled = bool(flags & _ENABLED)
    return Installation(timestamp_ns, enabled, version, prekeys, active_prekey, announced_ns)


def _read_prekey(reader: RecordReader) -> KnownPrekey:
    key, version, timestamp_ns, flags = (
        reader.data(),
        reader.number(),
        reader.number(),
        reader.number(),
    )
    return KnownPrekey(checked_key(key), version, timestamp_ns, bool(flags & _EXPIRED))
