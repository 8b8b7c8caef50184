from dataclasses import replace

import pytest

from sottovoce.node import inputs
from sottovoce.node.effects import MessageArrived, PeerDisconnected
from sottovoce.node.node import Node
from sottovoce.sim.checkers import (
    NothingTwice,
    ViolationError,
    arrived,
    bounds_hold,
    nothing_twice,
)
from sottovoce.sim.world import World
from unit.node.pump import LISTEN, Pump, post


def world(*facts: MessageArrived) -> World:
    """Return a world in which the only node was told these facts."""
    made = World(seed=17)
    made.add_node().facts.extend((0.0, fact) for fact in facts)
    return made


def message(payload: bytes = b"hello", filters: tuple[int, ...] = (1,)) -> MessageArrived:
    party = Pump().add()
    party.command(inputs.InstallFilter(1, LISTEN))
    party.command(post(payload=payload))
    [fact] = party.told(MessageArrived)
    return replace(fact, filters=filters)


def test_envelope_that_was_heard_twice_is_a_violation_that_names_the_seed() -> None:
    with pytest.raises(ViolationError, match="seed 17: node 0 heard an envelope twice"):
        nothing_twice(world(message(), message()))


def test_two_envelopes_are_no_violation() -> None:
    nothing_twice(world(message(b"one"), message(b"two")))


def test_one_envelope_for_two_filters_is_no_violation() -> None:
    nothing_twice(world(message(filters=(1, 2))))
    nothing_twice(world(message(filters=(1,)), message(filters=(2,))))


def test_world_without_messages_is_no_violation() -> None:
    nothing_twice(world())
    nothing_twice(World(seed=1))


def test_arrived_names_the_envelopes_and_nothing_else() -> None:
    one, two = message(b"one"), message(b"two")
    made = world(one, two)
    made.nodes[0].facts.append(
        (1.0, PeerDisconnected(made.nodes[0].node.public_key, "the stream ended"))
    )
    assert arrived(made, 0) == {one.message.hash, two.message.hash}


def test_violation_is_found_while_the_world_runs() -> None:
    made = world(message(), message())
    made.checkers.append(nothing_twice)
    made.command(0, inputs.TimePassed())
    made.nodes[0].timer_s = 0.0
    with pytest.raises(ViolationError):
        made.run_until(1)


# ---- those that look at one step


def stepped(made: World) -> World:
    made.stepped = made.nodes[0]
    return made


def test_step_that_repeats_an_envelope_is_a_violation() -> None:
    made = stepped(world(message()))
    checker = NothingTwice()
    checker(made)
    made.nodes[0].facts.append((1.0, message()))
    with pytest.raises(ViolationError, match="seed 17: node 0 heard an envelope twice"):
        checker(made)


def test_step_without_news_is_no_violation() -> None:
    made = stepped(world(message(), message(b"other")))
    checker = NothingTwice()
    checker(made)
    checker(made)
    checker(World(seed=1))


def test_envelope_that_is_heard_again_after_a_crash_is_no_violation() -> None:
    made = stepped(world(message()))
    checker = NothingTwice()
    checker(made)
    made.crash(made.nodes[0])
    made.restart(made.nodes[0])
    made.nodes[0].facts.append((1.0, message()))
    checker(made)


@pytest.mark.parametrize("name", ["pool bytes", "links", "longest queue", "unopened"])
def test_bound_that_is_passed_is_a_violation_that_names_it(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    made = stepped(world())
    bounds_hold(made)
    node = made.nodes[0].node
    assert isinstance(node, Node)
    sizes = node.sizes() | {name: 1 << 40}
    monkeypatch.setattr(Node, "sizes", lambda _: sizes)
    with pytest.raises(ViolationError, match=f"seed 17: node 0 has {1 << 40} {name}"):
        bounds_hold(made)


def test_world_that_has_not_moved_keeps_its_bounds() -> None:
    bounds_hold(World(seed=1))
