"""Events: one stream of everything that happens to a run."""

from __future__ import annotations

import logging

import pytest

from gostage import Retry, Runner, Stage, Workflow, action, hookimpl, steps
from gostage._plugins.manager import Plugins
from gostage._plugins.source import Source


class Listener:
    """Keeps what it is told."""

    def __init__(self):
        self.events = []

    @hookimpl
    def gostage_event(self, event):
        self.events.append(event)

    def told(self, *keys):
        """Each event as kind, path and the values of these keys."""
        return [(e.kind, e.path, *(e.data[k] for k in keys if k in e.data)) for e in self.events]


def listening(*listeners) -> Runner:
    """A runner with these listeners."""
    plugins = Plugins()
    plugins.add(Source(f"l{i}", "a test", lambda x=each: x) for i, each in enumerate(listeners))
    return Runner(plugins=plugins)


@pytest.fixture
def listener():
    return Listener()


@action
def noop():
    """Do nothing."""


def test_a_run_tells_when_it_and_its_items_begin_and_end(listener) -> None:
    """Run, stage and action, in the order of what happens."""
    listening(listener).run(Workflow("w").stage("s", noop), run_id="r")

    assert listener.told("kind", "status") == [
        ("run_started", ""),
        ("step_started", "s", "stage"),
        ("step_started", "s/noop", "action"),
        ("step_ended", "s/noop", "action", "completed"),
        ("step_ended", "s", "stage", "completed"),
        ("run_ended", "", "completed"),
    ]
    assert {event.run_id for event in listener.events} == {"r"}


def test_every_attempt_is_told_and_every_retry(listener) -> None:
    """A failing attempt ends, is retried, and the next one begins."""

    @action(retry=Retry(2))
    def flaky(ctx):
        if ctx.attempt == 1:
            raise OSError("busy")

    listening(listener).run(Workflow("w").do(flaky))

    assert listener.told("attempt", "status")[1:-1] == [
        ("step_started", "flaky", 1),
        ("step_ended", "flaky", "failed"),
        ("step_retried", "flaky", 1),
        ("step_started", "flaky", 2),
        ("step_ended", "flaky", "completed"),
    ]
    retried = next(event for event in listener.events if event.kind == "step_retried")
    assert retried.data["error"] == {"type": "OSError", "message": "busy"}


def test_a_failure_is_told_once_for_each_item_it_passes(listener) -> None:
    """Action, stage and run end as failed, with the error."""

    def fail():
        raise ValueError("boom")

    listening(listener).run(Workflow("w").add(Stage("s").do("fail", fail)))

    failed = [event for event in listener.events if event.data.get("status") == "failed"]
    assert [(event.kind, event.path) for event in failed] == [
        ("step_ended", "s/fail"),
        ("step_ended", "s"),
        ("run_ended", ""),
    ]
    assert {event.data["error"]["message"] for event in failed} == {"boom"}


def test_a_skipped_item_ends_without_having_begun(listener) -> None:
    """What is disabled is told as skipped."""
    workflow = Workflow("w").stage("s", noop)
    workflow.disable(action="noop")

    listening(listener).run(workflow)

    assert ("step_ended", "s/noop", "skipped") in listener.told("status")
    assert ("step_started", "s/noop") not in listener.told("status")


def test_changes_of_the_plan_are_told_and_taken_back(listener) -> None:
    """What a failing attempt inserted is told as removed again."""

    @action(retry=Retry(2))
    def adds(ctx):
        ctx.add_action(noop)
        if ctx.attempt == 1:
            raise OSError("busy")

    listening(listener).run(Workflow("w").stage("s", adds))

    changes = [(e.data["change"], e.path) for e in listener.events if e.kind == "plan_changed"]
    assert changes == [("insert", "s/noop"), ("remove", "s/noop"), ("insert", "s/noop")]


def test_items_are_counted_and_their_steps_say_which_they_belong_to(listener) -> None:
    """A for_each tells how many items there are; steps inside have the index."""
    workflow = Workflow("w").for_each("f", "rows", steps().do("one", noop))

    listening(listener).run(workflow, {"rows": ["a", "b"]})

    assert ("items_listed", "f", 2) in listener.told("total")
    items = [e.data["item"] for e in listener.events if e.kind == "step_started" and e.path != "f"]
    assert items == [0, 1]


def test_a_run_that_waits_is_paused_and_resumed(listener) -> None:
    """What it waits for is told; going on is told as well."""
    runner = listening(listener)
    result = runner.run(Workflow("w").receive("go"))
    runner.signal(result.run_id, "go")

    kinds = [event.kind for event in listener.events if event.kind.startswith("run_")]
    assert kinds == ["run_started", "run_paused", "run_resumed", "run_ended"]
    paused = next(event for event in listener.events if event.kind == "run_paused")
    assert dict(paused.data) == {"status": "waiting", "awaits": "it waits for the signal 'go'"}


def test_a_message_is_told_without_its_payload(listener) -> None:
    """Type and number only: the payload may be secret."""
    listening(listener).run(Workflow("w").do("send", lambda ctx: ctx.send("hello", "secret")))

    told = next(event for event in listener.events if event.kind == "message")
    assert dict(told.data) == {"type": "hello", "seq": 1}


def test_a_listener_that_fails_is_logged_and_told_no_more(listener, caplog) -> None:
    """The run goes on, the others are told, and the log names plugin, hook and item."""

    class Fails:
        calls = 0

        @hookimpl
        def gostage_event(self, event):
            self.calls += 1
            raise ValueError("boom")

    fails = Fails()
    with caplog.at_level(logging.ERROR, "gostage"):
        result = listening(fails, listener).run(Workflow("w").stage("s", noop), run_id="r")

    assert result.ok
    assert fails.calls == 1
    assert len(listener.events) == 6
    assert "plugin 'l0' failed in hook gostage_event, at run_started of 'r'" in caplog.text
