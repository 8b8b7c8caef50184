"""A lane on virtual time, with a person and a store that a test scripts."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

from typing_extensions import override

from sottovoce.base.errors import StorageError
from sottovoce.base.moment import Moment
from sottovoce.chat.commands import Asked, OpenOneToOne
from sottovoce.chat.events import Done
from sottovoce.chat.records import Profile
from sottovoce.chat.stores import ChatStore
from sottovoce.crypto import secp256k1
from sottovoce.gossip.filters import Filter
from sottovoce.node import inputs
from sottovoce.node.person_events import PersonInput, PersonOutput
from sottovoce.node.person_store import PersonStore
from sottovoce.runtime.person_lane import PersonLane
from sottovoce.runtime.person_ports import NodeWish, Owner, OwnerFact
from sottovoce.sdk.virtual_loop import VirtualLoop
from sottovoce.sim.entropy import SeededEntropy
from sottovoce.sim.world import World
from sottovoce.stack.events import PeersChanged, Started
from sottovoce.stack.stores import StackStores

KEY = secp256k1.public_key(secp256k1.generate_private_key(SeededEntropy("lane", 1)))


class ScriptedStore(PersonStore):
    """Keeps a list of notes, in transactions; `failures` says how many commits fail."""

    def __init__(self) -> None:
        self.kept: list[str] = []
        self.written: list[str] = []
        self.is_open = False
        self.failures = 0
        self.commit_count = 0
        self.closed = False

    @property
    @override
    def below_chat(self) -> StackStores:
        raise AssertionError("the scripted person keeps its words by itself")

    @property
    @override
    def chat(self) -> ChatStore:
        raise AssertionError("the scripted person keeps its words by itself")

    @property
    @override
    def wrote(self) -> bool:
        return bool(self.written)

    def write(self, note: str) -> None:
        assert self.is_open
        self.written.append(note)

    @override
    def begin(self) -> None:
        assert not self.is_open
        self.is_open = True

    @override
    def commit(self) -> None:
        assert self.is_open
        if self.failures:
            self.failures -= 1
            raise StorageError("the disk is full; make room")
        self.commit_count += 1
        self.kept += self.written
        self.written = []
        self.is_open = False

    @override
    def rollback(self) -> None:
        self.written = []
        self.is_open = False

    @override
    def close(self) -> None:
        self.closed = True


Handle = Callable[[PersonInput], list[PersonOutput]]


@dataclass
class Scene:
    """A lane and all that its owner heard."""

    store: ScriptedStore = field(default_factory=ScriptedStore)
    facts: list[OwnerFact] = field(default_factory=list)
    wishes: list[NodeWish] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    handled: list[PersonInput] = field(default_factory=list)
    lives: int = 0
    script: dict[type[object], Handle] = field(default_factory=dict)
    deadline_s: float | None = None
    refuses: Exception | None = None
    refused_kinds: tuple[type[NodeWish], ...] = (inputs.PostMessage,)
    world: World = field(default_factory=lambda: World(1))

    def lane(self) -> PersonLane:
        lane = PersonLane(
            self.store, self._make, Owner(self._wish, self.facts.append, self._trouble, self.now)
        )
        lane.start()
        return lane

    def now(self) -> Moment:
        return Moment(self.world.now_s, 1_600_000_000 + self.world.now_s)

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        with asyncio.Runner(loop_factory=lambda: VirtualLoop(self.world)) as runner:
            runner.run(work)

    def _trouble(self, reason: str) -> None:
        self.troubles.append(reason)

    def _wish(self, wish: NodeWish) -> None:
        if self.refuses is not None and isinstance(wish, self.refused_kinds):
            raise self.refuses
        self.wishes.append(wish)

    def _make(
        self, now: Moment, *, installed: Mapping[int, Filter], first_number: int
    ) -> "ScriptedPerson":
        assert self.store.is_open
        self.lives += 1
        self.installed = installed
        self.first_number = first_number
        return ScriptedPerson(self)


class ScriptedPerson:
    """Notes each command in the store and answers it, unless the scene's script says otherwise."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def next_deadline(self) -> float | None:
        return self._scene.deadline_s

    def handle(self, event: PersonInput, now: Moment) -> list[PersonOutput]:
        scene = self._scene
        scene.handled.append(event)
        scripted = scene.script.get(type(event))
        if scripted is not None:
            return scripted(event)
        if isinstance(event, Asked):
            scene.store.write(f"asked {event.request}")
            return [Done(event.request, Profile())]
        if isinstance(event, Started | PeersChanged):
            return []
        scene.store.write(type(event).__name__)
        return []


def asked(request: int) -> Asked:
    return Asked(request, OpenOneToOne(KEY))


async def settle() -> None:
    """Let the lane do what it can do now."""
    await asyncio.sleep(0.001)
