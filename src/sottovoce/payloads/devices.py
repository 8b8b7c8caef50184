"""What the devices of one person tell each other.

Spec: Status specs 6 (payloads), "PairInstallation" and "SyncInstallation"; status-go
protocol/protobuf/pairing.proto.
"""

from dataclasses import dataclass
from typing import Annotated

from sottovoce.payloads.form import PictureText, Several, ShortText, Text, Uint64, Value
from sottovoce.payloads.limits import SHORT_TEXT_BYTES_MAX, SYNC_ENTRIES_MAX, TAGS_MAX


@dataclass(frozen=True, slots=True, repr=False)
class PairInstallation(Value):
    """A device introduces itself: its installation id, what it is, how its owner calls it."""

    clock: Uint64 = 0
    installation_id: ShortText = ""
    device_type: ShortText = ""
    name: ShortText = ""


@dataclass(frozen=True, slots=True, repr=False)
class SyncInstallationContact(Value):
    """A contact that the owner has added; clients of 2020 fill the first four fields only."""

    clock: Uint64 = 0
    id: ShortText = ""
    profile_image: PictureText = ""
    ens_name: ShortText = ""
    last_updated: Uint64 = 0
    system_tags: Annotated[tuple[str, ...], Several(TAGS_MAX, Text(SHORT_TEXT_BYTES_MAX))] = ()


@dataclass(frozen=True, slots=True, repr=False)
class SyncInstallationAccount(Value):
    """The owner's own picture."""

    clock: Uint64 = 0
    profile_image: PictureText = ""
    last_updated: Uint64 = 0


@dataclass(frozen=True, slots=True, repr=False)
class SyncInstallationPublicChat(Value):
    """A public chat that the owner has joined."""

    clock: Uint64 = 0
    id: ShortText = ""


@dataclass(frozen=True, slots=True, repr=False)
class SyncInstallation(Value):
    """Contacts, public chats and account in one payload."""

    contacts: Annotated[tuple[SyncInstallationContact, ...], Several(SYNC_ENTRIES_MAX)] = ()
    public_chats: Annotated[tuple[SyncInstallationPublicChat, ...], Several(SYNC_ENTRIES_MAX)] = ()
    account: SyncInstallationAccount | None = None
