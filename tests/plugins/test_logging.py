"""The plugin `logging`, and the middleware `logged`."""

from __future__ import annotations

import logging

import pytest

from gostage import Retry, Runner, Workflow, run
from gostage.errors import ConfigError, DefinitionError
from gostage_plugins.logging import logged
from tests.plugins.samples import Flaky, failing, one, run_with


def lines(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """What was logged, without times and the id of the run."""
    return [
        (record.levelname, record.getMessage().partition(" in 0.")[0].partition(" after 0.")[0])
        for record in caplog.records
        if record.name == "gostage"
    ]


@pytest.fixture(autouse=True)
def _level(caplog):
    caplog.set_level(logging.DEBUG, "gostage")


def test_runs_stages_and_actions_are_logged_when_they_begin_and_end(caplog):
    """Each level has a line before and a line after, in the order of what happens."""
    with Runner(plugins=["gostage_plugins.logging"]) as runner:
        assert runner.run(one(lambda: None), run_id="r").ok

    assert lines(caplog) == [
        ("INFO", "run 'r' of 'w' begins"),
        ("INFO", "stage 's' begins"),
        ("INFO", "action 's/work' begins"),
        ("INFO", "action 's/work' completed"),
        ("INFO", "stage 's' completed"),
        ("INFO", "run 'r' of 'w' completed"),
    ]


def test_a_failure_is_logged_at_its_own_level_with_the_error(caplog):
    """A failing action, and what it takes with it, is an error with class and text."""
    settings = {"level": "debug", "failures": "critical", "runs": False, "stages": False}
    result = run_with("logging", one(failing(ValueError("boom"))), settings)

    assert result.status == "failed"
    assert lines(caplog) == [
        ("DEBUG", "action 's/work' begins"),
        ("CRITICAL", "action 's/work' failed"),
    ]
    assert caplog.records[-1].getMessage().endswith(": ValueError: boom")


def test_only_what_has_the_tags_is_logged(caplog):
    """The tags of a stage count for its actions."""
    flow = one(lambda: None, tags=["io"]).stage("quiet", lambda: None)

    assert run_with("logging", flow, {"tags": "io", "runs": False}).ok

    assert lines(caplog) == [
        ("INFO", "action 's/work' begins"),
        ("INFO", "action 's/work' completed"),
    ]


def test_each_attempt_is_logged_with_its_number(caplog):
    """From the second attempt on the line says which one it is."""
    flow = one(Flaky(1), retry=Retry(attempts=2))

    assert run_with("logging", flow, {"runs": False, "stages": False}).ok

    assert [line for _, line in lines(caplog)] == [
        "action 's/work' begins",
        "action 's/work' failed",
        "action 's/work', attempt 2 begins",
        "action 's/work', attempt 2 completed",
    ]


@pytest.mark.parametrize(
    ("fn", "last"),
    [
        pytest.param(lambda ctx: ctx.suspend("later"), "action 's/work' waits", id="suspend"),
        pytest.param(
            lambda ctx: ctx.bail("enough"),
            "action 's/work' ends the run early: enough",
            id="bail",
        ),
    ],
)
def test_an_interrupt_is_no_failure(caplog, fn, last):
    """What ends an action on purpose is logged as what it is."""
    run_with("logging", one(fn), {"runs": False, "stages": False})

    assert lines(caplog)[-1] == ("INFO", last)


@pytest.mark.parametrize("level", ["run", "workflow", "stage", "action"])
def test_the_middleware_works_at_every_level(caplog, level):
    """What it is around is what the line names."""
    used = [logged(level="warning")]
    flow = one(lambda: None, use=used if level == "action" else [])
    flow.use(*(used if level == "workflow" else []))
    flow.stages[0].use(*(used if level == "stage" else []))

    with Runner(middleware=used if level == "run" else []) as runner:
        assert runner.run(flow, run_id="r").ok

    named = {"run": "run 'r'", "action": "action 's/work'"}.get(level, "stage 's'")
    assert lines(caplog) == [("WARNING", f"{named} begins"), ("WARNING", f"{named} completed")]


def test_a_mistake_in_the_settings_is_refused():
    """A level that is none, and a tag expression that cannot be read, are said at once."""
    with pytest.raises(ConfigError, match=r"'level' of .*logging.* is 'loud'") as caught:
        run_with("logging", Workflow("w"), {"level": "loud"})
    assert caught.value.hint.startswith("it has to be one of 'debug', 'info'")

    with pytest.raises(ConfigError, match=r"'tags' of .* cannot read the tag expression 'io and'"):
        run_with("logging", Workflow("w"), {"tags": "io and"})


def test_a_level_of_the_middleware_that_is_none_is_refused():
    """It is refused where the middleware is made."""
    with pytest.raises(DefinitionError, match="'warn' is no level of logging") as caught:
        logged(level="warn")  # type: ignore[arg-type]  # the mistake
    assert caught.value.hint == "did you mean 'warning'?"


def test_values_are_never_logged(caplog):
    """Nothing of the store is in the lines."""
    flow = one(lambda ctx: ctx.store.put("password", "hush-hush")).use(logged())

    assert run(flow, initial={"token": "also-hushed"}).ok

    assert "hush" not in caplog.text
