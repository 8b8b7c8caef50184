"""The workloads of row 12, each once and small: the two talk, and everything is counted."""

from pathlib import Path

import pytest

from bench import chat_1to1, conversations
from bench.counting_disk import CIPHERED_NAME, COUNTS, counting_disk
from bench.group_lanes import group_of
from bench.lanes import two_lanes
from bench.people import Person, Stopwatch, two_people
from patience import run


@pytest.mark.slow
def test_each_conversation_delivers_and_acknowledges_every_message(tmp_path: Path) -> None:
    async def main() -> None:
        counting_disk()
        async with two_people(tmp_path, CIPHERED_NAME) as people:
            for talk in conversations.TALKS.values():
                heard, acknowledged = counted(people)
                commits, syncs = chat_1to1._commits(people), COUNTS.syncs
                await talk(people, 4)
                assert counted(people) == (heard + 4, acknowledged + 4)
                # Nothing is acknowledged that is not on a disk: each side has its commits.
                assert chat_1to1._commits(people) - commits >= 2
                assert COUNTS.syncs - syncs >= chat_1to1._commits(people) - commits
            assert all(person.has_session for person in people)

    def counted(people: tuple[Person, Person]) -> tuple[int, int]:
        return (
            sum(person.heard for person in people),
            sum(person.acknowledged for person in people),
        )

    run(main())


@pytest.mark.slow
def test_persons_without_a_network_have_the_same_conversations(tmp_path: Path) -> None:
    async def main() -> None:
        async with two_lanes(tmp_path) as people:
            anna, bruno = people
            for talk in conversations.TALKS.values():
                heard = anna.heard + bruno.heard
                commits = chat_1to1._commits(people)
                await talk(people, 4)
                assert anna.heard + bruno.heard == heard + 4
                assert chat_1to1._commits(people) - commits >= 2
            assert anna.has_session
            assert bruno.has_session

    run(main())


def test_time_is_shared_among_what_was_done() -> None:
    watch = Stopwatch()
    sum(range(100_000))
    wall_ms, cpu_ms = watch.ms_each(10)
    assert cpu_ms > 0
    assert wall_ms > 0


def test_sync_of_the_disk_takes_time(tmp_path: Path) -> None:
    assert chat_1to1._sync_ms(tmp_path) > 0


@pytest.mark.slow
def test_message_in_a_group_reaches_every_member_and_is_acknowledged(tmp_path: Path) -> None:
    async def main() -> None:
        async with group_of(3, tmp_path) as room:
            before = room.envelopes
            heard = [member.heard for member in room.members]
            await room.say()
            assert [member.heard for member in room.members] == [
                heard[0],
                *(count + 1 for count in heard[1:]),
            ]
            # One to each of the others, and an acknowledgement from each.
            assert room.envelopes - before == 4

    run(main())
