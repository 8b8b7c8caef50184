"""What was heard: each filter has a message once, and the memory is bounded."""

from sottovoce.base.quantities import EnvelopeHash
from sottovoce.node.heard import Heard

ONE, TWO, THREE = (EnvelopeHash(bytes([number]) * 32) for number in (1, 2, 3))


def heard(*numbers: int, hashes_max: int = 10) -> Heard:
    memory = Heard(hashes_max)
    for number in numbers:
        memory.filter_installed(number)
    return memory


def test_filter_has_a_message_once() -> None:
    memory = heard(1, 2)
    assert memory.take_untold(ONE, (1,)) == (1,)
    assert memory.take_untold(ONE, (1, 2)) == (2,)
    assert memory.take_untold(ONE, (1, 2)) == ()


def test_new_filter_under_an_old_number_has_heard_nothing() -> None:
    memory = heard(1)
    memory.take_untold(ONE, (1,))
    memory.filter_removed(1)
    memory.filter_installed(1)
    assert memory.take_untold(ONE, (1,)) == (1,)
    assert memory.take_untold(ONE, (1,)) == ()


def test_envelope_that_came_unopened_is_known_and_told_all_the_same() -> None:
    memory = heard(1)
    assert memory.note(ONE)
    assert not memory.note(ONE)
    assert memory.take_untold(ONE, (1,)) == (1,)
    assert not memory.note(ONE)


def test_oldest_is_forgotten() -> None:
    memory = heard(1, hashes_max=2)
    for envelope in (ONE, TWO, THREE):
        memory.take_untold(envelope, (1,))
    assert len(memory) == 2
    assert memory.take_untold(THREE, (1,)) == ()
    assert memory.take_untold(ONE, (1,)) == (1,)


def test_message_that_found_no_place_is_told_once_more() -> None:
    memory = heard(1)
    memory.take_untold(ONE, (1,))
    memory.forget(ONE)
    memory.forget(TWO)
    assert memory.take_untold(ONE, (1,)) == (1,)
    assert memory.take_untold(ONE, (1,)) == ()
