"""Sealing: to sessions of a person's devices, to all devices at once, or bundles alone.

It owns which session a message goes on. It computes everything first and stores then; nothing that
it returns may leave before the store has committed.

Spec: status-im/specs docs/stable/5-secure-transport.md; status-go protocol/encryption/protocol.go
and encryptor.go (docs/spec-deviations.md, "Choice of session").
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from sottovoce.base.errors import InvalidKeyError, LocalProtocolError
from sottovoce.base.moment import Moment
from sottovoce.base.quantities import PublicKey
from sottovoce.crypto import secp256k1
from sottovoce.secure import kdf_chain
from sottovoce.secure.agreed_secret import is_agreed, negotiated_secret
from sottovoce.secure.bundle import Bundle, SignedPrekey
from sottovoce.secure.device import Device
from sottovoce.secure.dh_only import seal_dh_only
from sottovoce.secure.double_ratchet import (
    COUNTER_MAX,
    RatchetHeader,
    encrypt,
    start_as_initiator,
)
from sottovoce.secure.facts import BundleWanted, Sealed, Secrecy, SecretAgreed, Target
from sottovoce.secure.forgetting import make_room_for_session
from sottovoce.secure.installations import Installation, Peer
from sottovoce.secure.message import (
    ANY_DEVICE,
    DirectMessage,
    ProtocolMessage,
    SessionHeader,
    X3dhHeader,
)
from sottovoce.secure.own_prekeys import OwnPrekeys
from sottovoce.secure.session import ENDED_CHAINS_MAX, Session
from sottovoce.secure.settings import INSTALLATIONS_MAX
from sottovoce.secure.stores import SessionName
from sottovoce.secure.wire import encode_message
from sottovoce.secure.x3dh import agree_as_initiator

UUID_CHARS: Final = 36  # what installation ids are in practice
NANOSECONDS_MAX: Final = (1 << 63) - 1  # what the field of a timestamp holds


@dataclass(frozen=True, slots=True)
class _Recipient:
    """Whom a message goes to, and what we know."""

    key: PublicKey = field(repr=False)
    identity: bytes = field(repr=False)
    peer: Peer
    own: OwnPrekeys


def overhead_bytes(
    content_bytes: int, *, devices: int = INSTALLATIONS_MAX, id_bytes: int = UUID_CHARS
) -> int:
    """Return by how much sealed content may exceed the content, at most.

    Every device of the recipient gets the whole content, so this grows with it.

    Args:
        content_bytes: The size of the content.
        devices: To how many devices it goes, and how many the bundle names.
        id_bytes: The size of an installation id.
    """
    key = bytes(secp256k1.COMPRESSED_BYTES)
    names = [str(number).rjust(id_bytes) for number in range(devices)]
    header = RatchetHeader(key, COUNTER_MAX, COUNTER_MAX)
    payload = bytes(content_bytes + kdf_chain.OVERHEAD_BYTES)
    entry = DirectMessage(payload, X3dhHeader(key, key), SessionHeader(key, header))
    prekey = SignedPrekey(key, COUNTER_MAX, COUNTER_MAX)
    bundle = Bundle(
        key, dict.fromkeys(names, prekey), NANOSECONDS_MAX, bytes(secp256k1.SIGNATURE_BYTES)
    )
    largest = ProtocolMessage(names[0], (bundle,), dict.fromkeys(names, entry))
    return len(encode_message(largest)) - content_bytes


def seal_direct(device: Device, recipient: PublicKey, content: bytes, now: Moment) -> Sealed:
    """Seal content to a person: on sessions if the conversation has them, else to all devices.

    Args:
        device: This installation.
        recipient: The person; our own identity means our other devices.
        content: Any number of bytes.
        now: The time.

    Raises:
        InvalidKeyError: The recipient's key is not on the curve.
        LocalProtocolError: A record is damaged, or a chain is at its end.
    """
    identity = secp256k1.compress(recipient)
    peer = device.records.peer(identity)
    to = _Recipient(recipient, identity, peer, device.records.own())
    sessions = _encrypt_to_devices(device, to, content, now) if peer.forward_secret else {}
    if sessions:
        direct = {name: entry for name, (entry, _) in sessions.items()}
    else:
        direct = {ANY_DEVICE: _encrypt_to_any_device(device, recipient, content)}
    secret = negotiated_secret(device.identity, recipient, peer)
    for _, step in sessions.values():
        _save(device, step, stranger=False)
    following = replace(peer.with_secret(secret, device.installation_id), known=True)
    if following != peer:
        device.records.save_peer(identity, following)
    return Sealed(
        content=_encode(device, direct, now),
        secrecy=Secrecy.RATCHET if sessions else Secrecy.DH_ONLY,
        targets=_targets(peer, list(sessions)),
        agreed_secret=secret if is_agreed(peer, list(sessions)) else None,
        facts=(SecretAgreed(recipient, secret),),
    )


def seal_to_any_device(device: Device, recipient: PublicKey, content: bytes, now: Moment) -> Sealed:
    """Seal content to an identity, without a session, as pairing needs it.

    Whoever reads it has our bundle and may answer on the negotiated topic, so it is told
    (docs/spec-deviations.md, "Several devices").

    Raises:
        InvalidKeyError: The recipient's key is not on the curve.
        LocalProtocolError: A record is damaged.
    """
    direct = {ANY_DEVICE: _encrypt_to_any_device(device, recipient, content)}
    identity = secp256k1.compress(recipient)
    peer = device.records.peer(identity)
    secret = negotiated_secret(device.identity, recipient, peer)
    following = replace(peer.with_secret(secret, device.installation_id), known=True)
    if following != peer:
        device.records.save_peer(identity, following)
    return Sealed(
        _encode(device, direct, now), Secrecy.DH_ONLY, facts=(SecretAgreed(recipient, secret),)
    )


def seal_bundle(device: Device, now: Moment) -> Sealed:
    """Seal nothing but our bundle, for whoever may want to write to us.

    Raises:
        LocalProtocolError: A record is damaged.
    """
    return Sealed(_encode(device, {}, now), Secrecy.PUBLIC)


def seal_answer(device: Device, wanted: BundleWanted, now: Moment) -> Sealed:
    """Seal an empty message that lets somebody write to us again.

    Every device of theirs can read it and gets our bundle. A device whose session is out of step
    gets one that starts anew; what is under way on one that was replaced still opens.

    Raises:
        InvalidKeyError: Their key is not on the curve.
        LocalProtocolError: A record is damaged.
    """
    identity = secp256k1.compress(wanted.peer)
    peer = device.records.peer(identity)
    to = _Recipient(wanted.peer, identity, peer, device.records.own())
    direct = {ANY_DEVICE: _encrypt_to_any_device(device, wanted.peer, b"")}
    installation = peer.installations.get(wanted.lost_with)
    if installation is not None and installation.enabled and peer.forward_secret:
        started = _start_session(device, to, wanted.lost_with, installation, now)
        if started is not None:
            direct[wanted.lost_with], step = _encrypt_on(started, b"", now)
            _save(device, step, stranger=not peer.known)
            renewed = replace(installation, active_prekey=step.name.prekey)
            peer = peer.with_installation(wanted.lost_with, renewed)
            device.records.save_peer(identity, peer)
    return Sealed(_encode(device, direct, now), Secrecy.DH_ONLY)


def _encode(device: Device, direct: Mapping[str, DirectMessage], now: Moment) -> bytes:
    bundle = device.bundle(now)
    return encode_message(ProtocolMessage(device.installation_id, (bundle,), direct))


def _encrypt_to_any_device(device: Device, recipient: PublicKey, content: bytes) -> DirectMessage:
    ephemeral, payload = seal_dh_only(recipient, content, entropy=device.entropy)
    return DirectMessage(payload, ephemeral=ephemeral)


def _targets(peer: Peer, names: list[str]) -> tuple[Target, ...]:
    return tuple(Target(name, peer.installations[name].protocol_version) for name in names)


class _Step(NamedTuple):
    """A session to be stored.

    Attributes:
        name: Under which name.
        session: The session.
        is_new: Whether there was none under this name.
        ended_chain: The chain that ended because another session was replaced, or empty.
    """

    name: SessionName
    session: Session
    is_new: bool = False
    ended_chain: bytes = b""


def _save(device: Device, step: _Step, *, stranger: bool) -> None:
    device.records.save_session(step.name, step.session)
    if step.is_new:
        make_room_for_session(device, step.name, stranger=stranger)
    if step.ended_chain:
        device.records.store.add_ended_chain(step.name, step.ended_chain, newest=ENDED_CHAINS_MAX)


def _encrypt_to_devices(
    device: Device, to: _Recipient, content: bytes, now: Moment
) -> dict[str, tuple[DirectMessage, _Step]]:
    """Encrypt for the newest devices; one whose prekey is unknown is left out."""
    entries = {}
    for installation_id in to.peer.active(device.settings.installations_max):
        if installation_id == device.installation_id:
            continue
        installation = to.peer.installations[installation_id]
        found = _session_for(device, to, installation_id, installation)
        found = found or _start_session(device, to, installation_id, installation, now)
        if found is not None:
            entries[installation_id] = _encrypt_on(found, content, now)
    return entries


def _session_for(
    device: Device, to: _Recipient, installation_id: str, installation: Installation
) -> _Step | None:
    """Find the session to send on: that of the last message if its prekey lives, else our own."""
    candidates = []
    active = installation.active_prekey
    own = to.own.find(active) if active else None
    if installation.is_usable(active) or (own is not None and not own.expired):
        candidates.append(active)
    if installation.current is not None:
        candidates.append(installation.current.key)
    for prekey in candidates:
        name = SessionName(prekey, to.identity, installation_id)
        session = device.records.session(name)
        if session is not None and session.sendable:
            return _Step(name, session)
    return None


def _start_session(
    device: Device,
    to: _Recipient,
    installation_id: str,
    installation: Installation,
    now: Moment,
) -> _Step | None:
    """Start a session on the current prekey of an installation, if one is known.

    Raises:
        LocalProtocolError: The stored prekey is damaged.
    """
    current = installation.current
    if current is None:
        return None
    try:
        their_prekey = secp256k1.decompress(current.key)
    except InvalidKeyError:
        # It was a point when its bundle was learned.
        raise LocalProtocolError("a stored prekey is damaged") from None
    ephemeral = secp256k1.generate_private_key(device.entropy)
    secret = agree_as_initiator(
        identity=device.identity,
        ephemeral=ephemeral,
        their_identity=to.key,
        their_prekey=their_prekey,
    )
    name = SessionName(current.key, to.identity, installation_id)
    ratchet = start_as_initiator(secret, current.key, entropy=device.entropy)
    public = secp256k1.compress(secp256k1.public_key(ephemeral))
    before = device.records.session(name)
    if before is None:
        return _Step(name, Session(ratchet, public, (), now.unix_whole_s), is_new=True)
    anew = before.started_anew(ratchet, public, now.unix_whole_s)
    return _Step(name, anew, ended_chain=before.ratchet.their_key)


def _encrypt_on(step: _Step, content: bytes, now: Moment) -> tuple[DirectMessage, _Step]:
    name, session = step.name, step.session
    ratchet, header, payload = encrypt(session.ratchet, content)
    entry = DirectMessage(
        payload,
        # Until the other side has answered, any message may be the first that reaches it.
        x3dh=X3dhHeader(session.ephemeral, name.prekey) if session.ephemeral else None,
        session=SessionHeader(name.prekey, header),
    )
    following = session._replace(ratchet=ratchet, used_unix_s=now.unix_whole_s)
    return entry, step._replace(session=following)
