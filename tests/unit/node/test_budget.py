"""The budget of a day alone, and of a node whose peers go on talking."""

import pytest

from sottovoce.base.moment import Moment
from sottovoce.gossip.settings import GossipSettings
from sottovoce.mail.client_events import PageEnd
from sottovoce.mail.mailserver import Mailserver
from sottovoce.mail.request import HistoryRequest
from sottovoce.node import inputs
from sottovoce.node.budget import DAY_S, MB, Budget, DayBudget, Spent, notice_of
from sottovoce.node.effects import BudgetChanged, HistoryDone, MessageArrived, SentToPeer
from sottovoce.node.node import Node
from sottovoce.node.settings import NodeSettings
from sottovoce.sim.network import LinkQuality
from sottovoce.sim.world import EPOCH_UNIX_S, World
from unit.node.pump import LISTEN, SHARED, post

LIMIT = 30_000
DAY = 18_000
TODAY = Moment(50.0, DAY * DAY_S + 1000.5)
MIDNIGHT_S = DAY_S - 1000.5


def later(seconds: float) -> Moment:
    return Moment(TODAY.monotonic_s + seconds, TODAY.unix_s + seconds)


def test_each_stage_is_told_once() -> None:
    budget = DayBudget(1000)
    told = [budget.look(carried, TODAY) for carried in (0, 799, 800, 900, 1000, 2000)]
    assert [each if each is None else each.is_bound for each in told] == [
        None, None, False, None, True, None,
    ]  # fmt: skip
    assert budget.state() == Budget(2000, 1000, is_bound=True, resumes_unix_s=(DAY + 1) * DAY_S)


def test_next_day_is_new_and_that_is_told() -> None:
    budget = DayBudget(1000)
    budget.look(1500, TODAY)
    assert budget.next_deadline() == TODAY.monotonic_s + MIDNIGHT_S
    told = budget.look(1600, later(MIDNIGHT_S))
    assert told == Budget(100, 1000, is_bound=False, resumes_unix_s=(DAY + 2) * DAY_S)
    assert budget.next_deadline() is None


def test_day_that_needed_no_warning_ends_in_silence() -> None:
    budget = DayBudget(1000)
    budget.look(500, TODAY)
    assert budget.look(600, later(DAY_S)) is None
    assert budget.spent == Spent(DAY + 1, 100)


@pytest.mark.parametrize("jump_s", [2 * DAY_S, -2 * DAY_S])
def test_clock_that_jumps_to_another_day_begins_a_budget(jump_s: float) -> None:
    budget = DayBudget(1000)
    budget.look(1000, TODAY)
    told = budget.look(1001, Moment(TODAY.monotonic_s + 1, TODAY.unix_s + jump_s))
    assert told is not None
    assert not told.is_bound


def test_clock_that_comes_back_finds_what_was_used_before() -> None:
    budget = DayBudget(1000, Spent(DAY, 950))
    assert budget.look(20, Moment(1.0, 0.0)) is None  # A machine without a clock wakes up in 1970.
    told = budget.look(60, Moment(2.0, TODAY.unix_s))
    assert told == Budget(990, 1000, is_bound=False, resumes_unix_s=(DAY + 1) * DAY_S)
    told = budget.look(80, Moment(3.0, TODAY.unix_s))
    assert told is not None
    assert told.is_bound


def test_what_was_used_before_a_restart_counts_on_the_same_day_only() -> None:
    same, older = DayBudget(1000, Spent(DAY, 950)), DayBudget(1000, Spent(DAY - 1, 950))
    told = same.look(60, TODAY)
    assert told is not None
    assert told.is_bound
    assert older.look(60, TODAY) is None


def test_deadline_lies_ahead_even_if_the_clock_lags() -> None:
    budget = DayBudget(1000)
    just_before = Moment(50.0, (DAY + 1) * DAY_S - 1e-9)
    budget.look(1000, just_before)
    deadline = budget.next_deadline()
    assert deadline is not None
    assert deadline > just_before.monotonic_s


@pytest.mark.parametrize(
    ("used", "is_bound", "words"),
    [
        (20 * MB, True, "budget of 20 MB is used up: nothing more is received until 00:00 UTC"),
        (16 * MB, False, "16 MB of today's budget of 20 MB are used"),
        (0, False, "a new day's budget of 20 MB begins"),
        (17_250_000, False, "17.2 MB of today's"),
    ],
)
def test_notice_says_how_it_stands(used: int, is_bound: bool, words: str) -> None:
    assert words in notice_of(Budget(used, 20 * MB, is_bound, 0))


# ---- a node with a budget


class Day:
    """A client with a budget, a relay that it is connected to, and somebody else on the relay."""

    def __init__(self) -> None:
        self.world = World(1, LinkQuality(delay_min_s=0.01, delay_max_s=0.02))
        self.poor = self.world.add_node(settings=NodeSettings(day_bytes_max=LIMIT))
        relay, self.rich = self.world.add_node(gossip=GossipSettings()), self.world.add_node()
        for node in self.world.nodes:
            # Their day ends a hundred seconds after the beginning.
            node.clock_offset_s = DAY_S - EPOCH_UNIX_S % DAY_S - 100
        for node in (self.poor, self.rich):
            self.world.command(node.number, inputs.AddPeer(relay.enode))
            self.world.command(node.number, inputs.InstallFilter(1, LISTEN))
        self.world.run_until(3)
        self._said = 0

    def say(self, who: int, payload: bytes) -> None:
        self._said += 1
        self.world.command(who, post(self._said, payload))
        self.world.run_until(self.world.now_s + 2)

    def use_up(self) -> None:
        for _ in range(20):
            if self.budgets() and self.budgets()[-1].is_bound:
                return
            self.say(self.rich.number, bytes(5000))
        raise AssertionError("the budget never bound")

    def heard(self, who: int) -> list[bytes]:
        facts = [fact for _, fact in self.world.nodes[who].facts]
        return [fact.message.payload for fact in facts if isinstance(fact, MessageArrived)]

    def budgets(self) -> list[Budget]:
        facts = [fact for _, fact in self.poor.facts]
        return [fact.budget for fact in facts if isinstance(fact, BudgetChanged)]

    @property
    def node(self) -> Node:
        assert isinstance(self.poor.node, Node)
        return self.poor.node


@pytest.fixture
def day() -> Day:
    return Day()


def test_budget_is_warned_of_and_then_binds(day: Day) -> None:
    day.use_up()
    assert [budget.is_bound for budget in day.budgets()] == [False, True]
    warning, bound = day.budgets()
    assert LIMIT * 0.8 <= warning.used_bytes < LIMIT <= bound.used_bytes
    assert day.node.budget is not None
    assert day.node.budget.is_bound


def test_used_up_budget_lets_nothing_in_and_own_words_out(day: Day) -> None:
    day.use_up()
    before = day.node.link_statistics.received_bytes
    heard = len(day.heard(day.poor.number))
    for _ in range(4):
        day.say(day.rich.number, bytes(5000))
    assert len(day.heard(day.poor.number)) == heard
    assert day.node.link_statistics.received_bytes - before < 2000
    day.say(day.poor.number, b"my own")
    assert b"my own" in day.heard(day.rich.number)
    assert any(isinstance(fact, SentToPeer) for _, fact in day.poor.facts)


def test_history_is_not_asked_for_meanwhile(day: Day) -> None:
    day.use_up()
    server = Mailserver(day.world.nodes[1].enode, SHARED)
    wanted = HistoryRequest(0, 1, bytes(64), limit=10)
    day.world.command(day.poor.number, inputs.AskHistory(7, server, wanted))
    day.world.run_until(day.world.now_s + 1)
    [done] = [fact for _, fact in day.poor.facts if isinstance(fact, HistoryDone)]
    assert (done.request, done.end) == (7, PageEnd.REFUSED)
    assert "used up" in done.detail


def test_everything_is_received_again_from_midnight_on(day: Day) -> None:
    day.use_up()
    assert day.world.now_s < 90
    day.world.run_until(100.2)
    assert not day.budgets()[-1].is_bound
    assert day.budgets()[-1].used_bytes < 1000
    day.say(day.rich.number, b"a new day")
    assert b"a new day" in day.heard(day.poor.number)


def test_restart_does_not_forget_what_was_used(day: Day) -> None:
    day.use_up()
    spent = day.node.spent
    assert spent is not None
    again = DayBudget(LIMIT, spent)
    told = again.look(0, day.world.moment(day.poor))
    assert told is not None
    assert told.is_bound


def test_node_without_a_budget_has_none() -> None:
    world = World(1)
    node = world.add_node().node
    assert isinstance(node, Node)
    assert (node.budget, node.spent) == (None, None)
