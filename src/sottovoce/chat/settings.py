"""What can be set about chats, and how much strangers can make a person keep.

Contacts and people of accepted chats are never limited: whoever was let in can be blocked.

Spec: Status specs 6 (payloads), "Contact Update" (how often it is repeated); the bounds are our
own.
"""

from dataclasses import dataclass
from typing import Final

from sottovoce.base.errors import LocalProtocolError

# Chats of one's own, held in memory with some 500 bytes each: public, and with people. A person
# makes a few hundred in years.
CHATS_MAX: Final = 10_000
# Each is a filter that is tried on envelopes, and costs a key derivation.
PUBLIC_CHATS_MAX: Final = 500
# Groups, held in memory with their histories of some 20 kB each.
GROUPS_MAX: Final = 1000
# People whom we added: each gets an update of ours every two days.
CONTACTS_MAX: Final = 1000
# People of whom we noted anything else (blocked, verified). Blocking must not come to an end soon.
NOTED_MAX: Final = 10_000

# Strangers whose chats wait in the inbox. Nobody looks through more, and identities cost nothing.
STRANGERS_MAX: Final = 256
# What one stranger may say before the answer: hundreds of messages, or one picture.
STRANGER_BYTES_MAX: Final = 768 * 1024
# What all strangers' messages take together; the oldest stranger's chat makes room.
INBOX_BYTES_MAX: Final = 16 * 1024 * 1024
# Contact requests that wait; the oldest makes room.
REQUESTS_MAX: Final = 256
# Pictures of people whom we did not add, which stay in memory. Those of Status' clients have some
# kB; of a contact one as large as the payload allows is kept.
STRANGER_PICTURE_BYTES_MAX: Final = 32 * 1024

# What a public chat keeps: some 200,000 messages. When it is full the older half leaves.
PUBLIC_CHAT_BYTES_MAX: Final = 256 * 1024 * 1024

# What a message counts for beside its text and attachment, so that one bound holds both how many
# there are and how large they are: its row, its places in indexes, and its short fields.
MESSAGE_BYTES: Final = 1024
GROUP_EVENT_BYTES: Final = 2 * MESSAGE_BYTES  # of a group's event, and of its note in the chat
REACTION_BYTES: Final = 256  # the same of a reaction

# A nickname is shown in one line.
NICKNAME_BYTES_MAX: Final = 256

# Other devices of one person that get what this one says, as the deployed clients have it: people
# write to three devices of somebody, so that a fourth would hear from nobody.
ENABLED_OTHERS_MAX: Final = 2
# Contacts and public chats that another device is told of at one time. Data sync holds a thousand
# messages for one person; the other half is left for what is said meanwhile.
SYNCED_AT_ONCE_MAX: Final = 500
SYNCED_BYTES_AT_ONCE_MAX: Final = 4 * 1024 * 1024  # the same of what they weigh: half of the room

# As the specification and Status' app have it.
UPDATE_EVERY_S: Final = 48 * 3600
# People who are told at one time; an encoded update with a large picture takes milliseconds.
TOLD_AT_ONCE_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class ChatSettings:
    """The settings of one person's chats.

    Attributes:
        chats_max: Chats of one's own.
        public_chats_max: Public chats that are heard at one time.
        groups_max: Groups that are ours.
        contacts_max: People who are added.
        noted_max: People of whom anything is noted by ourselves.
        strangers_max: Chats of strangers that wait in the inbox.
        stranger_bytes_max: Bytes that one stranger's chat holds.
        inbox_bytes_max: Bytes that all strangers' chats hold.
        requests_max: Contact requests of strangers that wait.
        public_chat_bytes_max: Bytes that a public chat holds.
        update_every_s: Seconds until contacts are told name and picture again.

    Raises:
        LocalProtocolError: A value is not positive.
    """

    chats_max: int = CHATS_MAX
    public_chats_max: int = PUBLIC_CHATS_MAX
    groups_max: int = GROUPS_MAX
    contacts_max: int = CONTACTS_MAX
    noted_max: int = NOTED_MAX
    strangers_max: int = STRANGERS_MAX
    stranger_bytes_max: int = STRANGER_BYTES_MAX
    inbox_bytes_max: int = INBOX_BYTES_MAX
    requests_max: int = REQUESTS_MAX
    public_chat_bytes_max: int = PUBLIC_CHAT_BYTES_MAX
    update_every_s: int = UPDATE_EVERY_S

    def __post_init__(self) -> None:
        values = (
            self.chats_max,
            self.public_chats_max,
            self.groups_max,
            self.contacts_max,
            self.noted_max,
            self.strangers_max,
            self.stranger_bytes_max,
            self.inbox_bytes_max,
            self.requests_max,
            self.public_chat_bytes_max,
            self.update_every_s,
        )
        if min(values) <= 0:
            raise LocalProtocolError("limits and times of chats are positive")
