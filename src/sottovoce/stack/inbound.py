"""From an opened envelope to a payload that may go up: the order of layers, and who is believed.

Deployed clients let every layer fall through: what is no message of the layer of secrecy is content
as it is, and content that is no data sync is a body as it is. That rule, and the comparison of the
two identities (who signed the envelope, who signed the payload), stand here and nowhere else.

Spec: status-go protocol/v1/status_message.go and message_processor.go (docs/spec-deviations.md,
"Layers that do not fit", "Authors and senders", "Acknowledging strangers" and "Clocks ahead").
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias, assert_never

from sottovoce.base.errors import FromFutureError, RemoteProtocolError
from sottovoce.base.moment import Moment
from sottovoce.base.quantities import PublicKey
from sottovoce.gossip.seal import OpenedMessage
from sottovoce.payloads.chat_message import ChatMessage, MessageType
from sottovoce.payloads.membership import MembershipUpdate
from sottovoce.payloads.metadata import unwrap
from sottovoce.payloads.registry import UnknownPayload
from sottovoce.payloads.validity import check_received
from sottovoce.secure.channel import Channel
from sottovoce.secure.facts import Fact, Opened, Secrecy
from sottovoce.secure.wire import decode_message
from sottovoce.stack.destinations import PublicChat
from sottovoce.stack.events import Arrived, Dropped, PeopleChanged
from sottovoce.sync.events import (
    BodiesReceived,
    BodyPostponed,
    BodyQueued,
    BodyRefused,
    BytesReceived,
    Delivered,
    NotDataSync,
    PayloadToSend,
    StillWaiting,
)
from sottovoce.sync.message_id import message_id
from sottovoce.sync.records import MessageId as SyncId
from sottovoce.sync.synchronizer import Synchronizer

_MILLISECONDS: Final = 1000


@dataclass(frozen=True, slots=True)
class Source:
    """Where content came from: what the layers below know, and nobody above can claim."""

    sender: PublicKey = field(repr=False)
    secrecy: Secrecy
    public_chats: tuple[str, ...] = field(repr=False)
    message: OpenedMessage


# What one envelope brings: payloads, facts of secrecy, and bodies of ours that have arrived.
Brought: TypeAlias = Arrived | Fact | Delivered


class Inbound:
    """One person's way in."""

    def __init__(
        self,
        own: PublicKey,
        channel: Channel,
        synchronizer: Synchronizer,
        dropped: Counter[Dropped],
    ) -> None:
        self._own: Final = own
        self._channel: Final = channel
        self._synchronizer: Final = synchronizer
        self._dropped: Final = dropped

    def take(
        self,
        message: OpenedMessage,
        public_chats: tuple[str, ...],
        people: PeopleChanged,
        now: Moment,
    ) -> list[Brought]:
        """Take an opened envelope apart; what goes no further is counted.

        The key that opened it is destroyed before this returns, so that what is returned and the
        loss of the key are of one transaction, or neither happens.

        Raises:
            LocalProtocolError: A stored record is damaged.
        """
        sender = message.transport_sender
        if sender is None or sender in people.ignored:
            self._dropped[Dropped.UNSIGNED if sender is None else Dropped.IGNORED] += 1
            return []
        opened = self._channel.open(sender, message.payload, now)
        brought: list[Brought] = list(opened.facts)
        if not isinstance(opened, Opened):
            self._dropped[Dropped.UNOPENED] += 1
            return brought
        source = Source(sender, opened.secrecy, public_chats, message)
        bodies = self._bodies(opened, source, people, brought, now)
        for raw, sync_id in bodies:
            read = read_body(raw, source)
            if isinstance(read, Dropped):
                self._dropped[read] += 1
                if read is Dropped.FROM_FUTURE and sync_id is not None:
                    # Acknowledged, it would be lost; repeated, it comes in a later envelope.
                    self._synchronizer.handle(BodyPostponed(sender, sync_id), now)
            elif read.author in people.ignored:
                self._dropped[Dropped.IGNORED] += 1
            else:
                brought.append(read)
        if opened.receipt is not None:
            self._channel.confirm(opened.receipt)
        return brought

    def _bodies(
        self,
        opened: Opened,
        source: Source,
        people: PeopleChanged,
        brought: list[Brought],
        now: Moment,
    ) -> list[tuple[bytes, SyncId | None]]:
        """Return the bodies in opened content, with their names if they came by data sync.

        What data sync tells besides is brought as well.
        """
        if not opened.content:
            # Deployed clients send an empty payload after each acknowledgement.
            self._dropped[Dropped.EMPTY] += 1
            return []
        if source.secrecy is Secrecy.PUBLIC:
            return [(opened.content, None)]
        sender = source.sender
        answered = sender == self._own or sender in people.answered
        bodies: list[tuple[bytes, SyncId | None]] = []
        event = BytesReceived(sender, opened.content, answered)
        for output in self._synchronizer.handle(event, now):
            match output:
                case BodiesReceived():
                    bodies += [(message.body, message_id(message)) for message in output.messages]
                case NotDataSync():
                    bodies.append((output.raw, None))
                case Delivered():
                    brought.append(output)
                case BodyQueued() | BodyRefused() | PayloadToSend() | StillWaiting():
                    pass  # Received bytes make data sync send nothing at once.
                case _:
                    assert_never(output)
        return bodies


def read_body(raw: bytes, source: Source) -> Arrived | Dropped:
    """Read one body: form, author, rules."""
    try:
        unwrapped = unwrap(raw)
    except RemoteProtocolError:
        return Dropped.MALFORMED
    payload = unwrapped.payload
    author = unwrapped.author or source.sender
    if author != source.sender:
        if not isinstance(payload, MembershipUpdate):
            return Dropped.IMPOSTOR
        # A group's history proves itself, whoever passes it on; what was said with it does not.
        payload = replace(payload, content=None)
    if isinstance(payload, UnknownPayload):
        return Dropped.UNKNOWN_TYPE
    sent_unix_ms = source.message.sent_unix_s * _MILLISECONDS
    try:
        check_received(payload, envelope_unix_ms=sent_unix_ms)
    except FromFutureError:
        return Dropped.FROM_FUTURE
    except RemoteProtocolError:
        return Dropped.BREAKS_RULES
    return Arrived(
        payload=payload,
        author=author,
        message_id=unwrapped.message_id,
        secrecy=source.secrecy,
        public_chats=source.public_chats,
        sent_unix_ms=sent_unix_ms,
        envelope=source.message.hash,
    )


def read_public(message: OpenedMessage, chat: PublicChat) -> Arrived | Dropped:
    """Read what a public chat's topic and key opened, for whoever keeps no state.

    The checks are those of everything that arrives, and one more: a chat message must name this
    chat, and be of a public one.
    """
    if message.transport_sender is None:
        return Dropped.UNSIGNED
    source = Source(message.transport_sender, Secrecy.PUBLIC, (chat.name,), message)
    read = read_body(_public_content(message.payload), source)
    if isinstance(read, Arrived) and isinstance(read.payload, ChatMessage):
        written = read.payload
        if written.chat_id != chat.name or written.message_type != MessageType.PUBLIC_GROUP:
            return Dropped.BREAKS_RULES
    return read


def _public_content(content: bytes) -> bytes:
    """Return what a message of the layer of secrecy says in public, or else the bytes themselves.

    No deployed client writes such a message in a public chat, and all of them read it.
    """
    try:
        public = decode_message(content).public
    except RemoteProtocolError:
        return content
    return content if public is None else public
