"""The plugin, in a `Runner` and in the command as a user has it. It has to be installed."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import gostage_commands
import pytest

from gostage import Runner, Workflow, action, errors

PYTHON = f'"{sys.executable}"'


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str


def gostage(*words: str, folder: Path) -> Done:
    """Run the command `gostage` in a folder."""
    command = [sys.executable, "-m", "gostage", *words]
    done = subprocess.run(  # noqa: S603  # the words are those of the tests
        command, cwd=folder, capture_output=True, encoding="utf-8", check=False
    )
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a stage of commands between two of Python."""
    python = "from gostage import action\n\n\n@action\ndef note():\n    pass\n"
    commands = f"# all of them\n{PYTHON} -c \"print('so far, so good')\"\n\n{PYTHON} --version\n"
    (tmp_path / "pyproject.toml").write_text("[tool.gostage]\n", encoding="utf-8")
    (tmp_path / "stage_1.py").write_text(python, encoding="utf-8")
    (tmp_path / "stage_2_talk.commands").write_text(commands, encoding="utf-8")
    (tmp_path / "stage_10.py").write_text(python, encoding="utf-8")
    return tmp_path


def set_up(project: Path, line: str) -> None:
    """Write a setting of the plugin into the project's configuration."""
    text = f"[tool.gostage.commands]\n{line}\n"
    (project / "pyproject.toml").write_text(text, encoding="utf-8")


def test_a_file_of_commands_is_a_stage_at_its_place(project: Path) -> None:
    """The lines are actions, named after the programs, and stand where the file stands."""
    done = gostage("run", ".", "--json", folder=project)

    assert done.code == 0, done.err
    program = Path(sys.executable).stem
    assert [step["path"] for step in json.loads(done.out)["steps"]] == [
        *("stage_1", "stage_1/note"),
        *("stage_2_talk", f"stage_2_talk/{program}", f"stage_2_talk/{program}#2"),
        *("stage_10", "stage_10/note"),
    ]


def test_what_a_command_prints_is_in_the_log(project: Path) -> None:
    """The command is shown before it runs, and its lines after it ended."""
    done = gostage("run", ".", folder=project)

    assert "so far, so good" in done.err
    assert f"$ {sys.executable} --version" in done.err


def test_the_terminal_shows_the_plugin(project: Path) -> None:
    """The header says how commands are run, the summary how many were."""
    done = gostage("run", ".", folder=project)

    assert "commands: at most 60 s each" in done.out
    assert "commands: 2 done" in done.out


def test_a_dry_run_shows_commands_and_runs_none(project: Path) -> None:
    """With `dry = true` the actions are skipped."""
    set_up(project, "dry = true")

    done = gostage("run", ".", folder=project)

    assert done.code == 0, done.err
    assert "commands: dry run" in done.out
    assert f"$ {sys.executable} --version" in done.err
    assert "INFO    so far, so good" not in done.err


def test_a_command_that_fails_fails_the_run(project: Path) -> None:
    """The error has the exit code and what was printed."""
    (project / "stage_2_talk.commands").write_text(
        f"{PYTHON} -c \"import sys; sys.exit('no paper left')\"\n", encoding="utf-8"
    )

    done = gostage("run", ".", folder=project)

    assert done.code == 1
    assert "ended with exit code 1: no paper left" in done.out


def test_a_line_that_is_no_command_is_named(project: Path) -> None:
    """Nothing runs, and the error has the file and the line."""
    (project / "stage_2_talk.commands").write_text("\necho 'hello\n", encoding="utf-8")

    done = gostage("run", ".", folder=project)

    assert done.code == 5
    assert "no closing quotation" in done.err
    assert "stage_2_talk.commands:2" in done.err


def test_the_command_lists_the_commands(project: Path) -> None:
    """`gostage commands` runs none of them."""
    done = gostage("commands", folder=project)

    assert done.code == 0, done.err
    assert done.out.splitlines() == [
        "stage_2_talk.commands",
        f"  {sys.executable} -c 'print('\"'\"'so far, so good'\"'\"')'",
        f"  {sys.executable} --version",
    ]


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        pytest.param("drry = true", "did you mean 'dry'?", id="a name that is none"),
        pytest.param("dry = 1", "it has to be true or false", id="a wrong type"),
        pytest.param("timeout = 0", "it has to be a number of seconds above zero", id="no time"),
    ],
)
def test_a_wrong_setting_is_refused(project: Path, line: str, hint: str) -> None:
    """The error says what is wrong, and the command ends as for any wrong usage."""
    set_up(project, line)

    done = gostage("run", ".", folder=project)

    assert done.code == 4
    assert hint in done.err


@action(provides="version")
def ask_version(shell: gostage_commands.Shell) -> str:
    """Ask for the resource that the plugin brings."""
    return shell.run([sys.executable, "-c", "print(7)"]).strip()


def test_actions_in_python_can_ask_for_the_shell() -> None:
    """The resource `shell` comes with the plugin, in a runner of one's own too."""
    with Runner(plugins=[gostage_commands]) as runner:
        result = runner.run(Workflow("w").do(ask_version))

    assert result.raise_for_error().store["version"] == "7"


def test_the_settings_of_a_runner_count() -> None:
    """What `Runner(config=…)` says about the plugin is checked like a project's."""
    with pytest.raises(errors.ConfigError, match="'timeout'"):
        Runner(plugins=[gostage_commands], config={"commands": {"timeout": "long"}})
