"""Values of runs in a database: what can be kept, what cannot, and what is never shown."""

from __future__ import annotations

from collections import UserString

import pytest

from gostage import Context, Key, Workflow, action, hookimpl
from gostage.errors import NotStorable
from tests.run.durable import WORLD, check, load, save, shop, statuses

__all__ = ["shop"]


@action
def write_object(ctx: Context) -> None:
    """Write what is no data."""
    ctx.store["good"] = 1
    ctx.store["odd"] = object()


@action
def change_in_place(ctx: Context) -> None:
    """Put what is no data into a list that is there."""
    ctx.store["rows"].append(object())


@action
def suspend_with_object(ctx: Context) -> None:
    """Tell a reason that is no data."""
    ctx.suspend("look", at=object())


@action(provides="odd")
def give_object() -> object:
    """Give back what is no data."""
    return object()


@action
def write_for_a_while(ctx: Context) -> None:
    """Write what is no data, and take it away again."""
    ctx.store["odd"] = object()
    del ctx.store["odd"]


@pytest.mark.parametrize(
    ("culprit", "names"),
    [
        (write_object, "'odd'"),
        (change_in_place, "'rows'"),
        (give_object, "'odd'"),
        (suspend_with_object, "at"),
    ],
    ids=["assigned", "changed in place", "returned", "reason of a suspension"],
)
def test_what_cannot_be_kept_fails_the_step_that_wrote_it(shop, culprit, names) -> None:
    """The error names the key and the type, and nothing of the step is kept."""
    flow = Workflow("flow").do(load).do(culprit).do(save)
    with shop.runner() as runner:
        result = runner.run(flow, run_id="r")
        assert statuses(result) == {"load": "completed", culprit.name: "failed", "save": "pending"}
        assert dict(runner.result("r").store) == dict(result.store) == {"rows": [1, 2]}

    assert isinstance(result.error, NotStorable)
    assert names in str(result.error)
    assert "object" in str(result.error)


def test_what_is_gone_when_the_step_ends_is_no_matter(shop) -> None:
    """Only what is kept has to be data."""
    with shop.runner() as runner:
        assert runner.run(Workflow("flow").do(write_for_a_while)).ok


def test_what_a_run_begins_with_has_to_be_data_too(shop) -> None:
    """It is refused before anything runs."""
    with shop.runner() as runner:
        with pytest.raises(NotStorable, match="'odd'"):
            runner.run(Workflow("flow").do(load), {"odd": object()})
        assert runner.runs() == []

    assert WORLD.calls == []


@action
def keep_secret(ctx: Context) -> None:
    """Write a secret, and fail with it at hand."""
    ctx.store[Key("token", str, secret=True)] = "hush-hush"
    WORLD.note("secret")


def test_a_secret_is_there_again_and_is_in_no_event(shop) -> None:
    """It stands in the store alone, and knows that it is a secret."""
    flow = Workflow("flow").do(keep_secret).receive("go").do(load)
    with shop.runner() as runner:
        runner.run(flow, run_id="r")
    with shop.runner() as runner:
        result = runner.signal("r", "go")
        events = runner.history("r")

    assert result.store["token"] == "hush-hush"
    assert result.store.has_tag("token", "sensitive")
    assert "hush-hush" not in repr(events)


# -------------------------------------------------------------------- codecs


class Word(UserString):
    """What only a plugin knows how to keep."""


class Words:
    """Teaches words."""

    @hookimpl
    def gostage_codecs(self, registry) -> None:
        """Keep a word as its text."""
        registry.register(Word, "word", to_data=str, from_data=Word)


@action
def say(ctx: Context) -> None:
    """Write a word."""
    ctx.store["word"] = Word("hello")


def test_a_type_of_a_plugin_is_kept_and_read_again(shop) -> None:
    """By every process that has the plugin."""
    flow = Workflow("flow").do(say).receive("go", into="answer")
    with shop.runner(plugins=[Words()]) as runner:
        assert runner.run(flow, run_id="r").status == "waiting"
    with shop.runner(plugins=[Words()]) as runner:
        result = runner.signal("r", "go", Word("bye"))

    assert (result.store["word"], type(result.store["word"])) == (Word("hello"), Word)
    assert result.store["answer"] == Word("bye")


def test_a_type_that_nobody_teaches_is_named(shop) -> None:
    """Without the plugin the step fails."""
    with shop.runner() as runner:
        result = runner.run(Workflow("flow").do(say))

    assert isinstance(result.error, NotStorable)
    assert "Word" in str(result.error)


@pytest.mark.parametrize(
    "value",
    [2**80, float("inf"), b"\x00\xff", (1, (2,)), {1, 2}, {(1, 2): "x"}, None, "\udc80", 1j],
    ids=repr,
)
def test_values_come_back_as_they_were(shop, value) -> None:
    """Whatever JSON makes of them."""
    flow = Workflow("flow").receive("go", into="came")
    with shop.runner() as runner:
        runner.run(flow, {"value": value}, run_id="r")
    with shop.runner() as runner:
        store = runner.signal("r", "go", value).store

    assert (store["value"], store["came"]) == (value, value)
    assert type(store["value"]) is type(value)


def test_time_to_live_goes_on_in_another_process(shop) -> None:
    """It counts from when the value was written."""
    flow = Workflow("flow").do(brief).receive("go")
    with shop.runner() as runner:
        runner.run(flow, run_id="r")
    with shop.runner() as runner:
        assert "code" in runner.result("r").store
    shop.clock.pass_by(61)
    with shop.runner() as runner:
        assert "code" not in runner.signal("r", "go").store


@action
def brief(ctx: Context) -> None:
    """Write what is not valid for long."""
    ctx.store.put("code", 1234, ttl=60)


def test_a_key_that_was_deleted_stays_deleted(shop) -> None:
    """Also where the run fails afterwards."""
    flow = Workflow("flow").do(load).do(drop).do(fill).do(check)
    WORLD.broken.add("check")
    with shop.runner() as runner:
        runner.run(flow, {"old": 1}, run_id="r")
    WORLD.broken.clear()
    with shop.runner() as runner:
        result = runner.resume("r")

    assert "old" not in result.store
    assert result.store["rows"] == [3]


@action
def drop(ctx: Context) -> None:
    """Delete keys."""
    del ctx.store["old"]
    del ctx.store["rows"]


@action
def fill(ctx: Context) -> None:
    """Write one of them again."""
    ctx.store["rows"] = []
