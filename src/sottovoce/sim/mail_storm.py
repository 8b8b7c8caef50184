"""A month of history: clients that come and go, and mailservers of which one is honest.

The honest server crashes, lags, and has a full disk now and then; the others do the same and lie
about everything. Clients are off line for minutes, hours and days, crash around their commits, are
suspended, have wrong clocks, hear other topics, and hear live what they can while they are on line.

What must hold:

* whenever a client says that all is there, and at the end: it shows all that was on the honest
  server's disk in time, on topics and from times that it wanted;
* in one life no envelope is told twice;
* coverage claims nothing that was not answered, and cursors go back to who gave them;
* no server that says nothing is waited for longer than 15 seconds, and no more than ten pages in a
  row bring nothing;
* requests are at most three times those that the honest server had to answer;
* whatever strangers can make grow keeps its bounds.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random  # noqa: TID251 - seeded, so repeatable
from typing import Final

from sottovoce.adapters.memory.archive import MemoryArchive
from sottovoce.base.entropy import Entropy
from sottovoce.base.quantities import Topic
from sottovoce.base.secret import SymmetricKey
from sottovoce.crypto import secp256k1
from sottovoce.mail.coverage import INTERVALS_MAX
from sottovoce.mail.settings import OPEN_REQUESTS_PER_PEER, ClientSettings, ServerSettings
from sottovoce.node.heard import HASHES_MAX
from sottovoce.node.history import REQUESTS_MAX
from sottovoce.sim.checkers import ViolationError
from sottovoce.sim.entropy import SeededEntropy
from sottovoce.sim.mail_checkers import CLOCK_ERROR_S_MAX, ClientWatch
from sottovoce.sim.mail_client import SimulatedClient
from sottovoce.sim.mail_disks import HonestDisks
from sottovoce.sim.mail_faults import DAY_S, FAULTS, HOUR_S, MINUTE_S, MailFaults
from sottovoce.sim.mail_lies import Liar
from sottovoce.sim.mail_links import Wire
from sottovoce.sim.mail_node import ClientNode, Surroundings
from sottovoce.sim.mail_server import SimulatedServer
from sottovoce.sim.mail_traffic import MailTraffic
from sottovoce.sim.mail_world import MailWorld

# Honest ones and liars. As many servers are asked as there are witnesses, three: one of them is
# honest. With more than three another one has to stand in for who says nothing.
CASTS: Final = ((1, 2), (1, 2), (3, 2))
CLIENTS: Final = 3
# In three of four months one of the clients names no topics.
BLURRED_EVERY: Final = 4
TOPICS: Final = 6
TOPICS_AT_ONCE: Final = 4

END_S: Final = 30 * DAY_S
STORM_END_S: Final = END_S - 2 * HOUR_S
# What is on its way when the storm ends is on the disks before the last fetch begins.
LAST_FETCH_S: Final = STORM_END_S + 10 * MINUTE_S

ENVELOPES: Final = 300
BURSTS: Final = 5
BURST: Final = 60
# People talk when others have just come or gone: where windows of requests end and begin.
GREETING_SHARE: Final = 0.5
GREETINGS_S: Final = 120.0
BURST_S: Final = 60.0
# From whoever sends to a server; a few take a way around.
ARRIVAL_S_MAX: Final = 3.0
LATE_SHARE: Final = 0.05
LATE_ARRIVAL_S_MAX: Final = 20.0
LIVE_LOSS: Final = 0.5

# Small pages, so that there are many.
PACKET_BYTES: Final = 1500
ANSWER_BYTES: Final = 4000
# A burst fits; what comes while the disk is full for hours does not.
BUFFER_ENVELOPES: Final = 70

SESSIONS: Final = ((MINUTE_S, 5), (10 * MINUTE_S, 4), (3 * HOUR_S, 1))
ABSENCES: Final = ((10 * MINUTE_S, 2), (10 * HOUR_S, 4), (20 * HOUR_S, 3), (4 * DAY_S, 1))
TOPIC_CHANGES: Final = 4
# R13: no server is asked more often than this times what an honest one has to be asked.
REQUESTS_FACTOR_MAX: Final = 3.0
SERVER_BOUNDS: Final = {
    "envelopes to archive": BUFFER_ENVELOPES,
    "open requests": CLIENTS * OPEN_REQUESTS_PER_PEER,
    "askers": CLIENTS,
    "held refusals": CLIENTS * OPEN_REQUESTS_PER_PEER,
}
CLIENT_BOUNDS: Final = {
    "history requests": REQUESTS_MAX,
    "history ends": REQUESTS_MAX,
    "heard": HASHES_MAX,
    "intervals": INTERVALS_MAX * TOPICS * sum(max(CASTS)),
    "resumes": sum(max(CASTS)),
}


@dataclass(frozen=True, slots=True)
class MailOutcome:
    """What a run did.

    Attributes:
        seed: Its seed.
        trace_hash: Hash of every event.
        event_count: Events handled.
        envelope_count: Envelopes that were sent.
        shown_count: Messages that clients showed, each client counted.
        checked_count: Envelopes whose being there was checked, each client counted.
        request_count: Requests of all clients.
        needed_count: Those that one honest server answered.
        factor: How many times as often a server was asked at most.
        fail_over_s: The longest time from a server's last sign to the next request.
        faults: How often each kind of fault fired.
    """

    seed: int
    trace_hash: str
    event_count: int
    envelope_count: int
    shown_count: int
    checked_count: int
    request_count: int
    needed_count: int
    factor: float
    fail_over_s: float
    faults: dict[str, int]


def run_mail(seed: int) -> MailOutcome:
    """Run the month of a seed.

    Raises:
        ViolationError: Something happened that must never happen.
    """
    storm = MailStorm(seed)
    storm.run()
    storm.check()
    return storm.outcome()


class MailStorm:
    """One month.

    Attributes:
        world: The time.
        servers: The first one is honest.
        clients: All clients.
        watches: Who watches each of them.
        disks: What the honest server has.
    """

    def __init__(self, seed: int) -> None:
        self.world: Final = MailWorld(seed)
        self._seed: Final = seed
        self._random: Final = Random(f"mail storm {seed}")  # noqa: S311
        topics = tuple(Topic(self._random.randbytes(4)) for _ in range(TOPICS))
        self.traffic: Final = MailTraffic(Random(f"mail traffic {seed}"), topics)  # noqa: S311
        self._honest, liars = self._random.choice(CASTS)
        self.disks: Final = HonestDisks(self._honest)
        self._wire: Final = Wire(self.world)
        self.servers: Final = [self._make_server(number) for number in range(self._honest + liars)]
        self.clients: Final = [self._make_client(number) for number in range(CLIENTS)]
        self.watches: Final = [
            ClientWatch(self.world, client, self.disks) for client in self.clients
        ]
        self.faults: Final = MailFaults(
            self.world,
            seed,
            self.servers,
            list(zip(self.clients, self.watches, strict=True)),
            STORM_END_S,
        )
        self.faults.on_resumed = lambda client: client.go(online=self._sessions[client.number])
        self._sessions: Final[dict[int, bool]] = {}

    # ---- who is there

    def _make_server(self, number: int) -> SimulatedServer:
        entropy = SeededEntropy("mailserver", self._seed, number)
        settings = ServerSettings(
            password_key=SymmetricKey(entropy.take(32)),
            packet_bytes_max=PACKET_BYTES,
            answer_bytes_max=ANSWER_BYTES,
            buffer_envelopes_max=BUFFER_ENVELOPES,
        )
        liar = None
        if number >= self._honest:
            random = Random(f"liar {self._seed} {number}")  # noqa: S311
            liar = Liar(random, self.traffic, self._count)
        identity = secp256k1.generate_private_key(entropy)
        server = SimulatedServer(
            self.world, self._wire, number, identity, settings, MemoryArchive(), liar
        )
        if liar is None:
            key = server.mailserver.enode.public_key
            server.on_taken = lambda it: self.disks.taken(key, [it], self.world.now_s)
            server.on_lost = partial(self.disks.lost, key)
        server.start()
        return server

    def _count(self, fault: str) -> None:
        self.world.faults[fault] += 1

    def _make_client(self, number: int) -> SimulatedClient:
        servers = {server.mailserver.enode.public_key: server for server in self.servers}
        entropy = SeededEntropy("mail client", self._seed, number)
        key = secp256k1.public_key(secp256k1.generate_private_key(entropy))

        def make_node(client: SimulatedClient, entropy: Entropy) -> ClientNode:
            around = Surroundings(
                world=self.world,
                wire=self._wire,
                servers=servers,
                client=number,
                key=key,
                tell=client.hear,
                opens=lambda envelope: (
                    envelope.topic in client.topics and envelope.hash in self.traffic.posted
                ),
                moment=client.moment,
            )
            return ClientNode(around, entropy)

        named = [server.mailserver for server in self.servers]
        self._random.shuffle(named)
        return SimulatedClient(
            self.world,
            number,
            tuple(named),
            make_node,
            partial(SeededEntropy, "mail client", self._seed, number),
            ClientSettings(blurred=number == self._seed % BLURRED_EVERY),
        )

    # ---- a month

    def run(self) -> None:
        """Let everything happen."""
        self.begin()
        self.world.run_until(END_S)

    def begin(self) -> None:
        """Plan everything, and let clients come."""
        self._plan_traffic()
        self.faults.plan()
        for client in self.clients:
            self._begin(client)
        self.world.at(LAST_FETCH_S, self._fetch_last)
        self._look_at_sizes()

    def _begin(self, client: SimulatedClient) -> None:
        crashed = client.on_crash

        def restart_later() -> None:
            crashed()
            pause_s = self._random.choice((0.1, 10.0, 1000.0)) * self._random.random()
            self.world.after(pause_s, partial(self._restart, client))

        client.on_crash = restart_later
        self._change_topics(client)
        for _ in range(TOPIC_CHANGES):
            moment_s = self._random.uniform(0, STORM_END_S)
            self.world.at(moment_s, partial(self._change_topics, client))
        client.start()
        self._come(client)

    def _restart(self, client: SimulatedClient) -> None:
        if not client.up:
            self.world.faults["restart"] += 1
            client.start()
            client.go(online=self._sessions[client.number])

    def _come(self, client: SimulatedClient) -> None:
        self._go(client, online=True, for_s=self._draw(SESSIONS), then=self._leave)

    def _leave(self, client: SimulatedClient) -> None:
        self._go(client, online=False, for_s=self._draw(ABSENCES), then=self._come)

    def _go(
        self,
        client: SimulatedClient,
        *,
        online: bool,
        for_s: float,
        then: Callable[[SimulatedClient], None],
    ) -> None:
        if self.world.now_s < LAST_FETCH_S:
            self._sessions[client.number] = online
            if not client.suspended:
                client.go(online=online)
            if self._random.random() < GREETING_SHARE and self.world.now_s < STORM_END_S - HOUR_S:
                self.world.after(self._random.uniform(0, GREETINGS_S), self._say)
            self.world.after(for_s, partial(then, client))

    def _draw(self, choices: tuple[tuple[float, int], ...]) -> float:
        durations = [duration_s for duration_s, _ in choices]
        weights = [weight for _, weight in choices]
        chosen: float = self._random.choices(durations, weights)[0]
        return chosen * self._random.uniform(0.2, 1.0)

    def _change_topics(self, client: SimulatedClient) -> None:
        """Hear some topics; whoever does not know the time does not come to know new ones."""
        if abs(client.ahead_s) > CLOCK_ERROR_S_MAX:
            return
        count = self._random.randint(1, TOPICS_AT_ONCE)
        chosen = self._random.sample(self.traffic.topics, count)
        client.set_topics(chosen)

    def _fetch_last(self) -> None:
        for client in self.clients:
            self._sessions[client.number] = True
            if not client.up:
                self._restart(client)
            client.go(online=True)
            client.fetch(1)

    # ---- what is said

    def _plan_traffic(self) -> None:
        moments = [self._random.uniform(0, STORM_END_S) for _ in range(ENVELOPES)]
        for _ in range(BURSTS):
            begin_s = self._random.uniform(0, STORM_END_S)
            moments += [begin_s + self._random.uniform(0, BURST_S) for _ in range(BURST)]
        for moment_s in moments:
            self.world.at(moment_s, self._say)

    def _say(self) -> None:
        envelope = self.traffic.post(int(self.world.true_unix_s()), self.world.now_s)
        for server in self.servers:
            self.world.after(self._arrival_s(), partial(server.hear, envelope))
        for client in self.clients:
            if self._random.random() < LIVE_LOSS:
                self.world.faults["live loss"] += 1
            else:
                self.world.after(self._arrival_s(), partial(client.live, envelope))

    def _arrival_s(self) -> float:
        if self._random.random() < LATE_SHARE:
            return self._random.uniform(0, LATE_ARRIVAL_S_MAX)
        return self._random.uniform(0, ARRIVAL_S_MAX)

    # ---- the end

    def check(self) -> None:
        """Look at what must hold in the end.

        Raises:
            ViolationError: Something does not.
        """
        for watch in self.watches:
            watch.everything_is_there(LAST_FETCH_S)
        for server in self.servers:
            asked = self._asked(server)
            if asked > REQUESTS_FACTOR_MAX * self._needed():
                raise ViolationError(
                    f"seed {self._seed}: server {server.number} was asked {asked} times, where "
                    f"{self._needed()} were needed"
                )

    def _asked(self, server: SimulatedServer) -> int:
        key = server.mailserver.enode.public_key
        return sum(watch.counts.asked.get(key, 0) for watch in self.watches)

    def _needed(self) -> int:
        """Return how many requests an honest server had to answer."""
        keys = [server.mailserver.enode.public_key for server in self.servers[: self._honest]]
        return max(sum(watch.counts.answered.get(key, 0) for watch in self.watches) for key in keys)

    def _look_at_sizes(self) -> None:
        """Check what strangers can make grow.

        Raises:
            ViolationError: Something is larger than its bound.
        """
        for server in self.servers:
            sizes = server.machine.sizes()
            for name, bound in SERVER_BOUNDS.items():
                if sizes[name] > bound:
                    raise ViolationError(
                        f"seed {self._seed}: server {server.number} has {sizes[name]} {name}"
                    )
        for client in self.clients:
            sizes = client.node.sizes() | client.store.sizes()
            for name, bound in CLIENT_BOUNDS.items():
                if sizes[name] > bound:
                    raise ViolationError(
                        f"seed {self._seed}: client {client.number} has {sizes[name]} {name}"
                    )
        self.world.after(HOUR_S, self._look_at_sizes)

    def outcome(self) -> MailOutcome:
        """Return what happened."""
        return MailOutcome(
            seed=self._seed,
            trace_hash=self.world.trace_hash,
            event_count=self.world.event_count,
            envelope_count=len(self.traffic.posted),
            shown_count=sum(len(client.store.shown) for client in self.clients),
            checked_count=sum(watch.counts.checked for watch in self.watches),
            request_count=sum(self._asked(server) for server in self.servers),
            needed_count=self._needed(),
            factor=max(self._asked(server) for server in self.servers) / self._needed(),
            fail_over_s=max(watch.counts.fail_over_s for watch in self.watches),
            faults=dict.fromkeys(FAULTS, 0) | dict(self.world.faults),
        )
