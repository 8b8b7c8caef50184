from pathlib import Path

import pytest

from patience import run
from sottovoce.cli import demo_people
from sottovoce.cli.demo_people import delivered, say
from sottovoce.cli.output import CommandError, ExitCode
from unit.cli.demo_stage import stage


@pytest.mark.slow
def test_message_that_does_not_arrive_is_told_with_how_far_it_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_people, "ARRIVAL_TIMEOUT_S", 0.2)

    async def main() -> None:
        async with stage(tmp_path) as (cast, (_, bruno)):
            await cast.anna.port.join("lobby")
            await bruno.go()
            saying = await say(cast.anna, cast.bruno, "lobby", "Ciao?")
            with pytest.raises(CommandError) as caught:
                await delivered(saying, is_acknowledged=False)
            # Whoever hung up cannot hear: that is said at once, and not after a time-out.
            assert str(caught.value) == "Bruno's program has hung up"
            await cast.bruno.stop_listening()
            cast.bruno._is_deaf = False
            with pytest.raises(CommandError, match=r"of Anna is still 'sent.* not arrive") as late:
                await delivered(saying, is_acknowledged=False)
            assert late.value.code is ExitCode.NOT_DELIVERED

    run(main())
