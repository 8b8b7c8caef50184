"""One honest mailserver and one client of it, in a world without faults; for tests."""

from functools import partial

from sottovoce.adapters.memory.archive import MemoryArchive
from sottovoce.base.entropy import Entropy
from sottovoce.base.quantities import Topic
from sottovoce.base.secret import SymmetricKey
from sottovoce.crypto import secp256k1
from sottovoce.gossip.envelope import Envelope
from sottovoce.mail.client_events import ClientEvent, ClientOutput, FetchDone
from sottovoce.mail.settings import ClientSettings, ServerSettings
from sottovoce.sim.entropy import SeededEntropy
from sottovoce.sim.mail_client import SimulatedClient
from sottovoce.sim.mail_links import Wire
from sottovoce.sim.mail_node import ClientNode, Surroundings
from sottovoce.sim.mail_server import SimulatedServer
from sottovoce.sim.mail_traffic import MailTraffic
from sottovoce.sim.mail_world import MailWorld

TOPIC = Topic(b"aaaa")
OTHER = Topic(b"bbbb")


class Scene:
    """A server and a client that hears one topic, not on line yet.

    Attributes:
        events: What the client's machine took.
        outputs: What it let out.
    """

    def __init__(self, seed: int = 1) -> None:
        self.world = MailWorld(seed)
        self.wire = Wire(self.world)
        self.traffic = MailTraffic(self.world.random, (TOPIC, OTHER))
        entropy = SeededEntropy("scene", seed)
        self.server = SimulatedServer(
            self.world,
            self.wire,
            0,
            secp256k1.generate_private_key(entropy),
            ServerSettings(
                password_key=SymmetricKey(entropy.take(32)),
                packet_bytes_max=1500,
                answer_bytes_max=4000,
                buffer_envelopes_max=10,
            ),
            MemoryArchive(),
            None,
        )
        self.server.start()
        self.key = self.server.mailserver.enode.public_key
        self.client = SimulatedClient(
            self.world,
            0,
            (self.server.mailserver,),
            self._make_node,
            partial(SeededEntropy, "scene client", seed),
            ClientSettings(),
        )
        self.events: list[ClientEvent] = []
        self.outputs: list[ClientOutput] = []
        self.client.on_event = self.events.append
        self.client.on_output = self.outputs.append
        self.client.set_topics([TOPIC])
        self.client.start()

    def _make_node(self, client: SimulatedClient, entropy: Entropy) -> ClientNode:
        around = Surroundings(
            world=self.world,
            wire=self.wire,
            servers={self.key: self.server},
            client=0,
            key=self.key,
            tell=client.hear,
            opens=lambda it: it.topic in client.topics and it.hash in self.traffic.posted,
            moment=client.moment,
        )
        return ClientNode(around, entropy)

    def say(self, count: int = 1) -> list[Envelope]:
        """Let the server hear envelopes on either topic, now."""
        said = []
        for _ in range(count):
            said.append(self.traffic.post(int(self.world.true_unix_s()), self.world.now_s))
            self.server.hear(said[-1])
        return said

    def wait(self, duration_s: float) -> None:
        """Let some time pass."""
        self.world.run_until(self.world.now_s + duration_s)

    def done(self) -> list[bool]:
        """Return how fetching ended each time: whether it was complete."""
        return [it.complete for it in self.outputs if isinstance(it, FetchDone)]
