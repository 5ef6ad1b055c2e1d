"""The manager: which plugins are loaded, in which order, and what is refused."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from types import ModuleType

import pytest

from gostage import hookimpl, hookspec
from gostage._plugins.installed import Announced, _announced
from gostage._plugins.manager import Plugins
from gostage._plugins.source import Source, given, installed, named
from gostage.errors import ConfigError, PluginError


def plugins_of(*things, config=None):
    """Put these plugins in order, called a, b, c, …, and load them."""
    plugins = Plugins(config)
    plugins.add(
        Source("abcdefgh"[i], "a test", lambda t=thing: t) for i, thing in enumerate(things)
    )
    return plugins


class Header:
    def __init__(self, text, **order):
        self.text = text

    @hookimpl
    def gostage_report_header(self, config):
        return self.text


class First(Header):
    @hookimpl(tryfirst=True)
    def gostage_report_header(self, config):
        return self.text


class Last(Header):
    @hookimpl(trylast=True)
    def gostage_report_header(self, config):
        return self.text


def test_plugins_are_called_in_the_order_they_are_loaded() -> None:
    """The first that is loaded is the first that is called."""
    plugins = plugins_of(Header("one"), Header("two"), Header("three"))

    assert plugins.call("gostage_report_header", config=None) == ["one", "two", "three"]


def test_tryfirst_and_trylast_move_an_implementation() -> None:
    """`tryfirst` goes to the front and `trylast` to the back, whatever the order of loading."""
    plugins = plugins_of(Last("last"), Header("one"), First("first"), Header("two"))

    assert plugins.call("gostage_report_header", config=None) == ["first", "one", "two", "last"]


def test_marks_leave_the_order_of_those_that_share_them() -> None:
    """Of several `tryfirst`, or `trylast`, the one that is loaded first is called first."""
    plugins = plugins_of(Last("a"), First("b"), Last("c"), First("d"))

    assert plugins.call("gostage_report_header", config=None) == ["b", "d", "a", "c"]


def test_the_first_wrapper_is_the_outermost() -> None:
    """Wrappers come in the order of loading, outermost first, moved by their marks."""

    class Wrapping:
        @hookimpl(wrapper=True)
        def gostage_stage(self, run, stage):
            return (yield)

    class Inner(Wrapping):
        @hookimpl(wrapper=True, trylast=True)
        def gostage_stage(self, run, stage):
            return (yield)

    plugins = plugins_of(Inner(), Wrapping(), Wrapping())

    assert [each.plugin for each in plugins.hooks().stage] == ["b", "c", "a"]


def test_a_blocked_plugin_is_not_even_imported() -> None:
    """What is switched off is never loaded, however its name is spelled."""
    plugins = Plugins()
    plugins.add([Source("my_plugin", "a test", lambda: pytest.fail("it was loaded"))])

    plugins.block("my-plugin", "-p")
    plugins.load()

    assert plugins.active == []
    assert plugins.blocked("my_plugin").origin == "-p"


def test_blocking_a_name_that_is_nearly_right_is_refused() -> None:
    """A typo in no:NAME would go unnoticed, so it is told."""
    plugins = plugins_of(Header("one"))
    plugins.add([Source("stopwatch", "a test", lambda: Header("two"))])

    with pytest.raises(PluginError, match="no plugin 'stopwach', which -p switches off") as caught:
        plugins.block("stopwach", "-p")

    assert caught.value.hint == "did you mean 'stopwatch'?"


def test_blocking_a_plugin_that_is_not_here_is_fine() -> None:
    """A configuration may switch off what only some machines have."""
    plugins = plugins_of(Header("one"))

    plugins.block("something-else-entirely", "pyproject.toml")

    assert len(plugins.active) == 1


def test_nothing_is_loaded_before_it_is_needed() -> None:
    """Listing what there is imports nothing."""
    plugins = Plugins()
    plugins.add([Source("a", "a test", lambda: pytest.fail("it was loaded"))])

    assert [each.name for each in plugins.active] == ["a"]


def test_a_name_is_loaded_once() -> None:
    """The earlier of two sources of one name counts."""
    plugins = Plugins()
    plugins.add(
        [Source("a", "first", lambda: Header("1")), Source("a", "then", lambda: Header("2"))]
    )

    assert plugins.call("gostage_report_header", config=None) == ["1"]


def test_a_factory_makes_the_plugin_from_the_configuration() -> None:
    """`gostage_plugin(config)` is called once, and what it returns has the hooks."""
    module = ModuleType("factory")
    module.gostage_plugin = lambda config: Header(f"made with {config}")

    plugins = plugins_of(module, config="settings")

    assert plugins.call("gostage_report_header", config=None) == ["made with settings"]


def test_configure_and_unconfigure_come_in_pairs() -> None:
    """A plugin is told the configuration when it is loaded, and told to clean up once."""
    told = []

    class Paired:
        @hookimpl
        def gostage_configure(self, config):
            told.append(("configure", config))

        @hookimpl
        def gostage_unconfigure(self, config):
            told.append(("unconfigure", config))

    plugins = plugins_of(Paired(), config="settings")
    plugins.load()
    plugins.close()
    plugins.close()

    assert told == [("configure", "settings"), ("unconfigure", "settings")]


class Paired:
    """Tells when it is configured and unconfigured; may fail at either."""

    def __init__(self, name, told, fails=""):
        self.name = name
        self.told = told
        self.fails = fails

    def tell(self, what):
        self.told.append(f"{self.name} {what}")
        if what == self.fails:
            raise ValueError("boom")

    @hookimpl
    def gostage_configure(self):
        self.tell("configured")

    @hookimpl
    def gostage_unconfigure(self):
        self.tell("unconfigured")


def test_what_was_configured_is_unconfigured_when_another_one_fails() -> None:
    """The last one first; what was never configured is left alone."""
    told: list[str] = []
    plugins = plugins_of(
        Paired("a", told), Paired("b", told, fails="configured"), Paired("c", told)
    )

    with pytest.raises(PluginError, match="plugin 'b' failed in hook gostage_configure"):
        plugins.load()
    plugins.close()

    assert told == ["a configured", "b configured", "b unconfigured", "a unconfigured"]


def test_every_plugin_may_clean_up_although_one_fails() -> None:
    """The error is raised when all have had their turn."""
    told: list[str] = []
    plugins = plugins_of(Paired("a", told), Paired("b", told, fails="unconfigured"))
    plugins.load()

    with pytest.raises(PluginError, match="plugin 'b' failed in hook gostage_unconfigure"):
        plugins.close()

    assert told[2:] == ["b unconfigured", "a unconfigured"]


def test_two_distributions_may_use_one_name(tmp_path: Path, monkeypatch) -> None:
    """Both are loaded; the second one's distribution is added to its name."""
    for name in ("one", "two"):
        install(tmp_path / name, f"plug-{name}", "[gostage]\nplug = plug:thing\n")
        monkeypatch.syspath_prepend(tmp_path / name)

    names = [each.name for each in installed()]

    assert "plug" in names
    assert {"plug@plug-one", "plug@plug-two"} & set(names)


def test_plugins_may_offer_hooks_of_their_own() -> None:
    """`gostage_addhooks` makes hooks that other plugins implement, loaded before or after."""
    offered = ModuleType("offered")

    def gostage_color(name):
        """Say which colour something has."""

    offered.gostage_color = hookspec(gostage_color)

    class Offers:
        @hookimpl
        def gostage_addhooks(self, pluginmanager):
            pluginmanager.add_hookspecs(offered)

    class Answers:
        @hookimpl
        def gostage_color(self, name):
            return f"{name} is blue"

    plugins = plugins_of(Answers(), Offers())

    assert plugins.call("gostage_color", name="it") == ["it is blue"]
    assert "gostage_color" in plugins.hook_names()


# -------------------------------------------------------------------- what is refused


class Unknown:
    @hookimpl
    def gostage_acton(self, ctx):
        return None


class UnknownOptional:
    @hookimpl(optionalhook=True)
    def gostage_acton(self, ctx):
        return None


class WrongArgument:
    @hookimpl(wrapper=True)
    def gostage_action(self, ctx, acton):
        return (yield)


class Defaulted:
    @hookimpl
    def gostage_report_header(self, config=None):
        return "never"


class NotMarked:
    def gostage_event(self, event):
        return None


class NoWrapper:
    @hookimpl
    def gostage_stage(self, run, stage):
        return None


class NeverYields:
    @hookimpl(wrapper=True)
    def gostage_stage(self, run, stage):
        return None


class Yields:
    @hookimpl
    def gostage_event(self, event):
        yield


class Async:
    @hookimpl
    async def gostage_event(self, event):
        return None


class OldForm:
    @hookimpl(hookwrapper=True)
    def gostage_summary(self, result, console):
        yield


class TooNew:
    GOSTAGE_API = 99


class NamedByText:
    GOSTAGE_API = "1"


class KeywordOnly:
    @hookimpl
    def gostage_event(self, *event):
        return None


class Empty:
    """Nothing at all."""


def made_by(factory):
    module = ModuleType("made")
    module.gostage_plugin = factory
    return module


def yields_one(config):
    yield Header("never")


def nearly():
    module = ModuleType("nearly")

    def gostage_actoin(ctx, action):
        return None

    module.gostage_actoin = gostage_actoin
    return module


@pytest.mark.parametrize(
    ("plugin", "message", "hint"),
    [
        pytest.param(
            Unknown(),
            "plugin 'a' implements 'gostage_acton', and there is no such hook",
            "did you mean 'gostage_action'?",
            id="an unknown hook",
        ),
        pytest.param(
            WrongArgument(),
            "gostage_action of plugin 'a' asks for 'acton', which the hook does not have",
            "did you mean 'action'?",
            id="an unknown argument",
        ),
        pytest.param(
            Defaulted(),
            "gostage_report_header of plugin 'a' gives 'config' a default, "
            "and would never get the real value",
            "take the default out",
            id="a default",
        ),
        pytest.param(
            NotMarked(),
            "gostage_event of plugin 'a' is not marked as a hook, so nothing would call it",
            "put @hookimpl above it (from gostage import hookimpl)",
            id="not marked",
        ),
        pytest.param(
            NoWrapper(),
            "gostage_stage of plugin 'a' is a wrapper, and is not marked as one",
            "write @hookimpl(wrapper=True), and run what is inside with a yield",
            id="a wrapper that is not marked",
        ),
        pytest.param(
            NeverYields(),
            "gostage_stage of plugin 'a' is marked as a wrapper, and never yields",
            "a wrapper has @hookimpl(wrapper=True) and a yield; other hooks have neither",
            id="a wrapper without a yield",
        ),
        pytest.param(
            Yields(),
            "gostage_event of plugin 'a' yields",
            "a wrapper has @hookimpl(wrapper=True) and a yield; other hooks have neither",
            id="a yield in a plain hook",
        ),
        pytest.param(
            Async(),
            "gostage_event of plugin 'a' is async",
            "write it as a plain function; wrappers work around async actions too",
            id="async",
        ),
        pytest.param(
            OldForm(),
            "gostage_summary of plugin 'a' is a hookwrapper, the old form",
            "write @hookimpl(wrapper=True), and return (yield)",
            id="the old form of wrappers",
        ),
        pytest.param(
            TooNew(),
            "plugin 'a' needs version 99 of the plugin API, and this gostage has version 1",
            "install versions of the two that fit together",
            id="another version of the API",
        ),
        pytest.param(
            NamedByText(),
            "GOSTAGE_API of plugin 'a' is '1', and not a number",
            "GOSTAGE_API = 1 is the version of this gostage",
            id="a version that is no number",
        ),
        pytest.param(
            KeywordOnly(),
            "gostage_event of plugin 'a' takes '*event', which is never given",
            "name what it needs: event",
            id="an argument that is never given",
        ),
        pytest.param(
            made_by(lambda config: None),
            "gostage_plugin() of plugin 'a' returned nothing",
            "it is a plain function that ends with: return MyPlugin(…)",
            id="a factory that forgets its return",
        ),
        pytest.param(
            made_by(yields_one),
            "gostage_plugin() of plugin 'a' returned a generator",
            "it is a plain function that ends with: return MyPlugin(…)",
            id="a factory that yields",
        ),
        pytest.param(
            nearly(),
            "gostage_actoin of plugin 'a' is no hook, so nothing would call it",
            "did you mean 'gostage_action'?",
            id="a name that is nearly a hook's",
        ),
        pytest.param(
            Empty(),
            "plugin 'a' has no hook and no resource, so it would do nothing",
            "mark its hooks with @hookimpl (from gostage import hookimpl)",
            id="nothing in it",
        ),
        pytest.param(
            Header,
            "plugin 'a' is the class Header",
            "give an instance of it: Header()",
            id="a class",
        ),
    ],
)
def test_a_plugin_that_cannot_work_is_refused(plugin, message: str, hint: str) -> None:
    """The error names plugin and hook, says what is wrong and how to mend it."""
    with pytest.raises(PluginError) as caught:
        plugins_of(plugin).load()

    assert (str(caught.value), caught.value.hint) == (message, hint)
    assert str(pickle.loads(pickle.dumps(caught.value))) == message


def test_a_refused_hook_is_shown_with_file_and_line() -> None:
    """The place is that of the function."""
    with pytest.raises(PluginError) as caught:
        plugins_of(WrongArgument()).load()

    assert caught.value.where.file == __file__
    line = Path(__file__).read_text(encoding="utf-8").splitlines()[caught.value.where.line - 1]
    assert "hookimpl" in line or "gostage_action" in line


def test_an_unknown_hook_may_be_marked_as_optional() -> None:
    """Pluggy's `optionalhook` is for hooks that other plugins offer."""
    plugins_of(UnknownOptional()).load()


def test_hooks_beside_a_factory_are_refused() -> None:
    """They would belong to another plugin than the one the factory makes."""
    module = ModuleType("both")
    module.gostage_plugin = lambda config: Header("made")
    module.gostage_report_header = Header("x").gostage_report_header

    with pytest.raises(PluginError, match="beside it the hook gostage_report_header"):
        plugins_of(module).load()


def test_a_plugin_that_fails_while_it_is_imported_is_named(tmp_path: Path, monkeypatch) -> None:
    """The error has the plugin, where it comes from, and the line that raised."""
    (tmp_path / "broken_plugin.py").write_text("import json\n\nraise OSError('no disk')\n")
    monkeypatch.syspath_prepend(tmp_path)
    plugins = Plugins()
    plugins.add([named("broken_plugin", "-p")])

    with pytest.raises(PluginError) as caught:
        plugins.load()

    assert str(caught.value) == ("plugin 'broken_plugin' (-p) cannot be loaded: OSError: no disk")
    assert caught.value.hint == "mend it, or switch it off: -p no:broken_plugin"
    assert (Path(caught.value.where.file).name, caught.value.where.line) == ("broken_plugin.py", 3)


def test_a_name_that_is_no_plugin_is_refused() -> None:
    """`-p NAME` is an installed plugin or a module; anything else is an error at once."""
    with pytest.raises(PluginError, match="there is no plugin 'not_there_at_all', which -p asks"):
        named("not_there_at_all", "-p")


class Failing:
    def __init__(self, error):
        self.error = error

    @hookimpl
    def gostage_report_header(self, config):
        raise self.error


def test_a_hook_that_raises_is_reported_with_plugin_and_hook() -> None:
    """The original error is the cause, and the place is the line that raised it."""
    error = ValueError("boom")

    with pytest.raises(PluginError) as caught:
        plugins_of(Header("fine"), Failing(error)).call("gostage_report_header", config=None)

    assert str(caught.value) == "plugin 'b' failed in hook gostage_report_header: ValueError: boom"
    assert caught.value.__cause__ is error
    assert caught.value.where.file == __file__


@pytest.mark.parametrize("error", [SystemExit(0), GeneratorExit()], ids=repr)
def test_an_exit_in_a_hook_is_an_error_like_any_other(error: BaseException) -> None:
    """Otherwise a command would end as if all were well, without having done anything."""
    with pytest.raises(PluginError, match="plugin 'a' failed in hook gostage_report_header"):
        plugins_of(Failing(error)).call("gostage_report_header", config=None)


def test_ctrl_c_in_a_hook_is_ctrl_c() -> None:
    """It is the user's, not the plugin's."""
    with pytest.raises(KeyboardInterrupt):
        plugins_of(Failing(KeyboardInterrupt())).call("gostage_report_header", config=None)


def test_an_error_of_ours_that_a_hook_raises_stays_what_it_is() -> None:
    """A plugin may refuse its configuration; it only gets a note that says who did."""
    error = ConfigError("seconds= must be above zero")

    with pytest.raises(ConfigError) as caught:
        plugins_of(Failing(error)).call("gostage_report_header", config=None)

    assert "in hook gostage_report_header of plugin 'a'" in caught.value.__notes__


# -------------------------------------------------------------------- what is installed


def install(folder: Path, name: str, entry_points: str, module: str = "") -> None:
    """Lay out what pip leaves of a package."""
    info = folder / f"{name.replace('-', '_')}-1.2.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(entry_points)
    if module:
        (folder / f"{name.replace('-', '_')}.py").write_text(module)


def test_installed_plugins_are_found_without_importing_them(tmp_path: Path) -> None:
    """Group, name, value, distribution and version are read from what pip wrote."""
    install(tmp_path, "my-plug", "[console_scripts]\nx = y:z\n\n[gostage]\nplug = my_plug:thing\n")

    found = _announced((str(tmp_path),))

    assert found == (Announced("plug", "my_plug:thing", "gostage", "my-plug", "1.2"),)
    assert "my_plug" not in sys.modules


def test_the_first_folder_on_the_import_path_hides_the_same_distribution_later(
    tmp_path: Path,
) -> None:
    """As Python's import does, so that the plugin that is listed is the one that is imported."""
    install(tmp_path / "one", "plug", "[gostage]\na = plug\n")
    install(tmp_path / "two", "plug", "[gostage]\nb = plug\n")

    found = _announced((str(tmp_path / "one"), str(tmp_path / "two")))

    assert [each.name for each in found] == ["a"]


def test_what_is_found_is_what_the_standard_library_finds() -> None:
    """The files are read as `importlib.metadata` reads them, on this very environment."""
    from importlib.metadata import entry_points

    expected = {
        (each.name, each.value)
        for group in ("gostage", "gostage.optional")
        for each in entry_points(group=group)
    }

    assert {(each.name, each.value) for each in _announced(tuple(sys.path))} == expected


def test_an_object_gives_a_plugin_its_name() -> None:
    """A module is called by its name, an object by that of its class."""
    assert given(Header("x"), "a test").name == "Header"
    assert given(sys, "a test").name == "sys"
