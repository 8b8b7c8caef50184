"""Prints messages with what they answer and their faces, and what happens in one chat."""

import sys
from collections import defaultdict
from collections.abc import Sequence
from typing import assert_never

from sottovoce.base.quantities import PublicKey
from sottovoce.chat.message_values import is_note
from sottovoce.chat.records import ChatId, Message, Reaction
from sottovoce.cli.budget_text import tell_budget
from sottovoce.cli.chat_lines import Lines, message_fields, reaction_fields
from sottovoce.cli.naming import AddressBook, address_book, partner
from sottovoce.cli.output import is_coloured, printable
from sottovoce.cli.person import Session
from sottovoce.identity.public_key_text import hex_key
from sottovoce.payloads.message_id import MessageId, message_id_text
from sottovoce.sdk.errors import UnknownNameError
from sottovoce.sdk.events import (
    ChatChanged,
    ContactChanged,
    ContactDeviceAdded,
    ContactRequested,
    DataBudgetChanged,
    DeviceChanged,
    EventsMissed,
    GroupChanged,
    GroupInvited,
    GroupNoteAdded,
    HistoryFetched,
    HistoryProgress,
    MailserversChanged,
    MessageReceived,
    MessageStateChanged,
    MessageWritten,
    MessengerEvent,
    ReactionChanged,
    StorageTrouble,
)


class ChatPrinter:
    """Prints what a person sees.

    Args:
        session: Who looks.
        book: Who is called how.
    """

    def __init__(self, session: Session, book: AddressBook) -> None:
        self._session = session
        self._use(book)

    async def messages(self, newest_first: Sequence[Message], *, with_chat: bool = False) -> None:
        """Print messages, the newest at the bottom."""
        here = {message_id_text(message.id): message for message in newest_first}
        reactions: defaultdict[MessageId, list[Reaction]] = defaultdict(list)
        for reaction in await self._session.port.reactions(*newest_first):
            reactions[reaction.message_id].append(reaction)
        for message in reversed(newest_first):
            quoted = here.get(message.response_to) or await self._quoted(message)
            self._print(message, quoted, reactions[message.id], with_chat=with_chat)

    async def event(self, event: MessengerEvent, chat_id: ChatId) -> Message | None:
        """Print what happened, if it is of the chat; return the message that was added, if any."""
        match event:
            case MessageReceived(message, quoted) | MessageWritten(message, quoted):
                if message.chat_id != chat_id:
                    return None
                self._print(message, quoted, (), with_chat=False)
                return message
            case MessageStateChanged() | ReactionChanged():
                self._print_change(event, chat_id)
            case GroupNoteAdded() | ContactDeviceAdded():
                self._print_news(event, chat_id)
            case ContactChanged() | ContactRequested() | GroupChanged():
                self._use(await address_book(self._session.port))
            case EventsMissed() | StorageTrouble() | DataBudgetChanged():
                self._tell(event)
            case ChatChanged() | GroupInvited() | DeviceChanged():
                pass  # What happens in a group is a note in its chat.
            case HistoryProgress() | HistoryFetched() | MailserversChanged():
                pass  # What it brought is told by itself.
            case _:
                assert_never(event)
        return None

    def _tell(self, event: EventsMissed | StorageTrouble | DataBudgetChanged) -> None:
        """Say what is in the way of hearing everything."""
        output = self._session.output
        match event:
            case EventsMissed(count):
                output.talk(
                    f"{count} events were missed because this was too slow; read the chat again"
                )
            case StorageTrouble(reason):
                output.talk(
                    f"nothing can be stored: {printable(reason)}" if reason else "storing again"
                )
            case DataBudgetChanged(budget):
                tell_budget(output, budget)
            case _:
                assert_never(event)

    def _print_change(self, event: MessageStateChanged | ReactionChanged, chat_id: ChatId) -> None:
        changed = event.message if isinstance(event, MessageStateChanged) else event.reaction
        if changed.chat_id != chat_id:
            return
        if isinstance(changed, Message):
            line, kind = self._lines.state(changed), "message state"
            fields = message_fields(self._book, changed)
        else:
            line, kind = self._lines.reaction(changed), "reaction"
            fields = reaction_fields(changed)
        self._session.output.result(line, event=kind, **fields)

    def _print_news(self, event: GroupNoteAdded | ContactDeviceAdded, chat_id: ChatId) -> None:
        if isinstance(event, ContactDeviceAdded):
            self._print_device(event.contact.key, event.installation_id, chat_id)
        elif event.message.chat_id == chat_id:
            self._print(event.message, None, (), with_chat=False)

    def _print_device(self, owner: PublicKey, installation_id: str, chat_id: ChatId) -> None:
        """Tell that a person of the chat uses one more device."""
        group = self._book.groups.get(chat_id)
        if owner not in (group.members if group is not None else (partner(chat_id),)):
            return
        name = printable(self._book.person_name(owner))
        self._session.output.result(
            f"-- {name} uses one more device, which gets what you say from now on",
            event="contact device",
            public_key=hex_key(owner),
            installation_id=installation_id,
        )

    def _use(self, book: AddressBook) -> None:
        self._book = book
        self._lines = Lines(book, is_coloured=is_coloured(sys.stdout))

    async def _quoted(self, message: Message) -> Message | None:
        if not message.response_to:
            return None
        try:
            return await self._session.port.message(message.response_to)
        except UnknownNameError:
            return None

    def _print(
        self,
        message: Message,
        quoted: Message | None,
        reactions: Sequence[Reaction],
        *,
        with_chat: bool,
    ) -> None:
        line = self._lines.message(message, quoted=quoted, reactions=reactions, with_chat=with_chat)
        fields = message_fields(self._book, message, reactions)
        event = "note" if is_note(message) else "message"
        self._session.output.result(line, event=event, **fields)
