"""The plugin `error_handling`, and the middleware `ignoring` and `translating`."""

from __future__ import annotations

import logging

import pytest

from gostage import Key, Runner, Workflow, action, run
from gostage.errors import ConfigError, DefinitionError, PluginError
from gostage_plugins.error_handling import ErrorHandling, Settings, ignoring, translating
from tests.plugins.samples import failing, one, run_with, statuses
from tests.plugins.test_timing import Paper

HERE = "tests.plugins.test_error_handling"


class StorageDown(Exception):
    """What other errors are made into."""


class Picky(Exception):
    """An error that cannot be made of a text alone."""

    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


@pytest.mark.parametrize(
    ("ignore", "status"),
    [
        pytest.param(["KeyError"], "completed", id="its class"),
        pytest.param(["LookupError"], "completed", id="a base class"),
        pytest.param(["KeyError: ro.s"], "completed", id="its text"),
        pytest.param(["ValueError", "KeyError: rows"], "completed", id="one of several"),
        pytest.param(["KeyError: columns"], "failed", id="another text"),
        pytest.param(["ValueError"], "failed", id="another class"),
        pytest.param([], "failed", id="nothing"),
    ],
)
def test_an_error_that_fits_counts_as_none(ignore, status):
    """The run goes on as if the action had returned `None`."""
    flow = one(failing(KeyError("rows"))).stage("next", lambda: None)

    assert run_with("error_handling", flow, {"ignore": ignore}).status == status


def test_the_record_keeps_the_error_that_was_handled():
    """The action is completed, and its record says what was swallowed."""
    result = run_with("error_handling", one(failing(KeyError("rows"))), {"ignore": ["KeyError"]})

    (step,) = (each for each in result.steps if each.path == "s/work")
    assert step.status == "completed"
    assert isinstance(step.error, KeyError)


def test_an_error_becomes_another_with_the_original_as_its_cause():
    """The new class is called with the text of the old one."""
    settings = {"translate": {"OSError": f"{HERE}:StorageDown"}}
    error = run_with("error_handling", one(failing(OSError("disk full"))), settings).error

    assert type(error).__name__ == "StorageDown"
    assert str(error) == "disk full"
    assert isinstance(error.__cause__, OSError)


def test_a_stage_may_fail_without_the_run():
    """With level "stage" the rest of the stage is not run, and the next stage is."""
    flow = Workflow("w").stage("a", action(failing(KeyError("x")), name="bad"), lambda: None)
    flow.stage("b", action(lambda: None, name="good"))
    result = run_with("error_handling", flow, {"ignore": ["KeyError"], "level": "stage"})

    assert result.ok
    assert statuses(result) == {
        "a": "failed",
        "a/bad": "failed",
        "a/lambda": "pending",
        "b": "completed",
        "b/good": "completed",
    }


@pytest.mark.parametrize(
    ("where", "status"),
    [
        pytest.param({"stages": ["s*"]}, "completed", id="the stage"),
        pytest.param({"actions": ["wo*"]}, "completed", id="the action"),
        pytest.param({"tags": "io"}, "completed", id="the tag"),
        pytest.param({"stages": ["t"]}, "failed", id="another stage"),
        pytest.param({"actions": ["play"]}, "failed", id="another action"),
        pytest.param({"tags": "not io"}, "failed", id="another tag"),
    ],
)
def test_errors_are_handled_where_the_settings_say(where, status):
    """By stage, by action and by tags; all are to hold."""
    flow = one(failing(KeyError("rows")), tags=["io"])

    assert run_with("error_handling", flow, {"ignore": ["KeyError"], **where}).status == status


def test_interrupts_pass():
    """A bail is no error, whatever the patterns say."""
    flow = one(lambda ctx: ctx.bail("enough"))

    assert run_with("error_handling", flow, {"ignore": ["BaseException"]}).status == "bailed"


def test_what_was_handled_is_logged_and_counted(caplog):
    """A warning for each, and a line of the summary for each kind."""
    caplog.set_level(logging.WARNING, "gostage")
    settings = Settings(ignore=("KeyError",), translate={"OSError": f"{HERE}:StorageDown"})
    plugin, paper = ErrorHandling(settings), Paper()
    flow = Workflow("w").do("a", failing(KeyError("x"))).do("b", failing(KeyError("y")))
    with Runner(plugins=[plugin]) as runner:
        plugin.gostage_summary(runner.run(flow.do("c", failing(OSError("z")))), paper)

    assert caplog.messages == [
        "action 'a': ignored KeyError: 'x'",
        "action 'b': ignored KeyError: 'y'",
        "action 'c': made StorageDown of OSError: z",
    ]
    assert paper.lines == [
        "error handling: ignored KeyError, 2 times",
        "error handling: made StorageDown of OSError, once",
    ]


def test_a_class_that_cannot_be_made_is_said():
    """The error names both, and has the original as its cause."""
    settings = {"translate": {"OSError": f"{HERE}:Picky"}}
    error = run_with("error_handling", one(failing(OSError("disk full"))), settings).error

    assert isinstance(error, PluginError)
    assert str(error).startswith("cannot make Picky of OSError: disk full: TypeError: ")
    assert isinstance(error.__cause__, OSError)


@pytest.mark.parametrize("level", ["run", "workflow", "stage", "action"])
def test_ignoring_holds_errors_at_every_level(level):
    """The level it is at, and all outside, count as completed."""
    used = [ignoring("KeyError: rows", OSError)]
    flow = one(failing(OSError("busy")), use=used if level == "action" else [])
    flow.use(*(used if level == "workflow" else []))
    flow.stages[0].use(*(used if level == "stage" else []))

    assert run(flow, middleware=used if level == "run" else []).ok


def test_ignoring_gives_a_value_instead():
    """An action returns it, and so it is stored under the key the action provides."""
    flow = one(failing(OSError()), provides=Key("n", int), use=[ignoring(OSError, value=0)])

    assert run(flow).store["n"] == 0


def test_translating_raises_another_error():
    """Other errors are let through as they are."""
    use = [translating(OSError, "KeyError: rows", to=StorageDown)]

    assert isinstance(run(one(failing(OSError("x")), use=use)).error, StorageDown)
    assert isinstance(run(one(failing(KeyError("rows")), use=use)).error, StorageDown)
    assert isinstance(run(one(failing(KeyError("id")), use=use)).error, KeyError)


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        pytest.param({"ignore": ["1st"]}, "'1st' is no pattern", id="no pattern"),
        pytest.param({"translate": {"OSError": "StorageDown"}}, "names nothing", id="no module"),
        pytest.param(
            {"translate": {"OSError": "no_such_module:X"}},
            "cannot be imported",
            id="no such",
        ),
        pytest.param(
            {"translate": {"OSError": f"{HERE}:StorageDow"}}, "has no 'StorageDow'", id="a typo"
        ),
        pytest.param({"translate": {"OSError": f"{HERE}:HERE"}}, "no class of errors", id="a text"),
    ],
)
def test_a_mistake_in_the_settings_is_refused(settings, complaint):
    """What cannot work is a `ConfigError` with a hint, before anything runs."""
    with pytest.raises(ConfigError, match=complaint) as caught:
        run_with("error_handling", one(lambda: None), settings)
    assert caught.value.hint


def test_middleware_that_is_told_no_error_is_refused():
    """It would do nothing."""
    with pytest.raises(DefinitionError, match="no error"):
        ignoring()
    with pytest.raises(DefinitionError, match="no error"):
        translating(to=StorageDown)
