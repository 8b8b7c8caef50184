"""The cases of the scaling model on the node code: a star of people around full hubs.

Each person is a whole node with real connections, and so is each hub. What is counted is what the
model counts: the bytes of envelopes that arrive at a person's node, live or as history, each with
its RLP and without the frames, greetings and pings around it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from random import Random  # noqa: TID251 - seeded, so repeatable
from typing import Final

from sottovoce.adapters.memory.archive import MemoryArchive
from sottovoce.base.secret import SymmetricKey
from sottovoce.crypto import secp256k1
from sottovoce.gossip.filters import Filter
from sottovoce.gossip.seal import EnvelopeRoute, seal
from sottovoce.gossip.settings import GossipSettings
from sottovoce.mail.client_events import PageEnd
from sottovoce.mail.mailserver import Mailserver
from sottovoce.mail.request import HistoryRequest, bloom_of
from sottovoce.mail.settings import ServerSettings
from sottovoce.node import effects, inputs
from sottovoce.node.settings import NodeSettings
from sottovoce.sim.bloom_rate import topics_up_to_rate
from sottovoce.sim.checkers import ViolationError
from sottovoce.sim.entropy import SeededEntropy
from sottovoce.sim.model_scene import SCENES, ModelPerson
from sottovoce.sim.network import LinkQuality
from sottovoce.sim.scaling_model import ModelParameters
from sottovoce.sim.world import EPOCH_UNIX_S, SimulatedNode, World
from sottovoce.stack.topics import partitioned, public_chat

DAY_S: Final = 86_400.0
# Every path takes the same time, so that what happens to all at once is one event.
FLIGHT_S: Final = 0.05
# An envelope lives long enough to be bundled, and so short that whoever comes finds few.
TTL_S: Final = 3
# What is relayed is bundled, by hubs and by authors: ten envelopes of a message become one packet.
BUNDLING_S: Final = 1.0
AUTHOR_BUNDLING_S: Final = 0.2
# Handshakes are through after a second or two; afterwards the last envelopes expire.
SETTLE_S: Final = 5.0
CALM_S: Final = 5.0
FETCHING_S: Final = 20.0
# Pings are no part of what is counted, and each fifteen seconds they would take half of the time.
PATIENT: Final = NodeSettings(ping_interval_s=600.0, read_timeout_s=1300.0)
FILTER: Final = 1
# Of an hour: how often somebody who waits learns how far it is.
STEPS: Final = 60
_PADDING: Final = b"\x00"


@dataclass(frozen=True, slots=True)
class CaseMeasured:
    """What was measured in one case.

    Attributes:
        case: Its number.
        users: How many people there were.
        bytes_per_day: Bytes of envelopes that one node received on average, scaled to a day.
        envelopes: Envelopes that all of them received, with repetitions.
        meant: Envelopes that were posted, each for one person.
        opened: How many of these that person's node opened.
    """

    case: int
    users: int
    bytes_per_day: int
    envelopes: int
    meant: int
    opened: int


class ModelWorld:
    """One case of the model, played.

    Args:
        case: Its number.
        users: How many people.
        duration_s: For how long they are sent messages, virtual seconds.
        seed: Everything random follows from it.
        model: The assumptions.
    """

    def __init__(
        self, case: int, *, users: int, duration_s: float, seed: int, model: ModelParameters
    ) -> None:
        self._case: Final = case
        self._scene: Final = SCENES[case]
        self._model: Final = model
        self._duration_s: Final = duration_s
        self._end_s: Final = SETTLE_S + duration_s
        self._random: Final = Random(f"scaling model {case} {seed}")  # noqa: S311
        self._world: Final = World(seed, LinkQuality(FLIGHT_S, FLIGHT_S))
        self._password: Final = SymmetricKey(SeededEntropy("password", seed).take(32))
        self._hubs: Final = self._make_hubs(users)
        self._people: Final = [self._make_person(number) for number in range(users)]
        self._payload: Final = bytes(self._payload_bytes())

    def run(self, on_progress: Callable[[float], None]) -> CaseMeasured:
        """Play it.

        Args:
            on_progress: Told how far it is, 0 to 1.

        Raises:
            ViolationError: A node refused what the model wants.
        """
        self._plan_presence()
        self._plan_messages()
        end_s = self._end_s + CALM_S
        if self._scene.absent:
            self._world.at(end_s, self._fetch_last)
            end_s += FETCHING_S
        for step in range(STEPS):
            on_progress(step / STEPS)
            self._world.run_until(end_s * (step + 1) / STEPS)
        return self._measured()

    # ---- the nodes

    def _make_hubs(self, users: int) -> list[SimulatedNode]:
        gossip = GossipSettings(minimum_pow=0.0, flush_delay_s_max=BUNDLING_S, confirmations=False)
        settings = replace(PATIENT, peers_max=2 * users, pending_inbound_max=2 * users)
        mail = ServerSettings(password_key=self._password, minimum_pow=0.0)
        hubs = []
        for number in range(self._scene.hubs):
            if self._scene.absent and not number:
                hub = self._world.add_node(
                    gossip=gossip, settings=settings, mail=mail, archive=MemoryArchive()
                )
            else:
                hub = self._world.add_node(gossip=gossip, settings=settings)
            hubs.append(hub)
        return hubs

    def _make_person(self, number: int) -> ModelPerson:
        scene, seed = self._scene, self._world.seed
        identity = secp256k1.generate_private_key(SeededEntropy("person", seed, number))
        gossip = GossipSettings(
            transport=scene.transport,
            interest=scene.interest,
            light=scene.light,
            minimum_pow=0.0,
            own_delay_s_max=0.0,
            flush_delay_s_max=AUTHOR_BUNDLING_S,
            confirmations=False,
        )
        person = ModelPerson(
            number,
            partitioned(secp256k1.public_key(identity)).topic,
            public_chat(f"the public chat of person {number}").topic,
            SymmetricKey(SeededEntropy("envelopes", seed, number).take(32)),
            self._world.add_node(gossip=gossip, settings=PATIENT),
        )
        person.private_topic, person.public_topic = scene.topics(person)
        person.home.on_fact = partial(self._heard, person)
        topics = person.own_topics
        if scene.filtered:
            rate = float(self._model.false_positives_online)
            topics = topics_up_to_rate(topics, rate, self._random)
        wanted = Filter(key=person.key, topics=topics, allows_direct=True)
        self._world.command(person.home.number, inputs.InstallFilter(FILTER, wanted))
        return person

    def _payload_bytes(self) -> int:
        """Return the length of the payload whose envelope has the model's size."""
        wanted = self._model.envelope_bytes
        person = self._people[0]
        entropy = SeededEntropy("size", self._world.seed)
        route = EnvelopeRoute(person.public, person.key, None)
        now = self._world.moment(person.home)
        sealed = seal(bytes(wanted), route, ttl_s=TTL_S, now=now, entropy=entropy, padding=_PADDING)
        return 2 * wanted - len(sealed.mined(0).raw)

    # ---- who is there when

    def _plan_presence(self) -> None:
        for hub in self._hubs[1:]:
            self._world.command(hub.number, inputs.AddPeer(self._hubs[0].enode))
        for person in self._people:
            self._plan_absences(person)
            for begin_s, end_s in person.there:
                self._world.at(begin_s, partial(self._come, person, self._hubs))
                if end_s < self._end_s:
                    self._world.at(end_s, partial(self._leave, person))

    def _plan_absences(self, person: ModelPerson) -> None:
        """Let as many people be there at any moment as the model says, each in turn."""
        begin_s, end_s = SETTLE_S, self._end_s
        if not self._scene.absent:
            person.there = [(0.0, math.inf)]
            return
        window_s = self._duration_s * float(1 - self._model.offline_share)
        come_s = begin_s + self._duration_s * person.number / len(self._people)
        leave_s = come_s + window_s
        if leave_s <= end_s:
            person.there = [(come_s, leave_s)]
            # What still lives when somebody comes is offered by the hubs themselves.
            person.away = [(begin_s, come_s - TTL_S), (leave_s, end_s)]
        else:
            leave_s -= self._duration_s
            person.there = [(begin_s, leave_s), (come_s, math.inf)]
            person.away = [(leave_s, come_s - TTL_S)]

    def _come(self, person: ModelPerson, hubs: list[SimulatedNode]) -> None:
        for hub in hubs:
            self._world.command(person.home.number, inputs.AddPeer(hub.enode))

    def _leave(self, person: ModelPerson) -> None:
        for hub in self._hubs:
            self._world.command(person.home.number, inputs.RemovePeer(hub.enode.public_key))

    # ---- messages

    def _plan_messages(self) -> None:
        """Post what people are sent, evenly over the time and fairly among them."""
        model, people = self._model, self._people
        share = self._duration_s / DAY_S
        count = round(len(people) * model.messages_per_day * share)
        private = round(count * model.private_share)
        kinds = [place < private for place in range(count)]
        self._random.shuffle(kinds)
        targets: list[ModelPerson] = []
        while len(targets) < count:
            targets += self._random.sample(people, len(people))
        for place, (target, is_private) in enumerate(zip(targets, kinds, strict=False)):
            moment_s = SETTLE_S + (place + 0.5) * self._duration_s / count
            self._plan_message(moment_s, target, is_private=is_private)

    def _plan_message(self, moment_s: float, target: ModelPerson, *, is_private: bool) -> None:
        others = [
            person.home
            for person in self._people
            if person is not target
            and any(begin_s <= moment_s <= end_s - TTL_S for begin_s, end_s in person.there)
        ]
        # Where nobody else is there, the message comes from further away, over a hub.
        author = self._random.choice(others or self._hubs)
        topic = target.private_topic if is_private else target.public_topic
        post = inputs.PostMessage(
            request=0,
            route=EnvelopeRoute(topic, target.key, None),
            payload=self._payload,
            ttl_s=TTL_S,
            pow_target=0.0,
            work_time_s=0.0,
            padding=_PADDING,
        )
        for _ in range(self._model.envelopes_per_message):
            target.meant += 1
            self._world.command_at(moment_s, author.number, post)

    def _heard(self, person: ModelPerson, fact: effects.Fact) -> None:
        match fact:
            case effects.MessageArrived(_, message, _):
                person.opened.add(message.hash)
            case effects.PeerConnected(key):
                if key == self._hubs[0].enode.public_key:
                    self._fetch(person)
            case effects.HistoryDone():
                self._history_done(person, fact)
            case effects.PostSucceeded():
                self._check(fact.size_bytes == self._model.envelope_bytes, "an envelope's size")
            case effects.PostFailed():
                self._check(False, fact.detail)
            case _:
                pass

    def _check(self, is_so: bool, what: str) -> None:
        if not is_so:
            raise ViolationError(f"seed {self._world.seed}, case {self._case}: {what}")

    # ---- history

    def _fetch_last(self) -> None:
        for person in self._people:
            if person.away:
                self._come(person, self._hubs[:1])

    def _fetch(self, person: ModelPerson) -> None:
        """Ask for what was posted during the last absence."""
        while person.away and person.away[0][1] <= self._world.now_s:
            from_s, to_s = person.away.pop(0)
            if from_s < to_s:
                rate = float(self._model.false_positives_history)
                topics = topics_up_to_rate(person.own_topics, rate, self._random)
                # What was bundled when the person left is asked for as well.
                wanted = HistoryRequest(
                    from_unix_s=int(EPOCH_UNIX_S + from_s - BUNDLING_S),
                    to_unix_s=int(EPOCH_UNIX_S + to_s),
                    bloom=bloom_of(topics),
                )
                self._ask(person, wanted)
                return

    def _ask(self, person: ModelPerson, wanted: HistoryRequest) -> None:
        person.request += 1
        person.asked = wanted
        server = Mailserver(self._hubs[0].enode, self._password)
        ask = inputs.AskHistory(person.request, server, wanted)
        self._world.command(person.home.number, ask)

    def _history_done(self, person: ModelPerson, done: effects.HistoryDone) -> None:
        self._check(done.end is PageEnd.ANSWERED, f"no history: {done.detail}")
        if done.cursor:
            assert person.asked is not None
            self._ask(person, replace(person.asked, cursor=done.cursor))

    # ---- what came of it

    def _measured(self) -> CaseMeasured:
        counts = [
            counters.envelopes_received + counters.direct_received
            for counters in (person.node.relay_statistics for person in self._people)
        ]
        # Every envelope has the same size, which was checked when it was posted.
        size_bytes = sum(counts) * self._model.envelope_bytes
        a_day = DAY_S / self._duration_s / len(self._people)
        return CaseMeasured(
            case=self._case,
            users=len(self._people),
            bytes_per_day=round(size_bytes * a_day),
            envelopes=sum(counts),
            meant=sum(person.meant for person in self._people),
            opened=sum(len(person.opened) for person in self._people),
        )
