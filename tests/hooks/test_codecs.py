"""Codecs of plugins: types that the store would not know."""

from __future__ import annotations

import pytest

from gostage import Runner, Workflow, hookimpl
from gostage._app.data import data_of
from gostage._plugins.manager import Plugins
from gostage._plugins.source import Source
from gostage.errors import NotStorable, StoreError


class Money:
    __slots__ = ("cents",)

    def __init__(self, text):
        self.cents = round(float(text) * 100)

    def __str__(self):
        return f"{self.cents / 100:.2f}"

    def __reduce__(self):
        raise TypeError("not this way")


class Knows:
    @hookimpl
    def gostage_codecs(self, registry):
        registry.register(Money, "money", to_data=str, from_data=Money)


def runner_with(*things) -> Runner:
    """A runner with these plugins and no others."""
    plugins = Plugins()
    plugins.add(Source(f"p{i}", "a test", lambda x=each: x) for i, each in enumerate(things))
    return Runner(plugins=plugins)


def earn(ctx):
    ctx.store["earned"] = Money("12.5")


def test_a_plugin_teaches_the_store_a_type() -> None:
    """What a run stored can be exported, and is in its data."""
    result = runner_with(Knows()).run(Workflow("w").do("earn", earn))
    result.raise_for_error()

    assert data_of(result)["store"]["earned"] == {"$money": "12.50"}
    assert "12.50" in str(result.store.export())


def test_without_it_the_type_cannot_leave_the_process() -> None:
    """The error names key and type, as for any other."""
    result = runner_with().run(Workflow("w").do("earn", earn))

    with pytest.raises(NotStorable, match="earned"):
        result.store.export()


def test_two_plugins_cannot_teach_one_type() -> None:
    """Which of the two counted would depend on their order."""
    with pytest.raises(StoreError, match="registered already") as caught:
        runner_with(Knows(), type("Other", (Knows,), {})())

    assert "in hook gostage_codecs of plugin 'p1'" in caught.value.__notes__
