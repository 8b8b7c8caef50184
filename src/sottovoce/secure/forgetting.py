"""Forgetting: what is destroyed with time, and what makes room for more.

It owns who may be forgotten. Strangers, to whom we never wrote, make room for each other and for
nobody else: whatever they send, what belongs to a person's own conversations stays. A session of a
stranger that made room costs no message, for as long as we have not answered, the next one starts
it again. So does a first message that is replayed while its prekey is kept: what had opened it went
with the session, and whoever shows messages knows it by its id.

Spec: none; the deployed clients forget nothing (docs/spec-deviations.md, "Strangers").
"""

from typing import Final

from sottovoce.base.moment import Moment
from sottovoce.secure.device import Device, unix_ns
from sottovoce.secure.own_prekeys import OwnPrekeys
from sottovoce.secure.stores import SessionName

# Sessions with one identity. An honest one has some per device and day in a month; a hostile one
# could name a new device in each message. The one that was not used for longest makes room.
SESSIONS_PER_PEER_MAX: Final = 128


def forget(device: Device, identity: bytes) -> None:
    """Delete the record of an identity (33 bytes) and its sessions."""
    store = device.records.store
    for name in store.sessions(identity):
        store.delete_session(name)
    store.delete_peer(identity)


def make_room_for_stranger(device: Device) -> None:
    """Forget those strangers that were not heard of for longest, if there are too many.

    Raises:
        LocalProtocolError: A stored record is damaged.
    """
    strangers = device.records.store.strangers()
    for identity in strangers[: max(len(strangers) - device.settings.strangers_max, 0)]:
        forget(device, identity)


def make_room_for_session(device: Device, newest: SessionName, *, stranger: bool) -> None:
    """Delete the sessions with an identity that were not used for longest, if there are too many.

    Args:
        device: This installation.
        newest: The session that was added, and stays.
        stranger: Whether the identity is a stranger.

    Raises:
        LocalProtocolError: A stored record is damaged.
    """
    count_max = device.settings.sessions_per_stranger_max if stranger else SESSIONS_PER_PEER_MAX
    names = device.records.store.sessions(newest.peer)
    if len(names) <= count_max:
        return
    used: list[tuple[int, SessionName]] = []
    for name in names:
        session = device.records.session(name)
        if session is not None and name != newest:
            used.append((session.used_unix_s, name))
    used.sort()
    for _, name in used[: len(names) - count_max]:
        device.records.store.delete_session(name)


def expire(device: Device, now: Moment) -> None:
    """Destroy prekeys that were kept long enough, sessions that hang on nothing, and strangers.

    Args:
        device: This installation.
        now: The time.

    Raises:
        LocalProtocolError: A stored record is damaged.
    """
    records = device.records
    before = records.own()
    own = before.without_old(unix_ns(now), device.settings)
    if own != before:
        records.save_own(own)
    for name in records.store.sessions():
        _expire_session(device, name, own, now)
    with_sessions = {name.peer for name in records.store.sessions()}
    for identity in records.store.strangers():
        heard_unix_s = records.peer(identity).heard_unix_s
        if identity not in with_sessions and not _is_recent(device, heard_unix_s, now):
            records.store.delete_peer(identity)


def _expire_session(device: Device, name: SessionName, own: OwnPrekeys, now: Moment) -> None:
    """Delete a session if it hangs on nothing, or else the ratchets that it put aside long ago."""
    records = device.records
    session = records.session(name)
    if session is None:
        return
    is_recent = _is_recent(device, session.used_unix_s, now)
    if not is_recent and own.find(name.prekey) is None and not _is_usable(device, name):
        records.store.delete_session(name)
        return
    kept = tuple(before for before in session.kept if _is_recent(device, before.used_unix_s, now))
    if kept != session.kept:
        records.save_session(name, session._replace(kept=kept))


def _is_recent(device: Device, unix_s: int, now: Moment) -> bool:
    """Tell whether something may still matter to what comes late."""
    settings = device.settings
    since_s = now.unix_whole_s - settings.prekey_use_s - settings.prekey_kept_s
    # What was used in the future was used while the clock was wrong.
    return since_s < unix_s <= now.unix_whole_s + settings.prekey_use_s


def _is_usable(device: Device, name: SessionName) -> bool:
    known = device.records.peer(name.peer).installations.get(name.installation_id)
    return known is not None and known.is_usable(name.prekey)
