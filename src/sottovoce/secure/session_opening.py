"""Opening one entry on its session, and starting the session if the entry brings what that takes.

It owns what a failure means: seen before, out of step, or unknown. Only a message that opens
changes anything, the mark that the other side has answered included.

Spec: status-im/specs docs/stable/5-secure-transport.md, "Session management"; status-go
protocol/encryption/encryptor.go (docs/spec-deviations.md, "Opening").
"""

from typing import NamedTuple

from typing_extensions import override

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.base.moment import Moment
from sottovoce.base.quantities import PublicKey
from sottovoce.crypto import secp256k1
from sottovoce.secure.device import Device
from sottovoce.secure.double_ratchet import (
    KeyGoneError,
    RatchetHeader,
    RatchetState,
    Received,
    decrypt,
    decrypt_with,
    start_as_responder,
)
from sottovoce.secure.facts import Receipt, Unreadable
from sottovoce.secure.forgetting import make_room_for_session
from sottovoce.secure.message import DirectMessage, X3dhHeader
from sottovoce.secure.session import ENDED_CHAINS_MAX, FOUNDERS_MAX, Session
from sottovoce.secure.stores import SessionName
from sottovoce.secure.x3dh import agree_as_responder


class Sender(NamedTuple):
    """Who sent an entry (a NamedTuple, for one is made per message). Its text form names nobody.

    Attributes:
        key: Who signed the envelope.
        identity: The same, compressed, 33 bytes.
        installation_id: The sender's installation, as the message says.
        is_late: Whether the message may be an old one: no bundle shows that it is not.
        is_stranger: Whether we never wrote to them.
    """

    key: PublicKey
    identity: bytes
    installation_id: str
    is_late: bool
    is_stranger: bool

    @override
    def __repr__(self) -> str:
        return f"Sender(is_late={self.is_late}, is_stranger={self.is_stranger})"


class EntryContent(NamedTuple):
    """What an entry held. Its text form does not show it.

    Attributes:
        content: What the sender wrote.
        receipt: Names the key that opened it; None if there was no session.
        is_current: Whether it shows which session the sender uses now: it is neither late nor
            repeated.
    """

    content: bytes
    receipt: Receipt | None
    is_current: bool

    @override
    def __repr__(self) -> str:
        return f"EntryContent({len(self.content)} bytes)"


class _Opening(NamedTuple):
    """What all steps of opening one entry need."""

    device: Device
    sender: Sender
    name: SessionName
    header: RatchetHeader
    payload: bytes
    now: Moment

    def decrypt(self, ratchet: RatchetState) -> Received | Unreadable:
        """Try a ratchet; nothing is stored."""
        settings, entropy = self.device.settings, self.device.entropy
        try:
            return decrypt(
                ratchet, self.header, self.payload, skip_max=settings.skip_max, entropy=entropy
            )
        except KeyGoneError:
            return Unreadable.KEY_GONE
        except RemoteProtocolError:
            return Unreadable.BROKEN

    def commit(self, session: Session, received: Received) -> EntryContent:
        """Store a session and what follows from the message."""
        store, settings = self.device.records.store, self.device.settings
        keys_max, ended_max = settings.message_keys_max, ENDED_CHAINS_MAX
        if self.sender.is_stranger:
            keys_max = min(keys_max, settings.keys_per_stranger_session_max)
            ended_max = min(ended_max, settings.keys_per_stranger_session_max)
        above = max(received.state.keys_count - settings.keys_back_max, -1)
        store.add_message_keys(self.name, received.keys, newest=keys_max, above=above)
        if received.ended_chain:
            store.add_ended_chain(self.name, received.ended_chain, newest=ended_max)
        self.device.records.save_session(
            self.name, session._replace(used_unix_s=self.now.unix_whole_s)
        )
        receipt = Receipt(self.name, self.header.key, self.header.n)
        return EntryContent(received.plaintext, receipt, is_current=not self.sender.is_late)


def open_on_session(
    device: Device, sender: Sender, entry: DirectMessage, now: Moment
) -> EntryContent | Unreadable:
    """Open an entry that names a session.

    Args:
        device: This installation.
        sender: Who sent it.
        entry: An entry with a session header.
        now: The time.

    Raises:
        LocalProtocolError: A stored record is damaged.
    """
    header = entry.session
    assert header is not None
    name = SessionName(header.prekey, sender.identity, sender.installation_id)
    opening = _Opening(device, sender, name, header.ratchet, entry.payload, now)
    session = device.records.session(name)
    opened: EntryContent | Unreadable = Unreadable.NO_SESSION
    if session is not None:
        opened = _open_on_known(opening, session)
    if isinstance(opened, Unreadable) and entry.x3dh is not None:
        ratchet = _start(device, sender, name, session, entry.x3dh)
        if ratchet is not None:
            opened = _open_on_started(opening, session, ratchet, entry.x3dh.ephemeral)
    return opened


def _open_on_known(opening: _Opening, session: Session) -> EntryContent | Unreadable:
    """Open on the ratchet that the header's chain belongs to; on any if the chain is new."""
    name, header, store = opening.name, opening.header, opening.device.records.store
    key = store.load_message_key(name, header.key, header.n)
    if key is not None:
        try:
            content = decrypt_with(key, header, opening.payload)
        except RemoteProtocolError:
            return Unreadable.BROKEN
        return EntryContent(content, Receipt(name, header.key, header.n), is_current=False)
    ratchets = (session.ratchet, *(before.ratchet for before in session.kept))
    places = [place for place, one in enumerate(ratchets) if one.their_key == header.key]
    if not places and store.is_ended_chain(name, header.key):
        return Unreadable.KEY_GONE
    failures = set()
    for place in places or range(len(ratchets)):
        # All ratchets of a session count their keys together.
        ratchet = ratchets[place]._replace(keys_count=session.ratchet.keys_count)
        received = opening.decrypt(ratchet)
        if isinstance(received, Received):
            now_unix_s, is_late = opening.now.unix_whole_s, opening.sender.is_late
            following = session.turned(place, received.state, now_unix_s, is_late=is_late)
            return opening.commit(following, received)
        failures.add(received)
    return Unreadable.KEY_GONE if Unreadable.KEY_GONE in failures else Unreadable.BROKEN


def _open_on_started(
    opening: _Opening, before: Session | None, ratchet: RatchetState, ephemeral: bytes
) -> EntryContent | Unreadable:
    """Open on a ratchet that an X3DH header starts; what follows is stored if that works.

    A late message starts it beside the present one: a replayed one must not take its place, and one
    that others overtook must open.
    """
    device, name, now_unix_s = opening.device, opening.name, opening.now.unix_whole_s
    if before is not None:
        ratchet = ratchet._replace(keys_count=before.ratchet.keys_count)
    received = opening.decrypt(ratchet)
    if isinstance(received, Unreadable):
        return received
    if before is None:
        anew = Session(received.state, b"", (ephemeral,), now_unix_s)
        opened = opening.commit(anew, received)
        make_room_for_session(device, name, stranger=opening.sender.is_stranger)
        return opened
    if opening.sender.is_late:
        ended_chain = opening.header.key
        anew = before.started_late(received.state, now_unix_s)
    else:
        ended_chain = before.ratchet.their_key
        anew = before.started_anew(ratchet, b"", now_unix_s)._replace(ratchet=received.state)
    if ended_chain:
        # It is known as ended once its ratchet is kept no more.
        device.records.store.add_ended_chain(name, ended_chain, newest=ENDED_CHAINS_MAX)
    return opening.commit(anew._replace(founders=(*before.founders, ephemeral)), received)


def _start(
    device: Device, sender: Sender, name: SessionName, session: Session | None, x3dh: X3dhHeader
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
            their_identity=sender.key,
            their_ephemeral=secp256k1.decompress(x3dh.ephemeral),
        )
    except RemoteProtocolError:
        return None
    return start_as_responder(secret, prekey.private, prekey.public)
