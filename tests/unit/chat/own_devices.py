"""Devices of one person over a post in memory that loses, delays and turns around."""

import heapq
from copy import deepcopy
from dataclasses import dataclass, field, replace
from random import Random
from typing import Final

from sottovoce.base.moment import Moment
from sottovoce.base.secret import PrivateKey
from sottovoce.chat.author import Author
from sottovoce.chat.commands import Asked, Command
from sottovoce.chat.conversations import Conversations
from sottovoce.chat.events import ChatEvent, ChatOutput, Done, Refused
from sottovoce.chat.feed_memory import MemoryFeedStore
from sottovoce.chat.memory_store import MemoryChatStore
from sottovoce.chat.records import ChatId, ChatKind, Message
from sottovoce.crypto.secp256k1 import public_key
from sottovoce.payloads.contact_id import contact_id
from sottovoce.payloads.feed import DeviceFeed
from sottovoce.payloads.membership_event import sign_event
from sottovoce.payloads.metadata import unwrap, wrap
from sottovoce.secure.facts import Secrecy
from sottovoce.sim.entropy import SeededEntropy
from sottovoce.stack.destinations import OwnDevicesOnce
from sottovoce.stack.events import (
    Arrived,
    MessageSubmitted,
    MessageWithdrawn,
    OwnInstallation,
    OwnInstallations,
    SentToPeers,
    Started,
    TimePassed,
)
from unit.chat.people import ENVELOPE, UNIX_S, Person, only

ANNA: Final = PrivateKey(b"\x0a" * 32)
ANNA_KEY: Final = public_key(ANNA)


@dataclass(order=True)
class _Mail:
    due_s: float
    number: int
    to: str = field(compare=False)
    event: ChatEvent = field(compare=False)


class Post:
    """Carries what Anna's devices say to each other.

    Attributes:
        now_s: The time.
        loss: The share of envelopes that never arrive.
        delay_s: The longest time that one takes.
        sent: What was carried: who said it, and how.
        left: The ids of what left for others, or as a copy.
    """

    def __init__(self, seed: int = 1, *, loss: float = 0.0, delay_s: float = 1.0) -> None:
        self.random = Random(seed)
        self.now_s = 1000.0
        self.loss = loss
        self.delay_s = delay_s
        self.devices: dict[str, Device] = {}
        self.sent: list[tuple[str, DeviceFeed, int]] = []
        self.left: list[bytes] = []
        self._mail: list[_Mail] = []
        self._clones: dict[str, list[str]] = {}
        self._number = 0

    @property
    def now(self) -> Moment:
        return Moment(self.now_s, UNIX_S + self.now_s - 1000.0)

    @property
    def now_ms(self) -> int:
        return int(self.now.unix_s * 1000)

    def device(self, name: str) -> "Device":
        """Let Anna have one more device, which is not paired yet."""
        self.devices[name] = Device(name, self, SeededEntropy(len(self.devices) + 7))
        return self.devices[name]

    def clone(self, name: str) -> "Device":
        """Let a second machine run as a device, with a copy of what that has now."""
        original, address = self.devices[name], f"{name} once more"
        clone = self.devices[address] = Device(name, self, SeededEntropy(len(self.devices) + 7))
        clone.address, clone.enabled = address, {*original.enabled}
        self._clones.setdefault(name, []).append(address)
        clone.restore(original.copy())
        return clone

    def pair(self, *names: str) -> None:
        """Let devices be enabled on each other."""
        for name in names:
            self.devices[name].enabled |= {other for other in names if other != name}
            self.devices[name].hear_of_devices()

    def carry(self, sender: "Device", submitted: MessageSubmitted) -> None:
        feed = unwrap(submitted.raw).payload
        self.bring(sender.address, SentToPeers(submitted.message_id, OwnDevicesOnce(), 1), 0.1)
        if not isinstance(feed, DeviceFeed):
            return  # A copy of what is said to somebody is lost here; the feed brings it.
        self.sent.append((sender.name, feed, len(submitted.raw)))
        arrived = Arrived(
            feed, ANNA_KEY, submitted.message_id, Secrecy.RATCHET, (), self.now_ms, ENVELOPE
        )
        for name in sorted(sender.enabled & self.devices.keys()):
            for to in (name, *self._clones.get(name, ())):
                if self.devices[to].is_on and self.random.random() >= self.loss:
                    self.bring(to, arrived, self.random.uniform(0.1, self.delay_s))

    def bring(self, to: str, event: ChatEvent, delay_s: float) -> None:
        self._number += 1
        heapq.heappush(self._mail, _Mail(self.now_s + delay_s, self._number, to, event))

    def pass_time(self, seconds: float) -> None:
        """Let time pass, from one thing that is due to the next."""
        end_s = self.now_s + seconds
        while True:
            dues = {name: it.due_s() for name, it in self.devices.items() if it.is_on}
            nearest_s = min(dues.values(), default=end_s)
            if self._mail and self._mail[0].due_s <= min(nearest_s, end_s):
                mail = heapq.heappop(self._mail)
                self.now_s = max(self.now_s, mail.due_s)
                if self.devices[mail.to].is_on:
                    self.devices[mail.to].hear(mail.event)
            elif dues and nearest_s <= end_s:
                name = min(dues, key=lambda it: (dues[it], it))
                self.now_s = max(self.now_s, nearest_s)
                self.devices[name].hear(TimePassed())
            else:
                self.now_s = end_s
                return


class Device:
    """One of Anna's devices.

    Attributes:
        enabled: Which others it has enabled.
        is_on: Whether it runs and is connected.
        ahead_s: How far its wall clock is ahead.
        said: What it told its owner and the stack, since this was last cleared.
    """

    def __init__(self, name: str, post: Post, entropy: SeededEntropy) -> None:
        self.name = self.address = name
        self.post = post
        self.entropy = entropy
        self.store = MemoryChatStore()
        self.feed = MemoryFeedStore(self.store)
        self.enabled: set[str] = set()
        self.is_on = True
        self.ahead_s = 0.0
        self.said: list[ChatOutput] = []
        self.start()

    def start(self) -> None:
        author = Author(
            ANNA_KEY,
            self.name,
            lambda payload: wrap(payload, ANNA),
            lambda event, chat_id: sign_event(event, chat_id=chat_id, author_key=ANNA),
            self.entropy,
        )
        self.chats = Conversations(author, self.store, feed_store=self.feed)
        self.is_on = True
        self.hear(Started())
        self.hear_of_devices()

    def switch_off(self) -> None:
        self.is_on = False

    def hear_of_devices(self) -> None:
        self.hear(OwnInstallations(tuple(OwnInstallation(it, True) for it in sorted(self.enabled))))

    def due_s(self) -> float:
        deadline_s = self.chats.next_deadline()
        return float("inf") if deadline_s is None else deadline_s

    def hear(self, event: ChatEvent) -> list[ChatOutput]:
        now = self.post.now
        now = Moment(now.monotonic_s, now.unix_s + self.ahead_s)
        outputs = self.chats.handle(event, now)
        for output in outputs:
            match output:
                case MessageSubmitted(destination=OwnDevicesOnce()):
                    self.post.carry(self, output)
                case MessageSubmitted() if self.is_on:
                    self.post.left.append(output.message_id)
                    leave = SentToPeers(output.message_id, output.destination, 1)
                    self.post.bring(self.address, leave, 0.5)
                case MessageWithdrawn():
                    pass
                case _:
                    self.said.append(output)
        return outputs

    def do(self, command: Command) -> Done:
        (answer,) = only(Done, self.hear(Asked(1, command)))
        return answer

    def tries(self, command: Command) -> Done | Refused:
        return next(it for it in self.hear(Asked(1, command)) if isinstance(it, Done | Refused))

    def hears(self, arrived: Arrived) -> None:
        """Receive what somebody else says, as it is now."""
        if self.is_on:
            self.hear(replace(arrived, sent_unix_ms=self.post.now_ms))

    def copy(self) -> tuple[MemoryChatStore, MemoryFeedStore]:
        """Return a copy of what is stored."""
        return deepcopy((self.store, self.feed))

    def restore(self, copied: tuple[MemoryChatStore, MemoryFeedStore]) -> None:
        """Start with a copy in the place of what is stored; nobody notices."""
        self.store, self.feed = deepcopy(copied)
        self.start()

    def lacks(self) -> bool:
        """Tell whether another device lacks something of ours."""
        return any(
            self.feed.changes_for(it.installation_id, after=it.done, limit=1)
            for it in self.feed.devices()
        )

    # ---- what is there

    def state(self) -> tuple[object, ...]:
        """Return what must be equal on all devices."""
        chats = {
            it.id: replace(it, last_clock=0, held_bytes=0, older_clock=0, older_bytes=0)
            for it in self.store.chats()
        }
        contacts = {
            it.key: replace(it, told_clock=0, updated_clock=0) for it in self.store.contacts()
        }
        for it in chats.values():
            if it.kind is ChatKind.GROUP:  # Notes count as written when they are made.
                chats[it.id] = replace(it, last_message_unix_ms=0)
        messages = {it.id: plain(it) for chat in chats for it in self.messages(chat)}
        reactions = sorted(
            self.store.reactions(list(messages)), key=lambda it: (it.message_id, it.author.raw)
        )
        groups = self.store.list_groups()
        return chats, contacts, messages, reactions, groups, self.store.load_profile()

    def messages(self, chat_id: str) -> list[Message]:
        return [*self.store.page(ChatId(chat_id), before=None, limit=1_000_000)]

    def texts(self, person: Person) -> list[str]:
        return [it.text for it in reversed(self.messages(contact_id(person.key)))]


def plain(message: Message) -> Message:
    """Return a message without what each device knows for itself."""
    return replace(message, kept_unix_ms=0, peer_count=0, raw=b"", secrecy=None)
