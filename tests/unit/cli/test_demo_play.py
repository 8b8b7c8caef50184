import json
from pathlib import Path
from typing import Any

import pytest

from patience import run
from sottovoce.base.secret import SymmetricKey
from sottovoce.cli import demo_play
from sottovoce.cli.demo_check import find_faults, read_back, read_copy
from sottovoce.cli.demo_people import Delivery, Saying, delivered
from sottovoce.cli.demo_play import (
    play_crash,
    play_in_private,
    play_in_public,
    play_keys,
)
from sottovoce.crypto.hashes import keccak256
from sottovoce.runtime import person_lane
from unit.cli.demo_stage import PASSWORD, stage


def cheap_key(name: str) -> SymmetricKey:
    return SymmetricKey(keccak256(name.encode()))


def told(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.slow
def test_people_talk_through_all_scenes_and_keep_everything_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def when_there(saying: Saying, *, is_acknowledged: bool) -> Delivery:
        assert is_acknowledged
        return await delivered(saying, is_acknowledged=False)

    # Two who begin to derive the key of their topic at the same time may miss the first message
    # there, which is repeated after seconds.
    monkeypatch.setattr(person_lane, "key_of_name", cheap_key)

    async def main() -> None:
        async with stage(tmp_path, relay_count=2) as (cast, (_, bruno)):

            async def kill() -> None:
                # What his node has not sent yet would be repeated after seconds.
                await cast.anna.hears(cast.said[-1].message.id)
                await bruno.go()

            async def restart() -> None:
                messenger, _ = await bruno.come()
                await cast.bruno.come_back(messenger)

            await play_in_public(cast)
            await play_keys(cast)
            await play_in_private(cast)
            # What he could not acknowledge is repeated after seconds; a test does not wait for it.
            monkeypatch.setattr(demo_play, "delivered", when_there)
            await play_crash(cast, kill, restart)
            said.extend(saying.message for saying in cast.said)
            heard.update(cast.anna.heard.values(), cast.bruno.heard.values())

    said: list[Any] = []
    heard: set[int] = set()
    run(main())
    events = told(capsys)
    messages = [each for each in events if each["event"] == "message"]
    assert [each["text"] for each in messages] == [message.text for message in said]
    secrecies = [each["secrecy"] for each in messages]
    assert secrecies == ["public"] * 3 + ["no forward secrecy"] + ["forward secrecy"] * 14
    for each in messages[:3]:
        assert len(each["hop_bytes"]) == len(each["hop_ports"]) == 3
        assert min(each["hop_bytes"]) >= len(each["text"])
    assert messages[1]["reply_to"] == messages[0]["id"]
    assert [step["state"] for step in messages[4]["states"]] == ["queued", "sent", "acknowledged"]
    [link] = [each for each in events if each["event"] == "link"]
    assert link["link"].startswith("status-im://u/0x04")
    assert heard == {1}
    kept = {name: read_copy(tmp_path / name, PASSWORD) for name in ("Anna", "Bruno")}
    assert find_faults(dict.fromkeys(kept, said), kept) == []
    assert {len(each.messages) for each in kept.values()} == {18}
    assert {len(each.sessions) for each in kept.values()} == {1}
    assert read_back(tmp_path / "Bruno", PASSWORD) == kept["Bruno"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Anna", "Bruno"]
