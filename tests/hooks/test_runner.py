"""Runners and plugins: what is given, what is installed, and what a project's folder brings."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import gostage
from gostage import Runner, Workflow, hookimpl, resource
from gostage.errors import ConfigError, PluginError
from tests.hygiene.pages import plain_environment

MARKS = """
from gostage import hookimpl

@hookimpl(wrapper=True)
def gostage_runner(run):
    run.store["seen"] = [*run.store.get("seen", list, default=[]), __name__]
    yield
"""


class Marks:
    """Leaves its mark in the store."""

    def __init__(self, mark="object"):
        self.mark = mark

    @hookimpl(wrapper=True)
    def gostage_runner(self, run):
        run.store["seen"] = [*run.store.get("seen", list, default=[]), self.mark]
        yield


def noop():
    """Do nothing."""


def seen(**options):
    """Run something with these options of a runner; gives the marks that were left."""
    result = gostage.run(Workflow("w").do("noop", noop), **options)
    result.raise_for_error()
    return result.store.get("seen", list, default=[])


def test_plugins_are_objects_modules_or_names(tmp_path: Path, monkeypatch) -> None:
    """All three forms, in the order they are given."""
    (tmp_path / "marks_one.py").write_text(MARKS)
    (tmp_path / "marks_two.py").write_text(MARKS)
    monkeypatch.syspath_prepend(tmp_path)
    import marks_one  # written a moment ago

    assert seen(plugins=[marks_one, "marks_two", Marks()]) == ["marks_one", "marks_two", "object"]


def test_two_objects_of_one_class_are_two_plugins() -> None:
    """The second is numbered."""
    assert seen(plugins=[Marks("one"), Marks("two")]) == ["one", "two"]


def test_one_object_twice_is_a_mistake() -> None:
    """One plugin cannot be called twice."""
    marks = Marks()

    with pytest.raises(PluginError, match="is given twice"):
        Runner(plugins=[marks, marks])


def test_a_runner_may_switch_a_plugin_off() -> None:
    """As `-p no:NAME` does; what is nearly a name is an error."""
    assert seen(plugins=[Marks("one"), "no:timing"]) == ["one"]
    with pytest.raises(PluginError, match="no plugin 'timng', which Runner"):
        Runner(plugins=["no:timng"])


@pytest.mark.parametrize("plugin", [None, 5, "os"])
def test_what_is_no_plugin_is_refused(plugin) -> None:
    """It would be accepted in silence and do nothing."""
    with pytest.raises(PluginError, match="has no hook and no resource"):
        Runner(plugins=[plugin])


def test_a_resource_may_be_a_method_of_a_plugin() -> None:
    """It is bound to its plugin, and made once for each run."""

    class Lends:
        def __init__(self, what):
            self.what = what

        @resource
        def lent(self):
            """Lend it."""
            yield self.what

    found = []

    def look(lent):
        found.append(lent)

    gostage.run(Workflow("w").do("look", look), plugins=[Lends("a thing")]).raise_for_error()

    assert found == ["a thing"]


def test_a_name_that_is_no_plugin_raises_at_once() -> None:
    """A mistake in a call is no failure of a run."""
    with pytest.raises(PluginError, match="no plugin 'no_such_plugin', which Runner"):
        Runner(plugins=["no_such_plugin"])


@pytest.mark.parametrize("plugins", ["timing", 7], ids=["a text", "a number"])
def test_plugins_must_be_a_list(plugins) -> None:
    """A text alone would be read letter by letter."""
    with pytest.raises(PluginError, match="plugins= must be a list"):
        Runner(plugins=plugins)


def test_a_folder_as_configuration_brings_its_plugins_and_its_stageconf(tmp_path: Path) -> None:
    """`[tool.gostage] plugins` come first, then stageconf.py from the root down."""
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "pyproject.toml").write_text("[tool.gostage]\nplugins = ['marks_config']\n")
    (tmp_path / "marks_config.py").write_text(MARKS)
    (tmp_path / "stageconf.py").write_text(MARKS.replace("__name__", "'outer conf'"))
    (inner / "stageconf.py").write_text(MARKS.replace("__name__", "'inner conf'"))

    assert seen(config=inner, plugins=[Marks()]) == [
        "marks_config",
        "object",
        "outer conf",
        "inner conf",
    ]


def test_a_mapping_as_configuration_holds_settings_and_sections() -> None:
    """A plugin finds its section, as it would in a file."""

    class Reads:
        GOSTAGE_API = 1

        @staticmethod
        def gostage_plugin(config):
            return Marks(config.section("reads")["mark"])

    Reads.__name__ = "reads"
    plugin = Reads()
    plugin.__name__ = "reads"

    assert seen(plugins=[plugin], config={"reads": {"mark": "from a mapping"}}) == [
        "from a mapping"
    ]


def test_an_unknown_setting_is_refused_with_the_closest_name() -> None:
    """As in a file or on the command line."""
    with pytest.raises(ConfigError) as caught:
        Runner(config={"timeot": 3})

    assert "timeout" in caught.value.hint


INSTALLED = """
import gostage, sys
from gostage import Workflow

result = gostage.run(Workflow("w").do("noop", lambda: None))
print(result.store.get("seen", list, default=[]))
print("marks_two" in sys.modules)
"""


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        pytest.param({}, "['marks_one', 'marks_two']\nTrue", id="all"),
        pytest.param({"GOSTAGE_PLUGINS": "no:two"}, "['marks_one']\nFalse", id="one is off"),
        pytest.param({"GOSTAGE_DISABLE_PLUGIN_AUTOLOAD": "1"}, "[]\nFalse", id="none"),
        pytest.param(
            {"GOSTAGE_DISABLE_PLUGIN_AUTOLOAD": "1", "GOSTAGE_PLUGINS": "two"},
            "['marks_two']\nTrue",
            id="one is asked for",
        ),
    ],
)
def test_installed_plugins_are_loaded_unless_they_are_switched_off(
    tmp_path: Path, environment: dict[str, str], expected: str
) -> None:
    """Being installed is enough; the environment may switch off one, or all."""
    for name in ("one", "two"):
        info = tmp_path / f"marks_{name}-1.0.dist-info"
        info.mkdir()
        (info / "entry_points.txt").write_text(f"[gostage]\n{name} = marks_{name}\n")
        (tmp_path / f"marks_{name}.py").write_text(MARKS)
    plain = plain_environment()
    path = ":".join(filter(None, (str(tmp_path), plain.get("PYTHONPATH", ""))))

    done = subprocess.run(
        [sys.executable, "-c", INSTALLED],
        env={**plain, "PYTHONPATH": path, **environment},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == expected
