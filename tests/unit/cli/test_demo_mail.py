from pathlib import Path

import pytest

from patience import run
from sottovoce.cli import demo_mail as module
from sottovoce.cli.demo_mail import DemoMailserver
from sottovoce.cli.output import CommandError, ExitCode
from sottovoce.sdk.client import Client
from unit.sdk.line import PROMPT, clients, enode_of


async def say(relay: Client) -> None:
    await relay.channel("lobby").send_text("ciao")


def test_server_comes_back_as_the_same_one_with_its_archive(tmp_path: Path) -> None:
    async def main() -> None:
        server = DemoMailserver(tmp_path / "archive.db", PROMPT)
        async with clients(1) as [relay]:
            await server.start([enode_of(relay)])
            enode = server.enode
            await say(relay)
            assert await server.has_all_of(relay) == 1
            await server.stop()
        await server.start()
        assert server.enode == enode
        await server.stop()
        await server.stop()

    run(main())


def test_archive_that_lacks_something_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> CommandError:
        server = DemoMailserver(tmp_path / "archive.db", PROMPT)
        async with clients(1) as [relay]:
            await server.start()
            await say(relay)
            with pytest.raises(CommandError) as caught:
                await server.has_all_of(relay)
            await server.stop()
            return caught.value

    monkeypatch.setattr(module, "ARCHIVE_TIMEOUT_S", 0.05)
    error = run(main())
    assert error.code is ExitCode.NOT_DELIVERED
    assert "lacks 1 envelopes" in str(error)
