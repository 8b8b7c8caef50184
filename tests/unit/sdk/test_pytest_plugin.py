"""The plugin: the fixture is there for other people's tests, with the seed of the command line."""

import subprocess
import sys
from pathlib import Path

import pytest

from sottovoce.sdk.testing import MemoryNetwork

TEST_OF_SOMEBODY = """
def test_bot(sottovoce_network):
    print("seed is", sottovoce_network.seed)
"""


def test_fixture_gives_a_network_of_the_default_seed(sottovoce_network: MemoryNetwork) -> None:
    assert isinstance(sottovoce_network, MemoryNetwork)
    assert sottovoce_network.seed == 1


@pytest.mark.slow
def test_seed_of_the_command_line_reaches_the_network(tmp_path: Path) -> None:
    (tmp_path / "test_bot.py").write_text(TEST_OF_SOMEBODY)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-s", "--assert=plain"),
            *("-p", "no:hypothesispytest", "--sottovoce-seed", "77", str(tmp_path)),
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=True,
    )
    assert "seed is 77" in done.stdout
