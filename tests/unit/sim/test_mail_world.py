"""Time in a world of history."""

import pytest

from sottovoce.sim.mail_world import EPOCH_UNIX_S, TIMER_S_MIN, Alarm, MailWorld, moment_of


def test_what_is_planned_happens_in_order_of_time() -> None:
    world = MailWorld(1)
    happened: list[str] = []
    world.at(2.0, lambda: happened.append("second"))
    world.after(1.0, lambda: happened.append("first"))
    world.at(9.0, lambda: happened.append("too late"))
    world.run_until(5.0)
    assert happened == ["first", "second"]
    assert world.now_s == 5.0


def test_world_that_never_rests_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sottovoce.sim.mail_world.EVENTS_MAX", 100)
    world = MailWorld(1)

    def again() -> None:
        world.after(0.0, again)

    again()
    with pytest.raises(RuntimeError, match="seed 1"):
        world.run_until(1.0)


def test_alarm_rings_for_its_latest_setting_only() -> None:
    world = MailWorld(1)
    rang: list[float] = []
    alarm = Alarm(world, lambda: rang.append(world.now_s))
    alarm.set(8.0)
    alarm.set(3.0)
    world.run_until(5.0)
    assert rang == [pytest.approx(3.0 + TIMER_S_MIN)]
    alarm.set(6.0)
    alarm.set(None)
    world.run_until(20.0)
    assert len(rang) == 1


def test_alarm_that_is_put_off_rings_later() -> None:
    world = MailWorld(1)
    rang: list[float] = []
    alarm = Alarm(world, lambda: rang.append(world.now_s))
    alarm.set(3.0)
    alarm.set(8.0)
    world.run_until(20.0)
    assert rang == [pytest.approx(8.0 + TIMER_S_MIN)]


def test_clocks_go_wrong_each_in_its_way() -> None:
    world = MailWorld(1)
    world.run_until(100.0)
    now = moment_of(world, ahead_s=-7.0, suspended_s=40.0)
    assert now.monotonic_s == 60.0
    assert now.unix_s == EPOCH_UNIX_S + 93.0
    assert moment_of(world, ahead_s=-1e12).unix_s == 0.0


def test_trace_is_of_what_happened_when() -> None:
    def trace(moment_s: float) -> str:
        world = MailWorld(1)
        world.at(moment_s, lambda: world.note("client", 1, 5, "detail"))
        world.run_until(10.0)
        return world.trace_hash

    assert trace(1.0) == trace(1.0) != trace(2.0)
