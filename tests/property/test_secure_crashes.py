"""Two people under loss, reordering, duplication, weeks, and crashes around every commit.

A crash before the commit forgets what a call wrote, and lets nothing out; a crash after it loses
what was let out. Neither may use a key twice, show a message twice after it was confirmed, or end
the talk.
"""

from dataclasses import dataclass
from typing import Final

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle as Values
from hypothesis.stateful import (
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    precondition,
    rule,
)

from sottovoce.base.moment import Moment
from sottovoce.secure.facts import Opened, Sealed
from unit.secure.people import DAY_S, Device, after, parts

# So long whatever is under way can be read: prekeys and kept ratchets live for thirty days more.
DAYS_MAX: Final = 25


@dataclass(slots=True, eq=False)
class Sent:
    """A message that left its device."""

    sender: int
    text: bytes
    sealed: Sealed
    confirmed: bool = False


class Crashes(RuleBasedStateMachine):
    """Two devices whose stores are committed, or not."""

    messages = Values("messages")

    def __init__(self) -> None:
        super().__init__()
        self.devices: list[Device] = []
        self.keys: set[tuple[bytes, int]] = set()
        self.count = 0
        self.days = 0

    @property
    def now(self) -> Moment:
        """A second later with each message, and the days that have passed."""
        return after(self.days * DAY_S + self.count)

    @initialize()
    def meet(self) -> None:
        """Both know each other's bundle; nobody has written."""
        self.devices = [Device("alice"), Device("bob")]
        self.devices[0].hear_of(self.devices[1])
        self.devices[1].hear_of(self.devices[0])

    def seal(self, sender: int, text: bytes) -> Sealed:
        self.count += 1
        return self.devices[sender].send(self.devices[1 - sender], text, self.now)

    @rule(target=messages, sender=st.integers(0, 1), text=st.binary(max_size=20))
    def send(self, sender: int, text: bytes) -> Sent:
        sealed = self.seal(sender, text)
        for entry in parts(sealed).direct.values():
            assert entry.session is not None
            place = entry.session.ratchet.key, entry.session.ratchet.n
            assert place not in self.keys, "a key was used twice"
            self.keys.add(place)
        return Sent(sender, text, sealed)

    @rule(sender=st.integers(0, 1))
    def crash_before_a_message_is_committed(self, sender: int) -> None:
        device = self.devices[sender]
        committed = device.store.copy()
        self.seal(sender, b"never left")
        device.opened_on(committed)

    @rule(sender=st.integers(0, 1))
    def crash_after_a_message_is_committed(self, sender: int) -> None:
        self.seal(sender, b"lost")
        self.devices[sender].opened_on(self.devices[sender].store)

    @precondition(lambda self: self.days < DAYS_MAX)
    @rule(days=st.integers(1, 5))
    def days_pass(self, days: int) -> None:
        """Prekeys are replaced on the way."""
        self.days += days

    @rule(device=st.integers(0, 1))
    def expire(self, device: int) -> None:
        self.devices[device].channel.expire(self.now)

    @rule(device=st.integers(0, 1))
    def restart(self, device: int) -> None:
        self.devices[device].opened_on(self.devices[device].store)

    @rule(message=messages)
    def deliver(self, message: Sent) -> None:
        """Deliver one of those under way, perhaps not for the first time."""
        self.open(message)

    @rule(message=consumes(messages))
    def deliver_and_confirm(self, message: Sent) -> None:
        opened = self.open(message)
        if opened is not None and opened.receipt is not None:
            self.devices[1 - message.sender].channel.confirm(opened.receipt)
            message.confirmed = True
            assert self.open(message) is None

    @rule(message=messages)
    def crash_before_an_opened_message_is_committed(self, message: Sent) -> None:
        device = self.devices[1 - message.sender]
        committed = device.store.copy()
        opened = self.open(message)
        device.opened_on(committed)
        assert self.open(message) == opened

    @rule(message=consumes(messages))
    def lose(self, message: Sent) -> None:
        """A message that is under way is lost."""
        del message

    def open(self, message: Sent) -> Opened | None:
        self.count += 1
        sender, receiver = self.devices[message.sender], self.devices[1 - message.sender]
        opened = receiver.open(sender, message.sealed, self.now)
        if not isinstance(opened, Opened):
            assert message.confirmed, opened
            return None
        assert not message.confirmed, "a message was shown twice"
        assert opened.content == message.text
        return opened

    @invariant()
    def talk_goes_on(self) -> None:
        """On copies of the stores, one more message can always be read."""
        for sender in range(len(self.devices)):
            stores = [device.store for device in self.devices]
            for device in self.devices:
                device.opened_on(device.store.copy())
            sealed = self.seal(sender, b"probe")
            opened = self.devices[1 - sender].open(self.devices[sender], sealed, self.now)
            assert isinstance(opened, Opened)
            for device, store in zip(self.devices, stores, strict=True):
                device.opened_on(store)


# An example is fifty steps with four messages each.
Crashes.TestCase.settings = settings(
    max_examples=max(settings().max_examples // 5, 1), stateful_step_count=40
)
TestCrashes = pytest.mark.slow(Crashes.TestCase)
