"""Words, lengths and forms that the whole tree keeps to."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST_FUNCTION = 50
LONGEST_MODULE = 400
PACKAGES = ("gostage", "gostage_plugins")

# Places of one machine, and references that only some readers can follow. Written so that this
# file does not contain what it looks for.
FORBIDDEN = re.compile(
    r"(?<![\w.~$}])/(?:home|Users|root|work)/\w" r"|\b[Ii]ssue [#]\d" r"|(?<!\w)[#]\d+(?= |$)"
)
LINK = re.compile(r"(?<!`)\[[^\]\n]+\]\(([^)\s]+)\)")
NOT_OURS = frozenset({".git", ".venv", "venv", "node_modules", "build", "dist"})
KINDS = frozenset({".py", ".md", ".toml", ".cfg", ".ini", ".txt", ".yml", ".yaml", ".json", ".sh"})


def text_files(root: Path) -> Iterator[Path]:
    """Find the files that people read, leaving out what tools and environments put there."""
    for folder, inside, names in os.walk(root):
        inside[:] = [
            name
            for name in inside
            if name not in NOT_OURS
            and (not name.startswith(".") or name in {".ci", ".github"})
            and not Path(folder, name, "pyvenv.cfg").exists()
        ]
        yield from (
            Path(folder, name) for name in names if Path(name).suffix in KINDS or name == "run"
        )


def forbidden_words(root: Path) -> list[str]:
    """Name every forbidden word with its file and line."""
    return [
        f"{file.relative_to(root)}:{number}: {line.strip()}"
        for file in text_files(root)
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
        if FORBIDDEN.search(line)
    ]


def long_things(
    root: Path, packages: tuple[str, ...] = ("gostage", "gostage_plugins")
) -> list[str]:
    """Name every module and function that is too long to be read at once."""
    found: list[str] = []
    for file in (each for name in PACKAGES for each in sorted((root / name).rglob("*.py"))):
        source = file.read_text(encoding="utf-8")
        length = len(source.splitlines())
        if length > LONGEST_MODULE:
            found.append(f"{file.relative_to(root)} has {length} lines")
        found += [f"{file.relative_to(root)}:{text}" for text in _long_functions(source)]
    return found


def silent_tests(root: Path) -> list[str]:
    """Name every test that does not say in its docstring what it shows."""
    return [
        f"{file.relative_to(root)}:{node.lineno} {node.name}"
        for file in text_files(root)
        if file.name.startswith("test_") and file.suffix == ".py"
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]


def broken_links(root: Path) -> list[str]:
    """Name every relative link of a Markdown page that leads nowhere."""
    return [
        f"{page.relative_to(root)}: {target}"
        for page in text_files(root)
        if page.suffix == ".md"
        for target in LINK.findall(page.read_text(encoding="utf-8"))
        if not target.startswith(("http:", "https:", "mailto:", "#"))
        and not (page.parent / target.partition("#")[0]).exists()
    ]


def _long_functions(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > LONGEST_FUNCTION:
                yield f"{node.lineno} {node.name}() has {length} lines"


def test_no_file_speaks_of_one_machine() -> None:
    """No absolute home or work path and no bare issue number stands anywhere."""
    assert forbidden_words(ROOT) == []


def test_functions_and_modules_are_short() -> None:
    """A function fits on a screen, a module into a head."""
    assert long_things(ROOT) == []


def test_every_test_says_what_it_shows() -> None:
    """A test has a docstring, one sentence that is the promise it holds."""
    assert silent_tests(ROOT) == []


def test_a_test_without_a_docstring_is_named(tmp_path: Path) -> None:
    """The complaint has the file, the line and the test; helpers need none."""
    text = 'def helper(): ...\n\ndef test_a():\n    """Say."""\n\ndef test_b(): ...\n'
    tmp_path.joinpath("test_it.py").write_text(text, encoding="utf-8")

    assert silent_tests(tmp_path) == ["test_it.py:6 test_b"]


def test_links_between_pages_lead_somewhere() -> None:
    """Every relative link of a page has a target."""
    assert broken_links(ROOT) == []


def test_a_link_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    """The complaint has the page and the link; links that lead somewhere are let through."""
    text = "[a](other.md#part), [b](page.md), [c](https://example.org), [d](#part)"
    tmp_path.joinpath("page.md").write_text(text, encoding="utf-8")

    assert broken_links(tmp_path) == ["page.md: other.md#part"]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("see /" + "home/ada/x", id="a home"),
        pytest.param("open('/" + "work/main')", id="a work path"),
        pytest.param("as in issue " + "#12", id="an issue"),
        pytest.param("fixes " + "#12", id="a bare number"),
    ],
)
def test_a_forbidden_word_is_found(tmp_path: Path, line: str) -> None:
    """The complaint has the file, the line and its text."""
    tmp_path.joinpath("page.md").write_text(f"# Title\n{line}\n", encoding="utf-8")

    assert forbidden_words(tmp_path) == [f"page.md:2: {line}"]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("ls $HOME/.pyenv", id="a variable"),
        pytest.param("docs/" + "work/plan.md", id="a relative path"),
        pytest.param("load#2 follows load", id="a repeated step"),
    ],
)
def test_other_words_are_fine(tmp_path: Path, line: str) -> None:
    """What only looks alike is let through."""
    tmp_path.joinpath("page.md").write_text(line, encoding="utf-8")

    assert forbidden_words(tmp_path) == []


def test_a_long_function_is_named(tmp_path: Path) -> None:
    """The complaint has the file, the line and the function."""
    body = "    x = 1\n" * LONGEST_FUNCTION
    tmp_path.joinpath("gostage").mkdir()
    tmp_path.joinpath("gostage", "a.py").write_text(f"\ndef long():\n{body}", encoding="utf-8")

    assert long_things(tmp_path) == ["gostage/a.py:2 long() has 51 lines"]


def test_a_long_module_is_named(tmp_path: Path) -> None:
    """The complaint has the file and its length."""
    tmp_path.joinpath("gostage").mkdir()
    tmp_path.joinpath("gostage", "a.py").write_text("x = 1\n" * 401, encoding="utf-8")

    assert long_things(tmp_path) == ["gostage/a.py has 401 lines"]
