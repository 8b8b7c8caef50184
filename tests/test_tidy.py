"""Rules of the house that no other tool checks; each failure names file, line and what to do.

The lists of exemptions may only shrink: an entry that is no longer needed is a failure too.
"""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from tidy_rules import FUNCTION_LINES_MAX, has_behaviour, long_functions, unnamed_numbers

ROOT: Final = Path(__file__).parent.parent
SOURCE: Final = ROOT / "src" / "sottovoce"
UNIT_TESTS: Final = ROOT / "tests" / "unit"
# Of modules that do nothing without a program other than Python.
SERVICE_TESTS: Final = ROOT / "tests" / "services"
DATA: Final = ROOT / "tests" / "vectors" / "data"
PYPROJECT: Final[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())

FILE_LINES_MAX: Final = 500
BANNED_WORDS: Final = frozenset({"common", "helper", "helpers", "manager", "misc", "util", "utils"})
# Layers whose every module implements some specification and names it.
PROTOCOL_LAYERS: Final = (
    "codec", "crypto", "devp2p", "gossip", "identity", "payloads", "secure", "sync",
)  # fmt: skip
# Modules in them that implement none.
WITHOUT_SPECIFICATION: Final = frozenset(
    {"codec/byte_queue.py", "codec/hex.py", "crypto/constant_time.py"}
)
# Modules with behaviour and without a test module of their own.
WITHOUT_UNIT_TEST: Final[frozenset[str]] = frozenset()

# Folders that tools make; nothing in them belongs to the repository.
MADE_BY_TOOLS: Final = frozenset(
    {
        ".git", ".hypothesis", ".import_linter_cache", ".mypy_cache", ".pytest_cache",
        ".ruff_cache", ".venv", "__pycache__", "build", "dist",
    }
)  # fmt: skip
GENERATED: Final = re.compile(r"_pb2\.py$")
TEXT_SUFFIXES: Final = frozenset(
    {"", ".cfg", ".css", ".html", ".ini", ".js", ".md", ".proto", ".py", ".sh", ".toml", ".txt",
     ".yaml", ".yml"}
)  # fmt: skip

# The words are spelt with a class of one letter, so that the rules do not find themselves.
UNFINISHED: Final = re.compile(r"\b(TO[D]O|FIX[M]E|XX[X])\b")
MACHINE: Final = re.compile(
    r"(?<![\w.])/(wor[k]|roo[t]|far[m]|hom[e])/"
    r"|://(files|registry|index|static|proxy|deb|security|repo1?|pyp[i])\."
    r"|pythonhoste[d]"
)
LINK: Final = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
DEVIATION: Final = re.compile(r'spec-deviations\.md(?:,|:)?\s+(?:#\s*)?"([^"]+)"')
FRAGMENT: Final = re.compile(r"\d+(-[a-z0-9-]+)?\.(breaking|doc|feature|fix)\.md")


def folders(start: Path) -> Iterator[Path]:
    """Walk the repository's own folders."""
    yield start
    for path in sorted(start.iterdir()):
        if path.is_dir() and path.name not in MADE_BY_TOOLS and path.suffix != ".egg-info":
            yield from folders(path)


def files(start: Path, *suffixes: str) -> Iterator[Path]:
    """Walk the repository's own files with one of these suffixes, data of vectors excepted."""
    for folder in folders(start):
        if folder == DATA:
            continue
        for path in sorted(folder.iterdir()):
            if path.is_file() and path.suffix in suffixes:
                yield path


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def report(problems: list[str]) -> None:
    if problems:
        pytest.fail("\n" + "\n".join(problems), pytrace=False)


def written(start: Path) -> list[Path]:
    """List the Python files that people write; the protobuf compiler answers for its own."""
    return [path for path in files(start, ".py") if not GENERATED.search(path.name)]


PYTHON_FILES: Final = [*written(ROOT / "src"), *written(ROOT / "tests")]
SOURCE_FILES: Final = written(SOURCE)


@cache
def tree(path: Path) -> ast.Module:
    """Parse a file; only when it is asked for, because every process imports this module."""
    return ast.parse(path.read_text(encoding="utf-8"))


# ---- size and names


def test_no_file_is_too_long() -> None:
    report(
        [
            f"{name(path)}:{lines}: {lines} lines, at most {FILE_LINES_MAX}; split it by its nouns"
            for path in PYTHON_FILES
            if (lines := len(path.read_text(encoding="utf-8").splitlines())) > FILE_LINES_MAX
        ]
    )


def test_no_function_is_too_long() -> None:
    report(
        [
            f"{name(path)}:{line}: {function} has {lines} lines, at most {FUNCTION_LINES_MAX}; "
            "keep the branches in it and move the work to pure leaves"
            for path in PYTHON_FILES
            for line, function, lines in long_functions(tree(path))
        ]
    )


def test_long_function_is_found_without_its_docstring() -> None:
    body = "    x = 0\n" * (FUNCTION_LINES_MAX - 1)
    docstring = '    """One.\n\n    Two.\n    """\n'
    assert list(long_functions(ast.parse(f"def f():\n{docstring}{body}"))) == []
    assert list(long_functions(ast.parse(f"def f():\n{docstring}{body}    x = 1\n"))) == [
        (1, "f", FUNCTION_LINES_MAX + 1)
    ]


def test_every_file_is_named_after_its_noun() -> None:
    paths = [*PYTHON_FILES, *folders(ROOT / "src"), *folders(ROOT / "tests")]
    report(
        [
            f"{name(path)}:1: a file or folder is named after the one noun that it defines"
            for path in paths
            if BANNED_WORDS & set(path.stem.lower().split("_"))
        ]
    )


def test_no_folder_and_no_module_is_empty() -> None:
    top = [path for path in folders(ROOT) if path != ROOT]
    report(
        [f"{name(path)}: an empty folder; remove it" for path in top if not any(files_in(path))]
        + [
            f"{name(path)}:1: an empty module; remove it, or say in a docstring what it is"
            for path in PYTHON_FILES
            if not tree(path).body
        ]
    )


def files_in(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")


# ---- what the code says of itself


def test_every_number_in_gossip_has_a_name() -> None:
    report(
        [
            f"{name(path)}:{line}: {value} needs a named constant with its reason"
            for path in SOURCE_FILES
            if "gossip" in path.relative_to(SOURCE).parts
            for line, value in unnamed_numbers(tree(path))
        ]
    )


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("LIMIT: Final = 10 * 1024", []),
        ("class Code(IntEnum):\n    STATUS = 22", []),
        ("if len(items) == 5:\n    pass", []),
        ("half = whole / 2 - 1", []),
        ("limit = 10", [(1, 10)]),
        ("def f(x=0.5):\n    return x", [(1, 0.5)]),
        ("if len(items) == 64:\n    pass", [(1, 64)]),
    ],
)
def test_number_without_a_name_is_found(code: str, found: list[tuple[int, object]]) -> None:
    assert list(unnamed_numbers(ast.parse(code))) == found


def test_every_source_module_says_what_it_owns() -> None:
    report(
        [
            f"{name(path)}:1: a docstring is missing: what it owns, what it refuses to know"
            for path in SOURCE_FILES
            if not ast.get_docstring(tree(path))
        ]
    )


def test_every_protocol_module_names_its_specification() -> None:
    silent = {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE_FILES
        if path.relative_to(SOURCE).parts[0] in PROTOCOL_LAYERS
        and path.name != "__init__.py"
        and not re.search(r"^Spec: \S", ast.get_docstring(tree(path)) or "", re.MULTILINE)
    }
    report(
        [
            f"src/sottovoce/{module}:1: the docstring needs a line `Spec: document, section`"
            for module in sorted(silent - WITHOUT_SPECIFICATION)
        ]
        + stale("WITHOUT_SPECIFICATION", WITHOUT_SPECIFICATION - silent)
    )


def stale(exemptions: str, entries: frozenset[str] | set[str]) -> list[str]:
    return [
        f"tests/test_tidy.py: {exemptions} lists {entry}, which needs no exemption; remove it"
        for entry in sorted(entries)
    ]


def test_every_module_with_behaviour_has_its_test_module() -> None:
    modules = {
        path.relative_to(SOURCE): path
        for path in SOURCE_FILES
        if path.name not in {"__init__.py", "__main__.py"} and has_behaviour(tree(path))
    }
    untested = {
        module.as_posix()
        for module in modules
        if not any(
            (tests / module.parent / f"test_{module.name.lstrip('_')}").is_file()
            for tests in (UNIT_TESTS, SERVICE_TESTS)
        )
    }
    report(
        [
            f"src/sottovoce/{module}:1: write "
            f"tests/unit/{Path(module).parent}/test_{Path(module).name.lstrip('_')}"
            for module in sorted(untested - WITHOUT_UNIT_TEST)
        ]
        + stale("WITHOUT_UNIT_TEST", WITHOUT_UNIT_TEST - untested)
    )


# ---- texts


def matches(pattern: re.Pattern[str]) -> Iterator[tuple[Path, int, str]]:
    for path in files(ROOT, *TEXT_SUFFIXES):
        for line, text in enumerate(
            path.read_text(encoding="utf-8", errors="replace").splitlines(), 1
        ):
            for match in pattern.finditer(text):
                yield path, line, match.group()


def test_nothing_is_left_unfinished() -> None:
    report(
        [
            f"{name(path)}:{line}: finish it or file it; {word} does not stay"
            for path, line, word in matches(UNFINISHED)
        ]
    )


def test_no_text_names_a_registry_or_a_machine() -> None:
    report(
        [
            f"{name(path)}:{line}: {text} holds only on one machine; say it without"
            for path, line, text in matches(MACHINE)
        ]
    )


def headings(path: Path) -> set[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return {line.lstrip("#").strip() for line in lines if line.startswith("#")}


def anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_every_relative_link_leads_somewhere() -> None:
    report(
        [
            f"{name(path)}:{line}: the link {link} leads nowhere"
            for path in files(ROOT, ".md")
            for line, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
            for link in LINK.findall(text)
            if not re.match(r"[a-z]+:", link) and not leads_somewhere(path, link)
        ]
    )


def leads_somewhere(path: Path, link: str) -> bool:
    relative, _, wanted = link.partition("#")
    target = (path.parent / relative) if relative else path
    if not target.exists():
        return False
    return not wanted or wanted in {anchor(heading) for heading in headings(target)}


def test_every_deviation_that_is_cited_is_written_down() -> None:
    written = headings(ROOT / "docs" / "spec-deviations.md")
    problems = []
    for path in SOURCE_FILES:
        text = path.read_text(encoding="utf-8")
        for cited in DEVIATION.finditer(text):
            title = re.sub(r"\s+(#\s+)?", " ", cited.group(1))
            if title not in written:
                line = text.count("\n", 0, cited.start()) + 1
                problems.append(
                    f'{name(path)}:{line}: docs/spec-deviations.md has no entry "{title}"; write it'
                )
    report(problems)


def test_every_decision_has_a_number_of_its_own_and_is_cited_by_it() -> None:
    decisions = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    titles = [path.read_text(encoding="utf-8").partition("\n")[0] for path in decisions]
    assert [path.name[:4] for path in decisions] == [f"{n:04}" for n, _ in enumerate(titles, 1)]
    assert all(title.startswith(f"# {n}. ") for n, title in enumerate(titles, 1))
    there = {path.name for path in decisions}
    cited = re.compile(r"docs/decisions/([\w-]+\.md)")
    report(
        [
            f"{name(path)}:{number}: there is no decision {found}; see docs/decisions"
            for path, number, line in matches(cited)
            for found in cited.findall(line)
            if found not in there
        ]
    )


def test_every_fragment_of_the_changelog_has_a_kind() -> None:
    report(
        [
            f"{name(path)}: name it <number>.<feature|fix|breaking|doc>.md, see changes/README.md"
            for path in files(ROOT / "changes", ".md")
            if path.name != "README.md" and not FRAGMENT.fullmatch(path.name)
        ]
    )


# ---- dependencies and layers


def dependencies() -> Iterator[str]:
    yield from PYPROJECT["build-system"]["requires"]
    yield from PYPROJECT["project"]["dependencies"]
    for extra in PYPROJECT["project"]["optional-dependencies"].values():
        yield from extra


def test_every_dependency_has_a_reason() -> None:
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    report(
        [
            f"pyproject.toml: {dependency} needs one line of reason as a comment behind it"
            for dependency in dependencies()
            if not any(f'"{dependency}"' in line and "  # " in line for line in lines)
        ]
    )


@pytest.mark.parametrize(
    "path", sorted((ROOT / "requirements").iterdir()), ids=lambda path: path.name
)
def test_every_pin_has_hashes_and_no_address(path: Path) -> None:
    entries = re.split(r"(?<!\\)\n", path.read_text(encoding="utf-8").strip())
    form = re.compile(r"[a-z0-9-]+==[\w.]+( ; [^\\@]+)?( \\\n    --hash=sha256:[0-9a-f]{64})+")
    report(
        [
            f"{name(path)}: {entry.splitlines()[0]}: expected name==version and its hashes"
            for entry in entries
            if not form.fullmatch(entry)
        ]
    )


def test_every_dependency_is_pinned() -> None:
    tiers = {
        "base": PYPROJECT["build-system"]["requires"] + PYPROJECT["project"]["dependencies"],
        "test": PYPROJECT["project"]["optional-dependencies"]["test"],
        "check": PYPROJECT["project"]["optional-dependencies"]["check"],
        "bench": PYPROJECT["project"]["optional-dependencies"]["speed"],
        "sim": PYPROJECT["project"]["optional-dependencies"]["sim"],
        "proto": PYPROJECT["project"]["optional-dependencies"]["proto"],
        "services": PYPROJECT["project"]["optional-dependencies"]["postgres"],
    }
    problems = []
    for tier, wanted in tiers.items():
        pinned = (ROOT / "requirements" / f"{tier}.txt").read_text(encoding="utf-8")
        for dependency in wanted:
            library = re.match(r"[\w-]+", dependency)
            assert library is not None
            if not re.search(rf"^{library.group()}==", pinned, re.MULTILINE):
                problems.append(f"requirements/{tier}.txt: {library.group()} is missing: make pins")
    report(problems)


# What is imported under another name than it is installed.
INSTALLED_AS: Final = {"apsw": "apsw-sqlite3mc", "google": "protobuf", "sha3": "safe-pysha3"}


def imported_libraries() -> dict[str, str]:
    """Find what the source imports from outside, each with one place that does."""
    found = {}
    for path in SOURCE_FILES:
        if path.name == "pytest_plugin.py":
            continue  # Only pytest loads it, and it needs no pytest otherwise.
        for node in ast.walk(tree(path)):
            modules: list[str] = []
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module is not None:
                modules = [node.module]
            for module in modules:
                top = module.partition(".")[0]
                if top != "sottovoce" and top not in sys.stdlib_module_names:
                    library = INSTALLED_AS.get(top, top.replace("_", "-"))
                    found[library] = f"{name(path)}:{getattr(node, 'lineno', 1)}"
    return found


def test_source_imports_what_is_declared_and_nothing_else() -> None:
    project = PYPROJECT["project"]
    base = {re.split(r"[\[><=]", dependency)[0] for dependency in project["dependencies"]}
    extras = {
        re.split(r"[\[><=]", dependency)[0]
        for extra, wanted in project["optional-dependencies"].items()
        if extra not in {"check", "proto", "test"}
        for dependency in wanted
    }
    imported = imported_libraries()
    report(
        [
            f"{place}: {library} is not declared in pyproject.toml"
            for library, place in imported.items()
            if library not in base | extras
        ]
        + [
            f"pyproject.toml: nothing imports {library}; remove it"
            for library in sorted((base | extras) - set(imported))
        ]
    )


def test_every_layer_up_to_node_is_held_to_sans_io() -> None:
    contracts = {
        contract["id"]: contract for contract in PYPROJECT["tool"]["importlinter"]["contracts"]
    }
    layers = contracts["layers"]["layers"]
    below = layers[layers.index("(node)") :]
    present = {
        f"sottovoce.{layer}"
        for row in below
        for layer in re.findall(r"\w+", row)
        if (SOURCE / layer).is_dir()
    }
    missing = sorted(present - set(contracts["sans-io"]["source_modules"]))
    report([f"pyproject.toml: add {layer} to the contract sans-io" for layer in missing])
