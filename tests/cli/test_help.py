"""Help and version: what is known before any command is imported."""

from __future__ import annotations

import click
import pytest

from gostage._cli.commands import COMMANDS
from gostage._cli.root import EXIT_CODES, LazyGroup, root
from tests.cli.shell import gostage


@pytest.mark.parametrize("words", [(), ("--help",), ("-h",)], ids=["alone", "--help", "-h"])
def test_help_lists_the_commands(tmp_path, words) -> None:
    """Every command is shown with a summary."""
    done = gostage(*words, folder=tmp_path)

    assert done.code == 0
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert all(f"{name} {entry.summary}" in lines for name, entry in COMMANDS.items())


@pytest.mark.parametrize("word", ["--version", "-V"])
def test_version_is_one_line(tmp_path, word) -> None:
    """The name and the number."""
    done = gostage(word, folder=tmp_path)

    assert done.code == 0
    assert done.out.startswith("gostage ")
    assert len(done.out.splitlines()) == 1


@pytest.mark.parametrize("name", COMMANDS)
def test_the_summary_is_the_first_line_of_the_commands_own_help(name) -> None:
    """What the root says about a command without importing it is what the command says."""
    group = root
    assert isinstance(group, LazyGroup)
    command = group.get_command(click.Context(group), name)

    assert command is not None
    assert command.name == name
    assert (command.help or "").splitlines()[0] == COMMANDS[name].summary


def test_help_says_what_the_exit_codes_mean(tmp_path) -> None:
    """All of them, in the help of the root."""
    done = gostage("--help", folder=tmp_path)

    assert " ".join(EXIT_CODES.split()) in " ".join(done.out.split())
