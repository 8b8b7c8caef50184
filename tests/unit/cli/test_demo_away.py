import asyncio

import pytest

from sottovoce.adapters.memory.archive import MemoryArchive
from sottovoce.cli.demo_away import play_away
from sottovoce.cli.demo_play import CHANNEL, Stage
from sottovoce.mail.mailserver import DEFAULT_PASSWORD
from sottovoce.mail.settings import ServerSettings
from sottovoce.sdk.client import Client
from sottovoce.sdk.messenger import Messenger
from sottovoce.sdk.testing import MemoryNetwork
from sottovoce.stack.topics import key_of_name
from unit.cli.demo_stage import ANNA, cast_of
from unit.cli.stage import run

# Longer than any envelope of theirs lives, with what relays grant it.
FORGOTTEN_S = 120.0


class Cables:
    """Machines that stay on, and lose their connections."""

    def __init__(self, stage: Stage, mail: Client) -> None:
        self._stage = stage
        self._mail = mail
        assert isinstance(stage.anna.port, Messenger)
        assert isinstance(stage.bruno.port, Messenger)
        self._anna, self._bruno = stage.anna.port, stage.bruno.port

    @property
    def mailserver(self) -> str:
        return str(self._mail.enode)

    async def switch_off(self) -> None:
        await self._bruno.set_mailservers([])
        self._bruno.client.disconnect(str(self._anna.enode))

    async def archived(self) -> int:
        statistics = self._mail.mail_statistics()
        assert statistics is not None
        return statistics.archived

    async def leave_mailserver_alone(self) -> None:
        self._mail.disconnect(str(self._anna.enode))
        await asyncio.sleep(FORGOTTEN_S)
        assert self._mail.statistics().relay["pool_envelopes"] == 0

    async def switch_on(self) -> float:
        await self._bruno.connect(self.mailserver)
        await self._bruno.set_mailservers([self.mailserver])
        return asyncio.get_running_loop().time()


@pytest.mark.slow
def test_what_was_missed_comes_from_the_mailserver_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def scenario(network: MemoryNetwork) -> None:
        settings = ServerSettings(password_key=key_of_name(DEFAULT_PASSWORD))
        mail = network.client(mail=settings, archive=MemoryArchive())
        async with mail, cast_of(network, "Anna's phone", identity=ANNA.private) as (stage, phone):
            anna, bruno = stage.anna, stage.bruno
            assert isinstance(anna.port, Messenger)
            await mail.connect(str(anna.port.enode))
            for each in (anna, bruno, phone):
                await each.port.join(CHANNEL)
            for one, other in ((anna, phone), (phone, anna)):
                device = await other.port.introduce_device(other.name)
                await one.sees_device(device.installation_id)
                await one.port.enable_device(device.installation_id)
            group = await anna.port.create_group("Two", bruno.port.public_key)
            await bruno.sees_group(group.chat_id, lambda _: True)
            group = await bruno.port.join_group(group)
            await play_away(stage, phone, group, Cables(stage, mail))
            assert set(bruno.heard.values()) == {1}
            assert len(bruno.heard) == 4

    run(scenario)
    said = capsys.readouterr().out
    assert said.count('"caught up"') == 4
    assert '"envelopes_archived"' in said
