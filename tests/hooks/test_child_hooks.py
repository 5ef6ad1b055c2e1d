"""The hooks of children: how they are checked, ordered, and looked up."""

from __future__ import annotations

import pytest

from gostage import hookimpl, hookspecs
from gostage._plugins.manager import Plugins
from gostage._plugins.source import Source
from gostage.errors import PluginError


def plugins_of(*things):
    """Put these plugins in order, called a, b, c, …."""
    plugins = Plugins()
    plugins.add(
        Source("abcdefgh"[i], "a test", lambda t=thing: t) for i, thing in enumerate(things)
    )
    return plugins


class Around:
    @hookimpl(wrapper=True)
    def gostage_spawn(self, spawn):
        return (yield)

    @hookimpl(wrapper=True)
    def gostage_child(self, run):
        return (yield)


class Inmost(Around):
    @hookimpl(wrapper=True, trylast=True)
    def gostage_spawn(self, spawn):
        return (yield)

    @hookimpl(wrapper=True, tryfirst=True)
    def gostage_child(self, run):
        return (yield)


def test_wrappers_of_children_are_in_order() -> None:
    """The first is the outermost, moved by the marks."""
    hooks = plugins_of(Inmost(), Around(), Around()).hooks()

    assert [each.plugin for each in hooks.spawn] == ["b", "c", "a"]
    assert [each.plugin for each in hooks.child] == ["a", "b", "c"]
    assert hooks.run == hooks.action == ()


@pytest.mark.parametrize("hook", ["gostage_spawn", "gostage_child"])
def test_a_wrapper_that_is_not_marked_is_refused(hook: str) -> None:
    """It would be called, and never run what is inside."""

    def implementation(self):
        yield

    implementation.__name__ = hook
    plugin = type("Plugin", (), {hook: hookimpl(implementation)})()

    with pytest.raises(PluginError, match=f"{hook} of plugin 'a' is a wrapper, and is not marked"):
        plugins_of(plugin).load()


def test_an_argument_that_a_hook_does_not_have_is_named() -> None:
    """With the closest one."""

    class Wrong:
        @hookimpl
        def gostage_child_message(self, spwan, message):
            """Never called."""

    with pytest.raises(PluginError, match="asks for 'spwan'") as caught:
        plugins_of(Wrong()).load()

    assert caught.value.hint == "did you mean 'spawn'?"


def test_messages_are_given_as_each_plugin_asks_for_them() -> None:
    """In any order, and none that it does not name."""
    told = []

    class Both:
        @hookimpl
        def gostage_child_message(self, message, spawn):
            told.append((spawn, message))

    class Neither:
        @hookimpl
        def gostage_child_message(self):
            told.append(())

    class One:
        @hookimpl
        def gostage_child_message(self, message):
            told.append((message,))

    for plugin, listener in plugins_of(Both(), Neither(), One()).hooks().child_messages:
        listener(f"the spawn for {plugin}", "the message")

    assert told == [("the spawn for a", "the message"), (), ("the message",)]


class Supplies:
    def __init__(self, name, backend):
        self.name, self.backend = name, backend

    @hookimpl
    def gostage_spawner(self, name, options):
        return (self.backend, options) if name == self.name else None


def test_the_first_backend_that_is_supplied_counts() -> None:
    """Who knows the name answers, and nobody is asked after that."""
    plugins = plugins_of(Supplies("other", 1), Supplies("far", 2), Supplies("far", 3))

    assert plugins.call("gostage_spawner", name="far", options={"x": 1}) == [(2, {"x": 1})]
    assert plugins.call("gostage_spawner", name="nobody", options={}) == []


@pytest.mark.parametrize("name", ["Backend", "Capabilities", "Child", "Spawn"])
def test_the_protocols_of_children_are_public(name: str) -> None:
    """Whoever writes a backend imports them from one place."""
    assert getattr(hookspecs, name).__name__ == name
