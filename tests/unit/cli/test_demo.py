import pytest

from patience import run
from sottovoce.cli import demo as module
from sottovoce.cli.demo import run_demo
from sottovoce.cli.demo_line import RelayLine
from sottovoce.cli.demo_person import PersonProcess
from sottovoce.cli.output import CommandError, ExitCode


def words_of_failure() -> CommandError:
    with pytest.raises(CommandError) as caught:
        run(run_demo(relay_count=1, as_json=True))
    return caught.value


def test_process_that_does_not_start_ends_the_demo_and_the_other_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended: list[str] = []

    async def fail(self: PersonProcess) -> int:
        raise CommandError(f"{self.name}'s process did not get ready", ExitCode.UNEXPECTED)

    async def note(self: PersonProcess) -> None:
        ended.append(self.name)

    monkeypatch.setattr(PersonProcess, "start", fail)
    monkeypatch.setattr(PersonProcess, "kill", note)
    error = words_of_failure()
    assert (str(error), error.code) == ("Anna's process did not get ready", ExitCode.UNEXPECTED)
    assert sorted(ended) == ["Anna", "Bruno"]


def test_message_that_is_lost_is_told_with_what_relays_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def lose(_self: object, _line: RelayLine, _machines: object) -> None:
        raise CommandError("it did not arrive", ExitCode.NOT_DELIVERED)

    monkeypatch.setattr(module._Show, "play", lose)
    monkeypatch.setattr(RelayLine, "drops", lambda _: ["relay 1 dropped 1 as 'too large'"])
    error = words_of_failure()
    assert str(error) == "it did not arrive; relay 1 dropped 1 as 'too large'"
    assert error.code is ExitCode.NOT_DELIVERED


def test_what_the_databases_lack_fails_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    async def play(_self: object, _line: RelayLine, _machines: object) -> None:
        pass

    async def check(_self: object, _started_s: float) -> list[str]:
        return ["message 2 is 0 times in Bruno's database", "and more"]

    monkeypatch.setattr(module._Show, "play", play)
    monkeypatch.setattr(module._Show, "check", check)
    error = words_of_failure()
    assert str(error) == "message 2 is 0 times in Bruno's database; and more"
    assert error.code is ExitCode.NOT_DELIVERED
