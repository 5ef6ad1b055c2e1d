"""`gostage run --json`: the result as data, and nothing else on standard output."""

from __future__ import annotations

import json

import pytest

from tests.cli.shell import gostage


def test_standard_output_holds_the_result_alone(flows) -> None:
    """What the flow prints, and what programs it starts print, goes to standard error."""
    done = gostage("run", "greet:loud", "--json", folder=flows)

    data = json.loads(done.out)
    assert data["status"] == "completed"
    assert "from print" in done.err
    assert "from a program" in done.err


def test_sensitive_values_and_odd_ones_are_shown_safely(flows) -> None:
    """A secret is never shown, and odd text is kept apart from plain text."""
    done = gostage("run", "greet:loud", "--json", folder=flows)

    store = json.loads(done.out)["store"]
    assert store == {
        "token": "***",
        "odd": {"$str": "edb280"},
    }
    assert "hush-hush" not in done.out + done.err


def test_a_value_that_is_no_data_does_not_stand_in_the_way(flows) -> None:
    """In memory anything goes; the result says of what type it is."""
    done = gostage("run", "greet:lost", "--json", "--no-db", folder=flows)

    assert json.loads(done.out)["store"] == {"where": {"$unstorable": "object"}}


def test_a_result_has_all_its_parts(flows) -> None:
    """Every part is there, whether it says something or not."""
    done = gostage("run", "greet:hello", "--json", "--run-id", "r-1", folder=flows)

    data = json.loads(done.out)
    assert list(data) == [
        "run_id",
        "workflow",
        "status",
        "ok",
        "error",
        "bail_reason",
        "suspended",
        "store",
        "steps",
        "duration",
    ]
    assert (data["run_id"], data["workflow"], data["ok"]) == ("r-1", "hello", True)
    assert data["store"] == {"greeting": "Hello, World!"}
    assert [step["path"] for step in data["steps"]] == ["greeting", "greeting/greet"]


def test_an_error_says_where_it_is(flows) -> None:
    """Type, message, and the place in the run and in the code."""
    done = gostage("run", "greet:bad", "--json", folder=flows)

    data = json.loads(done.out)
    assert done.code == 1
    assert data["error"] == {
        "type": "ValueError",
        "message": "no such row",
        "hint": "",
        "where": {
            "run": data["run_id"],
            "stage": "reading",
            "action": "fail",
            "file": str(flows / "greet.py"),
            "line": 17,
        },
    }
    failed = [step for step in data["steps"] if step["status"] == "failed"]
    assert [step["error"]["type"] for step in failed] == ["ValueError", "ValueError"]


@pytest.mark.parametrize(
    ("target", "code", "part", "value"),
    [
        ("greet:early", 8, "bail_reason", "nothing new"),
        ("greet:paused", 6, "suspended", {"reason": "needs a look", "data": {"by": "Ada"}}),
    ],
    ids=["bailed", "suspended"],
)
def test_a_run_that_stopped_says_why(flows, target, code, part, value) -> None:
    """The reason an action gave is in the result."""
    done = gostage("run", target, "--json", folder=flows)

    assert (done.code, json.loads(done.out)[part]) == (code, value)


def test_what_cannot_be_run_prints_no_data(flows) -> None:
    """Without a run there is no result, and standard output stays empty."""
    done = gostage("run", "greet:helo", "--json", folder=flows)

    assert (done.code, done.out) == (4, "")
    assert "'helo'" in done.err


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("name=Ada", "Ada"),
        ("name=7", 7),
        ('name={"first": "Ada"}', {"first": "Ada"}),
        ("name=@data.json", {"rows": [1, 2]}),
    ],
    ids=["text", "number", "object", "file"],
)
def test_settings_are_in_the_store_from_the_start(flows, setting, value) -> None:
    """`-s key=value` puts the value where the actions find it."""
    done = gostage("run", "one", "--json", "-s", setting, folder=flows)

    assert json.loads(done.out)["store"] == {"name": value}
