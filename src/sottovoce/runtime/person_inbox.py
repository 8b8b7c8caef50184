"""What waits for a person while a commit runs or the store cannot be written: bounded, in order.

Strangers make `MessageArrived`; beyond the bound those are counted and dropped, as if the network
had lost them (whoever wants an answer sends again). The owner makes commands; beyond their bound
they are refused. The rest follows from what the person did itself.
"""

from collections import deque
from typing import Final, TypeAlias

from sottovoce.chat.commands import Asked
from sottovoce.node.effects import MessageArrived, PostFailed, PostSucceeded, SentToPeer
from sottovoce.node.person_events import PersonInput
from sottovoce.stack.events import OwnBundleAsked, PeersChanged

# A busy network brings ten messages of ours a second at the most: these are minutes of it.
MESSAGES_MAX: Final = 4096
MESSAGES_BYTES_MAX: Final = 16 * 1024 * 1024  # sixteen of the largest envelopes
# A program that asks for more than this at once does not wait for its answers.
COMMANDS_MAX: Final = 1024

# What somebody asked for, who waits for an answer.
Command: TypeAlias = Asked | OwnBundleAsked

# What concerns only posts of one life: a person that is made anew knows nothing of them.
_OF_A_LIFE: Final = (PostSucceeded, PostFailed, SentToPeer)


class PersonInbox:
    """The waiting inputs.

    Attributes:
        dropped_messages: Messages that found no place.
    """

    def __init__(self) -> None:
        self.dropped_messages = 0
        self._waiting: deque[PersonInput] = deque()
        self._message_count = 0
        self._message_bytes = 0
        self._command_count = 0
        self._peer_count: int | None = None

    def __bool__(self) -> bool:
        return self._peer_count is not None or bool(self._waiting)

    def put(self, event: PersonInput) -> bool:
        """Let an input wait; returns whether there was a place for it."""
        match event:
            case MessageArrived(_, message, _):
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
            case _:
                pass
        self._waiting.append(event)
        return True

    def take(self) -> PersonInput:
        """Take the next input; there is one."""
        if self._peer_count is not None:
            count, self._peer_count = self._peer_count, None
            return PeersChanged(count)
        event = self._waiting.popleft()
        match event:
            case MessageArrived(_, message, _):
                self._message_count -= 1
                self._message_bytes -= len(message.payload)
            case Asked() | OwnBundleAsked():
                self._command_count -= 1
            case _:
                pass
        return event

    def take_commands(self) -> list[Command]:
        """Take all the commands, in order, and leave the rest."""
        commands = [each for each in self._waiting if isinstance(each, Command)]
        self._waiting = deque(each for each in self._waiting if not isinstance(each, Command))
        self._command_count = 0
        return commands

    def forget_life(self) -> None:
        """Forget what concerns only a person that is no more."""
        self._waiting = deque(each for each in self._waiting if not is_of_a_life(each))


def is_of_a_life(event: PersonInput) -> bool:
    """Tell whether an input means something only to the life of a person that caused it."""
    return isinstance(event, _OF_A_LIFE)
