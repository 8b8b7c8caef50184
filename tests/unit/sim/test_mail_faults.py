"""What goes wrong in a month of history."""

from collections import Counter

from sottovoce.sim.mail_checkers import CLOCK_ERROR_S_MAX
from sottovoce.sim.mail_faults import DAY_S, FAULTS
from sottovoce.sim.mail_storm import STORM_END_S, MailStorm


def test_servers_are_up_and_clocks_nearly_right_when_the_storm_is_over() -> None:
    storm = MailStorm(3)
    storm.faults.plan()
    storm.world.run_until(STORM_END_S + 1.0)
    for server in storm.servers:
        assert server.up
        assert not server.full
        assert not server.broken
        assert server.lag_s == server.read_lag_s == server.write_lag_s == 0.0
    for client in storm.clients:
        assert abs(client.moment().unix_s - storm.world.true_unix_s()) < CLOCK_ERROR_S_MAX
        assert client.crash_at is None


def test_only_liars_lie_and_each_changes_its_way() -> None:
    storm = MailStorm(4)
    storm.faults.plan()
    lies: dict[int, set[object]] = {}
    for day in range(1, 20):
        storm.world.run_until(day * DAY_S)
        for server in storm.servers:
            if server.liar is not None:
                lies.setdefault(server.number, set()).add(server.liar.lie)
    assert len(lies) == 2
    assert 0 not in lies
    assert min(len(kinds) for kinds in lies.values()) > 3


def test_every_kind_of_fault_has_its_own_name() -> None:
    assert Counter(FAULTS).most_common(1)[0][1] == 1
