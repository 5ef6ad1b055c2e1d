"""What a type checker infers from the public names; the files beside this one are never run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FILES = sorted(file for file in HERE.glob("*.py") if file != Path(__file__).resolve())


def check(files: Sequence[Path]) -> dict[str, list[str]]:
    """Run mypy in strict mode over the files; every file has its list of complaints."""
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", *map(str, files)],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode in {0, 1}, done.stdout + done.stderr  # else mypy itself went wrong
    complaints: dict[str, list[str]] = {file.name: [] for file in files}
    for line in done.stdout.splitlines():
        complaints.setdefault(Path(line.partition(":")[0]).name, []).append(line)
    return complaints


@pytest.fixture(scope="module")
def complaints() -> dict[str, list[str]]:
    """One run of mypy for all the files."""
    return check(FILES)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_types_are_what_the_file_asserts(file: Path, complaints: dict[str, list[str]]) -> None:
    """Each `assert_type` holds, and each expected error is there (an unused ignore is an error)."""
    assert complaints[file.name] == []


def test_a_wrong_assertion_is_found(tmp_path: Path) -> None:
    """A type that is not the asserted one is a complaint about that file."""
    wrong = tmp_path / "wrong.py"
    wrong.write_text(
        "from typing_extensions import assert_type\nassert_type(1 + 1, str)\n", encoding="utf-8"
    )

    assert "error: Expression is of type" in check([wrong])["wrong.py"][0]
