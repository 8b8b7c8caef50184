import json
from typing import Any

import pytest

from sottovoce.cli.demo_group import play_group
from sottovoce.cli.demo_people import Person
from sottovoce.cli.demo_play import said_by, said_to
from sottovoce.cli.output import CommandError
from sottovoce.sdk.errors import RefusedError
from sottovoce.sdk.testing import MemoryNetwork
from unit.cli.demo_stage import cast_of
from unit.cli.stage import run


def told(capsys: pytest.CaptureFixture[str], event: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [line for line in lines if line["event"] == event]


@pytest.mark.slow
def test_three_talk_until_one_is_removed(capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario(network: MemoryNetwork) -> None:
        async with cast_of(network, "Carla") as (stage, carla):
            group = await play_group(stage, carla)
            everybody = (stage.anna, stage.bruno, carla)
            said = said_to(stage, everybody)
            assert [len(said[each.name]) for each in everybody] == [5, 5, 3]
            assert [len(each) for each in said_by(stage, everybody).values()] == [2, 2, 1]
            for each in everybody:
                shown = {it.id for it in await each.port.history(group) if it.text[0] != "@"}
                assert shown == {it.id for it in said[each.name]}
                assert set(each.heard.values()) == {1}

    run(scenario)
    messages = told(capsys, "message")
    assert [each["acknowledged"] for each in messages] == [2, 2, 2, 1, 1]
    assert [len(each["listeners"]) for each in messages] == [2, 2, 2, 1, 1]


@pytest.mark.slow
def test_removed_member_who_can_still_write_fails_the_demo() -> None:
    async def scenario(network: MemoryNetwork) -> None:
        async with cast_of(network, "Carla") as (stage, carla):
            patch = pytest.MonkeyPatch()
            real = carla.port.send

            async def send(*words: Any, **more: Any) -> Any:
                try:
                    return await real(*words, **more)
                except RefusedError:
                    return None

            patch.setattr(carla.port, "send", send)
            await play_group(stage, carla)

    with pytest.raises(CommandError, match="removed from the group and could write"):
        run(scenario)


@pytest.mark.slow
def test_what_does_not_come_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(network: MemoryNetwork) -> None:
        async with cast_of(network, "Carla") as (stage, carla):
            monkeypatch.setattr(Person, "sees_group", never)
            await play_group(stage, carla)

    async def never(*_: object) -> None:
        raise TimeoutError

    with pytest.raises(CommandError, match="waited 20 s for the invitations in vain"):
        run(scenario)
