"""`gostage completions`, and completion itself, as a shell asks for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from gostage._cli.commands import COMMANDS
from gostage._cli.completions import SHELLS
from tests.cli.shell import Done, environment, gostage


def complete(line: str, *, folder, shell="bash") -> Done:
    """Ask for completions as the script of a shell does, with the cursor at the line's end."""
    words = line.split(" ")
    position = words[-1] if shell == "fish" else str(len(words) - 1)
    env = {
        "_GOSTAGE_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": line,
        "COMP_CWORD": position,
    }
    return gostage(folder=folder, env=env)


@pytest.mark.parametrize(
    ("shell", "part"),
    [
        ("bash", "complete -o nosort -F _gostage_completion gostage"),
        ("zsh", "#compdef gostage"),
        ("fish", "complete --no-files --command gostage"),
    ],
    ids=SHELLS,
)
def test_the_script_of_a_shell_is_printed(tmp_path, shell, part) -> None:
    """It is for the command `gostage`, and asks `gostage` itself."""
    done = gostage("completions", shell, folder=tmp_path)

    assert (done.code, done.err) == (0, "")
    assert part in done.out
    assert f"_GOSTAGE_COMPLETE={shell}_complete" in done.out


@pytest.mark.parametrize(
    ("shell", "hint"),
    [
        ("bahs", "hint: did you mean 'bash'?"),
        ("cmd.exe", "hint: the shells it knows are 'bash', 'zsh', 'fish'"),
    ],
    ids=["close", "far off"],
)
def test_an_unknown_shell_is_refused(tmp_path, shell, hint) -> None:
    """The error names what there is."""
    done = gostage("completions", shell, folder=tmp_path)

    assert (done.code, done.out) == (4, "")
    assert f"there are no completions for {shell!r}" in done.err
    assert hint in done.err


def test_the_help_says_how_to_install_it(tmp_path) -> None:
    """A line to type for each shell, not broken by the help's own layout."""
    done = gostage("completions", "--help", folder=tmp_path)

    for line in (
        "bash   echo 'source <(gostage completions bash)' >> ~/.bashrc",
        "zsh    echo 'source <(gostage completions zsh)' >> ~/.zshrc",
        "fish   gostage completions fish > ~/.config/fish/completions/gostage.fish",
    ):
        assert line in done.out


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("gostage ru", "plain,run"),
        ("gostage ru", "plain,runs"),
        ("gostage comp", "plain,completions"),
        ("gostage run --js", "plain,--json"),
        ("gostage -q run --time", "plain,--timeout"),
        ("gostage run gre", "file,gre"),
        ("gostage list fl", "file,fl"),
        ("gostage completions z", "plain,zsh"),
        ("gostage init de", "dir,de"),
        ("gostage graph fl", "file,fl"),
        ("gostage hooks gostage_ac", "plain,gostage_action"),
        ("gostage config time", "plain,timeout"),
    ],
)
def test_what_is_typed_is_completed(flows, line, expected) -> None:
    """Commands, their options, and files where a target is expected."""
    done = complete(line, folder=flows)

    assert (done.code, done.err) == (0, "")
    assert expected in done.out.splitlines()


@pytest.mark.parametrize("option", ["--stage", "--from", "--until"])
def test_stages_are_completed_without_importing_them(tmp_path, option) -> None:
    """By the id that a file gives its stage, else by the name of the file."""
    cards = ['stage = Stage("extract")', "stage: Stage = Stage('examine', tags=[])", "x = 1"]
    for number, card in enumerate(cards, start=1):
        text = f"{card}\nraise RuntimeError('imported')\n"
        (tmp_path / f"stage_{number}.py").write_text(text, encoding="utf-8")

    every = complete(f"gostage run . {option} ", folder=tmp_path)
    some = complete(f"gostage run . {option} ex", folder=tmp_path)

    assert every.out.splitlines() == ["plain,extract", "plain,examine", "plain,stage_3"]
    assert some.out.splitlines() == ["plain,extract", "plain,examine"]
    assert every.err + some.err == ""


def test_every_command_is_offered(tmp_path) -> None:
    """With nothing typed yet, the choice is the one of the help, in its order."""
    done = complete("gostage ", folder=tmp_path)

    assert done.out.splitlines() == [f"plain,{name}" for name in COMMANDS]


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_gets_an_answer_in_its_own_form(tmp_path, shell) -> None:
    """The shells that show help are told what a command is for."""
    done = complete("gostage ini", folder=tmp_path, shell=shell)

    assert (done.code, done.err) == (0, "")
    assert "init" in done.out
    assert ("project" in done.out) == (shell != "bash")


@pytest.mark.parametrize(
    "line",
    [
        "gostage no-such-command --",
        "gostage run --no-such-option ",
        "gostage run 'open quote",
        "gostage -p no_such_plugin ru",
        "gostage completions bahs ",
    ],
    ids=["command", "option", "quote", "plugin", "argument"],
)
def test_a_line_that_makes_no_sense_is_completed_in_silence(tmp_path, line) -> None:
    """Whatever stands on the line, nothing is printed among what the person is typing."""
    done = complete(line, folder=tmp_path)

    assert done.err == ""


def test_a_broken_project_is_no_matter(tmp_path) -> None:
    """Commands and options are completed where nothing else works."""
    (tmp_path / "pyproject.toml").write_text("[tool.gostage\n", encoding="utf-8")
    (tmp_path / "stageconf.py").write_text("raise RuntimeError('no')\n", encoding="utf-8")

    done = complete("gostage ru", folder=tmp_path)

    assert (done.code, done.out, done.err) == (0, "plain,run\nplain,runs\n", "")


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
def test_bash_completes_with_the_script(tmp_path, flows) -> None:
    """A bash that has read the script finds the command, and files in the folder."""
    (tmp_path / "gostage").write_text(
        f'#!/bin/sh\nexec "{sys.executable}" -m gostage "$@"\n', encoding="utf-8"
    )
    (tmp_path / "gostage").chmod(0o755)
    script = """
        source <(gostage completions bash) && complete -p gostage
        COMP_WORDS=(gostage ru); COMP_CWORD=1; COMPREPLY=()
        _gostage_completion gostage ru gostage
        echo "${COMPREPLY[@]}"
    """
    path = os.pathsep.join([str(tmp_path), os.environ["PATH"]])

    done = subprocess.run(
        ["bash", "--norc", "-c", script],
        cwd=flows,
        env=environment({"PATH": path}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "complete -o nosort -F _gostage_completion gostage",
        "run runs",
    ]
