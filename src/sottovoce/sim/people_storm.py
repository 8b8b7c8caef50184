"""The storm among people: they chat while everything that can go wrong with devices goes wrong.

First people meet. Then they talk, one to one and in a public chat, while envelopes are lost, late
and doubled, devices are off line, crash around any commit, find their disk full, go on from an
older copy of what they stored, and have clocks up to two minutes wrong. Then all faults end, some
say one thing more to everybody, and what must hold is looked at:

* whatever was acknowledged is shown once on every device of both sides, in one order;
* whatever was answered "queued" is there, acknowledged and arrived: nobody is stuck;
* no key has sealed two contents.

A message that was on a device and is not in the copy that took the place of its store is excused
there, and nowhere else.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random  # noqa: TID251 - seeded, so repeatable
from typing import Final

from sottovoce.adapters.memory.person_store import MemoryPersonStore
from sottovoce.chat.commands import AddContact, Command, JoinPublicChat
from sottovoce.chat.records import ChatId
from sottovoce.payloads.contact_id import contact_id
from sottovoce.sim import people_checkers as checkers
from sottovoce.sim import people_device_checkers as device_checkers
from sottovoce.sim import people_group_checkers as group_checkers
from sottovoce.sim.checkers import ViolationError
from sottovoce.sim.people_device import DeviceStore, SimulatedDevice
from sottovoce.sim.people_faults import PROCESS_ENDS, PeopleFaults
from sottovoce.sim.people_groups import PeopleGroups
from sottovoce.sim.people_habits import PeopleHabits
from sottovoce.sim.people_pairing import PeoplePairing
from sottovoce.sim.people_talk import PeopleTalk
from sottovoce.sim.people_world import PeopleWorld

PUBLIC_CHAT: Final = ChatId("storm")

MEETING_S: Final = 20.0
STORM_START_S: Final = 60.0
TALK_END_S: Final = 1740.0
STORM_END_S: Final = 1800.0
# Repetitions come nine minutes apart at the most, and a message has to get through at the second.
STUCK_S_MAX: Final = 600.0
LAST_WORDS_S: Final = STORM_END_S + 10.0
# Who learns of somebody with the last words of one has to say something for the others to know.
WORD_ROUND_S: Final = 120.0
END_S: Final = STORM_END_S + STUCK_S_MAX

MESSAGES_MIN: Final = 200
# Whoever was taken out of a group may still try to say something there.
MESSAGES_REFUSED_MAX: Final = 10
CRASHES_MIN: Final = 2
# Of conversations those in the public chat, of two people, and in a group.
SHARES: Final = (0.2, 0.6, 0.2)
# Of people those who speak once more when the storm is over; the silent have to be reached as well.
LAST_WORDS_SHARE: Final = 0.5


@dataclass(frozen=True, slots=True)
class PeopleOutcome:
    """What a run did.

    Attributes:
        seed: Its seed.
        trace_hash: Hash of every batch and everything that was let out.
        event_count: Events handled.
        message_count: Messages that were queued.
        envelope_count: Envelopes that were posted.
        faults: How often each kind of fault fired.
        actions: How often people did what, beside talking.
    """

    seed: int
    trace_hash: str
    event_count: int
    message_count: int
    envelope_count: int
    faults: dict[str, int]
    actions: dict[str, int]


def run_people(
    seed: int, make_store: Callable[[], DeviceStore] = MemoryPersonStore
) -> PeopleOutcome:
    """Run the storm of a seed.

    Args:
        seed: Everything follows from it.
        make_store: Makes a device's empty store.

    Raises:
        ViolationError: Something happened that must never happen, or too little happened.
    """
    storm = PeopleStorm(seed, make_store)
    try:
        storm.run()
        storm.check()
    finally:
        storm.world.close()
    world, faults = storm.world, storm.faults.counts()
    if sum(faults[point.value] for point in PROCESS_ENDS) < CRASHES_MIN or not faults["older copy"]:
        raise ViolationError(f"seed {seed}: too little went wrong to show anything")
    if len(world.log.said) < MESSAGES_MIN:
        raise ViolationError(f"seed {seed}: only {len(world.log.said)} messages were queued")
    return PeopleOutcome(
        seed=seed,
        trace_hash=world.trace_hash,
        event_count=world.event_count,
        message_count=len(world.log.said),
        envelope_count=world.network.carried_count,
        faults=faults,
        actions=dict(world.actions),
    )


class PeopleStorm:
    """One world of the storm.

    Attributes:
        world: The world.
        faults: What goes wrong.
        talk: What is said.
        groups: What is done with groups.
        pairing: Further devices.
        habits: What is done besides.
    """

    def __init__(self, seed: int, make_store: Callable[[], DeviceStore]) -> None:
        self.world: Final = PeopleWorld(seed, make_store)
        self._seed: Final = seed
        self._random: Final = Random(f"people storm {seed}")  # noqa: S311
        self.faults: Final = PeopleFaults(
            self.world, self._random, start_s=STORM_START_S, end_s=STORM_END_S, last_s=END_S
        )
        self.talk: Final = PeopleTalk(self.world, self._random)
        self.groups: Final = PeopleGroups(self.world, self._random, self.talk)
        self.pairing: Final = PeoplePairing(self.world, self._random, self.faults.wrong_clock)
        self.habits: Final = PeopleHabits(self.world, self._random, lambda: self.pairing.ready)
        self.talk.on_said = group_checkers.MembersOnly(seed)
        self.world.network.watchers.append(checkers.KeysOnce(seed))
        # Lateness is a fault: who spoke after its end has spoken to what everybody knows.
        self.world.network.latest_s = STORM_END_S
        self.world.checkers.append(checkers.ToldOnce(seed, self.world.log))

    def run(self) -> None:
        """Let everything happen."""
        self._let_people_in()
        self.groups.plan(start_s=MEETING_S, change_s=STORM_START_S, end_s=TALK_END_S)
        pair_end_s = (STORM_START_S + STORM_END_S) / 2
        self.pairing.plan(start_s=STORM_START_S, end_s=pair_end_s, last_s=LAST_WORDS_S)
        self.habits.plan(start_s=STORM_START_S, end_s=TALK_END_S)
        self._plan_talk()
        self.faults.plan()
        self.world.at(LAST_WORDS_S, self._say_last_words)
        self.world.at(LAST_WORDS_S + WORD_ROUND_S, self.groups.say_last_words)
        self.world.run_until(END_S)

    def check(self) -> None:
        """Look at what must hold in the end.

        Raises:
            ViolationError: Something does not.
        """
        views = checkers.views_of(self.world)
        checkers.each_text_once(self._seed, views, self.world.log)
        checkers.one_order(self._seed, views)
        checkers.said_is_kept(self._seed, views, self.world.log)
        checkers.private_is_everywhere(self._seed, views, self.world.log)
        checkers.public_has_left(self._seed, views, self.world.log)
        device_checkers.devices_agree(self._seed, views)
        group_checkers.members_agree(self._seed, views)
        group_checkers.groups_are_everywhere(self._seed, views, self.world.log)

    # ---- people

    def _let_people_in(self) -> None:
        for _ in range(self._random.randint(3, 4)):
            device = self.world.add_device(self.world.add_person())
            self.world.clocks[device.who.number] = self.faults.wrong_clock()
            self.world.start(device)
        for device in self.world.devices:
            wishes: list[Command] = [JoinPublicChat(PUBLIC_CHAT)]
            wishes += [AddContact(other.who.key) for other in self._others(device)]
            for wish in wishes:
                moment_s = self._random.uniform(0, MEETING_S)
                self.world.at(moment_s, partial(self.talk.insist, device, wish))

    def _others(self, device: SimulatedDevice) -> list[SimulatedDevice]:
        return [other for other in self.world.devices if other.who.person != device.who.person]

    # ---- talk

    def _plan_talk(self) -> None:
        """Plan conversations of a few messages each, some of them at the same time."""
        planned = 0
        while planned < MESSAGES_MIN + MESSAGES_REFUSED_MAX:
            moment_s = self._random.uniform(STORM_START_S, TALK_END_S)
            find = self._random.choices(
                (self._public, self._private, self._in_group), weights=SHARES
            )[0]
            planned += self.talk.plan_conversation(moment_s, find)

    def _public(self) -> list[tuple[SimulatedDevice, ChatId]]:
        return [(device, PUBLIC_CHAT) for device in self._random.sample(self.pairing.ready, 2)]

    def _private(self) -> list[tuple[SimulatedDevice, ChatId]]:
        """Return devices of two people, whichever these have in their hands now."""
        one, other = self._random.sample(range(len(self.world.people)), 2)
        devices = [it for it in self.pairing.ready if it.who.person in (one, other)]
        self._random.shuffle(devices)
        keys = self.world.people_keys()
        names = {one: contact_id(keys[other]), other: contact_id(keys[one])}
        return [(device, ChatId(names[device.who.person])) for device in devices]

    def _in_group(self) -> list[tuple[SimulatedDevice, ChatId]]:
        return self.groups.speakers() or self._private()

    def _say_last_words(self) -> None:
        for device in self.pairing.ready:
            if self._random.random() < LAST_WORDS_SHARE:
                for key in self.world.people_keys():
                    if key != device.who.key:
                        chat_id = ChatId(contact_id(key))
                        self.talk.plan_text(self.world.now_s, device, chat_id)
        self.groups.say_last_words()
