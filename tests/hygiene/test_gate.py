"""The linters are tests, so one command says everything."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# One interpreter is enough: what the linters say does not depend on which one runs them.
pytestmark = pytest.mark.skipif(
    os.environ.get("GOSTAGE_SKIP_LINT") == "1", reason="linted by the run on another interpreter"
)


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["ruff", "check", "--output-format=concise"], id="ruff check"),
        pytest.param(["ruff", "format", "--check"], id="ruff format"),
        pytest.param(["mypy"], id="mypy"),
    ],
)
def test_the_tree_is_clean(command: list[str]) -> None:
    """The tool has nothing to say about the whole tree, as pyproject.toml configures it."""
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
