"""The shape of the code: who may import whom, how long a file may be, locks that agree with each other."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from grimp import ImportGraph, build_graph
from importlinter.cli import lint_imports

ROOT = Path(__file__).resolve().parent.parent
SERVICES = ("approvals", "directory", "notify", "plans")
LONGEST_FILE = 300  # lines; a longer one usually holds two nouns
WIRING = {"api", "jobs", "providers", "service"}  # the files of a service that may know a framework
FRAMEWORKS = {"fastapi", "starlette", "kombu", "amqp", "celery", "redis", "httpx"}


@cache
def imports() -> ImportGraph:
    return build_graph("services", "shared", include_external_packages=True, cache_dir=None)


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def modules_below(package: str) -> set[str]:
    return {package, *imports().find_descendants(package)}


def test_the_import_contracts_of_pyproject_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert lint_imports(no_cache=True, no_logo=True) == 0, "see the contracts in pyproject.toml"


@pytest.mark.parametrize("service", SERVICES)
def test_the_domain_of_a_service_knows_no_framework(service: str) -> None:
    found = {
        f"{module} imports {imported}"
        for module in modules_below(f"services.{service}")
        if not WIRING & set(module.split(".")[2:])
        for imported in imports().find_modules_directly_imported_by(module)
        if imported.partition(".")[0] in FRAMEWORKS
    }
    assert not found


def test_the_published_language_stands_on_pydantic_alone() -> None:
    upstream = imports().find_upstream_modules("shared.events", as_package=True)
    others = {name for name in upstream if name.partition(".")[0] not in {"shared", *sys.stdlib_module_names}}
    assert others <= {"pydantic", "pydantic_core"}


@pytest.mark.parametrize(
    ("library", "owners"),
    [
        ("celery", {"shared.wakeups", "services.runtime"}),
        ("kombu", {"shared.broker", "shared.inproc", "shared.wakeups"}),
    ],
)
def test_an_untyped_library_stays_in_its_files(library: str, owners: set[str]) -> None:
    allowed = {module for owner in owners & imports().modules for module in modules_below(owner)}
    assert imports().find_modules_that_directly_import(library) <= allowed


def test_files_stay_short() -> None:
    lengths = {
        named(path): len(path.read_text().splitlines())
        for path in sources("services", "shared", "tests", "bench")
        if "migrations" not in path.parts
    }
    assert lengths
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_one_file_reads_the_clock() -> None:
    reads = re.compile(r"^(datetime\.(datetime\.)?(now|utcnow|today)|(datetime\.)?date\.today)$")
    found = [
        f"{named(path)}:{node.lineno}"
        for path in sources("services", "shared")
        if named(path) != "shared/clock.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and reads.match(ast.unparse(node.func))
    ]
    assert not found


def test_one_file_reads_the_environment() -> None:
    found = [
        f"{named(path)}:{node.lineno}"
        for path in sources("services", "shared")
        if named(path) != "shared/settings.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.getenv"}
    ]
    assert not found


def pins(lock: str) -> dict[str, str]:
    """Name → version; a name that needs several versions for several Pythons has them joined."""
    found: dict[str, str] = {}
    for name, version in re.findall(r"(?m)^([a-z0-9._-]+)(?:\[[^]]*])?==(\S+)", (ROOT / lock).read_text()):
        found[name] = " ".join(filter(None, [found.get(name), version]))
    return found


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=~!; ]", text)[0].lower().replace("_", "-") for text in requirements}


def test_the_locks_hold_what_pyproject_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    run, dev = pins("requirements.lock"), pins("requirements-dev.lock")
    assert names(project["project"]["dependencies"]) <= run.keys()
    assert names(project["dependency-groups"]["dev"]) <= dev.keys()
    assert run.items() <= dev.items(), "the development lock is a superset with the same versions"


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_has_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert "--index-url" not in text
    assert all("--hash=sha256:" in entry for entry in re.split(r"(?m)^(?=[a-z0-9])", text) if entry.strip())


@pytest.mark.parametrize(
    "page", sorted((ROOT / "docs" / "decisions").glob("*.md")), ids=lambda page: page.stem
)
def test_a_decision_names_what_holds_it(page: Path) -> None:
    text = page.read_text()
    assert re.match(r"# \d{4} ", text)
    held_by = text.partition("## Held by")[2]
    named_files = re.findall(r"`((?:tests|bench|shared|services)/[\w./]+|pyproject\.toml)", held_by)
    assert named_files, "the section `Held by` names a test or a lint"
    assert [name for name in named_files if not (ROOT / name).exists()] == []
