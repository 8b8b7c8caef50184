"""The people of ``sottovoce demo``: what each of them says and hears, with the time of each step.

It knows people by the port of the SDK alone, so that a person may be in another process, or come
back in a new one.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from sottovoce.chat.records import ChatId, Device, Group, Message, MessageState
from sottovoce.cli.output import CommandError, ExitCode
from sottovoce.payloads.message_id import MessageId
from sottovoce.sdk.events import (
    DeviceChanged,
    EventsMissed,
    EventSubscription,
    GroupChanged,
    GroupInvited,
    MessageReceived,
    MessageStateChanged,
    MessageWritten,
    MessengerEvent,
)
from sottovoce.sdk.messenger_port import ChatLike, MessengerPort

# A message needs half a second; this much only passes if something is wrong. One that was on its
# way when a process was killed is repeated after some seconds at most.
ARRIVAL_TIMEOUT_S: Final = 20.0
_MILLISECONDS: Final = 1000


@dataclass(frozen=True, slots=True)
class Step:
    """How far a message had come at a moment.

    Attributes:
        message: The message as it was then.
        moment_s: When we heard of it, in seconds of the monotonic clock.
    """

    message: Message
    moment_s: float


class Person:
    """Somebody at a device, whoever holds the account there now.

    Args:
        name: Who it is.
        port: What they can do.
    """

    def __init__(self, name: str, port: MessengerPort) -> None:
        self.name = name
        self.port = port
        self.heard: Counter[MessageId] = Counter()
        self._arrivals: dict[MessageId, tuple[MessageReceived, float]] = {}
        self._steps: dict[MessageId, list[Step]] = {}
        self._groups: dict[ChatId, Group] = {}
        self._devices: dict[str, Device] = {}
        self._news = asyncio.Condition()
        self._is_deaf = False
        self._ear: EventSubscription | None = None
        self._listening: asyncio.Task[None] | None = None

    async def listen(self) -> None:
        """Note from now on what happens at this person."""
        self._is_deaf = False
        self._ear = await self.port.events()
        self._listening = asyncio.create_task(self._note_all(self._ear))

    async def come_back(self, port: MessengerPort) -> None:
        """Go on through another port, with what was noted before."""
        await self.stop_listening()
        self.port = port
        await self.listen()
        # What happened between the last event and this moment, nobody told us.
        for chat in await port.chats():
            for message in await port.history(chat):
                if message.own:
                    self._step(message)
                else:
                    self._arrived(MessageReceived(message))

    async def stop_listening(self) -> None:
        """Note nothing any more; harmless when repeated."""
        if self._listening is not None:
            self._listening.cancel()
            with suppress(asyncio.CancelledError):
                await self._listening
            self._listening = None
        if self._ear is not None:
            self._ear.close()
            self._ear = None

    def arrival(self, message_id: MessageId) -> tuple[MessageReceived, float]:
        """Return a message as this person got it, and when."""
        return self._arrivals[message_id]

    def steps(self, message_id: MessageId) -> list[Step]:
        """Return how a message of this person came further."""
        return self._steps.get(message_id, [])

    async def hears(self, message_id: MessageId) -> None:
        """Wait until a message has arrived here.

        Raises:
            TimeoutError: It has not.
        """
        await self._until(lambda: message_id in self._arrivals)

    async def knows(self, state: MessageState, *message_ids: MessageId) -> None:
        """Wait until this person knows that one of their messages has come so far.

        Raises:
            TimeoutError: None has.
        """
        await self._until(
            lambda: any(
                step.message.state is state
                for message_id in message_ids
                for step in self.steps(message_id)
            )
        )

    async def sees_group(self, chat_id: ChatId, fits: Callable[[Group], bool]) -> None:
        """Wait until a group has come to fit.

        Raises:
            TimeoutError: It has not.
        """
        await self._until(lambda: chat_id in self._groups and fits(self._groups[chat_id]))

    async def sees_device(self, installation_id: str) -> None:
        """Wait until another device of this person has said what it is called.

        Raises:
            TimeoutError: It has not.
        """
        await self._until(
            lambda: installation_id in self._devices and bool(self._devices[installation_id].name)
        )

    async def _until(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition holds.

        Raises:
            CommandError: It cannot come to hold, for the program has hung up.
        """
        async with asyncio.timeout(ARRIVAL_TIMEOUT_S), self._news:
            await self._news.wait_for(lambda: condition() or self._is_deaf)
            if not condition():
                raise CommandError(f"{self.name}'s program has hung up", ExitCode.UNEXPECTED)

    async def _note_all(self, ear: EventSubscription) -> None:
        async for event in ear:
            async with self._news:
                self._note(event)
                self._news.notify_all()
        async with self._news:
            self._is_deaf = True
            self._news.notify_all()

    def _note(self, event: MessengerEvent) -> None:
        match event:
            case MessageReceived(message):
                self.heard[message.id] += 1
                self._arrived(event)
            case MessageWritten(message, quoted):
                self.heard[message.id] += 1
                self._arrived(MessageReceived(message, quoted))
            case MessageStateChanged(message):
                self._step(message)
            case GroupInvited(group) | GroupChanged(group):
                self._groups[group.chat_id] = group
            case DeviceChanged(device):
                self._devices[device.installation_id] = device
            case EventsMissed(count):
                raise AssertionError(f"{count} events were missed in a demo")
            case _:
                pass

    def _arrived(self, event: MessageReceived) -> None:
        self._arrivals.setdefault(event.message.id, (event, time.monotonic()))

    def _step(self, message: Message) -> None:
        self._steps.setdefault(message.id, []).append(Step(message, time.monotonic()))


@dataclass(frozen=True, slots=True)
class Saying:
    """A message that was said, on its way.

    Attributes:
        speaker: Who said it.
        listener: Who is to hear it.
        message: The message when it was queued.
        started_s: When it was said, in seconds of the monotonic clock.
        queued_ms: Milliseconds until it was stored and queued.
    """

    speaker: Person
    listener: Person
    message: Message
    started_s: float
    queued_ms: float


@dataclass(frozen=True, slots=True)
class GroupSaying:
    """A message that was said in a group.

    Attributes:
        message: The message when it was queued.
        speaker: Who said it.
        listeners: Who is to hear it.
    """

    message: Message
    speaker: Person
    listeners: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message that arrived, and how.

    Attributes:
        saying: What was said.
        received: What the other one got.
        steps: The states that it had, each with the milliseconds since it was said.
        arrival_ms: Milliseconds until the other one had it.
    """

    saying: Saying
    received: MessageReceived
    steps: tuple[tuple[Message, float], ...]
    arrival_ms: float

    @property
    def message(self) -> Message:
        """The message as its speaker has it now."""
        return self.steps[-1][0]


async def say(
    speaker: Person,
    listener: Person,
    chat: ChatLike,
    text: str,
    *,
    reply_to: Message | None = None,
) -> Saying:
    """Say something; it is stored and queued when this returns."""
    started_s = time.monotonic()
    message = await speaker.port.send(chat, text, reply_to=reply_to)
    queued_ms = (time.monotonic() - started_s) * _MILLISECONDS
    return Saying(speaker, listener, message, started_s, queued_ms)


async def delivered(saying: Saying, *, is_acknowledged: bool = True) -> Delivery:
    """Wait until a message has arrived and its speaker knows as much as can be known.

    Args:
        saying: The message.
        is_acknowledged: Whether the listener's device tells the speaker that it is there.

    Raises:
        CommandError: It has not arrived in time, or something else arrived.
    """
    speaker, listener, said = saying.speaker, saying.listener, saying.message
    last = MessageState.ACKNOWLEDGED if is_acknowledged else MessageState.SENT
    try:
        await _both(listener.hears(said.id), speaker.knows(last, said.id))
    except TimeoutError:
        raise CommandError(_how_far(saying), ExitCode.NOT_DELIVERED) from None
    received, arrived_s = listener.arrival(said.id)
    if (received.message.text, received.message.author) != (said.text, said.author):
        raise CommandError(
            f"what {listener.name} got is not what {speaker.name} said", ExitCode.NOT_DELIVERED
        )
    steps = [(said, saying.queued_ms)]
    for step in speaker.steps(said.id):
        if step.message.state is not steps[-1][0].state:
            steps.append((step.message, (step.moment_s - saying.started_s) * _MILLISECONDS))
    arrival_ms = (arrived_s - saying.started_s) * _MILLISECONDS
    return Delivery(saying, received, tuple(steps), arrival_ms)


async def together(what: str, *waits: Coroutine[None, None, None]) -> None:
    """Wait until all of several things have come.

    Args:
        what: What is waited for, as "the group to be complete".
        waits: Each raises `TimeoutError` if it does not come.

    Raises:
        CommandError: One of them has not come in time, or cannot come.
    """
    try:
        await asyncio.gather(*waits)
    except TimeoutError:
        raise CommandError(
            f"waited {ARRIVAL_TIMEOUT_S:g} s for {what} in vain", ExitCode.NOT_DELIVERED
        ) from None


async def _both(one: Coroutine[None, None, None], other: Coroutine[None, None, None]) -> None:
    """Wait for two things; what either of them raises is raised at once."""
    tasks = [asyncio.ensure_future(one), asyncio.ensure_future(other)]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _how_far(saying: Saying) -> str:
    steps = saying.speaker.steps(saying.message.id)
    state = steps[-1].message.state if steps else MessageState.QUEUED
    where = "and did not arrive" if not saying.listener.heard[saying.message.id] else "and arrived"
    return (
        f"a message of {saying.speaker.name} is still '{state.value}' after "
        f"{ARRIVAL_TIMEOUT_S:g} s, {where}"
    )
