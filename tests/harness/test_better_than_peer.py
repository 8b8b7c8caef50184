"""What the vectors are allowed to contradict: three cases, each for a reason that holds."""

import json
from typing import Any, Final

import pytest

from docs.snippets import ROOT
from vectors.better_than_peer import BETTER_THAN_PEER
from vectors.mail_rule import better_answer
from vectors.selection import COMMITTED

DOCUMENT: Final[dict[str, Any]] = json.loads(
    (COMMITTED / "mailserver.json").read_text(encoding="utf-8")
)
ENTRIES: Final = {entry["name"]: entry for entry in DOCUMENT["envelope_requests"]}
# Cases whose answer the rule gives: those that were made from the seven fields and answered well.
ANSWERED: Final = [
    name
    for name, entry in ENTRIES.items()
    if entry["fields"] is not None
    and entry["result"] == "done"
    and entry["times_sent"] == 1
    and entry["fields"]["upper"] != 0xFFFFFFFF
    and not entry["sent_by_server"][-1]["body"].startswith("0x" + b"ERROR=".hex())
]


def test_exactly_three_cases_are_listed() -> None:
    assert set(BETTER_THAN_PEER) == {
        ("mailserver", "topics are ignored by the level db store"),
        ("mailserver", "cursor pointing between keys skips the next one"),
        ("mailserver", "cursor before the lower bound"),
    }


@pytest.mark.parametrize("name", [name for _, name in BETTER_THAN_PEER])
def test_listed_case_really_contradicts_the_rule(name: str) -> None:
    assert better_answer(DOCUMENT, ENTRIES[name]) != ENTRIES[name]["sent_by_server"]


def test_rule_and_peer_agree_on_every_other_case() -> None:
    listed = {name for _, name in BETTER_THAN_PEER}
    others = [name for name in ANSWERED if name not in listed]
    assert len(others) > 10
    for name in others:
        assert better_answer(DOCUMENT, ENTRIES[name]) == ENTRIES[name]["sent_by_server"], name


def test_users_are_told() -> None:
    page = (ROOT / "docs" / "spec-deviations.md").read_text(encoding="utf-8")
    assert "### Topics of a request" in page
    assert "### Cursors" in page
