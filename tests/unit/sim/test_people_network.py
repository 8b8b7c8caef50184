"""The network between people's nodes: who opens what, and what goes wrong on the way."""

from collections.abc import Callable

import pytest

from sottovoce.base.quantities import topic
from sottovoce.base.secret import PrivateKey
from sottovoce.crypto import secp256k1
from sottovoce.gossip.filters import Filter
from sottovoce.gossip.seal import EnvelopeRoute
from sottovoce.node import effects, inputs
from sottovoce.sim.people_network import RELAY, Mailbox, PeopleNetwork, Weather, quick_key

TOPIC = topic(b"news")
KEY = quick_key("news")
ANNA = PrivateKey(b"anna's key is thirty-two bytes !")


class Scene:
    """Three nodes, of which the last two listen; time passes when told to."""

    def __init__(self, weather: Weather | None = None) -> None:
        self.plan: list[tuple[float, int, Callable[[], None]]] = []
        self.now_s = 0.0
        self.network = PeopleNetwork(1, self.at)
        self.network.weather = weather or Weather()
        self.facts: list[list[effects.Fact]] = [[], [], []]
        self.boxes = [self.enter(number) for number in range(3)]
        for box in self.boxes[1:]:
            self.install(box)

    def at(self, time_s: float, action: Callable[[], None]) -> None:
        self.plan.append((time_s, len(self.plan), action))

    def enter(self, number: int) -> Mailbox:
        box = Mailbox(number, self.facts[number].append)
        self.network.enter(box)
        self.network.connect(box, now_s=self.now_s)
        return box

    def install(self, box: Mailbox, number: int = 7) -> None:
        wish = inputs.InstallFilter(number, Filter(KEY, frozenset({TOPIC})), searches_pool=True)
        self.network.install(box, wish, now_s=self.now_s)

    def post(self, number: int = 0, *, route: EnvelopeRoute | None = None) -> None:
        wish = inputs.PostMessage(5, route or EnvelopeRoute(TOPIC, KEY, ANNA), b"hi", 15, 0.1, 1.0)
        self.network.post(self.boxes[number], wish, now_s=self.now_s, unix_s=1000)

    def wait(self, seconds: float) -> None:
        end_s = self.now_s + seconds
        while due := [entry for entry in self.plan if entry[0] <= end_s]:
            entry = min(due)
            self.plan.remove(entry)
            self.now_s = max(self.now_s, entry[0])
            entry[2]()
        self.now_s = end_s

    def arrivals(self, number: int) -> int:
        return sum(isinstance(fact, effects.MessageArrived) for fact in self.facts[number])


def test_author_hears_what_became_of_an_envelope_and_listeners_open_it() -> None:
    scene = Scene()
    scene.post()
    scene.wait(2)
    posted, taken = scene.facts[0]
    assert isinstance(posted, effects.PostSucceeded)
    assert taken == effects.SentToPeer(RELAY, (posted.hash,))
    [arrived] = scene.facts[1]
    assert isinstance(arrived, effects.MessageArrived)
    assert (arrived.filters, arrived.message.payload) == ((7,), b"hi")
    assert arrived.message.transport_sender == secp256k1.public_key(ANNA)
    assert arrived.message.sent_unix_s == 1000
    assert scene.arrivals(2) == 1


def test_own_envelope_comes_back_to_whoever_listens_on_its_topic() -> None:
    scene = Scene()
    scene.post(1)
    scene.wait(2)
    assert scene.arrivals(1) == 1


def test_another_key_or_topic_opens_nothing() -> None:
    scene = Scene()
    scene.post(route=EnvelopeRoute(TOPIC, quick_key("other"), ANNA))
    scene.post(route=EnvelopeRoute(topic(b"else"), KEY, ANNA))
    scene.post(route=EnvelopeRoute(TOPIC, secp256k1.public_key(ANNA), None))
    scene.wait(2)
    assert scene.arrivals(1) == 0


def test_private_key_opens_what_is_for_it() -> None:
    scene = Scene()
    wish = inputs.InstallFilter(8, Filter(ANNA, frozenset({TOPIC})))
    scene.network.install(scene.boxes[1], wish, now_s=0.0)
    scene.post(route=EnvelopeRoute(TOPIC, secp256k1.public_key(ANNA), ANNA))
    scene.wait(2)
    assert (scene.arrivals(1), scene.arrivals(2)) == (1, 0)


def test_new_filter_finds_what_the_pool_holds_until_its_end() -> None:
    scene = Scene()
    scene.post()
    scene.wait(2)
    scene.install(scene.boxes[1], 9)
    assert scene.arrivals(1) == 2
    scene.wait(20)
    scene.install(scene.boxes[1], 10)
    assert scene.arrivals(1) == 2


@pytest.mark.parametrize(("away_s", "arrivals"), [(5, 1), (30, 0)])
def test_whoever_comes_back_gets_what_still_lives(away_s: float, arrivals: int) -> None:
    scene = Scene()
    scene.network.disconnect(scene.boxes[1])
    scene.post()
    scene.wait(away_s)
    assert scene.arrivals(1) == 0
    scene.network.connect(scene.boxes[1], now_s=scene.now_s)
    scene.wait(2)
    assert scene.arrivals(1) == arrivals


@pytest.mark.parametrize(("away_s", "facts"), [(5, 2), (30, 1)])
def test_what_was_posted_without_a_peer_leaves_when_there_is_one(away_s: float, facts: int) -> None:
    scene = Scene()
    scene.network.disconnect(scene.boxes[0])
    scene.post()
    scene.wait(away_s)
    assert len(scene.facts[0]) == 1
    scene.network.connect(scene.boxes[0], now_s=scene.now_s)
    scene.wait(2)
    assert len(scene.facts[0]) == facts


def test_process_that_ended_hears_nothing_and_its_successor_gets_all_again() -> None:
    scene = Scene()
    scene.post()
    scene.wait(2)
    scene.network.leave(1)
    scene.post()
    scene.wait(2)
    assert scene.arrivals(1) == 1
    scene.install(scene.enter(1))
    scene.wait(2)
    assert scene.arrivals(1) == 3


def test_lost_envelope_arrives_nowhere_and_is_counted() -> None:
    scene = Scene(Weather(loss=1.0))
    scene.post()
    scene.wait(1000)
    assert (scene.arrivals(1), scene.network.faults["loss"]) == (0, 2)


def test_late_envelope_arrives_after_its_end_and_is_counted() -> None:
    scene = Scene(Weather(late=1.0))
    scene.post()
    scene.wait(1.0)
    assert scene.arrivals(1) == 0
    scene.wait(1000)
    assert (scene.arrivals(1), scene.network.faults["late"]) == (1, 2)


def test_doubled_envelope_arrives_twice_and_is_counted() -> None:
    scene = Scene(Weather(twice=1.0))
    scene.post()
    scene.wait(1000)
    assert (scene.arrivals(1), scene.network.faults["duplicate"]) == (2, 2)


def test_watchers_see_every_envelope_with_its_author() -> None:
    scene = Scene()
    seen: list[tuple[int, bytes]] = []
    scene.network.watchers.append(lambda number, wish: seen.append((number, wish.payload)))
    scene.post(2)
    assert seen == [(2, b"hi")]
    assert scene.network.carried_count == 1
