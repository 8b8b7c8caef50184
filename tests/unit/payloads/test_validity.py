"""What a received payload must keep; each rule refuses what breaks it."""

from dataclasses import replace

import pytest

from sottovoce.base.errors import FromFutureError, RemoteProtocolError
from sottovoce.payloads.chat_message import (
    AudioMessage,
    AudioType,
    ChatMessage,
    ContentType,
    ImageMessage,
    ImageType,
    MessageType,
    StickerMessage,
)
from sottovoce.payloads.contact import ContactUpdate
from sottovoce.payloads.devices import (
    PairInstallation,
    SyncInstallation,
    SyncInstallationAccount,
    SyncInstallationContact,
    SyncInstallationPublicChat,
)
from sottovoce.payloads.feed import DeviceFeed
from sottovoce.payloads.invitation import GroupChatInvitation, InvitationState
from sottovoce.payloads.limits import AUDIO_DURATION_MS_MAX
from sottovoce.payloads.membership import EventType, MembershipEvent, MembershipUpdate
from sottovoce.payloads.push import ContactCodeAdvertisement
from sottovoce.payloads.reaction import EmojiReaction, ReactionType
from sottovoce.payloads.registry import Payload, UnknownPayload
from sottovoce.payloads.transactions import (
    AcceptRequestAddressForTransaction,
    DeclineRequestAddressForTransaction,
    DeclineRequestTransaction,
    RequestAddressForTransaction,
    RequestTransaction,
    SendTransaction,
)
from sottovoce.payloads.validity import check_received
from sottovoce.payloads.wire import encode_event
from unit.payloads.people import ANNA_ID, MESSAGE, NOW_UNIX_MS
from unit.payloads.test_picture import GIF, PNG

STICKER = replace(
    MESSAGE, content_type=ContentType.STICKER, attachment=StickerMessage("e3010170", 0)
)
IMAGE = replace(
    MESSAGE, content_type=ContentType.IMAGE, attachment=ImageMessage(PNG, ImageType.PNG)
)
AUDIO = replace(
    MESSAGE, content_type=ContentType.AUDIO, attachment=AudioMessage(b"raw", AudioType.AAC, 5)
)
IN_GROUP = replace(MESSAGE, chat_id="group", message_type=MessageType.PRIVATE_GROUP)
REACTION = EmojiReaction(
    NOW_UNIX_MS, "group", "0xabc", MessageType.PRIVATE_GROUP, ReactionType.LOVE
)
PAIRING = PairInstallation(NOW_UNIX_MS, "id", "ios", "phone")
CONTACT = SyncInstallationContact(NOW_UNIX_MS, ANNA_ID)
PUBLIC_CHAT = SyncInstallationPublicChat(NOW_UNIX_MS, "lobby")
ACCOUNT = SyncInstallationAccount(NOW_UNIX_MS)
SYNC = SyncInstallation((CONTACT,), (PUBLIC_CHAT,), ACCOUNT)
INVITATION = GroupChatInvitation(NOW_UNIX_MS, "group", "", InvitationState.REQUEST)
FEED = DeviceFeed("device-1", b"12345678", asks=("b",))
ADDRESS_REQUEST = RequestAddressForTransaction(NOW_UNIX_MS, "1")
ACCEPTANCE = AcceptRequestAddressForTransaction(NOW_UNIX_MS, "0x1", "0x2")
REFUSAL = DeclineRequestAddressForTransaction(NOW_UNIX_MS, "0x1")
REFUSED_PAYMENT = DeclineRequestTransaction(NOW_UNIX_MS, "0x1")
REQUEST = RequestTransaction(NOW_UNIX_MS, "0x1", "1")
PAYMENT = SendTransaction(NOW_UNIX_MS, "", "0x2", b"\x01")
UPDATE = ContactUpdate(NOW_UNIX_MS)

CLOCKED = (
    MESSAGE, UPDATE, PAIRING, CONTACT, PUBLIC_CHAT, ACCOUNT, ADDRESS_REQUEST, ACCEPTANCE, REFUSAL,
    REFUSED_PAYMENT, REQUEST, PAYMENT, REACTION, INVITATION,
)  # fmt: skip


def check(payload: Payload) -> None:
    check_received(payload, envelope_unix_ms=NOW_UNIX_MS)


@pytest.mark.parametrize(
    "payload",
    [
        *CLOCKED,
        STICKER,
        IMAGE,
        AUDIO,
        SYNC,
        SyncInstallation(),
        MembershipUpdate("group"),
        MembershipUpdate("group", content=IN_GROUP),
        MembershipUpdate("group", content=REACTION),
        ContactCodeAdvertisement(),
        UnknownPayload(4711, b"\xff"),
        replace(MESSAGE, content_type=42),
        replace(MESSAGE, content_type=ContentType.SYSTEM_MESSAGE_CONTENT_PRIVATE_GROUP),
        # Whoever looks for their chat finds none.
        *(replace(MESSAGE, message_type=number) for number in (5, 42, 99, -1)),
        replace(MESSAGE, clock=1, timestamp_unix_ms=1),
        replace(MESSAGE, attachment=StickerMessage()),
    ],
    ids=lambda payload: type(payload).__name__,
)
def test_payload_that_keeps_the_rules_passes(payload: Payload) -> None:
    check(payload)


@pytest.mark.parametrize("payload", CLOCKED, ids=lambda payload: type(payload).__name__)
@pytest.mark.parametrize("clock", [0, NOW_UNIX_MS + 120_001, 2**63, 2**64 - 1])
def test_clock_of_zero_or_too_far_ahead_is_refused(payload: ChatMessage, clock: int) -> None:
    check(replace(payload, clock=NOW_UNIX_MS + 120_000))
    check(replace(payload, clock=1))
    with pytest.raises(RemoteProtocolError, match="clock"):
        check(replace(payload, clock=clock))


BROKEN: dict[str, Payload] = {
    "no timestamp": replace(MESSAGE, timestamp_unix_ms=0),
    "timestamp of the year 10000": replace(MESSAGE, timestamp_unix_ms=253_402_300_800_000),
    "largest timestamp": replace(MESSAGE, timestamp_unix_ms=2**64 - 1),
    "no text": replace(MESSAGE, text=""),
    "blank text": replace(MESSAGE, text=" \n\t\xa0"),
    "no chat": replace(MESSAGE, chat_id=""),
    "content type 0": replace(MESSAGE, content_type=0),
    "content type 5": replace(MESSAGE, content_type=5),
    "message type 0": replace(MESSAGE, message_type=0),
    "message type 4": replace(MESSAGE, message_type=4),
    "sticker without sticker": replace(STICKER, attachment=None),
    "sticker with a picture": replace(STICKER, attachment=IMAGE.attachment),
    "sticker without hash": replace(STICKER, attachment=StickerMessage("", 1)),
    "picture without picture": replace(IMAGE, attachment=None),
    "picture without bytes": replace(IMAGE, attachment=ImageMessage(b"", ImageType.PNG)),
    "picture of type 0": replace(IMAGE, attachment=ImageMessage(PNG, 0)),
    "picture of type 5": replace(IMAGE, attachment=ImageMessage(PNG, 5)),
    "picture of another type": replace(IMAGE, attachment=ImageMessage(GIF, ImageType.PNG)),
    "recording without recording": replace(AUDIO, attachment=None),
    "recording without bytes": replace(AUDIO, attachment=AudioMessage(b"", AudioType.AAC)),
    "recording of type 0": replace(AUDIO, attachment=AudioMessage(b"raw", 0)),
    "recording of type 3": replace(AUDIO, attachment=AudioMessage(b"raw", 3)),
    "recording of a day": replace(
        AUDIO, attachment=AudioMessage(b"raw", AudioType.AAC, AUDIO_DURATION_MS_MAX + 1)
    ),
    "message of another group": MembershipUpdate("other", content=IN_GROUP),
    "public message in a group": MembershipUpdate(
        "group", content=replace(IN_GROUP, message_type=MessageType.PUBLIC_GROUP)
    ),
    "blank message in a group": MembershipUpdate("group", content=replace(IN_GROUP, text=" ")),
    "reaction of another group": MembershipUpdate("other", content=REACTION),
    "unknown reaction in a group": MembershipUpdate("group", content=replace(REACTION, type=7)),
    "reaction without chat": replace(REACTION, chat_id=""),
    "reaction without message": replace(REACTION, message_id=""),
    "reaction of message type 0": replace(REACTION, message_type=0),
    "reaction of message type 4": replace(REACTION, message_type=4),
    "reaction of message type 42": replace(REACTION, message_type=42),
    "reaction of type 0": replace(REACTION, type=0),
    "reaction of type 7": replace(REACTION, type=7),
    "invitation without chat": replace(INVITATION, chat_id=""),
    "feed of no device": replace(FEED, installation_id=" "),
    "feed without a life": replace(FEED, life=b""),
    "feed with records and no number": replace(FEED, records=(b"1",)),
    "invitation of state 0": replace(INVITATION, state=0),
    "invitation of state 4": replace(INVITATION, state=4),
    "device without name": replace(PAIRING, name=" "),
    "device without type": replace(PAIRING, device_type=""),
    "device without id": replace(PAIRING, installation_id="\t"),
    "contact without id": replace(CONTACT, id=""),
    "contact off the curve": replace(CONTACT, id="0x04" + "0" * 128),
    "contact with a short id": replace(CONTACT, id="0"),
    "public chat without name": replace(PUBLIC_CHAT, id=""),
    "broken contact in a sync": replace(SYNC, contacts=(CONTACT, replace(CONTACT, id="x"))),
    "broken chat in a sync": replace(SYNC, public_chats=(replace(PUBLIC_CHAT, id=" "),)),
    "broken account in a sync": replace(SYNC, account=SyncInstallationAccount(0)),
    "request of no number": replace(ADDRESS_REQUEST, value="abc"),
    "request of nothing": replace(REQUEST, value=" "),
    "request without address": replace(REQUEST, address=""),
    "acceptance without id": replace(ACCEPTANCE, id=""),
    "acceptance without address": replace(ACCEPTANCE, address=" "),
    "refusal without id": replace(REFUSAL, id=""),
    "refused payment without id": replace(REFUSED_PAYMENT, id=""),
    "payment without transaction": replace(PAYMENT, transaction_hash=" "),
    "payment without signature": replace(PAYMENT, signature=b""),
}


@pytest.mark.parametrize("name", BROKEN)
def test_payload_that_breaks_a_rule_is_refused(name: str) -> None:
    with pytest.raises(RemoteProtocolError):
        check(BROKEN[name])


def test_refusal_shows_nothing_of_the_payload() -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        check(replace(MESSAGE, message_type=0, text="secret"))
    assert str(caught.value) == "a message type never travels"


@pytest.mark.parametrize(("ahead_ms", "is_too_early"), [(300_000, False), (300_001, True)])
def test_group_event_of_the_future_makes_its_update_come_too_early(
    ahead_ms: int, is_too_early: bool
) -> None:
    event = MembershipEvent(clock=NOW_UNIX_MS + ahead_ms, type=EventType.MEMBER_JOINED)
    update = MembershipUpdate("group", (bytes(65) + encode_event(event),))
    if not is_too_early:
        check(update)
        return
    with pytest.raises(FromFutureError):
        check(update)
