"""The example of a plugin package: what changes when it is installed, and when it is switched off.

It is put on the import path in the form pip installs it; `.ci/run` has pip do it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.shell import Done, environment, gostage

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., Done]

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "examples" / "plugin"

WORK = "from gostage import action\n\n\n@action\ndef work():\n    print('at work')\n"
CONF = """
from gostage import hookimpl


@hookimpl(wrapper=True)
def gostage_action(ctx, action):
    return (yield)
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """A folder with the package as pip installs it."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(PACKAGE / "src", folder, dirs_exist_ok=True)
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    name, version = project["name"], project["version"]
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    lines = [f"{key} = {value}" for key, value in project["entry-points"]["gostage"].items()]
    (info / "entry_points.txt").write_text("\n".join(["[gostage]", *lines]), encoding="utf-8")
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8"
    )
    return folder


@pytest.fixture
def project(tmp_path) -> Path:
    """A project that knows nothing of the plugin, but has a file for it."""
    (tmp_path / "stage_1.py").write_text(WORK, encoding="utf-8")
    (tmp_path / "stage_2.commands").write_text(
        f'"{sys.executable}" -c "print(40 + 2)"\n', encoding="utf-8"
    )
    return tmp_path


@pytest.fixture
def with_plugin(site, project) -> Run:
    """Run `gostage` in the project where the plugin is installed."""
    return lambda *words: gostage(*words, folder=project, env=installed(site))


def installed(site: Path) -> dict[str, str]:
    return {"PYTHONPATH": os.pathsep.join([str(ROOT), str(site)])}


def timeless(done: Done) -> tuple[int, str, str]:
    """What a command left behind, without the times it took."""
    return done.code, re.sub(r"\d+\.\d+s", "…s", done.out), done.err


def test_installing_it_changes_a_run(project, with_plugin) -> None:
    """The same command in the same folder: one more stage, and lines before and after."""
    before, after = gostage("run", ".", folder=project), with_plugin("run", ".")

    assert (before.code, after.code) == (0, 0), before.err + after.err
    assert "stage_1" in before.out
    assert "stage_2" not in before.out
    assert "commands" not in before.out
    assert "commands: at most 60 s each" in after.out
    assert "stage_2" in after.out
    assert "commands: 1 done" in after.out
    assert "INFO    42" in after.err


def test_switched_off_it_is_as_if_it_were_not_there(project, with_plugin) -> None:
    """With `-p no:commands` the output is the one from before it was installed."""
    before = gostage("run", ".", folder=project)

    assert timeless(with_plugin("run", ".", "-p", "no:commands")) == timeless(before)
    assert timeless(with_plugin("-p", "no:commands", "run", ".")) == timeless(before)


def test_plugins_says_where_it_comes_from(with_plugin) -> None:
    """Name, distribution, version, file, its hooks, and the command it adds."""
    data = json.loads(with_plugin("plugins", "--json").out)

    (row,) = [row for row in data["plugins"] if row["name"] == "commands"]
    assert row["status"] == "active"
    assert "gostage-commands 1.0.0" in row["origin"]
    assert Path(row["file"]).parts[-2:] == ("gostage_commands", "__init__.py")
    assert row["hooks"] == [
        "gostage_cli",
        "gostage_collect_file",
        "gostage_action",
        "gostage_report_header",
        "gostage_summary",
    ]
    assert data["commands"] == ["commands"]


@pytest.mark.parametrize("name", ["commands", "gostage_commands"], ids=["name", "module"])
def test_asked_for_as_well_it_is_loaded_once(with_plugin, name) -> None:
    """The name it is installed as and the name of its module mean one plugin."""
    data = json.loads(with_plugin("plugins", "-p", name, "--json").out)

    active = [row["name"] for row in data["plugins"] if row["status"] == "active"]
    assert active.count("commands") == 1
    assert "gostage_commands" not in active


def test_hooks_says_when_it_is_called(project, with_plugin) -> None:
    """An installed plugin is outside those of the project's own folders."""
    (project / "stageconf.py").write_text(CONF, encoding="utf-8")

    (row,) = json.loads(with_plugin("hooks", "gostage_action", "--json").out)

    last = row["calls"][-2:]  # what is built in stands before them
    assert [call["plugin"] for call in last] == ["commands", "stageconf.py"]
    assert [call["marks"] for call in last] == [["wrapper"], ["wrapper"]]


@pytest.mark.slow
def test_its_own_tests_pass(site, tmp_path) -> None:
    """They use nothing but what is public."""
    copy = shutil.copytree(PACKAGE, tmp_path / "plugin")
    command = [sys.executable, "-m", "pytest", "-q", f"--basetemp={tmp_path / 'base'}"]

    done = subprocess.run(
        command,
        cwd=copy,
        env=environment(installed(site)),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
