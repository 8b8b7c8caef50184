"""Two people on a network that loses half, doubles a third, reorders over ten minutes, and is cut.

Everything arrives once, later by three repetitions in the median, for four times the bytes at the
most. Twenty-five seeds here, as many as one likes with `SOTTOVOCE_NETWORKS`; with `-s` the
test says what it saw.
"""

import os
from random import Random
from statistics import median
from typing import Final

import pytest

from hostile.arena import note
from sottovoce.chat.commands import AddContact, SendMessage
from sottovoce.chat.events import ChatFact, MessageAdded
from sottovoce.chat.records import ChatId
from sottovoce.node.inputs import PostMessage
from sottovoce.payloads.contact_id import contact_id
from sottovoce.sim.people_checkers import KeysOnce, ToldOnce
from sottovoce.sim.people_device import SimulatedDevice
from sottovoce.sim.people_network import Weather
from sottovoce.sim.people_world import PeopleWorld
from sottovoce.sync.schedule import FIRST_GAP_EPOCHS
from sottovoce.sync.settings import EPOCH_S

NETWORKS: Final = int(os.environ.get("SOTTOVOCE_NETWORKS", "25"))
# Half is lost; what comes late comes, as a rule, after its repetition.
BAD: Final = Weather(loss=0.5, late=0.05, twice=0.3)
MEETING_S: Final = 20.0
MESSAGES: Final = 4
BETWEEN_S: Final = 7.0
# One network in so many is cut for three days; of the others every second one for as long as a
# lunch, and the rest in one direction.
CUT_S: Final = 3 * 86_400.0
SHORT_CUT_S: Final = 1200.0
LONG_CUT_EVERY: Final = 25
# What the same talk costs on a good network hardly depends on chance.
QUIET_EVERY: Final = 10
ONE_WAY_S: Final = 300.0
# When all is well again nobody waits for longer than the longest gap, and the way back.
STUCK_S_MAX: Final = 600.0
# On a network that stays bad three of four repetitions are in vain, or their answers are.
BAD_PATIENCE_S: Final = 12 * 3600.0
LOOK_EVERY_S: Final = 5.0
RETRIES_MAX: Final = 3
BYTES_FACTOR_MAX: Final = 4.0
RETRY_S: Final = FIRST_GAP_EPOCHS * EPOCH_S


class Pair:
    """Anna and Bruno, their contacts made in good weather.

    Attributes:
        said_s: When each text was asked to be sent.
        arrived_s: When each text was shown to the other.
        sent_bytes: What both posted since they met.
    """

    def __init__(self, seed: int) -> None:
        self.said_s: dict[str, float] = {}
        self.arrived_s: dict[str, float] = {}
        self.sent_bytes = 0
        self._world = world = PeopleWorld(seed)
        self._random = Random(f"bad network {seed}")
        self._count = 0
        for _ in range(2):
            world.start(world.add_device(world.add_person()))
        world.network.watchers += [KeysOnce(seed), self._note_bytes]
        world.checkers += [ToldOnce(seed, world.log), self._note_arrival]
        for device, other in self._both():
            world.ask(device, AddContact(other.who.key), lambda _: None)
        self._pass(MEETING_S)
        self.sent_bytes = 0

    def _both(self) -> list[tuple[SimulatedDevice, SimulatedDevice]]:
        anna, bruno = self._world.devices
        return [(anna, bruno), (bruno, anna)]

    def _note_bytes(self, _device: int, wish: PostMessage) -> None:
        self.sent_bytes += len(wish.payload)

    def _note_arrival(self, _device: int, fact: ChatFact) -> None:
        if isinstance(fact, MessageAdded) and not fact.message.own:
            self.arrived_s[fact.message.text] = self._world.now_s

    def _pass(self, seconds: float) -> None:
        self._world.run_until(self._world.now_s + seconds)

    def _say(self, author: int) -> None:
        self._count += 1
        device, other = self._both()[author]
        text = f"text {self._count}"
        self.said_s[text] = self._world.now_s
        chat = ChatId(contact_id(other.who.key))
        self._world.ask(device, SendMessage(chat, text), lambda _: None)

    def talk(self, weather: Weather) -> list[float]:
        """Write in turns, and let everything arrive; returns how long each message took."""
        self._world.network.weather = weather
        for turn in range(MESSAGES):
            self._say(turn % 2)
            self._pass(BETWEEN_S)
        self._all_arrive(BAD_PATIENCE_S)
        return [self.arrived_s[text] - second for text, second in self.said_s.items()]

    def be_cut_off(self, seconds: float) -> None:
        """Both write while one of them is cut off, in bad weather; it arrives afterwards."""
        device = self._random.choice(self._world.devices)
        self._world.go_offline(device)
        self._say(0)
        self._say(1)
        self._pass(seconds)
        self._world.go_online(device)
        self._world.network.weather = Weather()
        self._all_arrive()

    def hear_one_way(self) -> None:
        """Both write while nothing comes from one to the other; it arrives afterwards."""
        way = self._random.choice(((0, 1), (1, 0)))
        self._world.network.one_way.add(way)
        self._say(0)
        self._say(1)
        self._pass(ONE_WAY_S)
        assert self._world.network.faults["one way"] > 0
        self._world.network.one_way.clear()
        self._world.network.weather = Weather()
        self._all_arrive()

    def _all_arrive(self, within_s: float = STUCK_S_MAX) -> None:
        """Let time pass until everything has arrived and is acknowledged."""
        end_s = self._world.now_s + within_s
        acknowledged = self._world.log.acknowledged_s
        while len(acknowledged) < len(self.said_s) and self._world.now_s < end_s:
            self._pass(LOOK_EVERY_S)
        assert self.arrived_s.keys() == self.said_s.keys()
        assert len(acknowledged) == len(self.said_s)


@pytest.mark.slow
def test_bad_network_delays_a_little_and_loses_and_doubles_nothing() -> None:
    quiet_s: list[float] = []
    bad_s: list[float] = []
    quiet_bytes = bad_bytes = 0
    for seed in range(1, NETWORKS + 1):
        if seed % QUIET_EVERY == 1:
            quiet = Pair(seed)
            quiet_s += quiet.talk(Weather())
            quiet_bytes += quiet.sent_bytes
        bad = Pair(seed)
        bad_s += bad.talk(BAD)
        bad_bytes += bad.sent_bytes
        if seed % LONG_CUT_EVERY == 1:
            bad.be_cut_off(CUT_S)
        elif seed % 2:
            bad.be_cut_off(SHORT_CUT_S)
        else:
            bad.hear_one_way()
    retries = (median(bad_s) - median(quiet_s)) / RETRY_S
    factor = bad_bytes / len(bad_s) / (quiet_bytes / len(quiet_s))
    note(f"{len(bad_s)} messages: {retries:.2f} retries later in the median, {factor:.2f} x bytes")
    assert retries <= RETRIES_MAX
    assert factor <= BYTES_FACTOR_MAX
