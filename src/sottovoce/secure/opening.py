"""Opening: bundles first, then the entry for this device.

It owns what a message can turn out to be. Bytes of others never raise anything here: what cannot be
read is an outcome with a reason, and a message that does not open changes no session.

Spec: status-im/specs docs/stable/5-secure-transport.md; status-go protocol/encryption/protocol.go
and encryptor.go (docs/spec-deviations.md, "Opening").
"""

from dataclasses import replace

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.moment import Moment
from sottovoce.base.quantities import PublicKey
from sottovoce.crypto import secp256k1
from sottovoce.secure.agreed_secret import negotiated_secret, negotiates
from sottovoce.secure.bundle import Bundle, verify_bundle
from sottovoce.secure.device import Device, unix_ns
from sottovoce.secure.dh_only import open_dh_only
from sottovoce.secure.facts import (
    Fact,
    InstallationSeen,
    Opened,
    Secrecy,
    SecretAgreed,
    Unopened,
    Unreadable,
)
from sottovoce.secure.forgetting import make_room_for_stranger
from sottovoce.secure.installations import Peer
from sottovoce.secure.message import ANY_DEVICE, DirectMessage, ProtocolMessage
from sottovoce.secure.session_opening import EntryContent, Sender, open_on_session
from sottovoce.secure.wire import decode_message


def open_content(
    device: Device, transport_sender: PublicKey, content: bytes, now: Moment
) -> Opened | Unopened:
    """Open what came in an envelope.

    Args:
        device: This installation.
        transport_sender: Who signed the envelope.
        content: The envelope's payload.
        now: The time.

    Returns:
        What was read, or why nothing was. Bytes that are no message of this layer are public
        content.

    Raises:
        InvalidKeyError: The sender's key is not on the curve, so nobody has checked it.
        LocalProtocolError: A stored record is damaged.
    """
    try:
        message = decode_message(content)
    except RemoteProtocolError:
        return Opened(content, Secrecy.PUBLIC)
    if not message.bundles and not message.direct and message.public is None:
        return Opened(content, Secrecy.PUBLIC)
    try:
        facts = _learn_bundles(device, transport_sender, message, now)
    except RemoteProtocolError:
        return Unopened(Unreadable.BAD_BUNDLE)
    if message.public is not None:
        return Opened(message.public, Secrecy.PUBLIC, facts=facts)
    if not message.direct:
        return Unopened(Unreadable.NO_CONTENT, facts)
    return _open_direct(device, transport_sender, message, now, facts)


def _learn_bundles(
    device: Device, transport_sender: PublicKey, message: ProtocolMessage, now: Moment
) -> tuple[Fact, ...]:
    """Check all bundles, then store what is new in them.

    Raises:
        RemoteProtocolError: A signature or a key of a bundle is bad; nothing was stored.
    """
    verified = [(_verify(bundle), bundle) for bundle in message.bundles]
    facts: list[Fact] = []
    for owner, bundle in verified:
        ours = device.installation_id if bundle.identity == device.public else None
        announced_by = message.installation_id if owner == transport_sender else None
        before = device.records.peer(bundle.identity)
        peer, new = before.learned(
            bundle, ours=ours, announced_by=announced_by, now_ns=unix_ns(now)
        )
        if peer != before:
            _save_heard(device, bundle.identity, peer, now)
        facts += [InstallationSeen(owner, name, peer.installations[name].enabled) for name in new]
        if ours is not None:
            _learn_own(device, bundle)
    return tuple(facts)


def _verify(bundle: Bundle) -> PublicKey:
    """Check a bundle with all its keys, so that no session can fail on one later.

    Raises:
        InvalidKeyError: A signature or a key is bad.
    """
    owner = verify_bundle(bundle)
    for prekey in bundle.prekeys.values():
        secp256k1.decompress(prekey.key)
    return owner


def _learn_own(device: Device, bundle: Bundle) -> None:
    """Look what another device of ours says about this one."""
    prekey = bundle.prekeys.get(device.installation_id)
    if prekey is None:
        return
    own = device.records.own()
    if own.find(prekey.key) is None:
        following = own.seen(prekey.version)
        if following is not own:
            device.records.save_own(following)


def _open_direct(
    device: Device,
    transport_sender: PublicKey,
    message: ProtocolMessage,
    now: Moment,
    facts: tuple[Fact, ...],
) -> Opened | Unopened:
    entry = message.direct.get(device.installation_id) or message.direct.get(ANY_DEVICE)
    sender = _sender_of(device, transport_sender, message)
    if entry is None:
        ours = sender.identity == device.public
        reason = Unreadable.NOT_PAIRED if ours else Unreadable.OTHER_DEVICE
        return Unopened(reason, facts, sender.installation_id, sender.is_late)
    read = _read_entry(device, sender, entry, now)
    if isinstance(read, Unreadable):
        return Unopened(read, facts, sender.installation_id, sender.is_late)
    facts += _remember_sender(device, sender, message, read, now)
    secrecy = Secrecy.DH_ONLY if read.receipt is None else Secrecy.RATCHET
    return Opened(read.content, secrecy, read.receipt, facts)


def _read_entry(
    device: Device, sender: Sender, entry: DirectMessage, now: Moment
) -> EntryContent | Unreadable:
    if entry.session is not None:
        return open_on_session(device, sender, entry, now)
    if entry.ephemeral is None:
        return Unreadable.MALFORMED
    try:
        content = open_dh_only(device.identity, entry.ephemeral, entry.payload)
    except RemoteProtocolError:
        return Unreadable.DAMAGED
    return EntryContent(content, None, is_current=False)


def _remember_sender(
    device: Device,
    sender: Sender,
    message: ProtocolMessage,
    read: EntryContent,
    now: Moment,
) -> tuple[Fact, ...]:
    """Note which session the sender uses, and that it has the negotiated secret."""
    before = peer = device.records.peer(sender.identity)
    installation = peer.installations.get(message.installation_id)
    if read.receipt is not None and read.is_current and installation is not None:
        active = replace(installation, active_prekey=read.receipt.session.prekey)
        peer = peer.with_installation(message.installation_id, active)
    facts: tuple[Fact, ...] = ()
    if negotiates(message.bundles, message.installation_id):
        secret = negotiated_secret(device.identity, sender.key, peer)
        peer = peer.with_secret(secret, message.installation_id)
        facts = (SecretAgreed(sender.key, secret),)
    # Whoever has a session has a record, for sessions are forgotten with their identity.
    if peer != before or (read.receipt is not None and not before.heard_unix_s):
        _save_heard(device, sender.identity, peer, now)
    return facts


def _sender_of(device: Device, key: PublicKey, message: ProtocolMessage) -> Sender:
    """Return who sent a message, and what that means for its session."""
    identity = secp256k1.compress(key)
    peer = device.records.peer(identity)
    installation_id = message.installation_id
    is_late = not any(
        bundle.identity == identity
        and installation_id in bundle.prekeys
        and not peer.has_newer_word(bundle, installation_id)
        for bundle in message.bundles
    )
    return Sender(key, identity, installation_id, is_late, is_stranger=not peer.known)


def _save_heard(device: Device, identity: bytes, peer: Peer, now: Moment) -> None:
    """Store what was learned about an identity; for a stranger that is new, others make room."""
    known = peer.known or identity == device.public
    heard = replace(peer, known=known, heard_unix_s=now.unix_whole_s)
    device.records.save_peer(identity, heard)
    if not known and not peer.heard_unix_s:
        make_room_for_stranger(device)
