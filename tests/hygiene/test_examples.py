"""Every example is a script that does what its docstring says."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from tests.hygiene.pages import plain_environment
from tests.hygiene.wildcards import explain, matches

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


def expected_output(example: Path) -> str:
    """Read what the docstring shows below its line `Output:`."""
    docstring = ast.get_docstring(ast.parse(example.read_text(encoding="utf-8"))) or ""
    before, marker, after = docstring.partition("\nOutput:\n")
    assert marker, f"{example.name} does not state its output: {before!r}"
    shown = re.match(r"(?:(?: +.*)?\n)*", f"{after}\n")
    assert shown is not None
    return dedent(shown[0])


def run_example(example: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run an example as a script, in a folder of its own."""
    return subprocess.run(
        [sys.executable, str(example)],
        cwd=folder,
        env=plain_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_prints_what_it_says(example: Path, tmp_path: Path) -> None:
    """Run as a script, an example succeeds and its output is the one in its docstring."""
    done = run_example(example, tmp_path)

    assert done.returncode == 0, done.stderr
    expected = expected_output(example)
    assert matches(expected, done.stdout), explain(expected, done.stdout)


def test_examples_are_listed_in_the_documentation() -> None:
    """`docs/examples.md` names every example, and no other."""
    page = (ROOT / "docs" / "examples.md").read_text(encoding="utf-8")

    named = set(re.findall(r"examples/(\w+\.py)", page))
    assert named == {example.name for example in EXAMPLES}
    assert "hello.py" in named


def test_an_example_without_output_is_refused(tmp_path: Path) -> None:
    """An example that does not say what it prints cannot be checked."""
    example = tmp_path / "silent.py"
    example.write_text('"""Does nothing."""\n', encoding="utf-8")

    with pytest.raises(AssertionError, match=r"silent\.py does not state its output"):
        expected_output(example)


def test_the_output_is_the_indented_block(tmp_path: Path) -> None:
    """Text after the indented block is no output, and empty lines inside it are."""
    example = tmp_path / "talks.py"
    text = '"""Talks.\n\nOutput:\n\n    one\n\n      two\n\nThat was it.\n"""\n'
    example.write_text(text, encoding="utf-8")

    assert expected_output(example).strip("\n") == "one\n\n  two"
