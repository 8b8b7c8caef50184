"""The recorded scenarios: short talks between two or three people, each about one thing.

A talk is about a dozen steps, so that it has some hundred points at which a process can end.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from crash.play import Play
from crash.stage import CrashPlan, Stage
from crash.verdict import REST_S, Record
from sottovoce.adapters.memory.person_store import MemoryPersonStore
from sottovoce.chat.commands import (
    AcceptChat,
    AddMembers,
    BlockContact,
    LeaveChat,
    RemoveMember,
    SetForwardSecrecy,
)
from sottovoce.chat.records import ChatId
from sottovoce.payloads.contact_id import contact_id
from sottovoce.sim.checkers import ViolationError
from sottovoce.sim.people_device import DeviceStore

ANNA, BRUNO, CARLA = range(3)
# A contact code is published two minutes after the start.
UNTIL_CONTACT_CODE_S: Final = 130.0
# Prekeys are replaced after a day.
PREKEY_DAY_S: Final = 25 * 3600.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """A recorded scenario.

    Attributes:
        name: What it is called.
        script: Who does what.
        people_count: How many take part.
    """

    name: str
    script: Callable[[Play], None]
    people_count: int = 2

    def perform(
        self, plan: CrashPlan, make_store: Callable[[], DeviceStore] = MemoryPersonStore
    ) -> None:
        """Perform it, with processes that end where the plan says, up to the verdict.

        Raises:
            ViolationError: Something did not hold.
        """
        try:
            play = Play(Stage(plan, self.people_count, make_store), Record())
            self.script(play)
            play.finish()
        except ViolationError as violation:
            raise ViolationError(f"{self.name}, with {plan}: {violation}") from violation


def first_contact(play: Play) -> None:
    """Anna writes first; Bruno has added her and never heard of her devices."""
    play.add(ANNA, BRUNO, pause_s=0.0)
    play.say(ANNA, BRUNO, "hello", pause_s=0.0)
    play.befriend(BRUNO, ANNA)
    play.say(BRUNO, ANNA, "who is there?")
    play.say(ANNA, BRUNO, "it is me")


def first_contact_from_both(play: Play) -> None:
    """Both write before either has heard the other: two sessions are agreed on at once."""
    play.befriend(ANNA, BRUNO, pause_s=0.0)
    play.say(ANNA, BRUNO, "hello Bruno", pause_s=0.0)
    play.say(BRUNO, ANNA, "hello Anna")
    play.say(ANNA, BRUNO, "both at once")


def ping_pong(play: Play) -> None:
    """Each answer turns the ratchet."""
    play.befriend(ANNA, BRUNO)
    for turn in range(3):
        play.say(ANNA, BRUNO, f"ping {turn}")
        play.say(BRUNO, ANNA, f"pong {turn}")


def burst(play: Play) -> None:
    """Five at once go on one chain, while the other side writes, too."""
    play.befriend(ANNA, BRUNO)
    for number in range(5):
        play.say(ANNA, BRUNO, f"burst {number}", pause_s=0.0)
    play.say(BRUNO, ANNA, "slowly!")


def public_chat(play: Play) -> None:
    """Three people in a public chat."""
    people = (ANNA, BRUNO, CARLA)
    play.join(people, "lobby")
    for turn in range(2):
        for person in people:
            play.say(person, "lobby", f"{person} says {turn}", pause_s=0.5)


def contact_request(play: Play) -> None:
    """A contact request is a message as any other, and is accepted by adding."""
    play.add(ANNA, BRUNO)
    play.add(BRUNO, ANNA)
    play.record.pairs.add((ANNA, BRUNO))
    play.say(BRUNO, ANNA, "nice to meet you")


def contact_code(play: Play) -> None:
    """Contact codes are published and read before anybody writes."""
    play.befriend(ANNA, BRUNO)
    play.stage.pass_time(UNTIL_CONTACT_CODE_S)
    play.say(BRUNO, ANNA, "I knew your devices")
    play.say(ANNA, BRUNO, "and I yours")


def receiver_away(play: Play) -> None:
    """Bruno's process is off while Anna writes, and on again later."""
    play.befriend(ANNA, BRUNO)
    play.say(ANNA, BRUNO, "before")
    play.stage.switch_off(play.stage.devices[BRUNO])
    play.say(ANNA, BRUNO, "are you there?", pause_s=30.0)
    play.stage.switch_on(play.stage.devices[BRUNO])
    play.say(BRUNO, ANNA, "now I am")


def prekey_rotation(play: Play) -> None:
    """A day passes, prekeys are replaced, and the talk goes on on old and new sessions."""
    play.befriend(ANNA, BRUNO)
    play.say(ANNA, BRUNO, "today")
    play.stage.pass_time(PREKEY_DAY_S)
    play.say(BRUNO, ANNA, "tomorrow")
    play.say(ANNA, BRUNO, "indeed")


def blocked_sender(play: Play) -> None:
    """What is said to somebody who blocks us goes nowhere, until they change their mind."""
    play.befriend(ANNA, BRUNO)
    play.say(ANNA, BRUNO, "before the quarrel")
    play.ask(BRUNO, BlockContact(play.key(ANNA)))
    play.say(ANNA, BRUNO, "during the quarrel", heard=False)
    play.ask(BRUNO, BlockContact(play.key(ANNA), blocked=False))
    play.say(BRUNO, ANNA, "sorry")


def forward_secrecy(play: Play) -> None:
    """Sessions are switched off and on again in the middle of a talk."""
    play.befriend(ANNA, BRUNO)
    for turn, on in enumerate((False, True)):
        play.ask(ANNA, SetForwardSecrecy(play.key(BRUNO), on))
        play.say(ANNA, BRUNO, f"turn {turn}")
        play.say(BRUNO, ANNA, f"answer {turn}")


def stranger(play: Play) -> None:
    """A stranger writes, waits in the inbox, and is accepted."""
    play.say(CARLA, BRUNO, "you do not know me", acknowledged=False)
    play.rest()
    play.ask(BRUNO, AcceptChat(ChatId(contact_id(play.key(CARLA)))))
    play.say(BRUNO, CARLA, "now I do", acknowledged=False)
    play.befriend(CARLA, BRUNO)
    play.say(CARLA, BRUNO, "good")


def old_copy(play: Play) -> None:
    """An older copy takes the place of what Anna's device had, and sessions start anew."""
    play.befriend(ANNA, BRUNO)
    play.say(ANNA, BRUNO, "before the copy")
    play.rest()
    anna = play.stage.devices[ANNA]
    copy, before = anna.store.copied(), len(play.record.said)
    play.say(ANNA, BRUNO, "after the copy")
    play.say(BRUNO, ANNA, "I heard you")
    play.rest()
    play.stage.switch_off(anna)
    play.stage.put_back(anna, copy)
    play.record.forget(ANNA, before)
    play.stage.switch_on(anna)
    play.say(ANNA, BRUNO, "what did I say?")
    play.say(BRUNO, ANNA, "nothing")


def group(play: Play) -> None:
    """A group is made, both others join, and everybody says something."""
    play.befriend(ANNA, BRUNO, pause_s=0.0)
    play.befriend(ANNA, CARLA)
    chat_id = play.make_group(ANNA, (BRUNO, CARLA))
    for person in (BRUNO, ANNA, CARLA):
        play.say(person, chat_id, f"{person} is here")


def group_shrinks(play: Play) -> None:
    """One member of a group is taken out, another one leaves and is invited again."""
    play.befriend(ANNA, BRUNO, pause_s=0.0)
    play.befriend(ANNA, CARLA)
    chat_id = play.make_group(ANNA, (BRUNO, CARLA))
    play.say(CARLA, chat_id, "all together")
    play.rest()
    members = play.record.members[chat_id]
    play.ask(ANNA, RemoveMember(chat_id, play.key(CARLA)), lambda: play.is_out(CARLA, chat_id))
    members.discard(CARLA)
    play.say(BRUNO, chat_id, "without Carla", pause_s=0.0)
    play.rest()
    play.ask(BRUNO, LeaveChat(chat_id))
    members.discard(BRUNO)
    play.rest()
    play.stage.pass_until(lambda: play.is_out(BRUNO, chat_id), within_s=REST_S)
    play.ask(ANNA, AddMembers(chat_id, (play.key(BRUNO),)), lambda: not play.is_out(BRUNO, chat_id))
    play.stage.pass_until(lambda: not play.is_out(BRUNO, chat_id), within_s=REST_S)
    play.join_group(BRUNO, chat_id)
    play.say(BRUNO, chat_id, "here I am again")


def new_device(play: Play) -> int:
    """Give Anna a second device, paired with the first; returns its number."""
    desk = play.stage.add_device(ANNA)
    play.stage.switch_on(desk)
    play.pair(ANNA, desk.who.number)
    return desk.who.number


def second_device(play: Play) -> None:
    """Anna pairs a second device; each has what the other one said, heard, and had before."""
    play.befriend(ANNA, BRUNO)
    play.say(ANNA, BRUNO, "from the phone")
    play.say(BRUNO, ANNA, "to the phone")
    desk = new_device(play)
    play.record.share(desk)
    play.say(desk, BRUNO, "from the desk")
    play.say(ANNA, BRUNO, "and from the phone again")
    play.say(BRUNO, ANNA, "I hear both")


def group_on_two_devices(play: Play) -> None:
    """Anna has a group on two devices, made on one and talked in on both."""
    desk = new_device(play)
    play.befriend(ANNA, BRUNO)
    chat_id = play.make_group(ANNA, (BRUNO,))
    play.say(BRUNO, chat_id, "I am in")
    play.rest()  # The desk has the group by now.
    play.say(desk, chat_id, "said at the desk")
    play.say(ANNA, chat_id, "said on the phone")


SCENARIOS: Final = (
    Scenario("first contact", first_contact),
    Scenario("first contact from both", first_contact_from_both),
    Scenario("ping-pong", ping_pong),
    Scenario("burst", burst),
    Scenario("public chat", public_chat, 3),
    Scenario("contact request", contact_request),
    Scenario("contact code", contact_code),
    Scenario("receiver away", receiver_away),
    Scenario("prekey rotation", prekey_rotation),
    Scenario("blocked sender", blocked_sender),
    Scenario("forward secrecy", forward_secrecy),
    Scenario("stranger", stranger, 3),
    Scenario("old copy", old_copy),
    Scenario("group", group, 3),
    Scenario("group shrinks", group_shrinks, 3),
    Scenario("second device", second_device),
    Scenario("group on two devices", group_on_two_devices),
)
