"""Standard streams that are closed or full, as a daemon or a full disk has them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.shell import environment, gostage

FLOW = """
from gostage import Workflow, action

@action
def work(ctx):
    print("from print")
    ctx.log.info("from the log")

flow = Workflow("flow").stage("all", work)
"""
COMMANDS = {
    "run": "run flow.py",
    "run --json": "run flow.py --json",
    "list": "list flow.py",
    "list --json": "list flow.py --json",
    "config": "config",
    "check": "check flow.py",
    "--version": "--version",
}


def shell(command: str, redirect: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the command in a shell that redirects its streams."""
    (folder / "flow.py").write_text(FLOW)
    return subprocess.run(
        ["/bin/sh", "-c", f'exec "{sys.executable}" -m gostage {command} {redirect}'],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("redirect", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_closed_stream_is_no_error(tmp_path: Path, command: str, redirect: str) -> None:
    """What nobody can read goes nowhere; the exit code is that of the work."""
    assert shell(command, redirect, tmp_path).returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_full_disk_is_said_in_one_sentence(tmp_path: Path, command: str) -> None:
    """Exit code 1, and nobody is told that it is a bug."""
    done = shell(command, ">/dev/full", tmp_path)

    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert "bug" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["run flow.py --json", "list flow.py", "hooks", "config"])
def test_a_reader_that_goes_away_is_no_error(tmp_path: Path, command: str) -> None:
    """As with `| head`: nothing is said about it."""
    done = shell(command, "| true", tmp_path)

    assert done.returncode == 0
    assert "Broken pipe" not in done.stderr


def test_a_report_begins_on_a_line_of_its_own(tmp_path: Path) -> None:
    """Whatever the user's code printed last."""
    (tmp_path / "ask.py").write_text(
        "from gostage import Workflow\n"
        "def ask():\n"
        "    print('name? ', end='')\n"
        "flow = Workflow('flow').do(ask)\n"
    )

    done = gostage("run", "ask.py", folder=tmp_path)

    assert done.out.splitlines()[:2] == ["name? ", done.out.splitlines()[1]]
    assert done.out.splitlines()[1].startswith("✓ ask")


def test_a_file_that_hides_a_module_of_python_is_named(tmp_path: Path) -> None:
    """It breaks whoever imports that module, gostage too."""
    (tmp_path / "logging.py").write_text("")
    (tmp_path / "flow.py").write_text(FLOW)

    done = gostage("run", "flow.py", folder=tmp_path)

    assert done.code == 4
    assert "logging.py' hides the module 'logging' of Python" in done.err


def test_a_folder_that_is_gone_is_said_to_be(tmp_path: Path) -> None:
    """Nothing can be looked up from there."""
    done = shell("run flow.py", "", tmp_path)
    gone = subprocess.run(
        [
            "/bin/sh",
            "-c",
            f'mkdir gone && cd gone && rmdir ../gone && "{sys.executable}" -m gostage run x',
        ],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0
    assert gone.returncode == 4
    assert "the current folder is gone" in gone.stderr


@pytest.mark.parametrize(
    "body", ["sys.stdout.close()", "sys.stdout = io.StringIO()"], ids=["closed", "replaced"]
)
def test_an_action_that_loses_standard_output_does_not_lose_the_report(
    tmp_path: Path, body: str
) -> None:
    """What became of the run is told all the same."""
    (tmp_path / "flow.py").write_text(
        "import io, sys\nfrom gostage import Workflow, action\n"
        f"@action\ndef lose():\n    {body}\n"
        "flow = Workflow('flow').do(lose)\n"
    )

    done = gostage("run", "flow.py", folder=tmp_path)

    assert done.code == 0
    assert "flow completed" in done.out + done.err
