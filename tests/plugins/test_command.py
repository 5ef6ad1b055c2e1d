"""First-party plugins at the command line: asked for by name, with settings of the project."""

from __future__ import annotations

import json

import pytest

from tests.cli.shell import gostage
from tests.plugins.test_examples import PLUGINS

FLOW = """
from gostage import action

@action(tags=["io"], provides="answer")
def work():
    return 42
"""
NEEDED = {
    "concurrency": "io = 1",
    "notification": 'handlers = ["builtins:repr"]',
}


@pytest.fixture
def project(tmp_path):
    """A folder with one stage."""
    tmp_path.joinpath("stage_1.py").write_text(FLOW, encoding="utf-8")
    return tmp_path


def configure(project, text: str) -> None:
    """Write the project's configuration."""
    project.joinpath("pyproject.toml").write_text(text, encoding="utf-8")


def test_none_is_loaded_unless_somebody_asks(project):
    """All of them are listed, and wait."""
    configure(project, "[tool.gostage]\n")
    done = gostage("plugins", "--json", folder=project)
    listed = {each["name"]: each["status"] for each in json.loads(done.out)["plugins"]}

    assert {listed[name] for name in PLUGINS} == {"not asked for"}


@pytest.mark.parametrize("name", PLUGINS)
def test_each_is_loaded_by_its_name(project, name):
    """`-p NAME`, with dashes or underscores; its settings are in the table of that name."""
    configure(project, f"[tool.gostage]\n[tool.gostage.{name}]\n{NEEDED.get(name, '')}\n")
    done = gostage("-p", name.replace("_", "-"), "run", ".", "--json", folder=project)

    assert done.code == 0, done.err
    assert json.loads(done.out)["status"] == "completed"


@pytest.mark.parametrize("name", PLUGINS)
def test_a_setting_that_none_has_is_refused(project, name):
    """It is a mistake of use, said before anything runs; a tag that limits is no typo."""
    configure(project, f"[tool.gostage]\n[tool.gostage.{name}]\nno_such_setting = 'x'\n")
    done = gostage("-p", name, "run", ".", folder=project)

    assert done.code == 4
    assert "no_such_setting" in done.err
    assert "hint: " in done.err


def test_several_show_their_summaries_in_their_order(project):
    """The first that is asked for is the first to say something."""
    stage = FLOW.replace("return 42", "raise KeyError('rows')")
    project.joinpath("stage_1.py").write_text(stage, encoding="utf-8")
    configure(
        project,
        '[tool.gostage]\nplugins = ["error-handling", "timing"]\n'
        '[tool.gostage.error_handling]\nignore = ["KeyError"]\n',
    )
    done = gostage("run", ".", folder=project)

    assert done.code == 0, done.err
    lines = [line for line in done.out.splitlines() if ": " in line]
    assert lines[-2:] == ["error handling: ignored KeyError, once", "timing: the slowest"]


def test_the_audit_file_is_in_the_root_of_the_project(project):
    """Wherever the command is called from."""
    configure(project, '[tool.gostage]\nplugins = ["audit"]\n')
    elsewhere = project / "deeper"
    elsewhere.mkdir()
    done = gostage("run", "..", folder=elsewhere)

    assert done.out.startswith(f"audit: {project / 'audit.jsonl'}\n")
    assert project.joinpath("audit.jsonl").is_file()
