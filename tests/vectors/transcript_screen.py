"""What the deployed clients showed, compared with what arrived here and what the rules say.

How a client sorts, counts and hides chats is left out: that is its own business.
"""

from typing import Any, Final

from sottovoce.base.quantities import PublicKey
from sottovoce.payloads.chat_message import ChatMessage, MessageType
from sottovoce.payloads.contact import ContactUpdate
from sottovoce.payloads.contact_id import contact_id
from sottovoce.payloads.devices import (
    PairInstallation,
    SyncInstallationContact,
    SyncInstallationPublicChat,
)
from sottovoce.payloads.membership import MembershipUpdate
from sottovoce.payloads.message_id import message_id_text
from sottovoce.payloads.metadata import Unwrapped
from sottovoce.secure.bundle import PROTOCOL_VERSION
from sottovoce.secure.installations import Installation
from sottovoce.stack.events import Arrived
from vectors.transcript_groups import GroupBook, check_group, check_shown

_GROUP: Final = 3  # a kind of chat, as the deployed clients number them
_REQUEST_RECEIVED: Final = ":contact/request-received"
_ADDED: Final = ":contact/added"
_MILLISECONDS: Final = 1000


class Screen:
    """What one device has to show."""

    def __init__(self, me: PublicKey, installation_id: str) -> None:
        self._me: Final = contact_id(me)
        self._installation_id: Final = installation_id
        self._arrived: Final[dict[str, Arrived]] = {}
        self._sent: Final[set[str]] = set()
        self._groups: Final = GroupBook(me)
        # What the client has to show when it tells next.
        self._changed_groups: set[str] = set()
        self._new_in_groups: set[str] = set()
        # What it has to show at once, because its person did it.
        self._own_in_groups: set[str] = set()

    # ---- what happened

    def note_sent(self, sent: Unwrapped, unix_s: int) -> None:
        """Note what this device sent; the same may go to several people."""
        message_id = message_id_text(sent.message_id)
        if message_id in self._sent:
            return
        self._sent.add(message_id)
        if isinstance(sent.payload, MembershipUpdate):
            assert sent.author is not None
            told = self._groups.take(
                sent.payload,
                author=sent.author,
                message_id=sent.message_id,
                now_unix_ms=unix_s * _MILLISECONDS,
            )
            assert told is not None
            self._own_in_groups |= told

    def note_arrived(self, fact: Arrived, unix_s: int) -> None:
        """Note what arrived, and judge it if it is of a group."""
        self._arrived[message_id_text(fact.message_id)] = fact
        if not isinstance(fact.payload, MembershipUpdate):
            return
        told = self._groups.take(
            fact.payload,
            author=fact.author,
            message_id=fact.message_id,
            now_unix_ms=unix_s * _MILLISECONDS,
        )
        if told is not None:
            self._changed_groups.add(fact.payload.chat_id)
            self._new_in_groups |= told

    # ---- what was shown

    def check_told(self, told: dict[str, Any], installations: dict[str, Installation]) -> None:
        """What the client told its person at once.

        Args:
            told: As recorded.
            installations: The other devices of the same person, as they are known here.
        """
        self._check_groups(told)
        for shown in told.get("messages") or ():
            if shown["id"] not in self._groups.shown:
                self._check_message(shown)
        for shown in told.get("contacts") or ():
            assert any(_is_contact(fact, shown) for fact in self._arrived.values())
        chats = {self._chat_of(fact) for fact in self._arrived.values()}
        assert {shown["id"] for shown in told.get("chats") or ()} <= chats
        for shown in told.get("installations") or ():
            self._check_installation(shown, installations)

    def check_own(self, local_message_ids: list[str] | None) -> None:
        """What the client showed of what its person did.

        The deployed clients also show again what belongs to it: quoted messages, other events.
        """
        shown = set(local_message_ids or ())
        assert self._own_in_groups <= shown
        assert shown <= self._sent | self._arrived.keys() | self._groups.shown.keys()
        self._own_in_groups.clear()

    def _check_groups(self, told: dict[str, Any]) -> None:
        groups = [chat for chat in told.get("chats") or () if chat["type"] == _GROUP]
        assert {chat["id"] for chat in groups} == self._changed_groups
        for chat in groups:
            check_group(self._groups.state(chat["id"]), chat)
        messages = [
            shown
            for shown in told.get("messages") or ()
            if shown["message_type"]
            in (MessageType.PRIVATE_GROUP, MessageType.SYSTEM_MESSAGE_PRIVATE_GROUP)
        ]
        assert {shown["id"] for shown in messages} == self._new_in_groups
        for shown in messages:
            check_shown(self._groups.shown[shown["id"]], shown)
        self._changed_groups.clear()
        self._new_in_groups.clear()

    def _check_message(self, shown: dict[str, Any]) -> None:
        fact = self._arrived[shown["id"]]
        assert contact_id(fact.author) == shown["from"]
        if not isinstance(fact.payload, ChatMessage):
            return
        message = fact.payload
        assert message.text == shown["text"]
        assert message.clock == int(shown["clock"])
        assert message.content_type == shown["content_type"]
        assert message.message_type == shown["message_type"]
        assert shown["local_chat_id"] == self._chat_of(fact)
        if shown["id"] not in self._sent:
            assert shown["outgoing_status"] == ("sent" if self._is_ours(fact) else "")

    def _chat_of(self, fact: Arrived) -> str:
        """Return the chat that something belongs to: what others say alone is theirs."""
        match fact.payload:
            case MembershipUpdate() as update:
                return update.chat_id
            case SyncInstallationPublicChat() as channel:
                return channel.id
            case ChatMessage() as message if fact.public_chats or self._is_ours(fact):
                return message.chat_id
            case _:
                return contact_id(fact.author)

    def _is_ours(self, fact: Arrived) -> bool:
        return contact_id(fact.author) == self._me

    def _check_installation(
        self, shown: dict[str, Any], installations: dict[str, Installation]
    ) -> None:
        pairing = next(
            fact.payload
            for fact in reversed(self._arrived.values())
            if isinstance(fact.payload, PairInstallation)
            and fact.payload.installation_id == shown["id"]
        )
        assert pairing.name == shown["metadata"]["name"]
        assert pairing.device_type == shown["metadata"]["deviceType"]
        if shown["id"] == self._installation_id:
            assert (shown["enabled"], shown["identity"]) == (True, "")
            assert shown["version"] == PROTOCOL_VERSION
            assert shown["id"] not in installations
            return
        known = installations[shown["id"]]
        assert shown["identity"] == self._me
        assert known.enabled == shown["enabled"]
        assert known.protocol_version == shown["version"]


def _is_contact(fact: Arrived, shown: dict[str, Any]) -> bool:
    """Tell whether something that arrived makes a contact what was shown."""
    match fact.payload:
        case ContactUpdate() as update:
            person, tag = contact_id(fact.author), _REQUEST_RECEIVED
        case SyncInstallationContact() as update:
            person, tag = update.id, _ADDED
        case _:
            return False
    return (
        person == shown["id"]
        and update.clock == int(shown["last_updated"])
        and update.ens_name == shown["name"]
        and update.profile_image == shown["photo"]
        and tag in shown["tags"]
    )
