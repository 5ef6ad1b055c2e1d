"""The plugin `stage_filter`, and the middleware `only`."""

from __future__ import annotations

import logging

import pytest

from gostage import Stage, Workflow, action, run
from gostage.errors import ConfigError, DefinitionError
from gostage_plugins.stage_filter import only
from tests.plugins.samples import one, run_with, statuses


def flow() -> Workflow:
    """Make two stages of two actions, with tags."""
    read = action(lambda: None, name="read", tags=["io"])
    count = action(lambda: None, name="count")
    return Workflow("w", Stage("a", read, count, tags=["big"]), Stage("b", read, count))


@pytest.mark.parametrize(
    ("settings", "completed"),
    [
        pytest.param({}, ["a", "a/read", "a/count", "b", "b/read", "b/count"], id="nothing"),
        pytest.param({"only": "io"}, ["a", "a/read", "b", "b/read"], id="actions"),
        pytest.param({"only": "big"}, ["a", "a/read", "a/count", "b"], id="actions by stage"),
        pytest.param({"only": "io and not big"}, ["a", "b", "b/read"], id="both"),
        pytest.param({"stages": "not big"}, ["b", "b/read", "b/count"], id="stages"),
        pytest.param({"stages": "big", "only": "io"}, ["a", "a/read"], id="stages and actions"),
    ],
)
def test_what_the_expressions_do_not_hold_for_is_skipped(settings, completed):
    """The rest has the status skipped, and the run completes."""
    result = run_with("stage_filter", flow(), settings)
    found = statuses(result)

    assert result.ok
    assert [path for path, status in found.items() if status == "completed"] == completed
    assert {status for path, status in found.items() if path not in completed} <= {"skipped"}


def test_an_action_that_is_added_while_the_run_goes_on_is_filtered_too():
    """The filter looks at what the run reaches, not at the definition."""
    extra = action(lambda: None, name="extra", tags=["slow"])
    result = run_with("stage_filter", one(lambda ctx: ctx.add_action(extra)), {"only": "not slow"})

    assert statuses(result) == {"s": "completed", "s/work": "completed", "s/extra": "skipped"}


def test_what_is_skipped_is_logged(caplog):
    """With the expression that says so."""
    caplog.set_level(logging.INFO, "gostage")

    run_with("stage_filter", one(lambda: None), {"only": "io"})

    assert caplog.messages == ["action 's/work' is skipped: not 'io'"]


def test_the_middleware_takes_an_expression():
    """Around stages it asks for their tags, around an action for those of both."""
    assert statuses(run(flow().use(only("big"))))["b"] == "skipped"

    shy = one(lambda: None, use=[only("io")], tags=["net"])
    assert statuses(run(shy))["s/work"] == "skipped"
    shy.stages[0].add_tag("io")
    assert statuses(run(shy))["s/work"] == "completed"


@pytest.mark.parametrize("level", ["run", "workflow", "stage", "action"])
def test_the_middleware_takes_a_function_at_every_level(level):
    """It gets the workflow, the stage or the action that the middleware is around."""
    seen = []
    used = [only(seen.append)]
    calls = []
    flow = one(lambda: calls.append(1), use=used if level == "action" else [])
    flow.use(*(used if level == "workflow" else []))
    flow.stages[0].use(*(used if level == "stage" else []))

    assert run(flow, middleware=used if level == "run" else []).ok
    items = {"run": flow, "action": flow.stages[0].actions[0]}
    assert [id(each) for each in seen] == [id(items.get(level, flow.stages[0]))]
    assert calls == []


def test_a_mistake_is_refused():
    """In the settings, and where the middleware is made."""
    with pytest.raises(ConfigError, match=r"'only' of .*: cannot read the tag expression"):
        run_with("stage_filter", flow(), {"only": "io or"})
    with pytest.raises(DefinitionError, match="cannot read the tag expression"):
        only("io or")
    with pytest.raises(DefinitionError, match=r"only\(\) takes a tag expression or a function"):
        only(3)
