import subprocess
import sys

import pytest

from sottovoce.runtime.system_entropy import SystemEntropy

# Both halves of a fork draw from what was one source; they must not draw the same.
FORK = """
import os
from sottovoce.runtime.system_entropy import SystemEntropy

entropy = SystemEntropy()
entropy.take(16)
child = os.fork()
if child:
    os.waitpid(child, 0)
print(entropy.take(32).hex(), flush=True)
"""


@pytest.mark.parametrize("size_bytes", [0, 1, 16, 32, 4095, 4096, 4097, 100_000])
def test_draw_has_the_length_that_was_asked_for(size_bytes: int) -> None:
    entropy = SystemEntropy()
    assert len(entropy.take(size_bytes)) == size_bytes
    assert len(entropy.take(size_bytes)) == size_bytes


def test_draws_never_repeat() -> None:
    entropy = SystemEntropy()
    draws = [entropy.take(32) for _ in range(1000)]
    assert len(set(draws)) == 1000


def test_bytes_are_given_out_once() -> None:
    entropy = SystemEntropy()
    drawn = b"".join(entropy.take(7) for _ in range(585))
    # No window of the one block that was fetched shows up in the next.
    assert drawn not in b"".join(entropy.take(7) for _ in range(585))
    assert not any(entropy.take(16) in drawn for _ in range(100))


def test_two_sources_draw_differently() -> None:
    assert SystemEntropy().take(32) != SystemEntropy().take(32)


def test_forked_child_draws_other_bytes_than_its_parent() -> None:
    done = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True, check=True)
    drawn = done.stdout.split()
    assert [len(each) for each in drawn] == [64, 64]
    assert drawn[0] != drawn[1]
