"""What a received payload must keep before anybody may see it.

Decoding has made sure of the form; here stand the rules of the deployed clients about content and
clocks, and the few that are stricter (docs/spec-deviations.md, "Received payloads"). What a rule
refuses is dropped by whoever asked, and never shown. Rules that need to know a chat, a contact or
a group's history are not ours.

Spec: Status specs 6 (payloads); status-go protocol/message_validator.go.
"""

from collections.abc import Callable
from typing import Any, Final

from sottovoce.base.errors import FromFutureError, RemoteProtocolError
from sottovoce.payloads.amount import check_amount
from sottovoce.payloads.chat_message import (
    AudioMessage,
    AudioType,
    ChatMessage,
    ContentType,
    ImageMessage,
    MessageType,
    StickerMessage,
)
from sottovoce.payloads.clock import check_clock
from sottovoce.payloads.contact import ContactUpdate
from sottovoce.payloads.contact_id import contact_key
from sottovoce.payloads.devices import (
    PairInstallation,
    SyncInstallation,
    SyncInstallationAccount,
    SyncInstallationContact,
    SyncInstallationPublicChat,
)
from sottovoce.payloads.feed import DeviceFeed
from sottovoce.payloads.form import Value
from sottovoce.payloads.invitation import GroupChatInvitation, InvitationState
from sottovoce.payloads.limits import (
    AUDIO_DURATION_MS_MAX,
    GROUP_CLOCK_AHEAD_MS_MAX,
    TIMESTAMP_UNIX_MS_MAX,
)
from sottovoce.payloads.membership import MembershipUpdate
from sottovoce.payloads.membership_event import leading_clock
from sottovoce.payloads.picture import check_picture
from sottovoce.payloads.reaction import EmojiReaction, ReactionType
from sottovoce.payloads.registry import Payload
from sottovoce.payloads.text_content import is_blank
from sottovoce.payloads.transactions import (
    AcceptRequestAddressForTransaction,
    DeclineRequestAddressForTransaction,
    DeclineRequestTransaction,
    RequestAddressForTransaction,
    RequestTransaction,
    SendTransaction,
)

_UNSENDABLE_CONTENT: Final = (ContentType.UNKNOWN_CONTENT_TYPE, ContentType.TRANSACTION_COMMAND)
_UNSENDABLE_KINDS: Final = (
    MessageType.UNKNOWN_MESSAGE_TYPE,
    MessageType.SYSTEM_MESSAGE_PRIVATE_GROUP,
)
_REACTION_KINDS: Final = (
    MessageType.ONE_TO_ONE,
    MessageType.PUBLIC_GROUP,
    MessageType.PRIVATE_GROUP,
)
# What a content type must carry with it.
_ATTACHMENTS: Final[dict[int, type[Value]]] = {
    ContentType.STICKER: StickerMessage,
    ContentType.IMAGE: ImageMessage,
    ContentType.AUDIO: AudioMessage,
}


def check_received(payload: Payload, *, envelope_unix_ms: int) -> None:
    """Check the content and the clock of a received payload.

    An `UnknownPayload` and what has no rules pass: there is nothing in them that is shown. The
    events of a `MembershipUpdate` are checked by whoever opens them, but for clocks that are
    plainly too far ahead.

    Args:
        payload: What `unwrap` gave.
        envelope_unix_ms: When the envelope around it was sent: expiry less TTL.

    Raises:
        RemoteProtocolError: It breaks a rule.
    """
    rule = _RULES.get(type(payload))
    if rule is not None:
        rule(payload, envelope_unix_ms)


def _require(kept: bool, broken: str) -> None:
    if not kept:
        raise RemoteProtocolError(broken)


def _check_chat_message(message: ChatMessage, at_unix_ms: int) -> None:
    check_clock(message.clock, at_unix_ms)
    _require(
        0 < message.timestamp_unix_ms <= TIMESTAMP_UNIX_MS_MAX, "a timestamp is 0 or out of range"
    )
    _require(not is_blank(message.text), "a message has no text")
    _require(message.chat_id != "", "a message has no chat")
    _require(message.content_type not in _UNSENDABLE_CONTENT, "a content type never travels")
    _require(message.message_type not in _UNSENDABLE_KINDS, "a message type never travels")
    _check_attachment(message)


def _check_attachment(message: ChatMessage) -> None:
    wanted = _ATTACHMENTS.get(message.content_type)
    if wanted is None:
        return
    attachment = message.attachment
    if attachment is None or not isinstance(attachment, wanted):
        raise RemoteProtocolError("a message lacks its attachment")
    match attachment:
        case StickerMessage() as sticker:
            _require(sticker.hash != "", "a sticker has no hash")
        case ImageMessage() as image:
            check_picture(image)
        case AudioMessage() as audio:
            _require(audio.payload != b"", "a recording is empty")
            _require(audio.type in (AudioType.AAC, AudioType.AMR), "a recording's type is unknown")
            _require(audio.duration_ms <= AUDIO_DURATION_MS_MAX, "a recording is too long")


def _check_update(update: MembershipUpdate, at_unix_ms: int) -> None:
    if any(leading_clock(wire) > at_unix_ms + GROUP_CLOCK_AHEAD_MS_MAX for wire in update.events):
        raise FromFutureError("a group event's clock is too far ahead")
    content = update.content
    if content is None:
        return
    _require(content.chat_id == update.chat_id, "a group's message names another chat")
    _require(
        content.message_type == MessageType.PRIVATE_GROUP, "a group's message is of another kind"
    )
    if isinstance(content, ChatMessage):
        _check_chat_message(content, at_unix_ms)
    else:
        _check_reaction(content, at_unix_ms)


def _check_reaction(reaction: EmojiReaction, at_unix_ms: int) -> None:
    check_clock(reaction.clock, at_unix_ms)
    _require(reaction.chat_id != "", "a reaction has no chat")
    _require(reaction.message_id != "", "a reaction has no message")
    _require(reaction.message_type in _REACTION_KINDS, "a reaction's chat is of no known kind")
    known = reaction.type in tuple(ReactionType)
    _require(known and reaction.type != 0, "a reaction's type is unknown")


def _check_invitation(invitation: GroupChatInvitation, at_unix_ms: int) -> None:
    check_clock(invitation.clock, at_unix_ms)
    _require(invitation.chat_id != "", "an invitation has no chat")
    known = invitation.state in tuple(InvitationState)
    _require(known and invitation.state != 0, "an invitation's state is unknown")


def _check_pairing(pairing: PairInstallation, at_unix_ms: int) -> None:
    check_clock(pairing.clock, at_unix_ms)
    _require(not is_blank(pairing.name), "a device has no name")
    _require(not is_blank(pairing.device_type), "a device has no type")
    _require(not is_blank(pairing.installation_id), "a device has no installation id")


def _check_clock_alone(payload: ContactUpdate | SyncInstallationAccount, at_unix_ms: int) -> None:
    check_clock(payload.clock, at_unix_ms)


def _check_sync_contact(contact: SyncInstallationContact, at_unix_ms: int) -> None:
    check_clock(contact.clock, at_unix_ms)
    contact_key(contact.id)


def _check_sync_chat(chat: SyncInstallationPublicChat, at_unix_ms: int) -> None:
    check_clock(chat.clock, at_unix_ms)
    _require(not is_blank(chat.id), "a public chat has no name")


def _check_sync(sync: SyncInstallation, at_unix_ms: int) -> None:
    for contact in sync.contacts:
        _check_sync_contact(contact, at_unix_ms)
    for chat in sync.public_chats:
        _check_sync_chat(chat, at_unix_ms)
    if sync.account is not None:
        _check_clock_alone(sync.account, at_unix_ms)


def _check_feed(feed: DeviceFeed, _: int) -> None:
    _require(not is_blank(feed.installation_id), "a feed names no device")
    _require(feed.life != b"", "a feed names no life of its list")
    _require(feed.last != 0 or not feed.records, "a feed has records and no number")


def _check_address_request(command: RequestAddressForTransaction, at_unix_ms: int) -> None:
    check_clock(command.clock, at_unix_ms)
    check_amount(command.value)


def _check_acceptance(command: AcceptRequestAddressForTransaction, at_unix_ms: int) -> None:
    check_clock(command.clock, at_unix_ms)
    _require(command.id != "", "a command names no message")
    _require(not is_blank(command.address), "a command has no address")


def _check_refusal(
    command: DeclineRequestAddressForTransaction | DeclineRequestTransaction, at_unix_ms: int
) -> None:
    check_clock(command.clock, at_unix_ms)
    _require(command.id != "", "a command names no message")


def _check_request(command: RequestTransaction, at_unix_ms: int) -> None:
    check_clock(command.clock, at_unix_ms)
    check_amount(command.value)
    _require(not is_blank(command.address), "a command has no address")


def _check_payment(command: SendTransaction, at_unix_ms: int) -> None:
    check_clock(command.clock, at_unix_ms)
    _require(not is_blank(command.transaction_hash), "a payment has no transaction")
    _require(command.signature != b"", "a payment has no signature")


# Each rule takes the class that it stands beside.
_RULES: Final[dict[type[Value], Callable[[Any, int], None]]] = {
    ChatMessage: _check_chat_message,
    ContactUpdate: _check_clock_alone,
    MembershipUpdate: _check_update,
    PairInstallation: _check_pairing,
    SyncInstallation: _check_sync,
    SyncInstallationContact: _check_sync_contact,
    SyncInstallationAccount: _check_clock_alone,
    SyncInstallationPublicChat: _check_sync_chat,
    RequestAddressForTransaction: _check_address_request,
    AcceptRequestAddressForTransaction: _check_acceptance,
    DeclineRequestAddressForTransaction: _check_refusal,
    RequestTransaction: _check_request,
    SendTransaction: _check_payment,
    DeclineRequestTransaction: _check_refusal,
    EmojiReaction: _check_reaction,
    GroupChatInvitation: _check_invitation,
    DeviceFeed: _check_feed,
}
