"""Groups, recipients and devices as rows, and back: which columns, in which order.

Spec: docs/reference/storage.md, "Chats".
"""

from typing import Final

from sottovoce.adapters.sqlite.connection import Row, Values
from sottovoce.base.quantities import PUBLIC_KEY_BYTES, PublicKey
from sottovoce.chat.records import ChatId, Device, Group, Recipient
from sottovoce.payloads.membership_event import SignedEvent
from sottovoce.payloads.message_id import MessageId
from sottovoce.payloads.wire import decode_event

RECIPIENTS: Final = """
SELECT messages.id, key, acknowledged, recipients.reason, stored
FROM recipients JOIN messages USING (message) WHERE messages.id = ? ORDER BY place
"""

WAITING_RECIPIENTS: Final = """
SELECT messages.id, key, acknowledged, recipients.reason, stored
FROM recipients JOIN messages USING (message) JOIN chat_numbers USING (chat)
WHERE chat_numbers.id = ? AND NOT acknowledged AND recipients.reason = '' ORDER BY message, place
"""

GROUP_EVENTS: Final = """
SELECT chat_numbers.id, author, signature, raw
FROM group_events JOIN chat_numbers USING (chat) ORDER BY event
"""
GROUP_COLUMNS: Final = "name, members, joined, admins, event_count"
GROUPS: Final = f"""
SELECT chat_numbers.id, {GROUP_COLUMNS} FROM groups JOIN chat_numbers USING (chat)
ORDER BY chat_numbers.id
"""

DEVICE_COLUMNS: Final = "installation_id, name, type, enabled, is_this, clock"
DEVICES: Final = f"SELECT {DEVICE_COLUMNS} FROM devices"


def recipient_of(row: Row) -> Recipient:
    """Return the recipient in a row of `RECIPIENTS`."""
    message_id, key, acknowledged, reason, stored = row
    return Recipient(
        MessageId(message_id), PublicKey(key), bool(acknowledged), reason, bool(stored)
    )


def group_event_of(row: Row) -> SignedEvent:
    """Return the event in a row of `GROUP_EVENTS`."""
    chat_id, author, signature, raw = row
    return SignedEvent(chat_id, decode_event(raw), PublicKey(author), signature, raw)


def group_values(group: Group) -> Values:
    """Return the values of `GROUP_COLUMNS`."""
    people = (group.members, group.joined, group.admins)
    keys = (b"".join(key.raw for key in some) for some in people)
    return group.name, *keys, group.event_count


def group_of(row: Row) -> Group:
    """Return the group in a row of `GROUPS`."""
    chat_id, name, members, joined, admins, event_count = row
    return Group(ChatId(chat_id), name, _keys(members), _keys(joined), _keys(admins), event_count)


def _keys(raw: bytes) -> tuple[PublicKey, ...]:
    starts = range(0, len(raw), PUBLIC_KEY_BYTES)
    return tuple(PublicKey(raw[start : start + PUBLIC_KEY_BYTES]) for start in starts)


def device_values(device: Device) -> Values:
    """Return the values of `DEVICE_COLUMNS`."""
    return (
        device.installation_id,
        device.name,
        device.type,
        device.enabled,
        device.is_this,
        device.clock,
    )


def device_of(row: Row) -> Device:
    """Return the device in a row of `DEVICES`."""
    installation_id, name, kind, enabled, is_this, clock = row
    return Device(installation_id, name, kind, bool(enabled), bool(is_this), clock)
