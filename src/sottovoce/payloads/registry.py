"""Every payload that there is: its number in the wrapper, and the class of its values.

Spec: Status specs 6 (payloads), "Payload wrapper"; status-go
protocol/protobuf/application_metadata_message.proto.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, Final, TypeAlias

from sottovoce.payloads.chat_message import ChatMessage
from sottovoce.payloads.contact import ContactUpdate
from sottovoce.payloads.devices import (
    PairInstallation,
    SyncInstallation,
    SyncInstallationAccount,
    SyncInstallationContact,
    SyncInstallationPublicChat,
)
from sottovoce.payloads.feed import DeviceFeed
from sottovoce.payloads.form import Blob, EnumNumber, Value
from sottovoce.payloads.invitation import GroupChatInvitation
from sottovoce.payloads.limits import WRAPPER_BYTES_MAX
from sottovoce.payloads.membership import MembershipUpdate
from sottovoce.payloads.push import ContactCodeAdvertisement
from sottovoce.payloads.reaction import EmojiReaction
from sottovoce.payloads.transactions import (
    AcceptRequestAddressForTransaction,
    DeclineRequestAddressForTransaction,
    DeclineRequestTransaction,
    RequestAddressForTransaction,
    RequestTransaction,
    SendTransaction,
)


class PayloadType(IntEnum):
    """The number in the wrapper; 16 to 21 are push notifications, which nothing here reads."""

    UNKNOWN = 0
    CHAT_MESSAGE = 1
    CONTACT_UPDATE = 2
    MEMBERSHIP_UPDATE_MESSAGE = 3
    PAIR_INSTALLATION = 4
    SYNC_INSTALLATION = 5
    REQUEST_ADDRESS_FOR_TRANSACTION = 6
    ACCEPT_REQUEST_ADDRESS_FOR_TRANSACTION = 7
    DECLINE_REQUEST_ADDRESS_FOR_TRANSACTION = 8
    REQUEST_TRANSACTION = 9
    SEND_TRANSACTION = 10
    DECLINE_REQUEST_TRANSACTION = 11
    SYNC_INSTALLATION_CONTACT = 12
    SYNC_INSTALLATION_ACCOUNT = 13
    SYNC_INSTALLATION_PUBLIC_CHAT = 14
    CONTACT_CODE_ADVERTISEMENT = 15
    EMOJI_REACTION = 22
    GROUP_CHAT_INVITATION = 23
    # Ours alone, far above what the deployed clients count to; they skip it.
    DEVICE_FEED = 7301


@dataclass(frozen=True, slots=True, repr=False)
class UnknownPayload(Value):
    """A payload whose type has no meaning yet, kept as it came and shown to nobody.

    Attributes:
        type_number: What the wrapper says.
        raw: The payload's bytes.
    """

    type_number: EnumNumber = PayloadType.UNKNOWN
    raw: Annotated[bytes, Blob(WRAPPER_BYTES_MAX)] = b""


KnownPayload: TypeAlias = (
    ChatMessage
    | ContactUpdate
    | MembershipUpdate
    | PairInstallation
    | SyncInstallation
    | RequestAddressForTransaction
    | AcceptRequestAddressForTransaction
    | DeclineRequestAddressForTransaction
    | RequestTransaction
    | SendTransaction
    | DeclineRequestTransaction
    | SyncInstallationContact
    | SyncInstallationAccount
    | SyncInstallationPublicChat
    | ContactCodeAdvertisement
    | EmojiReaction
    | GroupChatInvitation
    | DeviceFeed
)
Payload: TypeAlias = KnownPayload | UnknownPayload

PAYLOAD_CLASSES: Final[dict[PayloadType, type[KnownPayload]]] = {
    PayloadType.CHAT_MESSAGE: ChatMessage,
    PayloadType.CONTACT_UPDATE: ContactUpdate,
    PayloadType.MEMBERSHIP_UPDATE_MESSAGE: MembershipUpdate,
    PayloadType.PAIR_INSTALLATION: PairInstallation,
    PayloadType.SYNC_INSTALLATION: SyncInstallation,
    PayloadType.REQUEST_ADDRESS_FOR_TRANSACTION: RequestAddressForTransaction,
    PayloadType.ACCEPT_REQUEST_ADDRESS_FOR_TRANSACTION: AcceptRequestAddressForTransaction,
    PayloadType.DECLINE_REQUEST_ADDRESS_FOR_TRANSACTION: DeclineRequestAddressForTransaction,
    PayloadType.REQUEST_TRANSACTION: RequestTransaction,
    PayloadType.SEND_TRANSACTION: SendTransaction,
    PayloadType.DECLINE_REQUEST_TRANSACTION: DeclineRequestTransaction,
    PayloadType.SYNC_INSTALLATION_CONTACT: SyncInstallationContact,
    PayloadType.SYNC_INSTALLATION_ACCOUNT: SyncInstallationAccount,
    PayloadType.SYNC_INSTALLATION_PUBLIC_CHAT: SyncInstallationPublicChat,
    PayloadType.CONTACT_CODE_ADVERTISEMENT: ContactCodeAdvertisement,
    PayloadType.EMOJI_REACTION: EmojiReaction,
    PayloadType.GROUP_CHAT_INVITATION: GroupChatInvitation,
    PayloadType.DEVICE_FEED: DeviceFeed,
}
