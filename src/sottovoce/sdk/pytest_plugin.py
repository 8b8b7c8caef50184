"""The pytest plugin: the fixture ``sottovoce_network``.

It is loaded by every run of pytest where the package is installed, so it imports nothing of the
package until the fixture is used.
"""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sottovoce.sdk.testing import MemoryNetwork


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option for the seed."""
    parser.getgroup("sottovoce").addoption(
        "--sottovoce-seed",
        type=int,
        default=1,
        metavar="N",
        help="seed of the networks in memory (default 1)",
    )


@pytest.fixture
def sottovoce_network(request: pytest.FixtureRequest) -> "MemoryNetwork":
    """A network in memory, on virtual time, of the seed given on the command line."""
    from sottovoce.sdk.testing import MemoryNetwork

    seed = int(request.config.getoption("--sottovoce-seed"))
    request.node.add_report_section("setup", "sottovoce", f"network of seed {seed}")
    return MemoryNetwork(seed)
