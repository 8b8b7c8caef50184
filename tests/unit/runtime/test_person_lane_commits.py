"""What shares a commit, and when the person is asked for what is due."""

import asyncio

from sottovoce.node import effects
from sottovoce.node.person_events import PersonInput, PersonOutput
from sottovoce.runtime.person_lane import PATIENCE_S, PersonLane
from sottovoce.stack.events import TimePassed
from unit.runtime.lane_scene import KEY, Scene, asked, settle
from unit.runtime.test_person_lane import message

SENT = effects.SentToPeer(KEY, ())


def test_what_is_due_because_of_a_lone_command_shares_its_commit() -> None:
    def due(_: PersonInput) -> list[PersonOutput]:
        scene.deadline_s = None
        scene.store.write("sealed")
        return []

    def said(_: PersonInput) -> list[PersonOutput]:
        scene.deadline_s = scene.world.now_s
        scene.store.write("said")
        return []

    scene = Scene(script={TimePassed: due, type(asked(1)): said})

    async def main() -> None:
        lane = scene.lane()
        await settle()
        lane.ask(asked(1))
        await settle()
        await lane.stop()

    scene.run(main())
    assert scene.store.kept == ["said", "sealed"]
    assert scene.store.commit_count == 1


def test_what_is_on_its_way_shares_the_commit_of_what_comes_next() -> None:
    scene = Scene()

    async def main() -> None:
        lane = scene.lane()
        await settle()
        lane.fact(SENT)
        lane.fact(SENT)
        await asyncio.sleep(PATIENCE_S / 2)
        assert scene.store.kept == []
        lane.fact(message())
        await settle()
        assert scene.store.commit_count == 1
        await lane.stop()

    scene.run(main())
    assert scene.store.kept == ["SentToPeer", "SentToPeer", "MessageArrived"]


def test_what_is_on_its_way_is_noted_after_a_moment_even_if_nothing_comes() -> None:
    scene = Scene()

    async def main() -> None:
        lane = scene.lane()
        await settle()
        for _ in range(2):
            lane.fact(SENT)
            await asyncio.sleep(PATIENCE_S / 4)
            lane.fact(SENT)
            await asyncio.sleep(PATIENCE_S)
        await lane.stop()

    scene.run(main())
    assert scene.store.kept == ["SentToPeer"] * 4
    assert scene.store.commit_count == 2


def test_what_is_on_its_way_is_stored_when_the_lane_stops() -> None:
    scene = Scene()

    async def main() -> None:
        lane = scene.lane()
        await settle()
        lane.fact(SENT)
        await lane.stop()

    scene.run(main())
    assert scene.store.kept == ["SentToPeer"]


def test_what_is_due_because_of_a_lone_command_shares_its_commit_with_what_waited() -> None:
    def due(_: PersonInput) -> list[PersonOutput]:
        scene.deadline_s = None
        scene.store.write("sealed")
        return []

    def said(_: PersonInput) -> list[PersonOutput]:
        scene.deadline_s = scene.world.now_s
        scene.store.write("said")
        return []

    scene = Scene(script={TimePassed: due, type(asked(1)): said})

    async def main() -> None:
        lane = scene.lane()
        await settle()
        lane.fact(SENT)
        lane.ask(asked(1))
        await settle()
        await lane.stop()

    scene.run(main())
    assert scene.store.kept == ["SentToPeer", "said", "sealed"]
    assert scene.store.commit_count == 1


def test_person_is_not_asked_for_what_was_done_while_its_time_came() -> None:
    lanes: list[PersonLane] = []

    def done_meanwhile(_: PersonInput) -> list[PersonOutput]:
        lanes[0]._deadline._ring()
        scene.deadline_s = None
        return []

    scene = Scene(script={type(asked(1)): done_meanwhile})

    async def main() -> None:
        lanes.append(scene.lane())
        await settle()
        scene.deadline_s = scene.world.now_s
        lanes[0].ask(asked(1))
        await settle()
        await lanes[0].stop()

    scene.run(main())
    assert TimePassed() not in scene.handled
