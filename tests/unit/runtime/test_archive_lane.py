import asyncio
from collections import Counter
from collections.abc import Sequence
from threading import Event

import pytest
from typing_extensions import override

from patience import run, turns, until
from sottovoce.adapters.memory.archive import MemoryArchive
from sottovoce.base.errors import StorageError
from sottovoce.gossip.envelope import Envelope
from sottovoce.mail.archive import ArchiveSize, Page, Selection
from sottovoce.mail.server_events import (
    ArchiveAnswer,
    CleanArchive,
    Cleaned,
    CleaningFailed,
    PageFound,
    QueryArchive,
    QueryFailed,
    StoreBatch,
    Stored,
    StoreFailed,
)
from sottovoce.runtime import archive_lane
from sottovoce.runtime.archive_lane import ArchiveLane
from unit.node.mail_scene import FROM_UNIX_S, TO_UNIX_S, old

BATCH = StoreBatch((old(b"one"), old(b"two")))
ALL = Selection(FROM_UNIX_S, TO_UNIX_S, frozenset(), (1 << 512) - 1, None, 10, 1 << 20)
QUERY = QueryArchive(7, ALL)
CLEAN = CleanArchive(TO_UNIX_S + 1, None, None)


class Engine(MemoryArchive):
    """An engine that can be told to stand still, or to fail."""

    def __init__(self) -> None:
        super().__init__()
        self.goes = Event()
        self.goes.set()
        self.fault: Exception | None = None
        self.is_closed = False

    @override
    def store(self, batch: Sequence[Envelope]) -> int:
        self.goes.wait()
        self._check()
        return super().store(batch)

    @override
    def query(self, selection: Selection) -> Page:
        self._check()
        return super().query(selection)

    @override
    def expire(self, before_unix_s: int) -> int:
        self._check()
        return super().expire(before_unix_s)

    @override
    def close(self) -> None:
        self.is_closed = True
        self._check()

    def _check(self) -> None:
        if self.fault is not None:
            raise self.fault


class Scene:
    """A lane and what it answered."""

    def __init__(self) -> None:
        self.engine = Engine()
        self.failures = Counter[str]()
        self.answers: list[ArchiveAnswer] = []
        self.lane = ArchiveLane(self.engine, self.answers.append, self.failures)

    async def answered(self, count: int) -> list[ArchiveAnswer]:
        await until(lambda: len(self.answers) >= count)
        return self.answers


def test_wishes_are_carried_out_and_answered() -> None:
    async def main() -> None:
        scene = Scene()
        scene.lane.submit(BATCH)
        await scene.answered(1)
        scene.lane.submit(QUERY)
        await scene.answered(2)
        scene.lane.submit(CLEAN)
        await scene.answered(3)
        stored, found, cleaned = scene.answers
        assert stored == Stored(new=2)
        assert isinstance(found, PageFound)
        assert (found.job, len(found.page.envelopes)) == (7, 2)
        assert cleaned == Cleaned(2, ArchiveSize(0, 0, None))
        await scene.lane.stop()
        assert scene.engine.is_closed

    run(main())


@pytest.mark.parametrize(
    ("fault", "detail", "bugs"),
    [
        (StorageError("the disk is full"), "the disk is full", 0),
        (KeyError("k"), "the log has it", 3),
    ],
)
def test_failure_is_an_answer_whatever_was_raised(
    fault: Exception, detail: str, bugs: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        scene = Scene()
        scene.engine.fault = fault
        for wish in (BATCH, QUERY, CLEAN):
            scene.lane.submit(wish)
        answers = await scene.answered(3)
        assert {type(answer) for answer in answers} == {StoreFailed, QueryFailed, CleaningFailed}
        for answer in answers:
            assert isinstance(answer, StoreFailed | QueryFailed | CleaningFailed)
            assert detail in answer.detail
        # Whether a fault that nobody foresaw lies in the batch is not known: nothing is left out.
        (failed,) = (answer for answer in answers if isinstance(answer, StoreFailed))
        assert not failed.is_in_vain
        assert scene.failures["archive"] == bugs
        scene.engine.fault = None
        await scene.lane.stop()

    run(main())
    assert len(caplog.records) == bugs


def test_engine_that_stands_still_holds_up_neither_the_loop_nor_questions() -> None:
    async def main() -> None:
        scene = Scene()
        scene.engine.goes.clear()
        scene.lane.submit(BATCH)
        scene.lane.submit(QUERY)
        assert [type(answer) for answer in await scene.answered(1)] == [PageFound]
        await turns(10)
        scene.engine.goes.set()
        assert [type(answer) for answer in await scene.answered(2)] == [PageFound, Stored]
        await scene.lane.stop()

    run(main())


def test_silence_is_a_trouble_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        scene = Scene()
        assert scene.lane.trouble == ""
        scene.engine.goes.clear()
        scene.lane.submit(BATCH)
        assert scene.lane.trouble == ""
        monkeypatch.setattr(archive_lane, "SILENCE_S", -1.0)
        told = scene.lane.trouble
        assert "has not answered" in told
        loop = asyncio.get_running_loop()
        later_s = loop.time() + 3600
        with monkeypatch.context() as hour:
            hour.setattr(loop, "time", lambda: later_s)
            assert scene.lane.trouble == told  # and is not told anew each second
        scene.engine.goes.set()
        await scene.lane.stop()

    run(main())


def test_stop_stores_what_follows_and_takes_no_other_wishes() -> None:
    async def main() -> None:
        scene = Scene()
        more = [StoreBatch((old(bytes([number])),)) for number in range(3)]

        def answer(answer: ArchiveAnswer) -> None:
            scene.answers.append(answer)
            scene.lane.submit(QUERY)
            if more:
                scene.lane.submit(more.pop())

        scene.lane = ArchiveLane(scene.engine, answer)
        scene.lane.submit(BATCH)
        await scene.lane.stop()
        assert [type(told) for told in scene.answers] == [Stored] * 4
        assert scene.engine.size().envelopes == 5
        await scene.lane.stop()

    run(main())


def test_stop_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        monkeypatch.setattr(archive_lane, "STOP_TIMEOUT_S", 0.01)
        scene = Scene()
        scene.engine.goes.clear()
        scene.lane.submit(BATCH)
        await asyncio.wait_for(scene.lane.stop(), 5.0)
        assert not scene.engine.is_closed
        scene.engine.goes.set()

    run(main())
