"""A person as one machine: stack below, chats above, history beside, and what they say.

It adds nothing of its own but numbers: the stack counts its wishes from its own start, the node
serves several owners, so each wish gets a number out of the person's range.

Spec: none; docs/decisions/0007-a-person-is-a-machine.md.
"""

from collections import deque
from collections.abc import Mapping
from functools import partial
from typing import Final, NamedTuple, assert_never

from sottovoce.base.entropy import Entropy
from sottovoce.base.moment import Moment
from sottovoce.base.secret import PrivateKey
from sottovoce.chat.author import Author
from sottovoce.chat.commands import Asked
from sottovoce.chat.conversations import Conversations
from sottovoce.chat.events import (
    ChatChanged,
    ChatEvent,
    ChatOutput,
    ContactChanged,
    ContactDeviceAdded,
    DeviceChanged,
    Done,
    GroupChanged,
    MessageAdded,
    MessageChanged,
    ReactionChanged,
    Refused,
)
from sottovoce.crypto import secp256k1
from sottovoce.gossip.filters import Filter
from sottovoce.mail.client import MailClient
from sottovoce.mail.client_events import ServerStatus
from sottovoce.mail.settings import ClientSettings
from sottovoce.node import inputs
from sottovoce.node.effects import (
    ConfirmedByPeer,
    MessageArrived,
    PostFailed,
    PostSucceeded,
    SentToPeer,
)
from sottovoce.node.person_events import PersonInput, PersonOutput
from sottovoce.node.person_history import PersonHistory
from sottovoce.node.person_store import PersonStore
from sottovoce.payloads.membership_event import sign_event
from sottovoce.stack import events as stack_events
from sottovoce.stack.composing import compose
from sottovoce.stack.events import KeyDerived, PeersChanged, StackEvent, StackOutput
from sottovoce.stack.settings import StackSettings
from sottovoce.stack.stack import Stack

# The other owner of a node counts its wishes from 1: at a million a second it would take thirty
# thousand years to come here.
PERSON_NUMBERS_FROM: Final = 1 << 60
# How many numbers one person has: several may share a node.
PERSON_NUMBERS: Final = 1 << 50


class _Heard(NamedTuple):
    """A filter that is installed, and what the stack calls it."""

    number: int
    wanted: Filter


class Person:
    """One person's stack, chats and history.

    A new person on an old store goes on where the last commit was. `Started` is the first input.

    Args:
        identity: Who it is.
        installation_id: The name of this device.
        store: What it keeps; the transaction around its writing is its caller's.
        entropy: Where keys and delays are drawn from.
        settings: Times and targets of the stack.
        mail: How history is fetched.
        installed: Filters that the node has from an earlier life of the same person, by number.
        first_number: The first number that the node has not heard from this person yet.
    """

    def __init__(
        self,
        identity: PrivateKey,
        installation_id: str,
        store: PersonStore,
        entropy: Entropy,
        now: Moment,
        settings: StackSettings | None = None,
        *,
        mail: ClientSettings | None = None,
        installed: Mapping[int, Filter] | None = None,
        first_number: int = PERSON_NUMBERS_FROM,
    ) -> None:
        self._stack = Stack(
            identity, installation_id, store.below_chat, entropy, now=now, settings=settings
        )
        author = Author(
            key=secp256k1.public_key(identity),
            installation_id=installation_id,
            compose=partial(compose, identity=identity),
            sign_event=lambda event, chat_id: sign_event(
                event, chat_id=chat_id, author_key=identity
            ),
            entropy=entropy,
        )
        self._chats = Conversations(author, store.chat, feed_store=store.feed)
        self._history = PersonHistory(
            MailClient(store.mail, entropy, now, mail), author.key, self._number
        )
        self._next_number = first_number
        self._left: dict[Filter, int] = {
            wanted: number for number, wanted in (installed or {}).items()
        }
        self._filters: dict[int, _Heard] = {}
        self._stack_filters: dict[int, int] = {}
        self._posts: dict[int, int] = {}

    def next_deadline(self) -> float | None:
        """Return the monotonic second at which something is due without any input."""
        machines = (self._stack, self._chats, self._history)
        deadlines = (machine.next_deadline() for machine in machines)
        return min((moment for moment in deadlines if moment is not None), default=None)

    def handle(self, event: PersonInput, now: Moment) -> list[PersonOutput]:
        """Take one input and return what follows, in order."""
        match event:
            case (
                MessageArrived() | SentToPeer() | ConfirmedByPeer() | PostSucceeded() | PostFailed()
            ):
                return self._node_said(event, now)
            case Asked():
                return self._carry([event], [], now)
            case stack_events.TimePassed() | PeersChanged():
                told = self._carry([event], [event], now)
                return told + self._history.also(event, now)
            case KeyDerived() | stack_events.OwnBundleAsked():
                return self._tell_stack(event, now)
            case stack_events.Started():
                began = self._carry([event], [event], now)
                return [*began, *self._removals(), *self._history.started(now)]
            case _:
                return self._history.handle(event, now)

    def standing(self) -> tuple[ServerStatus, ...]:
        """Return how the trusted mailservers stand."""
        return self._history.standing()

    def _node_said(
        self,
        fact: MessageArrived | SentToPeer | ConfirmedByPeer | PostSucceeded | PostFailed,
        now: Moment,
    ) -> list[PersonOutput]:
        match fact:
            case MessageArrived(numbers, message, _, page):
                heard = (self._filters.get(each) for each in numbers)
                filters = tuple(each.number for each in heard if each is not None)
                archived = self._history.is_page(page)
                opened = stack_events.EnvelopeOpened(filters, message, archived=archived)
                return self._tell_stack(opened, now) if filters else []
            case SentToPeer(peer, hashes):
                return self._tell_stack(stack_events.EnvelopesTaken(peer, hashes), now)
            case ConfirmedByPeer():
                return self._confirmed(fact, now)
            case PostSucceeded() | PostFailed():
                return self._post_done(fact, now)
            case _:
                assert_never(fact)

    def _confirmed(self, fact: ConfirmedByPeer, now: Moment) -> list[PersonOutput]:
        """Take what a mailserver of ours says to have; what others say to have ends with them."""
        if not fact.accepted or not self._history.is_server(fact.public_key):
            return []
        return self._tell_stack(stack_events.EnvelopesStored(fact.accepted), now)

    # ---- between the two

    def _tell_stack(self, event: StackEvent, now: Moment) -> list[PersonOutput]:
        return self._carry([], [event], now)

    def _carry(
        self, for_chats: list[ChatEvent], for_stack: list[StackEvent], now: Moment
    ) -> list[PersonOutput]:
        """Carry what one says to the other until both are silent.

        The stack goes first: what it tells is older than what a chat makes of it.
        """
        to_chats, to_stack = deque(for_chats), deque(for_stack)
        out: list[PersonOutput] = []
        while to_stack or to_chats:
            if to_stack:
                for said in self._stack.handle(to_stack.popleft(), now):
                    self._stack_said(said, to_chats, out)
            else:
                for told in self._chats.handle(to_chats.popleft(), now):
                    _chats_said(told, to_stack, out)
        return out + self._history.settled(now)

    def _stack_said(
        self, said: StackOutput, to_chats: deque[ChatEvent], out: list[PersonOutput]
    ) -> None:
        match said:
            case (
                stack_events.Arrived()
                | stack_events.Sealed()
                | stack_events.SentToPeers()
                | stack_events.Stored()
                | stack_events.Acknowledged()
                | stack_events.Undeliverable()
                | stack_events.OwnInstallations()
                | stack_events.PeerInstallationSeen()
            ):
                to_chats.append(said)
            case stack_events.PostEnvelope():
                out.append(self._post(said))
            case stack_events.Listen(number, wanted):
                out += self._listen(number, wanted)
            case stack_events.StopListening(number):
                outer = self._stack_filters.pop(number)
                self._history.silenced(self._filters.pop(outer).wanted)
                out.append(inputs.RemoveFilter(outer))
            case stack_events.DeriveKey() | stack_events.OwnBundle():
                out.append(said)
            case _:
                assert_never(said)

    # ---- numbers

    def _number(self) -> int:
        number = self._next_number
        self._next_number += 1
        return number

    def _post(self, wish: stack_events.PostEnvelope) -> inputs.PostMessage:
        number = self._number()
        self._posts[number] = wish.request
        return inputs.PostMessage(
            number, wish.route, wish.payload, wish.ttl_s, wish.pow_target, wish.work_time_s
        )

    def _post_done(self, event: PostSucceeded | PostFailed, now: Moment) -> list[PersonOutput]:
        request = self._posts.pop(event.request, None)
        if request is None:
            return []  # Somebody else's, or of an earlier life.
        if isinstance(event, PostFailed):
            return self._tell_stack(stack_events.EnvelopeFailed(request, event.detail), now)
        return self._tell_stack(stack_events.EnvelopePosted(request, event.hash), now)

    def _listen(self, number: int, wanted: Filter) -> list[PersonOutput]:
        """Install a filter, or go on with the equal one of an earlier life.

        What it opened meanwhile waits with its old number, and is not lost so.
        """
        kept = self._left.pop(wanted, None)
        outer = self._number() if kept is None else kept
        self._filters[outer] = _Heard(number, wanted)
        self._history.listening(wanted)
        self._stack_filters[number] = outer
        # What came while its key was being derived is in the pool.
        return [inputs.InstallFilter(outer, wanted, searches_pool=True)] if kept is None else []

    def _removals(self) -> list[PersonOutput]:
        """Remove the filters of an earlier life that are wanted no more."""
        left, self._left = self._left, {}
        return [inputs.RemoveFilter(number) for number in left.values()]


def is_of(first_number: int, number: int) -> bool:
    """Tell whether a wish's number is in the range that begins with `first_number`."""
    return first_number <= number < first_number + PERSON_NUMBERS


def _chats_said(told: ChatOutput, to_stack: deque[StackEvent], out: list[PersonOutput]) -> None:
    match told:
        case (
            MessageAdded()
            | MessageChanged()
            | ReactionChanged()
            | ChatChanged()
            | ContactChanged()
            | GroupChanged()
            | DeviceChanged()
            | ContactDeviceAdded()
            | Done()
            | Refused()
        ):
            out.append(told)
        case (
            stack_events.MessageSubmitted()
            | stack_events.MessageWithdrawn()
            | stack_events.PeopleChanged()
            | stack_events.BundleLearned()
            | stack_events.ForwardSecrecySet()
            | stack_events.DeviceEnabled()
        ):
            to_stack.append(told)
        case _:
            assert_never(told)
