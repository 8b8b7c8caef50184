"""A mailserver whose disk is full at any moment, and has room again: whole nodes, real packets.

Thirty moments here, as many as one likes with `SOTTOVOCE_NETWORKS`.
"""

import os
from collections.abc import Sequence
from random import Random
from typing import Final, TypeVar

import pytest
from typing_extensions import override

from sottovoce.adapters.memory.archive import MemoryArchive
from sottovoce.base.errors import StorageError
from sottovoce.base.quantities import EnvelopeHash, Topic
from sottovoce.base.secret import SymmetricKey
from sottovoce.gossip.envelope import Envelope
from sottovoce.gossip.filters import make_filter
from sottovoce.gossip.seal import EnvelopeRoute
from sottovoce.mail.client_events import PageEnd
from sottovoce.mail.mailserver import Mailserver
from sottovoce.mail.request import HistoryRequest, bloom_of
from sottovoce.mail.settings import ServerSettings
from sottovoce.node import effects, inputs
from sottovoce.node.node import Node
from sottovoce.sim.entropy import SeededEntropy
from sottovoce.sim.network import LinkQuality
from sottovoce.sim.world import SimulatedNode, World

T = TypeVar("T")
MOMENTS: Final = int(os.environ.get("SOTTOVOCE_NETWORKS", "30"))
TOPIC: Final = Topic(b"full")
FULL_S_MAX: Final = 8.0
BETWEEN_S: Final = 32.0
POST_EVERY_S: Final = 2.0
TTL_S: Final = 20
HEARD_WITHIN_S: Final = 3.0
TOLD_WITHIN_S: Final = 3.0  # goal R6 wants five; an envelope comes every two
STORED_WITHIN_S: Final = 16.0  # as long as the longest pause between two tries


class FullArchive(MemoryArchive):
    """An archive whose disk may be full: then it stores nothing, and finds what it has."""

    def __init__(self) -> None:
        super().__init__()
        self.full = False
        self.confirmed: set[EnvelopeHash] = set()

    @override
    def store(self, batch: Sequence[Envelope]) -> int:
        if self.full:
            raise StorageError("the disk is full: make room")
        new = super().store(batch)
        self.confirmed |= {envelope.hash for envelope in batch}
        return new


class FullDisk:
    """Somebody who posts, a mailserver in between, and somebody who listens and asks."""

    def __init__(self, seed: int) -> None:
        self.world = World(seed, LinkQuality(delay_min_s=0.02, delay_max_s=0.2))
        self.archive = FullArchive()
        password = SymmetricKey(SeededEntropy("password", seed).take(32))
        self._key = SymmetricKey(SeededEntropy("channel", seed).take(32))
        self._poster, self.listener = self.world.add_node(), self.world.add_node()
        settings = ServerSettings(password_key=password)
        self.server = self.world.add_node(mail=settings, archive=self.archive)
        self._mailserver = Mailserver(self.server.enode, password)
        for node in (self._poster, self.listener):
            self.world.start(node.number, inputs.AddPeer(self.server.enode))
        heard = make_filter(symmetric_key=self._key, topics=[TOPIC], allows_direct=True)
        self.world.start(self.listener.number, inputs.InstallFilter(1, heard))
        self._request = 0

    def post(self) -> None:
        """Have something posted every few seconds from now on."""
        self._request += 1
        route = EnvelopeRoute(TOPIC, self._key, None)
        payload = f"{self._request}".encode()
        wish = inputs.PostMessage(self._request, route, payload, TTL_S, 0.0021, 5.0)
        self.world.command(self._poster.number, wish)
        self.world.at(self.world.now_s + POST_EVERY_S, self.post)

    def ask(self) -> effects.HistoryDone:
        """Ask for everything, and return how it ended."""
        self._request += 1
        request = self._request
        now = int(self.world.moment(self.listener).unix_s)
        topics = frozenset({TOPIC})
        wanted = HistoryRequest(now - 3600, now, bloom_of(topics), (TOPIC,))
        wish = inputs.AskHistory(request, self._mailserver, wanted)
        self.world.command(self.listener.number, wish)
        self.world.run_until(self.world.now_s + 2.0)
        done = told(self.listener, effects.HistoryDone)
        assert done[-1][1].request == request
        return done[-1][1]

    def posted(self, *, before_s: float) -> set[EnvelopeHash]:
        """Return what had been posted before a moment."""
        successes = told(self._poster, effects.PostSucceeded)
        return {fact.hash for at_s, fact in successes if at_s < before_s}

    def heard(self) -> set[EnvelopeHash]:
        """Return what the listener heard."""
        return {fact.message.hash for _, fact in told(self.listener, effects.MessageArrived)}

    def trouble(self) -> str:
        """Return what readiness goes by."""
        assert isinstance(self.server.node, Node)
        return self.server.node.archive_trouble


def told(node: SimulatedNode, kind: type[T]) -> list[tuple[float, T]]:
    """Return the facts of a kind that a node told its owner."""
    return [(at_s, fact) for at_s, fact in node.facts if isinstance(fact, kind)]


@pytest.mark.slow
def test_full_disk_stops_archiving_loudly_and_nothing_else() -> None:
    random = Random("full disk")
    scene = FullDisk(1)
    scene.world.run_until(5.0)
    scene.post()
    for moment in range(MOMENTS):
        begin_s = 10.0 + moment * BETWEEN_S + random.uniform(0, POST_EVERY_S)
        scene.world.run_until(begin_s)
        assert not scene.trouble()
        scene.archive.full = True
        confirmed = set(scene.archive.confirmed)
        scene.world.run_until(begin_s + TOLD_WITHIN_S)
        assert scene.trouble() == "the disk is full: make room"
        scene.world.run_until(begin_s + random.uniform(TOLD_WITHIN_S, FULL_S_MAX))
        # Relaying and answering go on.
        assert scene.ask().end is PageEnd.ANSWERED
        now_s = scene.world.now_s
        assert scene.posted(before_s=now_s - HEARD_WITHIN_S) <= scene.heard()
        assert scene.archive.confirmed == confirmed
        # There is room again: nobody starts anything anew, and nothing is missing.
        scene.archive.full = False
        scene.world.run_until(now_s + STORED_WITHIN_S)
        assert not scene.trouble()
        assert scene.posted(before_s=now_s) | confirmed <= scene.archive.confirmed
    changes = [fact.trouble for _, fact in told(scene.server, effects.ArchivingChanged)]
    assert changes == ["the disk is full: make room", ""] * MOMENTS
    assert scene.server.crash_count == 0
    assert scene.archive.size().envelopes == len(scene.archive.confirmed)
    assert scene.ask().end is PageEnd.ANSWERED
