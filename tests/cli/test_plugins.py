"""Plugins at the command line: installed, asked for, switched off, listed, and blamed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.cli.shell import gostage
from tests.hygiene.pages import plain_environment

LOUD = '''
"""Says things."""
import click
from gostage import hookimpl, resource


@resource
def volume():
    return 11


@hookimpl
def gostage_report_header(config):
    return f"loud is here, {config.section('loud').get('mood', 'calm')}"


@hookimpl(wrapper=True)
def gostage_action(ctx, action):
    ctx.log.info("LOUD %s", action.name)
    return (yield)


@hookimpl
def gostage_summary(result, console):
    console.print(f"loud says: {result.status}")


@hookimpl
def gostage_cli(group):
    @group.command("shout")
    @click.argument("word")
    def shout(word):
        """Say it loudly."""
        click.echo(word.upper())
'''
FLOW = """
from gostage import Workflow, action

@action
def work(ctx):
    ctx.log.info("working")

flow = Workflow("flow").stage("all", work)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a flow, and a plugin that is installed beside it."""
    site = tmp_path / "site"
    info = site / "gostage_loud-2.0.dist-info"
    info.mkdir(parents=True)
    (info / "entry_points.txt").write_text("[gostage]\nloud = gostage_loud\n")
    (site / "gostage_loud.py").write_text(LOUD)
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").write_text("[tool.gostage]\n")
    (folder / "flow.py").write_text(FLOW)
    return folder


@pytest.fixture
def installed(project: Path) -> dict[str, str]:
    """The environment in which the plugin is installed."""
    path = plain_environment().get("PYTHONPATH", "")
    return {"PYTHONPATH": os.pathsep.join(filter(None, (str(project.parent / "site"), path)))}


def test_installing_a_plugin_changes_a_run_and_no_takes_it_back(project, installed) -> None:
    """Header, wrapper and summary are there, and gone with `-p no:`."""
    without = gostage("run", "flow.py", folder=project)
    there = gostage("run", "flow.py", folder=project, env=installed)
    off = gostage("run", "flow.py", "-p", "no:loud", folder=project, env=installed)

    assert "loud is here, calm" in there.out
    assert "LOUD work" in there.err
    assert "loud says: completed" in there.out
    for done in (without, off):
        assert "loud" not in (done.out + done.err).lower()


def test_plugins_are_listed_with_order_and_origin(project, installed) -> None:
    """Name, status, distribution, version and hooks, and the commands they add."""
    done = gostage("plugins", "--json", folder=project, env=installed)
    listed = json.loads(done.out)

    loud = next(row for row in listed["plugins"] if row["name"] == "loud")
    assert loud["status"] == "active"
    assert loud["origin"] == "installed with gostage-loud 2.0"
    assert Path(loud["file"]).name == "gostage_loud.py"
    assert "gostage_action" in loud["hooks"]
    assert listed["commands"] == ["shout"]
    assert any(row["status"] == "not asked for" for row in listed["plugins"])


def test_a_plugin_that_is_off_is_listed_with_who_switched_it_off(project, installed) -> None:
    """The configuration may do so too."""
    (project / "pyproject.toml").write_text("[tool.gostage]\nplugins = ['no:loud']\n")

    done = gostage("plugins", folder=project, env=installed)

    line = next(line for line in done.out.splitlines() if line.startswith("loud"))
    assert "off (pyproject.toml:2)" in line


def test_the_implementations_of_a_hook_are_listed_in_order(project, installed) -> None:
    """Installed plugins come before `stageconf.py`; wrappers are marked."""
    (project / "stageconf.py").write_text(
        "from gostage import hookimpl\n"
        "@hookimpl(wrapper=True)\n"
        "def gostage_action(ctx, action):\n"
        "    return (yield)\n"
    )

    done = gostage("hooks", "gostage_action", "--json", folder=project, env=installed)

    (hook,) = json.loads(done.out)
    calls = [call for call in hook["calls"] if call["origin"] != "built in"]
    assert [(call["plugin"], call["marks"]) for call in calls] == [
        ("loud", ["wrapper"]),
        ("stageconf.py", ["wrapper"]),
    ]
    assert calls[1]["line"] == 2
    assert hook["arguments"] == ["ctx", "action"]
    assert hook["manual"].startswith("Wrap one call of one action")


def test_every_hook_is_listed_with_what_it_is_for(project) -> None:
    """Without a name, one line for each."""
    from gostage import hookspecs

    done = gostage("hooks", folder=project)

    names = [name for name in hookspecs.__all__ if name.startswith("gostage_")]
    assert all(any(line.startswith(name) for line in done.out.splitlines()) for name in names)


def test_an_unknown_hook_gets_the_closest_names(project) -> None:
    """Exit code 4, as for every name that is not there."""
    done = gostage("hooks", "gostage_acton", folder=project)

    assert done.code == 4
    assert "there is no hook 'gostage_acton'" in done.err
    assert "'gostage_action'" in done.err


def test_a_command_of_a_plugin_is_a_command(project, installed) -> None:
    """It is found by its name, has a help, and is unknown without the plugin."""
    done = gostage("shout", "hello", folder=project, env=installed)
    without = gostage("shout", "hello", folder=project)

    assert (done.code, done.out) == (0, "HELLO\n")
    assert "Say it loudly." in gostage("shout", "--help", folder=project, env=installed).out
    assert without.code == 4
    assert "no such command 'shout'" in without.err


def test_a_command_of_a_plugin_that_fails_is_not_called_our_bug(project, installed) -> None:
    """It is named, and ends with 1."""
    file = project.parent / "site" / "gostage_loud.py"
    file.write_text(LOUD.replace("click.echo(word.upper())", "raise ValueError(word)"))

    done = gostage("shout", "hello", folder=project, env=installed)

    assert done.code == 1
    assert "command 'shout', which a plugin adds, failed: ValueError: hello" in done.err


def test_a_command_that_is_nearly_a_plugins_gets_its_name(project, installed) -> None:
    """Did-you-mean knows the commands of plugins."""
    done = gostage("shuot", folder=project, env=installed)

    assert "did you mean 'shout' or 'show'?" in done.err


def test_a_section_of_the_configuration_reaches_its_plugin(project, installed) -> None:
    """`[tool.gostage.loud]` is the plugin's own."""
    (project / "pyproject.toml").write_text("[tool.gostage.loud]\nmood = 'merry'\n")

    done = gostage("run", "flow.py", folder=project, env=installed)

    assert "loud is here, merry" in done.out


def test_help_imports_no_plugin(project, installed) -> None:
    """Not even one that could not be imported."""
    (project.parent / "site" / "gostage_loud.py").write_text("raise SystemExit('imported')\n")

    for words in (["--help"], ["run", "--help"], ["--version"]):
        assert gostage(*words, folder=project, env=installed).code == 0


@pytest.mark.parametrize(
    ("source", "message"),
    [
        pytest.param(
            "import nowhere_to_be_found\n",
            "plugin 'loud' (installed with gostage-loud 2.0) cannot be loaded: "
            "ModuleNotFoundError: No module named 'nowhere_to_be_found'",
            id="it cannot be imported",
        ),
        pytest.param(
            "from gostage import hookimpl\n\n@hookimpl\ndef gostage_configure():\n    1 / 0\n",
            "plugin 'loud' failed in hook gostage_configure: ZeroDivisionError: division by zero",
            id="it cannot be configured",
        ),
        pytest.param(
            "from gostage import hookimpl\n\n@hookimpl\ndef gostage_configre(config):\n    pass\n",
            "plugin 'loud' implements 'gostage_configre', and there is no such hook",
            id="it has an unknown hook",
        ),
        pytest.param("def broken(:\n", "SyntaxError", id="its syntax is wrong"),
    ],
)
def test_a_broken_plugin_is_named_with_file_and_line(
    project, installed, source: str, message: str
) -> None:
    """The command ends with 4 before anything runs, and says how to go on without the plugin."""
    (project.parent / "site" / "gostage_loud.py").write_text(source)

    done = gostage("run", "flow.py", folder=project, env=installed)
    without = gostage("run", "flow.py", "-p", "no:loud", folder=project, env=installed)

    assert done.code == 4
    assert message in done.err
    assert "gostage_loud.py:" in done.err
    assert without.code == 0


def test_an_unknown_plugin_gets_the_closest_names(project, installed) -> None:
    """Those that are installed, whether they are loaded or wait to be asked for."""
    done = gostage("run", "flow.py", "-p", "timng", folder=project)
    off = gostage("run", "flow.py", "-p", "no:lod", folder=project, env=installed)

    assert (done.code, off.code) == (4, 4)
    assert "did you mean 'timing'" in done.err
    assert "did you mean 'loud'?" in off.err


def test_options_of_plugins_stand_before_or_after_the_command(project) -> None:
    """Several add up, in the order they stand in."""
    done = gostage("-p", "timing", "plugins", "--json", "-p", "audit", folder=project)

    active = [row["name"] for row in json.loads(done.out)["plugins"] if row["status"] == "active"]
    assert active[-2:] == ["timing", "audit"]


def test_a_module_beside_the_project_can_be_asked_for(project) -> None:
    """`-p module` takes anything that can be imported from here."""
    (project / "local_plugin.py").write_text(LOUD)

    done = gostage("run", "flow.py", "-p", "local_plugin", folder=project)

    assert "loud is here" in done.out


def test_a_stageconf_brings_hooks_and_resources_to_its_folder(project) -> None:
    """Its resources are found by the actions of the folder, the nearest first."""
    (project / "stageconf.py").write_text(
        "from gostage import resource\n@resource\ndef level():\n    return 'outer'\n"
    )
    inner = project / "inner"
    inner.mkdir()
    (inner / "stage_1.py").write_text(
        "from gostage import action\n@action(provides='seen')\ndef look(level):\n    return level\n"
    )

    outer = gostage("run", "inner", "--json", folder=project)
    (inner / "stageconf.py").write_text(
        "from gostage import resource\n@resource\ndef level():\n    return 'inner'\n"
    )
    nearer = gostage("run", "inner", "--json", folder=project)

    assert json.loads(outer.out)["store"]["seen"] == "outer"
    assert json.loads(nearer.out)["store"]["seen"] == "inner"


@pytest.mark.parametrize("hook", ["gostage_configure", "gostage_collection_modify"])
def test_a_hook_that_exits_does_not_end_the_command_in_silence(project, hook: str) -> None:
    """Nothing has run, so the command must not end with 0."""
    (project / "stageconf.py").write_text(
        "import sys\nfrom gostage import hookimpl\n"
        f"@hookimpl\ndef {hook}(config):\n    sys.exit(0)\n"
    )

    done = gostage("run", "flow.py", folder=project)

    assert done.code == 4
    assert f"plugin 'stageconf.py' failed in hook {hook}: SystemExit: 0" in done.err


@pytest.mark.parametrize("value", ["5", "'text'", "[5]"])
def test_what_is_no_stage_is_refused(project, value: str) -> None:
    """`gostage_collect_file` gives stages, or nothing."""
    (project / "stage_1.py").write_text("from gostage import action\n@action\ndef a(): ...\n")
    (project / "page.txt").write_text("text")
    (project / "stageconf.py").write_text(
        "from gostage import hookimpl\n"
        f"@hookimpl\ndef gostage_collect_file(path):\n    return {value}\n"
    )

    done = gostage("run", ".", folder=project)

    assert done.code == 4
    assert "which is no stage" in done.err


def test_a_stageconf_that_is_a_link_to_nowhere_is_missed(project) -> None:
    """Its middleware would be missing in silence."""
    (project / "stageconf.py").symlink_to(project / "nowhere.py")

    done = gostage("run", "flow.py", folder=project)

    assert done.code == 4
    assert "plugin 'stageconf.py' (stageconf.py) cannot be loaded" in done.err


def test_a_plugin_that_is_there_anyway_may_be_asked_for(project, installed) -> None:
    """Built-in and installed ones are not loaded twice."""
    for name in ("capture", "loud"):
        done = gostage("plugins", "--json", "-p", name, folder=project, env=installed)
        names = [row["name"] for row in json.loads(done.out)["plugins"]]
        assert names.count(name) == 1


def test_a_file_is_no_name_of_a_plugin(project) -> None:
    """But its module is."""
    done = gostage("run", "flow.py", "-p", "./mine.py", folder=project)

    assert done.code == 4
    assert "a plugin is the name of a module: mine" in done.err


def test_a_cleanup_that_fails_leaves_the_exit_code(project) -> None:
    """It is said, and the run is what it was."""
    (project / "stageconf.py").write_text(
        "from gostage import hookimpl\n@hookimpl\ndef gostage_unconfigure(config):\n    1 / 0\n"
    )

    done = gostage("run", "flow.py", folder=project)

    assert done.code == 0
    assert "plugin 'stageconf.py' failed in hook gostage_unconfigure: ZeroDivisionError" in done.err
