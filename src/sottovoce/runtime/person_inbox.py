"""What waits for a person while a commit runs or the store cannot be written: bounded, in order.

Strangers make `MessageArrived`; beyond the bound those are counted and dropped, as if the network
had lost them (whoever wants an answer sends again). The owner makes commands; beyond their bound
they are refused. The rest follows from what the person did itself.
"""

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from sottovoce.chat.commands import Asked
from sottovoce.node.effects import MessageArrived, PostFailed, PostSucceeded, SentToPeer
from sottovoce.node.person_events import PersonInput
from sottovoce.stack.events import OwnBundleAsked, PeersChanged

if TYPE_CHECKING:
    from sottovoce.base.quantities import EnvelopeHash

# A busy network brings ten messages of ours a second at the most: these are minutes of it.
MESSAGES_MAX: Final = 4096
MESSAGES_BYTES_MAX: Final = 16 * 1024 * 1024  # sixteen of the largest envelopes
# A program that asks for more than this at once does not wait for its answers.
COMMANDS_MAX: Final = 1024

# What somebody asked for, who waits for an answer.
Command: TypeAlias = Asked | OwnBundleAsked

# What concerns only posts of one life: a person that is made anew knows nothing of them.
_OF_A_LIFE: Final = (PostSucceeded, PostFailed, SentToPeer)


class _Entry(NamedTuple):
    """An input that waits, and whether it may wait for others, with which it shares a commit."""

    event: PersonInput
    is_patient: bool


class PersonInbox:
    """The waiting inputs.

    Attributes:
        dropped_messages: Messages that found no place.
    """

    def __init__(self) -> None:
        self.dropped_messages = 0
        self._waiting: deque[_Entry] = deque()
        self._message_count = 0
        self._message_bytes = 0
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
        is_patient = False
        match event:
            case MessageArrived(_, message, _):
                # Our own envelope comes back at once where we hear its topic; it says nothing new.
                is_patient = message.hash in self._posted
                size_bytes = len(message.payload)
                if (
                    self._message_count >= MESSAGES_MAX
                    or self._message_bytes + size_bytes > MESSAGES_BYTES_MAX
                ):
                    self.dropped_messages += 1
                    return False
                self._message_count += 1
                self._message_bytes += size_bytes
            case Asked() | OwnBundleAsked():
                if self._command_count >= COMMANDS_MAX:
                    return False
                self._command_count += 1
            case PeersChanged(count):
                # Only how many there are now matters, however often that changes.
                self._peer_count = count
                return True
            case PostSucceeded(_, hash):
                is_patient = True
                self._posted.add(hash)
            case SentToPeer():
                is_patient = True
            case _:
                pass
        self._waiting.append(_Entry(event, is_patient))
        self._patient_count += is_patient
        return True

    def take(self) -> PersonInput:
        """Take the next input; there is one."""
        if self._peer_count is not None:
            count, self._peer_count = self._peer_count, None
            return PeersChanged(count)
        event, is_patient = self._waiting.popleft()
        self._patient_count -= is_patient
        match event:
            case MessageArrived(_, message, _):
                self._message_count -= 1
                self._message_bytes -= len(message.payload)
            case Asked() | OwnBundleAsked():
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

    def _keep(self, is_kept: Callable[[PersonInput], bool]) -> None:
        self._waiting = deque(entry for entry in self._waiting if is_kept(entry.event))
        self._patient_count = sum(entry.is_patient for entry in self._waiting)


def is_of_a_life(event: PersonInput) -> bool:
    """Tell whether an input means something only to the life of a person that caused it."""
    return isinstance(event, _OF_A_LIFE)


def is_patient(event: PersonInput) -> bool:
    """Tell whether an input only says that an envelope is on its way, which nobody waits for."""
    return isinstance(event, PostSucceeded | SentToPeer)
