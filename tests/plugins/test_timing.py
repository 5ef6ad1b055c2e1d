"""The plugin `timing`, and the middleware `timing` and `timed`."""

from __future__ import annotations

import logging
import re

import pytest

from gostage import Runner, Workflow, run
from gostage.errors import ConfigError
from gostage_plugins.timing import Settings, Times, Timing, timed, timing
from tests.plugins.samples import failing, one, run_with


class Paper:
    """A console that keeps what is printed on it."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def print(self, *objects: object, markup: bool | None, highlight: bool | None) -> None:
        assert (markup, highlight) == (False, False)
        self.lines.append(" ".join(map(str, objects)))


def names(lines: list[str]) -> list[str]:
    """The rows of a table without their times."""
    return [re.sub(r"\d+\.\d{3} s", "T", line).strip() for line in lines]


def test_the_summary_shows_stages_and_actions():
    """The table has a row for each, and the slowest is the first."""
    plugin = Timing()
    with Runner(plugins=[plugin]) as runner:
        result = runner.run(one(lambda: None))
    paper = Paper()
    plugin.gostage_summary(result, paper)

    assert names(paper.lines) == ["timing: the slowest", "T  stage s", "T  action s/work"]


def test_calls_of_one_action_are_added_up():
    """An action of a loop has one row, with the number of its calls and the longest."""
    plugin = Timing()
    flow = Workflow("w").for_each("all", "rows", lambda item: item)
    with Runner(plugins=[plugin]) as runner:
        result = runner.run(flow, {"rows": [1, 2, 3]})
    paper = Paper()
    plugin.gostage_summary(result, paper)

    (row,) = names(paper.lines)[1:]
    assert row.startswith("T  action all")
    assert row.endswith("3 times, longest T")


def test_the_slowest_come_first_and_the_rest_is_left_out():
    """`top` and `above` cut the table."""
    times = Times()
    for name, seconds in [("a", 1.0), ("b", 3.0), ("c", 0.1), ("b", 1.0)]:
        times.add("action", name, seconds)

    assert [line.split()[3] for line in times.lines(top=9, above=0.5)] == ["b", "a"]
    assert list(times.lines(top=1, above=0)) == ["    4.000 s  action b  2 times, longest 3.000 s"]


def test_the_times_go_into_the_store_if_asked():
    """Under the key is a dictionary of seconds."""
    result = run_with("timing", one(lambda: None), {"store_key": "took"})

    assert set(result.store["took"]) == {"stage s", "action s/work"}
    assert all(isinstance(each, float) for each in result.store["took"].values())


def test_nothing_is_stored_unless_asked():
    """The store is the user's."""
    assert len(run_with("timing", one(lambda: None)).store) == 0


def test_a_failing_run_is_measured_too(caplog):
    """With `log` the table is in the log, whatever came of the run."""
    caplog.set_level(logging.INFO, "gostage")

    run_with("timing", one(failing(ValueError())), {"log": True})

    assert names(caplog.messages) == ["timing: the slowest", "T  stage s", "T  action s/work"]


def test_a_summary_is_of_its_own_run():
    """Of a run that the plugin has not seen it says nothing."""
    plugin, paper = Timing(), Paper()
    with Runner(plugins=[plugin]) as runner:
        runner.run(one(lambda: None))
    plugin.gostage_summary(run(one(lambda: None)), paper)

    assert paper.lines == []


@pytest.mark.parametrize(
    ("level", "what"),
    [
        pytest.param("run", "run 'r'", id="run"),
        pytest.param("workflow", "stage 's'", id="workflow"),
        pytest.param("stage", "stage 's'", id="stage"),
        pytest.param("action", "action 's/work'", id="action"),
    ],
)
def test_the_middleware_logs_how_long_the_inside_took(caplog, level, what):
    """`timing` can be used as it is, at every level."""
    caplog.set_level(logging.INFO, "gostage")
    flow = one(lambda: None, use=[timing] if level == "action" else [])
    flow.use(*([timing] if level == "workflow" else []))
    flow.stages[0].use(*([timing] if level == "stage" else []))

    with Runner(middleware=[timing] if level == "run" else []) as runner:
        assert runner.run(flow, run_id="r").ok

    assert names(caplog.messages) == [f"{what} took T"]


def test_the_middleware_can_store_the_seconds():
    """`timed(store_key=…)` puts them where it is told."""
    result = run(one(lambda: None).use(timed(store_key="took", level="debug")))

    assert isinstance(result.store["took"], float)


def test_a_mistake_in_the_settings_is_refused():
    """Names and types are checked."""
    with pytest.raises(ConfigError, match="has no setting 'tops'") as caught:
        run_with("timing", Workflow("w"), {"tops": 3})
    assert caught.value.hint == "did you mean 'top'?"

    with pytest.raises(ConfigError, match=r"'top' of .* is 0"):
        run_with("timing", Workflow("w"), {"top": 0})

    with pytest.raises(ConfigError, match=r"'above' of .* is 'much'") as caught:
        run_with("timing", Workflow("w"), {"above": "much"})
    assert caught.value.hint == "it has to be a number"


def test_a_setting_may_be_spelled_with_a_dash():
    """`store-key` is `store_key`, as for the settings of gostage itself."""
    assert "took" in run_with("timing", one(lambda: None), {"store-key": "took"}).store
    assert Settings().store_key == ""
