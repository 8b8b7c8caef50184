import pytest

from sottovoce.cli.demo_devices import play_both_devices, play_pairing
from sottovoce.sdk.testing import MemoryNetwork
from unit.cli.demo_stage import ANNA, cast_of
from unit.cli.stage import run
from unit.cli.test_demo_group import told


@pytest.mark.slow
def test_second_device_has_all_in_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario(network: MemoryNetwork) -> None:
        async with cast_of(network, "Anna's phone", identity=ANNA.private) as (stage, phone):
            group = await stage.anna.port.create_group("Two", stage.bruno.port.public_key)
            await stage.bruno.sees_group(group.chat_id, lambda _: True)
            await stage.bruno.port.join_group(group)
            await play_pairing(stage, phone)
            await play_both_devices(stage, phone, group)
            for each in (stage.anna, stage.bruno, phone):
                assert set(each.heard.values()) == {1}
                assert len(each.heard) == 4
            for each in (stage.anna, phone):
                assert [it.enabled for it in await each.port.devices()] == [True, True]

    run(scenario)
    copies = told(capsys, "copy")
    assert [each["on"] for each in copies] == ["Anna's phone", "Anna", "Anna's phone"]
