"""Three devices, thousands of random steps: order, loss, replay, forgery, lost and restored state.

What must hold: a message that opens says what was written; one that was confirmed never opens
again; one whose entry is damaged changes nothing; no key encrypts twice; a session that starts anew
for nothing loses no message; and after any loss of state people can talk again after two messages
at most.
"""

import os
import random
from dataclasses import dataclass, replace
from typing import Final

import pytest

from sottovoce.secure.facts import BundleWanted, Opened, Sealed, Unopened
from sottovoce.secure.message import DirectMessage, SessionHeader
from sottovoce.secure.wire import encode_message
from unit.secure.people import DAY_S, Device, after, dump, parts

# A fifth in the fast suite; `make test-long` takes all.
STEPS: Final = 20_000 if "SOTTOVOCE_EXAMPLES" in os.environ else 4_000
# The rarest thing happens once or twice in so many steps.
STEPS_FOR_EACH: Final = 1000
IN_FLIGHT_MAX: Final = 60
MESSAGES_UNTIL_HEALED_MAX: Final = 2


@dataclass(slots=True)
class Flight:
    """A message on its way to one device."""

    sender: Device
    receiver: Device
    sealed: Sealed
    text: bytes
    sent_s: float
    must_open: bool
    confirmed: bool = False


class Torture:
    """The three devices, and everything between them."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.alice, self.phone = Device("alice"), Device("bob", "phone")
        self.tablet = Device("bob", "tablet")
        self.devices = (self.alice, self.phone, self.tablet)
        self.now_s = 0.0
        self.flights: list[Flight] = []
        self.keys: dict[tuple[bytes, int], bytes] = {}
        self.backups = {device.installation_id: device.store.copy() for device in self.devices}
        self.count = {"opened": 0, "replayed": 0, "forged": 0, "healed": 0, "answered": 0}

    def others(self, device: Device) -> tuple[Device, ...]:
        return (self.phone, self.tablet) if device is self.alice else (self.alice,)

    def step(self) -> None:
        self.now_s += self.random.random() * 600
        roll = self.random.random()
        if roll < 0.45 or not self.flights:
            self.send(self.random.choice(self.devices))
        elif roll < 0.9:
            self.deliver(self.random.choice(self.flights))
        elif roll < 0.95:
            self.forge(self.random.choice(self.flights))
        elif roll < 0.96:
            self.flights.remove(self.random.choice(self.flights))
        elif roll < 0.97:
            device = self.random.choice(self.devices)
            self.backups[device.installation_id] = device.store.copy()
        elif roll < 0.98:
            self.random.choice(self.devices).channel.expire(after(self.now_s))
        elif roll < 0.982:
            self.lose(self.random.choice(self.devices))
        elif roll < 0.986:
            self.answer_for_nothing(self.random.choice(self.devices))

    def seal(self, sender: Device, receiver: Device, text: bytes) -> Sealed:
        sealed = sender.send(receiver, text, after(self.now_s))
        self.note_keys(sealed)
        return sealed

    def note_keys(self, sealed: Sealed) -> None:
        for entry in parts(sealed).direct.values():
            if entry.session is not None:
                place = entry.session.ratchet.key, entry.session.ratchet.n
                assert place not in self.keys, "a key was used twice"
                self.keys[place] = entry.payload

    def send(self, sender: Device) -> None:
        text = self.random.randbytes(self.random.randrange(40))
        sealed = self.seal(sender, self.others(sender)[0], text)
        named = {target.installation_id for target in sealed.targets}
        for receiver in self.others(sender):
            must_open = not named or receiver.installation_id in named
            flight = Flight(sender, receiver, sealed, text, self.now_s, must_open)
            self.flights.append(flight)
        while len(self.flights) > IN_FLIGHT_MAX:
            self.flights.pop(0)

    def deliver(self, flight: Flight) -> None:
        receiver = flight.receiver
        opened = receiver.open(flight.sender, flight.sealed, after(self.now_s))
        if isinstance(opened, Unopened):
            late = self.now_s - flight.sent_s > 20 * DAY_S
            assert flight.confirmed or late or not flight.must_open, opened
            self.count["replayed"] += flight.confirmed
            return
        assert opened.content == flight.text
        assert opened.receipt is None or not flight.confirmed, "a message was shown twice"
        self.count["opened"] += 1
        if opened.receipt is not None and self.random.random() < 0.7:
            receiver.channel.confirm(opened.receipt)
            flight.confirmed = True

    def forge(self, flight: Flight) -> None:
        message = parts(flight.sealed)
        direct = {name: self.damaged(entry) for name, entry in message.direct.items()}
        content = encode_message(replace(message, bundles=(), direct=direct))
        before = dump(flight.receiver.store)
        sealed = replace(flight.sealed, content=content)
        opened = flight.receiver.open(flight.sender, sealed, after(self.now_s))
        assert isinstance(opened, Unopened)
        assert dump(flight.receiver.store) == before, "a damaged message changed something"
        self.count["forged"] += 1

    def damaged(self, entry: DirectMessage) -> DirectMessage:
        kind = self.random.randrange(4)
        if entry.session is None or kind == 0:
            at = self.random.randrange(len(entry.payload))
            payload = bytearray(entry.payload)
            payload[at] ^= 1 << self.random.randrange(8)
            return replace(entry, payload=bytes(payload))
        header = entry.session.ratchet
        changed = {
            1: header._replace(n=self.random.choice((header.n + 1, 1 << 31, 5000))),
            2: header._replace(pn=header.pn + self.random.choice((1, 5000))),
            3: header._replace(key=self.random.randbytes(33)),
        }[kind]
        return replace(entry, session=SessionHeader(entry.session.prekey, changed))

    def answer_for_nothing(self, sender: Device) -> None:
        """Start anew with a device that was in step; what is under way must open all the same."""
        receiver = self.random.choice(self.others(sender))
        wanted = BundleWanted(receiver.public, receiver.installation_id)
        answer = sender.channel.seal_answer(wanted, after(self.now_s))
        self.note_keys(answer)
        self.flights.append(Flight(sender, receiver, answer, b"", self.now_s, must_open=True))
        self.count["answered"] += 1

    def lose(self, device: Device) -> None:
        if self.random.random() < 0.5:
            device.lose_everything()
        else:
            device.opened_on(self.backups[device.installation_id].copy()).start_anew()
        # What was on its way to it, or was written before to be read with what it has lost, is
        # lost.
        self.flights.clear()
        self.now_s += 3 * 3600  # beyond the pause between two answers
        for other in self.others(device):
            self.heal(other, device)
        for other in self.others(device):
            self.heal(device, other)
        self.count["healed"] += 1

    def heal(self, sender: Device, receiver: Device) -> None:
        """Write until it is read, and answer what cannot be read."""
        for _ in range(MESSAGES_UNTIL_HEALED_MAX):
            self.now_s += 1
            sealed = self.seal(sender, receiver, b"can you read this?")
            opened = receiver.open(sender, sealed, after(self.now_s))
            if isinstance(opened, Opened):
                return
            for fact in opened.facts:
                if isinstance(fact, BundleWanted):
                    answer = receiver.channel.seal_answer(fact, after(self.now_s))
                    self.note_keys(answer)
                    for device in self.others(receiver):
                        assert isinstance(device.open(receiver, answer, after(self.now_s)), Opened)
        pytest.fail("two people cannot talk to each other again")


@pytest.mark.slow
@pytest.mark.parametrize("seed", [15])
def test_nothing_breaks_in_thousands_of_random_steps(seed: int) -> None:
    torture = Torture(seed)
    for _ in range(STEPS):
        torture.step()
    assert min(torture.count.values()) >= STEPS // STEPS_FOR_EACH, torture.count


def test_silent_rollback_heals_once_the_other_side_speaks() -> None:
    """Nobody said that a backup was restored: the first message that does not open shows it."""
    torture = Torture(3)
    for _ in range(60):
        torture.step()
    alice, phone = torture.alice, torture.phone
    torture.heal(alice, phone)
    torture.heal(phone, alice)
    backup = alice.store.copy()
    for _ in range(5):
        torture.heal(alice, phone)
        torture.heal(phone, alice)
    alice.opened_on(backup)
    torture.keys.clear()  # Nothing can keep keys from being used again if nobody knows.
    torture.now_s += 3 * 3600
    torture.heal(phone, alice)
    torture.heal(alice, phone)
