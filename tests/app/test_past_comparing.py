"""Two past runs beside each other."""

from __future__ import annotations

import re

from gostage._app.lines import text_of
from gostage._app.past.comparing import compare, comparison_data, comparison_lines
from gostage._app.past.overview import overview
from gostage._app.past.tree import Detail
from tests.app.hand import Hand, ended, entry, started

TIME = re.compile(r"(\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d")
PLAN = (("s", "stage"), ("s/a", "action"), ("s/b", "action"), ("z", "action"))
OTHER = (("s", "stage"), ("s/a", "action"), ("s/c", "action"), ("z", "action"))


def first() -> Hand:
    """A run that goes well."""
    hand = Hand(PLAN, run_id="first")
    hand.commit(changes=[hand.put("amount", 120), hand.put("region", "eu")])
    hand.commit(("run_started", "", {}), started("s", "stage"), started("s/a"), ended("s/a"))
    hand.step("s/b", changes=[hand.put("total", 1), hand.put("token", "x", tags=["sensitive"])])
    hand.step("z", duration=0.001)
    hand.stop("completed")
    return hand


def second(hand: Hand) -> Hand:
    """Another one, of another plan, that does not."""
    made = Hand(OTHER, run_id="second", database=hand.database)
    made.commit(changes=[made.put("amount", 80), made.put("region", "eu")])
    made.commit(("run_started", "", {}), started("s", "stage"), started("s/a"),
                ended("s/a", duration=0.4, attempts=2), ended("s/a"),
                ended("s/a", duration=0.4))  # fmt: skip
    token = (0, "token", entry("token", "y", tags=["sensitive"]))
    made.step("s/c", changes=[made.put("extra", [1]), token])
    error = {"type": "ValueError", "message": "boom"}
    made.commit(started("z"), ended("z", status="failed", error=error, duration=0.009))
    made.stop("failed")
    return made


def pair(before: Hand, after: Hand):
    """What of one is not as in the other."""
    return compare(*(overview(each.database, each.row) for each in (before, after)))


def shown(before: Hand, after: Hand) -> str:
    """The same, as text."""
    lines = comparison_lines(pair(before, after), Detail())
    return TIME.sub("TIME", "\n".join(text_of(line).rstrip() for line in lines))


def test_two_runs_are_compared() -> None:
    """Their ends, what they began with, their plans, their steps and their stores."""
    one = first()

    assert (
        shown(one, second(one))
        == """\
run       first      second
workflow  expense    expense
status    completed  failed
begun     TIME   TIME
took      3.000s     3.000s

initial values
  ~ amount 120 → 80

plan
    s  stage
      a  action
  -   b  action
  +   c  action
    z  action

steps
  ~ s/a  completed  1 → 3 times  0.100s → 0.400s (4 times as long)
  + s/c  completed
  ~ z    completed → failed  ValueError: boom
  - s/b  completed

store
  ~ amount 120 → 80
  - total
  ~ token ***
  + extra = [1]"""
    )


def test_a_run_does_not_differ_from_itself() -> None:
    """And it is said so."""
    one = first()

    assert shown(one, one).endswith("\n\nthe same values, plan, steps and store")


def test_a_step_is_told_of_for_its_time_alone_where_that_is_much() -> None:
    """Much more than twice as much of what takes long enough to be noticed."""
    one = first()
    other = Hand(PLAN, run_id="other", database=one.database)
    other.commit(started("s/a"), ended("s/a", duration=0.15))
    other.commit(started("s/b"), ended("s/b", duration=0.04))
    other.commit(started("z"), ended("z", duration=0.04))
    found = pair(one, other)

    assert {each.path for each in found.steps} == {"s", "s/b"}
    told = [line for line in shown(one, other).splitlines() if "s/b" in line]
    assert told == ["  ~ s/b  completed  0.100s → 0.040s (0.4 times as long)"]


def test_the_data_of_a_comparison_says_the_same() -> None:
    """With sensitive values hidden there as well."""
    one = first()
    data = comparison_data(pair(one, second(one)))

    assert [run["run_id"] for run in data["runs"]] == ["first", "second"]
    assert data["plan"] == {"added": ["s/c"], "removed": ["s/b"], "moved": [], "changed": []}
    assert data["store"] == [
        {"key": "amount", "before": 120, "after": 80},
        {"key": "total", "before": 1},
        {"key": "token", "before": "***", "after": "***"},
        {"key": "extra", "after": [1]},
    ]
    assert [step["path"] for step in data["steps"]] == ["s/a", "s/c", "z", "s/b"]
    assert data["steps"][1]["before"] is None
    assert data["steps"][2]["after"]["status"] == "failed"
