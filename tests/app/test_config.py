"""The configuration: where the root is, what each source says, and which of them counts."""

from __future__ import annotations

import json
import math
import pickle
import sys
from pathlib import Path

import pytest

from gostage._app.config import Config, Wanted
from gostage._app.pyproject import find_root
from gostage._app.settings import SETTINGS
from gostage.errors import ConfigError, NotFound


@pytest.fixture
def project(tmp_path):
    """A function that writes the `pyproject.toml` of a folder, and gives the folder."""

    def write(text, folder="."):
        place = tmp_path / folder
        place.mkdir(parents=True, exist_ok=True)
        (place / "pyproject.toml").write_text(text, encoding="utf-8")
        return place

    return write


def read(start=None, flags=None, environ=None, given=None):
    """Read a configuration that knows nothing of the test's own environment."""
    return Config.read(start, flags, environ or {}, given)


# -------------------------------------------------------------------- the root


def test_the_nearest_folder_with_our_table_is_the_root(project) -> None:
    """A nearer `pyproject.toml` that says nothing about gostage is passed over."""
    top = project("[tool.gostage]\n")
    project("[project]\nname = 'part'\n", "part")
    start = top / "part" / "flows"
    start.mkdir()

    root = find_root(start)

    assert (root.folder, root.pyproject) == (top, top / "pyproject.toml")


def test_without_our_table_the_nearest_pyproject_is_the_roots(project) -> None:
    """It marks a project, even if it never mentions gostage."""
    project("[project]\nname = 'all'\n")
    part = project("[project]\nname = 'part'\ndependencies = ['gostage']\n", "part")

    assert find_root(part).folder == part


def test_without_any_file_the_start_is_the_root(tmp_path) -> None:
    """There is nothing above it that would say otherwise."""
    root = find_root(tmp_path)

    assert (root.folder, root.pyproject) == (tmp_path, None)


def test_the_root_of_a_file_is_looked_for_from_its_folder(project) -> None:
    """A file is no folder, so its own is where the way begins."""
    folder = project("[tool.gostage]\n")
    (folder / "flow.py").write_text("", encoding="utf-8")

    assert find_root(folder / "flow.py").folder == folder


def test_a_start_may_be_relative_and_go_upward(project, monkeypatch) -> None:
    """Dots are worked out before anything is looked for."""
    top = project("[tool.gostage]\n")
    for name in ("a", "b"):
        (top / name).mkdir()
    monkeypatch.chdir(top / "a")

    assert find_root(Path("../b")).folder == top


def test_links_are_kept(project, tmp_path) -> None:
    """The root is above the path that the user went, not where a link leads to."""
    folder = project("[tool.gostage]\n", "real")
    (tmp_path / "link").symlink_to(folder, target_is_directory=True)

    assert find_root(tmp_path / "link").folder == tmp_path / "link"


def test_a_folder_of_that_name_is_no_file(tmp_path) -> None:
    """A folder called `pyproject.toml` says nothing."""
    (tmp_path / "pyproject.toml").mkdir()

    assert find_root(tmp_path).pyproject is None


def test_a_file_that_is_passed_over_may_be_broken(project) -> None:
    """Only the root's file has to be readable."""
    top = project("[tool.gostage]\ntimeout = 5\n")
    part = project("this is no TOML, and gostage is in it\n", "part")

    assert read(part)["timeout"] == 5
    assert read(part).root == top


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        pytest.param("[tool.gostage]\ntimeout = \n", "line 2, column 11", 2, id="a lacking value"),
        pytest.param("x = 1\n[tool.gostage\n", "line 2", 2, id="an open bracket"),
        pytest.param("[tool.gostage]\nset = {", "is not TOML", 2, id="an early end"),
        pytest.param("# gostage\nx = 1\nx = 2\n", "is not TOML", 3, id="without the table"),
    ],
)
def test_a_root_that_is_no_toml_is_told_with_its_line(project, text, message, line) -> None:
    """The error has file, line and column, and shows the line."""
    folder = project(text)

    with pytest.raises(ConfigError, match=message) as caught:
        read(folder)

    assert (caught.value.where.file, caught.value.where.line) == (
        str(folder / "pyproject.toml"),
        line,
    )
    assert "mend it" in caught.value.hint


def test_a_root_in_another_encoding_is_told(tmp_path) -> None:
    """TOML is UTF-8."""
    (tmp_path / "pyproject.toml").write_bytes(b"[tool.gostage]\ntarget = '\xe9'\n")

    with pytest.raises(ConfigError, match="it is not UTF-8"):
        read(tmp_path)


def test_a_byte_order_mark_is_no_error(tmp_path) -> None:
    """Some editors write one."""
    (tmp_path / "pyproject.toml").write_bytes(b"\xef\xbb\xbf[tool.gostage]\r\ntimeout = 5\r\n")

    assert read(tmp_path).origin("timeout") == "pyproject.toml:2"


def test_a_root_that_cannot_be_opened_is_told(tmp_path) -> None:
    """It might hold what the run needs."""
    (tmp_path / "pyproject.toml").symlink_to("pyproject.toml")

    with pytest.raises(ConfigError, match="cannot be read: Too many levels of symbolic links"):
        read(tmp_path)


def test_our_table_has_to_be_one(project) -> None:
    """`gostage = 3` under `[tool]` is no table."""
    folder = project("[tool]\ngostage = 3\n")

    with pytest.raises(ConfigError, match=r"'tool\.gostage' is 3") as caught:
        read(folder)

    assert caught.value.where.line == 2


def test_a_tool_that_is_no_table_says_nothing(project) -> None:
    """It is somebody else's mistake."""
    assert read(project("tool = 'gostage'\n"))["timeout"] is None


# -------------------------------------------------------------------- one source


def test_every_setting_has_its_default() -> None:
    """Without any source each setting is there, and comes from nowhere."""
    config = read()

    assert {name: config[name] for name in config} == {each.name: each.default for each in SETTINGS}
    assert {config.origin(name) for name in config} == {"default"}
    assert config.autoload


def test_the_file_says_what_counts(project) -> None:
    """Each value has its line."""
    folder = project(
        """
[project]
name = "shop"

[tool.gostage]
target = "flows"
plugins = [
  "timing",
  "no:audit",
]
"timeout" = 2.5  # seconds
verbose = 2
stage = ["load"]

[tool.gostage.set]
name = "Ada"
"""
    )
    config = read(folder)

    assert {name: config.origin(name) for name in config if config.origin(name) != "default"} == {
        "target": "pyproject.toml:6",
        "plugins": "pyproject.toml:7",
        "timeout": "pyproject.toml:11",
        "verbose": "pyproject.toml:12",
        "stage": "pyproject.toml:13",
        "set": "pyproject.toml:15",
    }
    assert config["set"] == {"name": "Ada"}
    assert config["stage"] == ("load",)
    assert config.plugins == (
        Wanted("timing", False, "pyproject.toml:7"),
        Wanted("audit", True, "pyproject.toml:7"),
    )


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        pytest.param("[tool]\ngostage.timeout = 5\n", "pyproject.toml:2", id="a dotted key"),
        pytest.param("[tool]\ngostage = {timeout = 5}\n", "pyproject.toml:2", id="an inline table"),
        pytest.param("tool.gostage.timeout = 5\n", "pyproject.toml:1", id="no table at all"),
        pytest.param(
            "[ tool . 'gostage' ] # ours\n\ntimeout=5\n", "pyproject.toml:3", id="an odd header"
        ),
        pytest.param(
            'text = """\n[a-very-long-link-in-some-text-that-goes-on](x)\n"""\n[tool.gostage]\n'
            "timeout = 5\n",
            "pyproject.toml:5",
            id="text like a header",
        ),
    ],
)
def test_the_line_is_found_however_it_is_written(project, text, origin) -> None:
    """TOML has many ways to say one thing."""
    config = read(project(text))

    assert (config["timeout"], config.origin("timeout")) == (5, origin)


@pytest.mark.parametrize(
    ("variable", "text", "name", "value"),
    [
        pytest.param("GOSTAGE_TARGET", "flows", "target", "flows", id="text"),
        pytest.param("GOSTAGE_TIMEOUT", "2.5", "timeout", 2.5, id="seconds"),
        pytest.param("GOSTAGE_STAGE", "a,b  c", "stage", ("a", "b", "c"), id="texts"),
        pytest.param("GOSTAGE_PLUGINS", "a, no:b", "plugins", ("a", "no:b"), id="names"),
        pytest.param("GOSTAGE_DETACH", "1", "detach", True, id="1"),
        pytest.param("GOSTAGE_DETACH", "TRUE", "detach", True, id="true"),
        pytest.param("GOSTAGE_DETACH", "yes", "detach", True, id="yes"),
        pytest.param("GOSTAGE_DETACH", "on", "detach", True, id="on"),
        pytest.param("GOSTAGE_COLOR", "0", "color", False, id="0"),
        pytest.param("GOSTAGE_COLOR", "False", "color", False, id="false"),
        pytest.param("GOSTAGE_COLOR", "no", "color", False, id="no"),
        pytest.param("GOSTAGE_COLOR", "off", "color", False, id="off"),
        pytest.param("GOSTAGE_PROGRESS", "auto", "progress", "auto", id="auto"),
        pytest.param("GOSTAGE_PROGRESS", "off", "progress", False, id="no progress"),
        pytest.param("GOSTAGE_VERBOSE", "2", "verbose", 2, id="a count"),
        pytest.param("GOSTAGE_QUIET", "true", "quiet", 1, id="a count as a switch"),
        pytest.param("GOSTAGE_EXIT_FIRST", "1", "exit-first", True, id="two words"),
        pytest.param("GOSTAGE_SET", '{"a": [1]}', "set", {"a": [1]}, id="a table"),
        pytest.param("GOSTAGE_SET__NAME", "Ada", "set", {"name": "Ada"}, id="a key of a table"),
        pytest.param("GOSTAGE_SET__rowCount", "3", "set", {"rowCount": 3}, id="a key as it is"),
    ],
)
def test_a_variable_says_it_in_text(variable, text, name, value) -> None:
    """The name in capitals, and the value as people write it."""
    config = read(environ={variable: text})

    assert config[name] == value
    assert config.origin(name) == variable


def test_an_empty_variable_says_nothing() -> None:
    """As if it was not set."""
    assert read(environ={"GOSTAGE_TIMEOUT": "", "GOSTAGE_DETACH": ""})["timeout"] is None


def test_plugins_may_be_kept_from_loading_by_themselves() -> None:
    """The variable switches off what is loaded for being installed."""
    assert not read(environ={"GOSTAGE_DISABLE_PLUGIN_AUTOLOAD": "1"}).autoload
    assert read(environ={"GOSTAGE_DISABLE_PLUGIN_AUTOLOAD": "0"}).autoload
    assert not read(given={"disable-plugin-autoload": True}).autoload


def test_the_environment_is_that_of_the_process(monkeypatch) -> None:
    """Unless another one is given."""
    monkeypatch.setenv("GOSTAGE_TIMEOUT", "7")

    assert Config.read(None)["timeout"] == 7


@pytest.mark.parametrize(
    ("flags", "origin"),
    [
        pytest.param({"timeout": 3.0}, "--timeout", id="a value"),
        pytest.param({"progress": True}, "--progress", id="a switch"),
        pytest.param({"progress": False}, "--no-progress", id="a switch that is off"),
        pytest.param({"exit-first": True}, "--exit-first", id="two words"),
        pytest.param({"plugins": ["timing"]}, "-p", id="plugins"),
    ],
)
def test_what_is_given_on_the_command_line_has_its_option(flags, origin) -> None:
    """The origin is what the user typed."""
    [(name, value)] = flags.items()
    config = read(flags=flags)

    assert config.origin(name) == origin
    assert config[name] == (tuple(value) if isinstance(value, list) else value)


@pytest.mark.parametrize("name", ["exit-first", "exit_first", "EXIT_FIRST"])
def test_a_name_has_one_meaning_however_it_is_spelled(name) -> None:
    """Dashes, underscores and capitals make no other setting."""
    config = read(given={name: True})

    assert config["exit-first"] is True
    assert config["exit_first"] is True
    assert name in config


# -------------------------------------------------------------------- which one counts


def test_the_source_of_the_highest_rank_counts(project) -> None:
    """File, environment, command line, Python: each goes over the ones before."""
    folder = project("[tool.gostage]\ntimeout = 1\n")
    environ, flags, given = {"GOSTAGE_TIMEOUT": "2"}, {"timeout": 3.0}, {"timeout": 4}

    ranks = [
        read(folder),
        read(folder, environ=environ),
        read(folder, flags, environ),
        read(folder, flags, environ, given),
    ]

    assert [(config["timeout"], config.origin("timeout")) for config in ranks] == [
        (1, "pyproject.toml:2"),
        (2, "GOSTAGE_TIMEOUT"),
        (3, "--timeout"),
        (4, "Runner(config=…)"),
    ]


def test_plugins_add_up_and_each_keeps_its_origin(project) -> None:
    """Nothing is forgotten, so that the later of two for one plugin can count."""
    folder = project("[tool.gostage]\nplugins = ['timing', 'audit']\n")
    config = read(
        folder,
        flags={"plugins": ["no:retry"]},
        environ={"GOSTAGE_PLUGINS": "no:timing retry"},
        given={"plugins": ["timing"]},
    )

    assert [(each.name, each.is_off, each.origin) for each in config.plugins] == [
        ("timing", False, "pyproject.toml:2"),
        ("audit", False, "pyproject.toml:2"),
        ("timing", True, "GOSTAGE_PLUGINS"),
        ("retry", False, "GOSTAGE_PLUGINS"),
        ("retry", True, "-p"),
        ("timing", False, "Runner(config=…)"),
    ]
    assert config["plugins"] == ("timing", "audit", "no:timing", "retry", "no:retry", "timing")
    assert config.origin("plugins") == "pyproject.toml:2, GOSTAGE_PLUGINS, -p, Runner(config=…)"


def test_the_values_for_the_store_add_up(project) -> None:
    """A value from the command line takes the place of that one key alone."""
    folder = project("[tool.gostage]\nset = {name = 'Ada', count = 1}\n")
    config = read(folder, flags={"set": {"count": 2}})

    assert config["set"] == {"name": "Ada", "count": 2}
    assert config.origin("set") == "pyproject.toml:2, --set"


def test_a_default_is_nobodys_to_change() -> None:
    """What one configuration gives out is not another one's."""
    read()["set"]["name"] = "Ada"

    assert read()["set"] == {}


# -------------------------------------------------------------------- sections


SECTION = """
[tool.gostage.time-limit]
run = 30
tags = {io = 5}
"""


def test_a_table_is_the_section_of_a_plugin(project) -> None:
    """The plugin finds it under its name, however that is spelled; others find nothing."""
    config = read(project(SECTION))

    assert config.section("time_limit") == {"run": 30, "tags": {"io": 5}}
    assert config.section("time-limit") == config.section("time_limit")
    assert config.section("timing") == {}
    assert config.origin("time_limit.run") == "pyproject.toml:3"


def test_lines_of_a_section_come_from_every_source(project) -> None:
    """Each line is replaced by itself, in the spelling of the first."""
    folder = project("[tool.gostage.slow]\nper-call = 1\nunit = 's'\n")
    config = read(
        folder,
        environ={"GOSTAGE_SLOW__PER_CALL": "2", "GOSTAGE_SLOW__NAMES": '["a"]'},
        given={"slow": {"unit": "ms"}},
    )

    assert config.section("slow") == {"per-call": 2, "unit": "ms", "names": ["a"]}
    assert config.settings()[-3:] == [
        ("slow.per-call", 2, "GOSTAGE_SLOW__PER_CALL"),
        ("slow.unit", "ms", "Runner(config=…)"),
        ("slow.names", ["a"], "GOSTAGE_SLOW__NAMES"),
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("3", 3, id="a number"),
        pytest.param('{"a": null}', {"a": None}, id="an object"),
        pytest.param("soon", "soon", id="a word"),
        pytest.param("NaN", "NaN", id="what only Python takes for JSON"),
        pytest.param("[" * 100_000, "[" * 100_000, id="what is too deep for JSON"),
    ],
)
def test_a_line_of_a_section_is_json_or_text(text, value) -> None:
    """As values for the store are on the command line."""
    assert read(environ={"GOSTAGE_SLOW__LIMIT": text}).section("slow") == {"limit": value}


@pytest.mark.parametrize(
    "known",
    [
        pytest.param("slow", id="its name"),
        pytest.param("SLOW", id="another spelling"),
        pytest.param("shop.slow", id="a module of a package"),
        pytest.param("gostage_slow", id="a package of gostage's"),
        pytest.param("gostage-slow", id="a distribution of gostage's"),
    ],
)
def test_a_section_belongs_to_a_plugin_that_is_known(project, known) -> None:
    """Known is what is there, and what is asked for."""
    folder = project("[tool.gostage.slow]\n")

    read(folder).check_sections([known])
    read(folder, flags={"plugins": [f"no:{known}"]}).check_sections([])
    read(project("[tool.gostage.stageconf]\n")).check_sections([])


@pytest.mark.parametrize(
    ("text", "message", "hint", "line"),
    [
        pytest.param(
            "[tool.gostage.slwo]\nx = 1\n",
            "[tool.gostage.slwo] has settings for plugin 'slwo', which is not there",
            "did you mean 'slow'?",
            1,
            id="a plugin with a typo",
        ),
        pytest.param(
            "[tool.gostage.sett]\n",
            "[tool.gostage.sett] has settings for plugin 'sett', which is not there",
            "did you mean 'set'?",
            1,
            id="an empty table with a typo",
        ),
        pytest.param(
            "[tool.gostage]\nwholly.unheard = 1\n",
            "[tool.gostage.wholly] has settings for plugin 'wholly', which is not there",
            "`gostage plugins` lists what is there",
            2,
            id="nothing like it",
        ),
    ],
)
def test_a_section_of_no_plugin_is_refused(project, text, message, hint, line) -> None:
    """Else a typo would go unnoticed."""
    config = read(project(text))

    with pytest.raises(ConfigError) as caught:
        config.check_sections(["slow"])

    error = caught.value
    assert (str(error), error.hint, error.where.line) == (message, hint, line)


def test_a_variable_of_a_plugin_that_is_not_here_is_left_alone() -> None:
    """An environment is for many projects; what is nearly a name is a typo all the same."""
    read(environ={"GOSTAGE_WHOLLY__UNHEARD": "1"}).check_sections(["slow"])

    config = read(environ={"GOSTAGE_SLOWW__UNHEARD": "1"})
    with pytest.raises(ConfigError, match="GOSTAGE_SLOWW__UNHEARD has settings") as caught:
        config.check_sections(["slow"])

    assert caught.value.hint == "did you mean 'slow'?"


# -------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("timout = 3", "[tool.gostage] has no setting 'timout'", "did you mean 'timeout'?"),
        ("plugin = 'a'", "[tool.gostage] has no setting 'plugin'", "did you mean 'plugins'?"),
        ("xyz = 3", "[tool.gostage] has no setting 'xyz'", "`gostage config` lists what there is"),
        ("timeout = '3'", "'timeout' of [tool.gostage] is '3'", "it has to be a number of seconds"),
        ("timeout = true", "'timeout' of [tool.gostage] is True", "a number of seconds above zero"),
        ("timeout = 0", "'timeout' of [tool.gostage] is 0", "a number of seconds above zero"),
        ("timeout = inf", "'timeout' of [tool.gostage] is inf", "a number of seconds above zero"),
        ("plugins = 'a'", "'plugins' of [tool.gostage] is 'a'", "it has to be a list of names"),
        ("plugins = [1]", "'plugins' of [tool.gostage] is [1]", "it has to be a list of names"),
        ("plugins = ['']", "'plugins' of [tool.gostage] is ['']", "it has to be a list of names"),
        ("plugins = ['no:']", "holds 'no:', which names no plugin", "NAME loads a plugin"),
        ("stage = 'a'", "'stage' of [tool.gostage] is 'a'", "it has to be a list of texts"),
        ("detach = 1", "'detach' of [tool.gostage] is 1", "it has to be true or false"),
        ("target = 3", "'target' of [tool.gostage] is 3", "it has to be a text"),
        ("verbose = -1", "'verbose' of [tool.gostage] is -1", "it has to be a number from 0 on"),
        ("verbose = 1.5", "'verbose' of [tool.gostage] is 1.5", "it has to be a number from 0 on"),
        ("progress = 'on'", "'progress' of [tool.gostage] is 'on'", 'true, false or "auto"'),
        ("set = ['a=1']", "'set' of [tool.gostage] is ['a=1']", 'such as {name = "Ada"}'),
        ("set = 3", "'set' of [tool.gostage] is 3", "it has to be a table"),
    ],
)
def test_a_line_of_the_file_that_makes_no_sense_is_refused(project, line, message, hint) -> None:
    """The error names key, file and line, and says what is expected."""
    folder = project(f"[tool.gostage]\n{line}\n")

    with pytest.raises(ConfigError) as caught:
        read(folder)

    assert message in str(caught.value)
    assert hint in caught.value.hint
    assert caught.value.where.file == str(folder / "pyproject.toml")
    assert caught.value.where.line == 2


@pytest.mark.parametrize(
    ("variable", "text", "message", "hint"),
    [
        ("GOSTAGE_TIMEOUT", "soon", "GOSTAGE_TIMEOUT is 'soon'", "a number of seconds above zero"),
        ("GOSTAGE_TIMEOUT", "nan", "GOSTAGE_TIMEOUT is nan", "a number of seconds above zero"),
        ("GOSTAGE_TIMEOUT", "-1", "GOSTAGE_TIMEOUT is -1.0", "a number of seconds above zero"),
        ("GOSTAGE_DETACH", "maybe", "GOSTAGE_DETACH is 'maybe'", "true or false"),
        ("GOSTAGE_VERBOSE", "much", "GOSTAGE_VERBOSE is 'much'", "a number from 0 on"),
        ("GOSTAGE_SET", "a=1", "GOSTAGE_SET is 'a=1'", 'JSON, such as {"name": "Ada"}'),
        ("GOSTAGE_SET", "[1]", "GOSTAGE_SET is [1]", 'JSON, such as {"name": "Ada"}'),
        ("GOSTAGE_PLUGINS", "a no:", "GOSTAGE_PLUGINS holds 'no:'", "NAME loads a plugin"),
        ("GOSTAGE_TIMEOUT__X", "1", "GOSTAGE_TIMEOUT__X is {'x': 1}", "a number of seconds"),
        ("GOSTAGE_TIMOUT", "1", "no setting for the variable 'GOSTAGE_TIMOUT'", "GOSTAGE_TIMEOUT"),
        ("GOSTAGE_PLUGIN", "a", "no setting for the variable 'GOSTAGE_PLUGIN'", "GOSTAGE_PLUGINS"),
        ("GOSTAGE_EXITFIRST", "1", "the variable 'GOSTAGE_EXITFIRST'", "GOSTAGE_EXIT_FIRST"),
    ],
)
def test_a_variable_that_makes_no_sense_is_refused(variable, text, message, hint) -> None:
    """The error names the variable, and says what is expected."""
    with pytest.raises(ConfigError) as caught:
        read(environ={variable: text})

    assert message in str(caught.value)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    "variable",
    ["GOSTAGE_SKIP_LINT", "GOSTAGE_STATE", "GOSTAGE_", "GOSTAGE___", "_GOSTAGE_COMPLETE"],
)
def test_a_variable_of_somebody_else_is_left_alone(variable) -> None:
    """Only what is nearly a setting is taken for a typo."""
    assert read(environ={variable: "1"}).settings() == read().settings()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param({"timout": 1}, "Runner(config=…) has no setting 'timout'", id="a name"),
        pytest.param({"timeout": "1"}, "'timeout' of Runner(config=…) is '1'", id="a value"),
        pytest.param({"timeout": math.nan}, "'timeout' of Runner(config=…) is nan", id="not one"),
        pytest.param({1: 1}, "1 of Runner(config=…) is no name", id="a number for a name"),
        pytest.param([("timeout", 1)], "Runner(config=…) is [('timeout', 1)]", id="a list"),
        pytest.param(
            {"exit-first": True, "exit_first": False},
            "Runner(config=…) has 'exit-first' and 'exit_first', which are one name",
            id="two spellings",
        ),
    ],
)
def test_what_a_runner_is_given_is_checked_alike(given, message) -> None:
    """Python may say the same, and no more."""
    with pytest.raises(ConfigError) as caught:
        read(given=given)

    assert str(caught.value) == message
    assert caught.value.hint


def test_two_spellings_of_one_name_are_refused(project) -> None:
    """Nobody could say which of them counts."""
    folder = project("[tool.gostage]\nexit-first = true\nexit_first = false\n")

    with pytest.raises(ConfigError, match="'exit-first' and 'exit_first', which") as caught:
        read(folder)

    assert caught.value.where.line == 1


@pytest.fixture
def installed(tmp_path_factory, monkeypatch):
    """A distribution on the import path that announces the plugin `stopwatch`."""
    folder = tmp_path_factory.mktemp("installed")
    info = folder / "gostage_stopwatch-1.0.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_text("[gostage.optional]\nstopwatch = nowhere\n")
    monkeypatch.syspath_prepend(folder)


@pytest.mark.usefixtures("installed")
def test_what_is_installed_may_have_a_section_without_being_asked_for(project) -> None:
    """It may be asked for on the command line only now and then."""
    config = read(project("[tool.gostage.stopwatch]\nunit = 's'\n"))

    config.check_sections([])

    assert config.section("stopwatch") == {"unit": "s"}


@pytest.mark.usefixtures("installed")
def test_a_plugin_is_no_setting(project) -> None:
    """What is installed has a table of its own."""
    with pytest.raises(ConfigError, match="has no setting 'stopwatch'") as caught:
        read(project("[tool.gostage]\nstopwatch = 's'\n"))

    assert (
        caught.value.hint == "'stopwatch' is a plugin; its settings stand in a table of their own"
    )


# -------------------------------------------------------------------- looking


def test_an_unknown_setting_is_told_with_the_closest() -> None:
    """Looking for a name that is none is a mistake."""
    with pytest.raises(NotFound, match="there is no setting 'timout'") as caught:
        read()["timout"]

    assert caught.value.hint == "did you mean 'timeout'?"


def test_get_has_a_default_as_a_mapping_has() -> None:
    """It counts where nothing is set, and where there is no such setting."""
    config = read(given={"timeout": 3})

    assert config.get("timeout", 9) == 3
    assert config.get("target", "flows") == "flows"
    assert config.get("unheard") is None
    assert "unheard" not in config
    assert 3 not in config


@pytest.mark.parametrize("name", ["unheard", "slow.limt"])
def test_what_is_nowhere_has_no_origin(name) -> None:
    """A setting of a plugin is known only where something sets it."""
    config = read(given={"slow": {"limit": 1}})

    with pytest.raises(NotFound):
        config.origin(name)


def test_a_configuration_can_be_handed_to_another_process(project) -> None:
    """It is a value like any other."""
    config = read(project(SECTION), flags={"timeout": 3.0, "plugins": ["time-limit"]})

    copy = pickle.loads(pickle.dumps(config))

    assert copy.settings() == config.settings()
    assert (copy.root, copy.plugins) == (config.root, config.plugins)


def test_no_toml_is_read_where_nothing_is_said_about_gostage(project) -> None:
    """A file that does not mention gostage is not even parsed."""
    folder = project("this = is = no TOML\n")

    assert read(folder).file == folder / "pyproject.toml"
    assert read(folder).settings() == read().settings()


def test_lines_are_found_in_no_time(project) -> None:
    """A line of a long text costs no more for being like a header."""
    text = f'[tool.gostage]\ntimeout = 5\n[other]\ntext = """\n[{"a-" * 20_000}](x)\n"""\n'

    assert read(project(text)).origin("timeout") == "pyproject.toml:2"


def test_the_parser_is_that_of_the_standard_library_where_there_is_one(project) -> None:
    """Before Python 3.11 another package does the same."""
    read(project("[tool.gostage]\n"))

    assert ("tomllib" if sys.version_info >= (3, 11) else "tomli") in sys.modules


# -------------------------------------------------------------------- the page


PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"
HEAD = ["| setting | is | default | for |  |", "|---|---|---|---|---|"]


def table():
    """Write the settings as the page shows them; run this module to see what it has to hold."""
    return [*HEAD, *(_row(each) for each in SETTINGS)]


def _row(setting):
    default = "" if setting.default in (None, (), {}) else f"`{json.dumps(setting.default)}`"
    cells = (f"`{setting.name}`", setting.kind.expected, default, setting.commands, setting.summary)
    return f"| {' | '.join(cells)} |"


def test_the_page_lists_every_setting() -> None:
    """What the page says about a setting is what the table of settings says."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    first = lines.index(HEAD[0])

    assert lines[first : first + len(table())] == table()


if __name__ == "__main__":
    print(*table(), sep="\n")
