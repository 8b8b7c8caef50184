"""The harness itself: what is selected, what is refused, and how cases are named."""

import json
from pathlib import Path

import pytest

from vectors.case import Case
from vectors.registry import DATA, LATER, RUNNABLE
from vectors.selection import COMMITTED, load, number, printable, select


def folder_with(folder: Path, *families: str) -> Path:
    for family in families:
        (folder / f"{family}.json").write_text("{}", encoding="utf-8")
    return folder


def test_every_runnable_family_is_taken_from_the_committed_copy() -> None:
    selection = select(COMMITTED, None)
    assert selection.families == RUNNABLE
    assert selection.missing == ()


def test_families_without_a_file_in_another_folder_are_named_and_not_run(tmp_path: Path) -> None:
    selection = select(folder_with(tmp_path, "pow", "rendezvous"), None)
    assert selection.families == ("pow",)
    assert set(selection.missing) == set(RUNNABLE) - {"pow"}
    assert any("not run" in line and "rlpx" in line for line in selection.header())


def test_header_names_the_families_of_later_layers() -> None:
    assert "rendezvous" in select(COMMITTED, None).header()[-1]


def test_requested_families_are_taken_once_and_in_order(tmp_path: Path) -> None:
    folder_with(tmp_path, "pow", "enr", "bloom")
    assert select(tmp_path, "pow, enr,pow").families == ("pow", "enr")


@pytest.mark.parametrize(
    ("requested", "reason"),
    [
        ("nothing", "unknown"),
        ("pow,nothing", "unknown"),
        ("rendezvous", "cannot run yet"),
        ("whisper_scaling_model", "has no cases"),
        ("rlpx", "no rlpx.json"),
        (",", "names no family"),
        ("", "names no family"),
    ],
)
def test_family_that_cannot_run_is_refused_with_the_reason(
    tmp_path: Path, requested: str, reason: str
) -> None:
    folder_with(tmp_path, "pow", "rendezvous")
    with pytest.raises(pytest.UsageError, match=reason):
        select(tmp_path, requested)


@pytest.mark.parametrize("requested", [None, "pow"])
def test_file_of_an_unknown_family_is_refused(tmp_path: Path, requested: str | None) -> None:
    folder_with(tmp_path, "pow", "surprise")
    with pytest.raises(pytest.UsageError, match="unknown families: surprise"):
        select(tmp_path, requested)


def test_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(pytest.UsageError, match="is not a folder"):
        select(tmp_path / "nowhere", None)


def test_folder_without_a_family_that_can_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(pytest.UsageError, match="no family that can run"):
        select(folder_with(tmp_path, "rendezvous"), None)


@pytest.mark.parametrize("text", ["[]", "{", ""])
def test_file_that_is_no_json_object_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "bloom.json").write_text(text, encoding="utf-8")
    with pytest.raises(pytest.Collector.CollectError, match=r"bloom\.json"):
        load(tmp_path, "bloom")


def test_family_without_cases_is_refused(tmp_path: Path) -> None:
    document = json.loads((COMMITTED / "bloom.json").read_text(encoding="utf-8"))
    emptied = {key: [] if isinstance(value, list) else value for key, value in document.items()}
    (tmp_path / "bloom.json").write_text(json.dumps(emptied), encoding="utf-8")
    with pytest.raises(pytest.Collector.CollectError, match="no case"):
        load(tmp_path, "bloom")


def case(section: str, name: str) -> Case:
    return Case(section=section, name=name, check=lambda: None)


def test_index_counts_within_the_section() -> None:
    cases = [case("a", "x"), case("b.c", "x"), case("a", "x"), case("a", "é [1]")]
    assert [numbered.test_id for numbered in number("pow", cases)] == [
        "pow/a/0-x",
        "pow/b.c/0-x",
        "pow/a/1-x",
        "pow/a/2-é [1]",
    ]


def test_id_holds_nothing_that_a_terminal_cannot_show() -> None:
    assert printable("a\nb\x00é\ud800") == "a\\nb\\x00é\\ud800"


def test_every_family_stands_in_one_place() -> None:
    assert not set(RUNNABLE) & set(LATER)
    assert not DATA & (set(RUNNABLE) | set(LATER))
    assert len(RUNNABLE) == len(set(RUNNABLE))


def test_every_runner_belongs_to_a_runnable_family() -> None:
    runners = {path.stem for path in (COMMITTED.parent / "families").glob("*.py")}
    assert runners - {"__init__"} == set(RUNNABLE)
