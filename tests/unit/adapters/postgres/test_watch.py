"""Who watches, cuts what takes too long and nothing else."""

from threading import Event
from typing import Final

from sottovoce.adapters.postgres.watch import Watch

AT_ONCE_S: Final = 0.02
# Nothing here waits for so long unless something is broken.
PATIENCE_S: Final = 20.0


def test_what_takes_too_long_is_cut() -> None:
    cut = Event()
    watch = Watch(AT_ONCE_S, cut.set)
    with watch.piece():
        assert cut.wait(PATIENCE_S)
    assert watch.has_cut


def test_pieces_that_end_are_not_cut_however_many() -> None:
    cut, glanced = Event(), Event()
    watch = Watch(PATIENCE_S, cut.set)
    for _ in range(1000):
        with watch.piece():
            pass
    other = Watch(AT_ONCE_S, glanced.set)
    with other.piece():
        assert glanced.wait(PATIENCE_S)
    assert not watch.has_cut
    watch.end()
