"""What a person can ask for. Each carries a number of the asker, and gets one answer with it.

Spec: none; it is what the interfaces of the deployed clients offer.
"""

from dataclasses import dataclass, field
from typing import TypeAlias

from sottovoce.base.quantities import PublicKey
from sottovoce.chat.records import ChatId
from sottovoce.payloads.chat_message import Attachment, ContentType
from sottovoce.payloads.form import Value
from sottovoce.payloads.message_id import MessageId


@dataclass(frozen=True, slots=True, repr=False)
class JoinPublicChat(Value):
    """Hear and show a public chat; answered with its `Chat`."""

    name: str


@dataclass(frozen=True, slots=True, repr=False)
class OpenOneToOne(Value):
    """Have a chat with a person, whether or not they are a contact; answered with its `Chat`."""

    key: PublicKey


@dataclass(frozen=True, slots=True, repr=False)
class LeaveChat(Value):
    """Show a chat no longer; answered with its `Chat`.

    A public one is no longer heard. A group's members are told that we left.
    """

    chat_id: ChatId


@dataclass(frozen=True, slots=True, repr=False)
class AcceptChat(Value):
    """Take a stranger's chat out of the inbox; they are answered from now on."""

    chat_id: ChatId


@dataclass(frozen=True, slots=True, repr=False)
class ClearChat(Value):
    """Delete the messages that a chat has now, on all our devices; answered with its `Chat`."""

    chat_id: ChatId


@dataclass(frozen=True, slots=True, repr=False)
class MuteChat(Value):
    """Let a chat ask for attention, or not; answered with its `Chat`."""

    chat_id: ChatId
    muted: bool


@dataclass(frozen=True, slots=True, repr=False)
class MarkRead(Value):
    """Count a chat's messages up to a clock as read, or all of them; answered with its `Chat`."""

    chat_id: ChatId
    up_to_clock: int | None = None


@dataclass(frozen=True, slots=True, repr=False)
class SendMessage(Value):
    """Say something in a chat; answered with the queued `Message`.

    Attributes:
        chat_id: A public chat that was joined, or anybody's contact id.
        text: What it says; with an attachment, what a client shows that cannot show it.
        response_to: The message that it answers, or None.
        content_type: `TEXT_PLAIN`, `STATUS` or `EMOJI`; with an attachment the attachment decides.
        attachment: Sticker, picture or recording.
    """

    chat_id: ChatId
    text: str
    response_to: MessageId | None = None
    content_type: ContentType = ContentType.TEXT_PLAIN
    attachment: Attachment | None = None


@dataclass(frozen=True, slots=True, repr=False)
class ResendMessage(Value):
    """Send a message of ours that failed once more, under its old id; answered with it."""

    message_id: MessageId


@dataclass(frozen=True, slots=True, repr=False)
class React(Value):
    """Put a face under a message, or take it back; answered with the `Reaction`."""

    message_id: MessageId
    type: int
    retracted: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class AddContact(Value):
    """Add a person, which sends them a contact request; answered with the `Contact`.

    Attributes:
        key: Whom.
        nickname: What we call them, or empty.
        bundle: The signed bundle that their link carried, or empty.
    """

    key: PublicKey
    nickname: str = ""
    bundle: bytes = b""


@dataclass(frozen=True, slots=True, repr=False)
class RemoveContact(Value):
    """Have a person as contact no longer; the chat stays. Answered with the `Contact`."""

    key: PublicKey


@dataclass(frozen=True, slots=True, repr=False)
class BlockContact(Value):
    """Hear nothing of a person any more, or hear them again; answered with the `Contact`."""

    key: PublicKey
    blocked: bool = True


@dataclass(frozen=True, slots=True, repr=False)
class VerifyContact(Value):
    """Note that a person's key was compared by another way; answered with the `Contact`."""

    key: PublicKey
    verified: bool = True


@dataclass(frozen=True, slots=True, repr=False)
class SetForwardSecrecy(Value):
    """Use sessions in a conversation, or only the identity's key; answered with its `Chat`."""

    key: PublicKey
    on: bool


@dataclass(frozen=True, slots=True, repr=False)
class SetProfile(Value):
    """Change name and picture and tell all contacts; answered with the `Profile`."""

    ens_name: str = ""
    picture: str = ""


# ---- groups


@dataclass(frozen=True, slots=True, repr=False)
class CreateGroup(Value):
    """Make a group with us as its admin, and invite people; answered with its `Group`.

    Attributes:
        name: What it is called; not blank.
        members: Whom to invite; may be empty.
    """

    name: str
    members: tuple[PublicKey, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class JoinGroup(Value):
    """Accept the invitation to a group; answered with its `Group`. From now on we are heard."""

    chat_id: ChatId


@dataclass(frozen=True, slots=True, repr=False)
class AddMembers(Value):
    """Invite more people, as an admin; answered with the `Group`."""

    chat_id: ChatId
    members: tuple[PublicKey, ...]


@dataclass(frozen=True, slots=True, repr=False)
class RemoveMember(Value):
    """Take a member who is no admin out of a group, as an admin; answered with the `Group`."""

    chat_id: ChatId
    member: PublicKey


@dataclass(frozen=True, slots=True, repr=False)
class PromoteMembers(Value):
    """Make members admins, as an admin; answered with the `Group`."""

    chat_id: ChatId
    members: tuple[PublicKey, ...]


@dataclass(frozen=True, slots=True, repr=False)
class ResignAdmin(Value):
    """Be an ordinary member again; answered with the `Group`."""

    chat_id: ChatId


@dataclass(frozen=True, slots=True, repr=False)
class RenameGroup(Value):
    """Change a group's name, as an admin; answered with the `Group`."""

    chat_id: ChatId
    name: str


# ---- our own devices


@dataclass(frozen=True, slots=True, repr=False)
class IntroduceDevice(Value):
    """Tell our other devices what this one is called, so that they can pair; answered with it.

    Attributes:
        name: How its owner calls it; empty for the name it has.
        type: What it is, one word.
    """

    name: str
    type: str


@dataclass(frozen=True, slots=True, repr=False)
class EnableDevice(Value):
    """Let a device of ours have all that we say and do, or not; answered with the `Device`.

    One that is enabled gets the whole present state. One that is disabled gets nothing more.
    """

    installation_id: str
    enabled: bool = True


@dataclass(frozen=True, slots=True, repr=False)
class SyncDevices(Value):
    """Tell our other devices the whole present state once more; answered with this `Device`."""


Command: TypeAlias = (
    SendMessage
    | MarkRead
    | React
    | JoinPublicChat
    | OpenOneToOne
    | LeaveChat
    | AcceptChat
    | ClearChat
    | MuteChat
    | ResendMessage
    | AddContact
    | RemoveContact
    | BlockContact
    | VerifyContact
    | SetForwardSecrecy
    | SetProfile
    | CreateGroup
    | JoinGroup
    | AddMembers
    | RemoveMember
    | PromoteMembers
    | ResignAdmin
    | RenameGroup
    | IntroduceDevice
    | EnableDevice
    | SyncDevices
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A command with the asker's number; the answer is `Done` or `Refused` with the same."""

    request: int
    command: Command = field(repr=False)
