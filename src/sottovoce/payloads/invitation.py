"""A wish to be taken into a group, and the answer.

Spec: status-go v0.60 (September 2020), protocol/protobuf/group_chat_invitation.proto.
"""

from dataclasses import dataclass
from enum import IntEnum

from sottovoce.payloads.form import EnumNumber, LongText, ShortText, Uint64, Value


class InvitationState(IntEnum):
    """How far it is."""

    UNKNOWN = 0
    REQUEST = 1
    REJECTED = 2
    APPROVED = 3


@dataclass(frozen=True, slots=True, repr=False)
class GroupChatInvitation(Value):
    """A request with its words of introduction, or the answer to one."""

    clock: Uint64 = 0
    chat_id: ShortText = ""
    introduction_message: LongText = ""
    state: EnumNumber = InvitationState.UNKNOWN
