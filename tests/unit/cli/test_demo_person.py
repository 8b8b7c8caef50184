from pathlib import Path

import pytest

from patience import run
from sottovoce.app.accounts import create_account
from sottovoce.cli import demo_person
from sottovoce.cli.demo_line import relay_line
from sottovoce.cli.demo_person import PersonProcess
from sottovoce.cli.output import CommandError
from sottovoce.sdk.control_client import ControlClient
from unit.cli.demo_stage import CHEAP, PASSWORD
from unit.sdk.line import PROMPT, nobody


@pytest.mark.slow
def test_person_runs_in_a_process_of_their_own_until_told_to_end(tmp_path: Path) -> None:
    create_account(tmp_path, "Anna", PASSWORD, cost=CHEAP)

    async def main() -> None:
        async with relay_line(1, PROMPT) as line:
            process = PersonProcess("Anna", tmp_path, PASSWORD, line.ends[0])
            port = await process.start()
            assert [each.remote_port for each in line.relays[0].statistics().streams] == [port]
            async with ControlClient(tmp_path) as anna:
                assert len(await anna.peers()) == 1
            await process.stop()
            assert process._process is not None
            assert process._process.returncode == 0
            await process.stop()
            await process.kill()
        assert not ControlClient.is_served(tmp_path)

    run(main())


@pytest.mark.slow
def test_process_that_fails_is_told_with_its_own_words(tmp_path: Path) -> None:
    async def main() -> None:
        process = PersonProcess("Anna", tmp_path, PASSWORD, nobody())
        with pytest.raises(CommandError, match=r"Anna's process did not get ready: .*no account"):
            await process.start()
        await process.kill()

    run(main())


@pytest.mark.slow
def test_process_that_finds_no_peer_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_person, "START_TIMEOUT_S", 0.05)

    async def main() -> None:
        process = PersonProcess("Anna", tmp_path, PASSWORD, nobody())
        with pytest.raises(CommandError, match="did not get ready: it said nothing"):
            await process.start()
        await process.kill()
        assert process._process is not None
        assert process._process.returncode != 0

    run(main())
