"""`gostage config`, and that commands do what the configuration says."""

from __future__ import annotations

import json

import pytest

from gostage._app.settings import SETTINGS
from tests.cli.conftest import write
from tests.cli.shell import gostage

FLOW = """
from gostage import Workflow, action


@action
def greet(ctx, name="World"):
    ctx.log.debug("about to greet")
    ctx.log.info("hello %s", name)


flow = Workflow("hello").do(greet).sleep("nap", 3600)
short = Workflow("short").do(greet)
"""
SLOW = """
from gostage import hookimpl


@hookimpl
def gostage_report_header(config):
    return f"slow: {dict(config.section('slow'))}"
"""
PYPROJECT = """
[project]
name = "shop"

[tool.gostage]
plugins = ["slow"]
target = "greet.py:short"
quiet = 1
set = {name = "Ada"}

[tool.gostage.slow]
seconds = 2.5
since = 2024-05-17
"""


@pytest.fixture
def project(tmp_path):
    """A project with a configuration, a plugin and something to run."""
    files = {"pyproject.toml": PYPROJECT, "greet.py": FLOW, "slow.py": SLOW, "sub/a.txt": ""}
    write(tmp_path, files)
    return tmp_path


def test_every_setting_is_shown_with_its_origin(project) -> None:
    """One line for each: its name, its value, and where that comes from."""
    done = gostage("config", folder=project, env={"GOSTAGE_TIMEOUT": "30"})

    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[:2] == [f"root: {project}", f"file: {project / 'pyproject.toml'}"]
    assert lines[2].split() == ["setting", "value", "from"]
    rows = {line.split()[0]: " ".join(line.split()[1:]) for line in lines[3:]}
    assert list(rows) == [*(each.name for each in SETTINGS), "slow.seconds", "slow.since"]
    assert rows["plugins"] == "slow pyproject.toml:6"
    assert rows["quiet"] == "1 pyproject.toml:8"
    assert rows["set"] == '{"name": "Ada"} pyproject.toml:9'
    assert rows["timeout"] == "30 GOSTAGE_TIMEOUT"
    assert rows["detach"] == "false default"
    assert rows["target"] == "greet.py:short pyproject.toml:7"
    assert rows["slow.seconds"] == "2.5 pyproject.toml:12"
    assert rows["slow.since"] == "2024-05-17 pyproject.toml:13"


def test_the_settings_as_data(project) -> None:
    """With --json there is nothing else on standard output."""
    done = gostage("config", "--json", "-p", "no:slow", "--no-color", folder=project / "sub")

    rows = json.loads(done.out)
    assert rows["root"] == {"value": str(project), "origin": "folder of the file"}
    assert rows["plugins"] == {"value": ["slow", "no:slow"], "origin": "pyproject.toml:6, -p"}
    assert rows["color"] == {"value": False, "origin": "--no-color"}
    assert rows["progress"] == {"value": "auto", "origin": "default"}
    assert rows["tags"] == {"value": None, "origin": "default"}
    assert rows["set"] == {"value": {"name": "Ada"}, "origin": "pyproject.toml:9"}
    assert rows["slow.since"] == {"value": "2024-05-17", "origin": "pyproject.toml:13"}


@pytest.mark.parametrize(
    ("name", "out"),
    [
        ("target", "greet.py:short\n"),
        ("timeout", "\n"),
        ("exit_first", "false\n"),
        ("slow.seconds", "2.5\n"),
        ("plugins", "slow\n"),
        ("set", '{"name": "Ada"}\n'),
    ],
)
def test_one_setting_is_its_value_alone(project, name, out) -> None:
    """So that a script can use it."""
    done = gostage("config", name, folder=project)

    assert (done.code, done.out, done.err) == (0, out, "")


def test_one_setting_as_data_has_its_origin(project) -> None:
    """The same that stands under its name among all."""
    done = gostage("config", "quiet", "--json", folder=project)

    assert json.loads(done.out) == {"value": 1, "origin": "pyproject.toml:8"}


def test_the_name_of_a_plugin_is_for_all_its_settings(project) -> None:
    """They are shown as they are among the others."""
    done = gostage("config", "slow", "--json", folder=project)

    assert list(json.loads(done.out)) == ["slow.seconds", "slow.since"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("timout", "did you mean 'timeout'?"),
        ("slow.second", "did you mean 'slow.seconds' or 'slow.since'?"),
        ("slwo", "did you mean 'slow'?"),
        ("unheard-of", "`gostage config` lists what there is"),
    ],
)
def test_an_unknown_setting_is_wrong_usage(project, name, hint) -> None:
    """The closest name is offered."""
    done = gostage("config", name, folder=project)

    assert (done.code, done.out) == (4, "")
    assert done.err == f"gostage: there is no setting {name!r}\n  hint: {hint}\n"


def test_it_works_without_a_project(tmp_path) -> None:
    """Nothing has to be there."""
    done = gostage("config", "--json", folder=tmp_path)

    rows = json.loads(done.out)
    assert rows.pop("root") == {"value": str(tmp_path), "origin": "current folder"}
    assert rows.pop("file") == {"value": None, "origin": "none found"}
    assert {row["origin"] for row in rows.values()} == {"default"}
    assert "file: none\n" in gostage("config", folder=tmp_path).out


def test_a_target_that_cannot_be_found_does_not_hide_the_rest(project) -> None:
    """It is what one would want to look at."""
    write(project, {"pyproject.toml": "[tool.gostage]\ntarget = 'gone.py'\n"})

    assert gostage("config", "target", folder=project).out == "gone.py\n"


@pytest.mark.parametrize("command", ["config", "run", "list", "plugins"])
def test_a_mistake_in_the_file_ends_every_command(project, command) -> None:
    """The error has the file and the line."""
    write(project, {"pyproject.toml": "[tool.gostage]\ntimout = 3\n"})

    done = gostage(command, folder=project)

    assert (done.code, done.out) == (4, "")
    assert done.err == (
        "gostage: [tool.gostage] has no setting 'timout'\n"
        "  hint: did you mean 'timeout'?\n"
        f"  at: {project / 'pyproject.toml'}:2\n"
    )


def test_a_section_of_no_plugin_ends_the_command(project) -> None:
    """The plugins are known by then, though none is imported."""
    write(project, {"pyproject.toml": "[tool.gostage]\nplugins = ['slow']\nslo.x = 1\n"})

    done = gostage("config", folder=project)

    assert done.code == 4
    assert done.err == (
        "gostage: [tool.gostage.slo] has settings for plugin 'slo', which is not there\n"
        "  hint: did you mean 'slow'?\n"
        f"  at: {project / 'pyproject.toml'}:3\n"
    )


# -------------------------------------------------------------------- what commands make of it


def test_a_run_does_what_the_file_says(project) -> None:
    """The target, the values for the store, the plugin and its settings."""
    write(project, {"pyproject.toml": PYPROJECT.replace("quiet = 1", "")})

    done = gostage("run", folder=project)

    assert done.code == 0
    assert "slow: {'seconds': 2.5" in done.out
    assert "hello Ada" in done.err


def test_options_go_over_the_file(project) -> None:
    """A value for the store takes the place of that one key."""
    write(project, {"pyproject.toml": PYPROJECT.replace("quiet = 1", "")})

    done = gostage("run", "-s", "name=Bob", "-p", "no:slow", folder=project)

    assert "hello Bob" in done.err
    assert "slow" not in done.out


@pytest.mark.parametrize(
    ("line", "options", "shows_debug", "shows_report"),
    [
        ("", [], False, True),
        ("quiet = 1", [], False, False),
        ("verbose = 1", [], True, True),
        ("verbose = 1", ["-q"], False, False),
        ("quiet = 1", ["-v"], True, True),
    ],
)
def test_how_much_is_shown_may_be_configured(
    project, line, options, shows_debug, shows_report
) -> None:
    """An option on the command line goes over it."""
    write(project, {"pyproject.toml": f"[tool.gostage]\n{line}\n"})

    done = gostage("run", "greet:short", *options, folder=project)

    assert ("about to greet" in done.err) == shows_debug
    assert ("completed" in done.out) == shows_report


@pytest.mark.parametrize("color", ["true", "false"])
def test_colours_may_be_switched_off_for_good(project, color) -> None:
    """They are never forced where they do not belong."""
    write(project, {"pyproject.toml": f"[tool.gostage]\ncolor = {color}\n"})

    plain = gostage("run", "greet:short", folder=project)
    forced = gostage(
        "run", "greet:short", folder=project, env={"NO_COLOR": None, "FORCE_COLOR": "1"}
    )

    assert "\x1b" not in plain.out
    assert ("\x1b" in forced.out) == (color == "true")


def test_a_run_can_be_detached_and_limited_by_configuration(project) -> None:
    """The environment says it as well as the file."""
    detached = gostage("run", "-q", "greet:flow", folder=project, env={"GOSTAGE_DETACH": "1"})
    limited = gostage("run", "-q", "greet:flow", folder=project, env={"GOSTAGE_TIMEOUT": "0.01"})

    assert (detached.code, limited.code) == (6, 1)


@pytest.mark.parametrize(
    ("line", "options", "tries"),
    [
        ("", [], 3),
        ("", ["-x"], 1),
        ("exit-first = true", [], 1),
    ],
)
def test_a_run_may_end_at_its_first_failure(project, line, options, tries) -> None:
    """Nothing is retried with -x, which a project may want for good."""
    flow = """
from gostage import Retry, Workflow, action


@action(retry=Retry(attempts=3))
def fail():
    print("one try")
    raise ValueError("no")


flow = Workflow("w").do(fail)
"""
    write(project, {"failing.py": flow, "pyproject.toml": f"[tool.gostage]\n{line}\n"})

    done = gostage("run", "failing.py", *options, folder=project)

    assert done.code == 1
    assert done.out.splitlines().count("one try") == tries
