"""Opening one entry on its session, and starting the session if the entry brings what that takes.

It owns what a failure means: seen before, out of step, or unknown. Only a message that opens
changes anything, the mark that the other side has answered included.

Spec: status-im/specs docs/stable/5-secure-transport.md, "Session management"; status-go
protocol/encryption/encryptor.go (docs/spec-deviations.md, "Opening").
"""

from typing import Final, NamedTuple

from typing_extensions import override

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.moment import Moment
from sottovoce.base.quantities import PublicKey
from sottovoce.crypto import secp256k1
from sottovoce.secure.device import Device
from sottovoce.secure.double_ratchet import (
    KeyGoneError,
    RatchetState,
    Received,
    decrypt,
    decrypt_with,
    start_as_responder,
)
from sottovoce.secure.facts import Receipt, Unreadable
from sottovoce.secure.message import DirectMessage, SessionHeader, X3dhHeader
from sottovoce.secure.session import FOUNDERS_MAX, Session
from sottovoce.secure.stores import SessionName
from sottovoce.secure.x3dh import agree_as_responder

# Sessions with one identity. An honest one has some per device and day in a month; a hostile one
# could name a new device in each message. The one that was not used for longest makes room.
SESSIONS_PER_PEER_MAX: Final = 128
# Chains that ended, remembered so that an old message is known as such: one for each change of
# direction in a conversation.
ENDED_CHAINS_MAX: Final = 2000


class EntryContent(NamedTuple):
    """What an entry held. Its text form does not show it.

    Attributes:
        content: What the sender wrote.
        receipt: Names the key that opened it; None if there was no session.
        is_new: Whether its key was taken just now; else it may have been opened before.
    """

    content: bytes
    receipt: Receipt | None
    is_new: bool

    @override
    def __repr__(self) -> str:
        return f"EntryContent({len(self.content)} bytes)"


def open_on_session(
    device: Device, sender: PublicKey, installation_id: str, entry: DirectMessage, now: Moment
) -> EntryContent | Unreadable:
    """Open an entry that names a session.

    Args:
        device: This installation.
        sender: Who signed the envelope.
        installation_id: The sender's installation, as the message says.
        entry: An entry with a session header.
        now: The time.

    Raises:
        LocalProtocolError: A stored record is damaged.
    """
    header = entry.session
    assert header is not None
    name = SessionName(header.prekey, secp256k1.compress(sender), installation_id)
    session = device.records.session(name)
    opened: EntryContent | Unreadable = Unreadable.NO_SESSION
    if session is not None:
        opened = _open_on_known(device, name, session, header, entry.payload, now)
    if isinstance(opened, Unreadable) and entry.x3dh is not None:
        started = _start(device, sender, name, session, entry.x3dh)
        if started is not None:
            founders = (*(session.founders if session else ()), entry.x3dh.ephemeral)
            anew = Session(started, b"", founders, now.unix_whole_s)
            opened = _receive(device, name, anew, header, entry.payload, now)
            if isinstance(opened, EntryContent):
                _settle(device, name, session)
    return opened


def _open_on_known(
    device: Device,
    name: SessionName,
    session: Session,
    header: SessionHeader,
    payload: bytes,
    now: Moment,
) -> EntryContent | Unreadable:
    ratchet = header.ratchet
    store = device.records.store
    key = store.load_message_key(name, ratchet.key, ratchet.n)
    if key is not None:
        try:
            content = decrypt_with(key, ratchet, payload)
        except RemoteProtocolError:
            return Unreadable.BROKEN
        return EntryContent(content, Receipt(name, ratchet.key, ratchet.n), is_new=False)
    if ratchet.key != session.ratchet.their_key and store.is_ended_chain(name, ratchet.key):
        return Unreadable.KEY_GONE
    return _receive(device, name, session, header, payload, now)


def _receive(
    device: Device,
    name: SessionName,
    session: Session,
    header: SessionHeader,
    payload: bytes,
    now: Moment,
) -> EntryContent | Unreadable:
    """Take the ratchet on by a message and store what follows, or change nothing."""
    try:
        received = decrypt(
            session.ratchet,
            header.ratchet,
            payload,
            skip_max=device.settings.skip_max,
            entropy=device.entropy,
        )
    except KeyGoneError:
        return Unreadable.KEY_GONE
    except RemoteProtocolError:
        return Unreadable.BROKEN
    _commit(device, name, session, received, now)
    receipt = Receipt(name, header.ratchet.key, header.ratchet.n)
    return EntryContent(received.plaintext, receipt, is_new=True)


def _commit(
    device: Device, name: SessionName, session: Session, received: Received, now: Moment
) -> None:
    store, settings = device.records.store, device.settings
    store.add_message_keys(
        name,
        received.keys,
        newest=settings.message_keys_max,
        above=max(received.state.keys_count - settings.keys_back_max, -1),
    )
    if received.ended_chain:
        store.add_ended_chain(name, received.ended_chain, newest=ENDED_CHAINS_MAX)
    # What came on the session shows that the other side has it, so nothing more is repeated.
    following = session._replace(
        ratchet=received.state, ephemeral=b"", used_unix_s=now.unix_whole_s
    )
    device.records.save_session(name, following)


def _start(
    device: Device,
    sender: PublicKey,
    name: SessionName,
    session: Session | None,
    x3dh: X3dhHeader,
) -> RatchetState | None:
    """Return the ratchet that an X3DH header starts, if it may.

    A session that runs is started anew only by an ephemeral key that never started it: a repeated
    header is normal, and a replayed one must not turn it back.
    """
    if x3dh.prekey != name.prekey:
        return None
    if session is not None and (
        x3dh.ephemeral in session.founders or len(session.founders) >= FOUNDERS_MAX
    ):
        return None
    prekey = device.records.own().find(x3dh.prekey)
    if prekey is None:
        return None
    try:
        secret = agree_as_responder(
            identity=device.identity,
            prekey=prekey.private,
            their_identity=sender,
            their_ephemeral=secp256k1.decompress(x3dh.ephemeral),
        )
    except RemoteProtocolError:
        return None
    ratchet = start_as_responder(secret, prekey.private, prekey.public)
    if session is not None:
        # Keys of messages are stored under the session's name, and counted on.
        ratchet = ratchet._replace(keys_count=session.ratchet.keys_count)
    return ratchet


def _settle(device: Device, newest: SessionName, before: Session | None) -> None:
    """Remember what a session replaced, or make room for one more."""
    if before is not None:
        if before.ratchet.their_key:
            device.records.store.add_ended_chain(
                newest, before.ratchet.their_key, newest=ENDED_CHAINS_MAX
            )
        return
    names = device.records.store.sessions(newest.peer)
    if len(names) <= SESSIONS_PER_PEER_MAX:
        return
    used: list[tuple[int, SessionName]] = []
    for name in names:
        session = device.records.session(name)
        if session is not None and name != newest:
            used.append((session.used_unix_s, name))
    device.records.store.delete_session(min(used)[1])
