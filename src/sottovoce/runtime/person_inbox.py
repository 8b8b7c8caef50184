"""What waits for a person while a commit runs or the store cannot be written: bounded, in order.

Strangers make `MessageArrived`; beyond the bound those are counted and dropped, as if the network
had lost them (whoever wants an answer sends again). The owner makes commands; beyond their bound
they are refused. The rest follows from what the person did itself.
"""

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from sottovoce.chat.commands import Asked
from sottovoce.mail.client_events import FetchAsked
from sottovoce.node.effects import (
    ConfirmedByPeer,
    HistoryArriving,
    HistoryDone,
    HistoryReasked,
    MessageArrived,
    PeerConnected,
    PeerDisconnected,
    PeerUnreachable,
    PostFailed,
    PostSucceeded,
    SentToPeer,
)
from sottovoce.node.person_events import PersonInput
from sottovoce.stack.events import OwnBundleAsked, PeersChanged

if TYPE_CHECKING:
    from sottovoce.base.quantities import EnvelopeHash, PublicKey

# A busy network brings ten messages of ours a second at the most: these are minutes of it.
MESSAGES_MAX: Final = 4096
MESSAGES_BYTES_MAX: Final = 16 * 1024 * 1024  # sixteen of the largest envelopes
# The same for what mailservers send, which comes as fast as the line is: two pages of each of three
# servers. They have a place of their own, so that they take none from what is said meanwhile.
HISTORY_MAX: Final = 6144
HISTORY_BYTES_MAX: Final = 32 * 1024 * 1024
# A program that asks for more than this at once does not wait for its answers.
COMMANDS_MAX: Final = 1024

# What somebody asked for, who waits for an answer.
Command: TypeAlias = Asked | OwnBundleAsked | FetchAsked
# How a mailserver stands; of one of them only the last word matters.
_Standing: TypeAlias = PeerConnected | PeerDisconnected | PeerUnreachable

# What concerns only posts and pages of one life: a person that is made anew knows nothing of them.
_OF_A_LIFE: Final = (
    PostSucceeded,
    PostFailed,
    SentToPeer,
    ConfirmedByPeer,
    HistoryArriving,
    HistoryReasked,
    HistoryDone,
)


class _Entry(NamedTuple):
    """An input that waits, and whether it may wait for others, with which it shares a commit."""

    event: PersonInput
    is_patient: bool


class _Room:
    """Places for messages, by count and by bytes."""

    def __init__(self, count_max: int, bytes_max: int) -> None:
        self._count_left = count_max
        self._bytes_left = bytes_max

    def take(self, size_bytes: int) -> bool:
        """Take a place; returns whether there was one."""
        if self._count_left < 1 or self._bytes_left < size_bytes:
            return False
        self._count_left -= 1
        self._bytes_left -= size_bytes
        return True

    def give_back(self, size_bytes: int) -> None:
        """Give a place back."""
        self._count_left += 1
        self._bytes_left += size_bytes


class PersonInbox:
    """The waiting inputs.

    Attributes:
        dropped_messages: Messages that found no place.
    """

    def __init__(self) -> None:
        self.dropped_messages = 0
        self._waiting: deque[_Entry] = deque()
        self._live_room = _Room(MESSAGES_MAX, MESSAGES_BYTES_MAX)
        self._history_room = _Room(HISTORY_MAX, HISTORY_BYTES_MAX)
        self._arriving: dict[int, HistoryArriving] = {}
        self._command_count = 0
        self._patient_count = 0
        self._posted: set[EnvelopeHash] = set()
        self._peer_count: int | None = None

    def __bool__(self) -> bool:
        return self._peer_count is not None or bool(self._waiting)

    @property
    def hurries(self) -> bool:
        """Whether anything waits that should not wait for company."""
        return self._peer_count is not None or len(self._waiting) > self._patient_count

    def put(self, event: PersonInput) -> bool:
        """Let an input wait; returns whether there was a place for it."""
        if isinstance(event, PeersChanged):
            # Only how many there are now matters, however often that changes.
            self._peer_count = event.count
            return True
        if not self._has_place(event):
            return False
        if isinstance(event, HistoryArriving) and not self._is_first_sign(event):
            return True
        is_patient = self._is_patient(event)
        self._waiting.append(_Entry(event, is_patient))
        self._patient_count += is_patient
        return True

    def _has_place(self, event: PersonInput) -> bool:
        match event:
            case MessageArrived(_, message, direct):
                if not self._room(direct=direct).take(len(message.payload)):
                    self.dropped_messages += 1
                    return False
            case Asked() | OwnBundleAsked() | FetchAsked():
                if self._command_count >= COMMANDS_MAX:
                    return False
                self._command_count += 1
            case PeerConnected() | PeerDisconnected() | PeerUnreachable():
                self._keep(lambda each: not _is_standing_of(each, event.public_key))
            case _:
                pass
        return True

    def _is_patient(self, event: PersonInput) -> bool:
        match event:
            case MessageArrived(_, message, _):
                # Our own envelope comes back at once where we hear its topic; it says nothing new.
                return message.hash in self._posted
            case PostSucceeded(_, hash):
                self._posted.add(hash)
                return True
            case SentToPeer() | ConfirmedByPeer():
                return True
            case _:
                return False

    def take(self) -> PersonInput:
        """Take the next input; there is one."""
        if self._peer_count is not None:
            count, self._peer_count = self._peer_count, None
            return PeersChanged(count)
        event, is_patient = self._waiting.popleft()
        self._patient_count -= is_patient
        match event:
            case MessageArrived(_, message, direct):
                self._room(direct=direct).give_back(len(message.payload))
            case HistoryArriving(request):
                return self._arriving.pop(request)
            case Asked() | OwnBundleAsked() | FetchAsked():
                self._command_count -= 1
            case PostSucceeded(_, hash):
                self._posted.discard(hash)
            case _:
                pass
        return event

    def take_commands(self) -> list[Command]:
        """Take all the commands, in order, and leave the rest."""
        commands = [each for each, _ in self._waiting if isinstance(each, Command)]
        self._keep(lambda each: not isinstance(each, Command))
        self._command_count = 0
        return commands

    def forget_life(self) -> None:
        """Forget what concerns only a person that is no more."""
        self._keep(lambda each: not is_of_a_life(each))
        self._posted.clear()
        self._arriving.clear()

    def _room(self, *, direct: bool) -> _Room:
        return self._history_room if direct else self._live_room

    def _is_first_sign(self, event: HistoryArriving) -> bool:
        """Add up what came of a page; returns whether no earlier sign of it waits."""
        before = self._arriving.get(event.request)
        if before is None:
            self._arriving[event.request] = event
            return True
        self._arriving[event.request] = HistoryArriving(
            event.request,
            before.envelopes + event.envelopes,
            before.new + event.new,
            before.bytes + event.bytes,
        )
        return False

    def _keep(self, is_kept: Callable[[PersonInput], bool]) -> None:
        self._waiting = deque(entry for entry in self._waiting if is_kept(entry.event))
        self._patient_count = sum(entry.is_patient for entry in self._waiting)


def _is_standing_of(event: PersonInput, key: "PublicKey") -> bool:
    return isinstance(event, _Standing) and event.public_key == key


def is_of_a_life(event: PersonInput) -> bool:
    """Tell whether an input means something only to the life of a person that caused it."""
    return isinstance(event, _OF_A_LIFE)


def is_patient(event: PersonInput) -> bool:
    """Tell whether an input only says that an envelope is on its way, which nobody waits for."""
    return isinstance(event, PostSucceeded | SentToPeer | ConfirmedByPeer)
