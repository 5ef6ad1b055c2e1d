"""Every option of every command is used by some test of this folder, or by a page that is run."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import click
import pytest

from gostage._cli.commands import COMMANDS
from gostage._cli.exits import ExitCode
from gostage._cli.root import root

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def options() -> list[object]:
    """Each option of each command, with all its names; what all of them share counts once."""
    found: dict[tuple[str, ...], set[str]] = {}
    for name in COMMANDS:
        command = root.get_command(click.Context(root), name)
        assert command is not None
        for each in command.params:
            for names in (each.opts, each.secondary_opts):
                if names and isinstance(each, click.Option):
                    found.setdefault(tuple(names), set()).add(name)
    return [
        pytest.param(commands, names, id=f"{max(names, key=len)} of {' '.join(sorted(commands))}")
        for names, commands in found.items()
    ]


@cache
def uses() -> tuple[str, ...]:
    """What calls the command: the tests here, file by file, and the lines of pages."""
    pages = [*ROOT.glob("docs/**/*.md"), ROOT / "README.md"]
    lines = [
        line
        for page in pages
        for line in page.read_text(encoding="utf-8").splitlines()
        if line.startswith("$ gostage ")
    ]
    others = (file for file in HERE.glob("test_*.py") if file != Path(__file__))
    return (*lines, *(file.read_text(encoding="utf-8") for file in others))


@pytest.mark.parametrize(("commands", "names"), options())
def test_an_option_is_used(commands: set[str], names: tuple[str, ...]) -> None:
    """By one of its names, together with one of the commands that have it."""
    option = "|".join(rf"(?<![\w-]){re.escape(name)}(?![\w-])" for name in names)

    assert any(
        re.search(option, use) and re.search(rf"\b({'|'.join(commands)})\b", use) for use in uses()
    )


@pytest.mark.parametrize("code", ExitCode, ids=lambda code: code.name)
def test_an_exit_code_is_expected_somewhere(code: ExitCode) -> None:
    """Some test of this folder, or some page, expects the number."""
    expected = re.compile(
        rf"code == {code.value}\b|\b{code.value},$|exit={code.value}\b|, {code.value}[,)]"
    )
    sources = [file.read_text(encoding="utf-8") for file in HERE.glob("test_*.py")]
    sources += [page.read_text(encoding="utf-8") for page in ROOT.glob("docs/**/*.md")]

    assert any(expected.search(line) for source in sources for line in source.splitlines())
