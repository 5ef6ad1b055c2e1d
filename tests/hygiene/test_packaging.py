"""The package is what its metadata says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.hygiene.pages import plain_environment

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[2]
KINDS_OF_CHANGE = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


@pytest.fixture(scope="module")
def metadata() -> dict[str, Any]:  # Any: the values of a TOML table
    """The whole of pyproject.toml."""
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return table


def test_the_test_extra_and_the_test_group_are_the_same(metadata: dict[str, Any]) -> None:
    """Whichever way the tests' requirements are installed, they are the same."""
    extras = metadata["project"]["optional-dependencies"]

    assert metadata["dependency-groups"]["test"] == extras["test"]


@pytest.mark.parametrize("package", ["gostage", "gostage_plugins"])
def test_both_packages_are_typed(package: str) -> None:
    """Type checkers read the hints of an installed package that has a `py.typed`."""
    assert (ROOT / package / "py.typed").is_file()


def test_the_changelog_has_a_place_for_the_next_change() -> None:
    """The first section is Unreleased, and changes are sorted by kind."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    sections = re.findall(r"^## \[(.+?)\]", text, flags=re.MULTILINE)
    kinds = re.findall(r"^### (.+)$", text, flags=re.MULTILINE)

    assert sections[0] == "Unreleased"
    assert set(kinds) <= KINDS_OF_CHANGE
    assert kinds


def test_the_command_tells_the_version(metadata: dict[str, Any]) -> None:
    """`gostage --version` prints the version of pyproject.toml."""
    done = subprocess.run(
        [sys.executable, "-m", "gostage", "--version"],
        env=plain_environment(),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert metadata["project"]["version"] in done.stdout


def test_the_readme_has_the_two_commands() -> None:
    """One command to see it run and one to test everything stand alone on their lines."""
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()

    assert sum(line.startswith("python3 -m venv .venv &&") for line in lines) == 1
    assert sum(line.endswith("-m pytest") and "[test]" in line for line in lines) == 1
