"""The table of limits says what the code does."""

import ast
import re
from importlib import import_module
from typing import Final

import pytest

from docs.snippets import ROOT

SOURCE: Final = ROOT / "src" / "sottovoce"
LAYERS: Final = (
    "adapters", "chat", "codec", "devp2p", "gossip", "identity", "mail", "node", "payloads",
    "runtime", "sdk", "secure", "stack", "sync",
)  # fmt: skip
UNITS: Final = {"": 1, "s": 1, "KiB": 1024, "MiB": 1024 * 1024}

_ROW: Final = re.compile(r"^\| `([\w.]+)` \| ([\d.]+) ?(\w*) \|(.+)\|$", re.MULTILINE)
_LIMIT: Final = re.compile(
    r"[A-Z]\w*(_MAX|_MAX_LEAST|_MEAN_MIN|_LIMIT|_TIMEOUT_S|_PER_S|_PER_CALL|_PER_PACKET|_PAUSE_S"
    r"|_ALLOWANCE_S)|CAPACITY|SLICE_BYTES|INPUT_BYTES_MIN"
)
# What a format can express at most, and what depends on the machine, is no limit of ours.
NO_LIMITS: Final = frozenset(
    {
        "devp2p.enode.PORT_MAX",
        "devp2p.handshake_packets.SIZE_MAX",
        "gossip.envelope.NONCE_MAX",
        "gossip.envelope.SECONDS_MAX",
        "gossip.forwarding.LIST_HEADER_BYTES_MAX",
        "gossip.message_body.PAYLOAD_BYTES_MAX",
        "gossip.message_body.SIZE_FIELD_BYTES_MAX",
        "identity.extended_key.DEPTH_MAX",
        "identity.extended_key.INDEX_MAX",
        "identity.keystore_format.INDEX_MAX",
        "identity.qr_code.QR_TEXT_BYTES_MAX",
        "runtime.workers.PROCESSES_MAX",
        "secure.double_ratchet.COUNTER_MAX",
        "secure.sealing.NANOSECONDS_MAX",
    }
)

PAGE: Final = (ROOT / "docs" / "reference" / "limits.md").read_text(encoding="utf-8")
ROWS: Final = {name: (number, unit) for name, number, unit, _ in _ROW.findall(PAGE)}


def limits() -> set[str]:
    """Find the constants whose names say that they are limits."""
    found = set()
    for layer in LAYERS:
        for path in (SOURCE / layer).glob("*.py"):
            for statement in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                    name = statement.target.id
                    if _LIMIT.fullmatch(name):
                        found.add(f"{layer}.{path.stem}.{name}")
    return found


def test_every_limit_is_on_the_page() -> None:
    assert limits() - NO_LIMITS - ROWS.keys() == set()


def test_what_is_no_limit_still_exists() -> None:
    assert limits() >= NO_LIMITS
    assert not ROWS.keys() & NO_LIMITS


def test_every_row_of_the_page_is_read() -> None:
    assert len(ROWS) == PAGE.count("\n| `")


@pytest.mark.parametrize("name", sorted(ROWS))
def test_limit_has_the_value_that_the_page_says(name: str) -> None:
    module, _, constant = name.rpartition(".")
    number, unit = ROWS[name]
    assert getattr(import_module(f"sottovoce.{module}"), constant) == float(number) * UNITS[unit]
