"""Placements: what may be said about a child, and what is refused."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import timedelta
from pathlib import Path

import pytest

from gostage import Isolate, Key, Limits, Runner, Stage, Workflow, action, steps
from gostage.errors import DefinitionError

FULL = Isolate(
    "cluster",
    method="spawn",
    keys=["rows", "total"],
    limits=Limits("512MB", cpu=60, files=64),
    env={"LEVEL": "3"},
    cwd="/tmp",
    grace=1,
    fresh=True,
)


def test_the_defaults_are_those_of_the_contract() -> None:
    """A process, everything of the store, no limits, five seconds of grace, warm workers."""
    place = Isolate()

    assert (place.backend, place.method, place.keys, place.limits) == ("process", None, None, None)
    assert (place.env, place.cwd, place.grace, place.fresh) == (None, None, 5.0, False)


@pytest.mark.parametrize(
    ("given", "memory"),
    [
        pytest.param(1024, 1024, id="a number"),
        pytest.param("512MB", 512_000_000, id="thousands"),
        pytest.param("512 mb", 512_000_000, id="in small letters"),
        pytest.param("1.5GiB", 1_610_612_736, id="of 1024"),
        pytest.param("100", 100, id="digits alone"),
        pytest.param("2kB", 2000, id="kilobytes"),
    ],
)
def test_memory_is_bytes_or_a_text(given, memory) -> None:
    """What is read of it is a number of bytes."""
    assert Limits(memory=given).memory == memory


def test_durations_are_seconds_or_timedeltas() -> None:
    """What is read of them is a number of seconds."""
    assert Limits(cpu=timedelta(minutes=1)).cpu == 60.0
    assert Isolate(grace=timedelta(seconds=2)).grace == 2.0


def test_keys_are_names_or_keys() -> None:
    """Each is kept once, by its name."""
    assert Isolate(keys=["rows", Key("total", int), "rows"]).keys == ("rows", "total")


def test_a_folder_may_be_a_path() -> None:
    """It is kept as text."""
    assert Isolate(cwd=Path("/tmp")).cwd == "/tmp"


@pytest.mark.parametrize(
    ("make", "message", "hint"),
    [
        pytest.param(
            lambda: Isolate(""), "backend= of an Isolate cannot be ''", None, id="no name"
        ),
        pytest.param(lambda: Isolate(5), "backend= of an Isolate cannot be 5", None, id="a number"),
        pytest.param(
            lambda: Isolate(method="frokserver"),
            "method= of an Isolate cannot be 'frokserver'",
            "did you mean 'forkserver'?",
            id="a method with a typo",
        ),
        pytest.param(
            lambda: Isolate(method=1), "method= of an Isolate cannot be 1", None, id="no method"
        ),
        pytest.param(
            lambda: Isolate(keys="rows"),
            "keys= of an Isolate cannot be 'rows'",
            'it is a list of store keys: keys=["rows"]',
            id="one key",
        ),
        pytest.param(
            lambda: Isolate(keys=[""]), "keys= of an Isolate cannot be ''", None, id="an empty key"
        ),
        pytest.param(
            lambda: Isolate(limits="512MB"),
            "limits= of an Isolate cannot be '512MB'",
            'write limits=Limits(memory="512MB", cpu=60)',
            id="a limit without a name",
        ),
        pytest.param(
            lambda: Isolate(env="HOME"), "env= of an Isolate cannot be 'HOME'", None, id="one name"
        ),
        pytest.param(
            lambda: Isolate(env={"LEVEL": 3}),
            "env['LEVEL']= of an Isolate cannot be 3",
            'variables are texts: "3"',
            id="a variable that is a number",
        ),
        pytest.param(
            lambda: Isolate(env=["A=B"]),
            "env= of an Isolate cannot be 'A=B'",
            None,
            id="no name of a variable",
        ),
        pytest.param(lambda: Isolate(cwd=7), "cwd= of an Isolate cannot be 7", None, id="no path"),
        pytest.param(
            lambda: Isolate(grace=-1),
            "grace= of an Isolate must be zero or more, not -1",
            None,
            id="less than no grace",
        ),
        pytest.param(
            lambda: Isolate(fresh="yes"), "fresh= of an Isolate cannot be 'yes'", None, id="no bool"
        ),
        pytest.param(
            lambda: Limits("512MX"),
            "memory= of a Limits cannot be '512MX'",
            "units are kB, MB, GB, KiB, MiB, GiB",
            id="no unit",
        ),
        pytest.param(lambda: Limits(0), "memory= of a Limits cannot be 0", None, id="no memory"),
        pytest.param(lambda: Limits(True), "memory= of a Limits cannot be True", None, id="a bool"),
        pytest.param(
            lambda: Limits(cpu=0), "cpu= of a Limits must be above zero, not 0", None, id="no time"
        ),
        pytest.param(lambda: Limits(files=0), "files= of a Limits cannot be 0", None, id="no file"),
    ],
)
def test_what_makes_no_sense_is_refused(make, message, hint) -> None:
    """At once, with a sentence and what to write instead."""
    with pytest.raises(DefinitionError) as caught:
        make()

    assert caught.value.message == message
    assert hint in (None, caught.value.hint)


def test_placements_are_values() -> None:
    """Equal ones are one key of a dict, copies included, and none of them changes."""
    same = Isolate.from_dict(FULL.to_dict())

    assert {FULL: 1}[same] == 1
    assert copy.deepcopy(FULL) == pickle.loads(pickle.dumps(FULL)) == copy.copy(FULL) == FULL
    assert pickle.loads(pickle.dumps(FULL.limits)) == FULL.limits
    assert Isolate(env={"LEVEL": "4"}) != Isolate(env={"LEVEL": "3"})
    with pytest.raises(AttributeError):
        FULL.backend = "other"
    with pytest.raises(TypeError):
        FULL.env["LEVEL"] = "4"


def test_a_short_text_shows_what_was_given() -> None:
    """But no value of a variable, which may be a password."""
    assert repr(Isolate()) == "Isolate()"
    assert repr(Limits("1kB")) == "Limits(memory=1000)"
    assert repr(Isolate("far", env={"TOKEN": "secret"})) == (
        "Isolate(backend='far', env={'TOKEN': …})"
    )


def test_a_placement_is_data_and_back() -> None:
    """Only what differs from the defaults is written."""
    assert Isolate().to_dict() == {}
    assert Isolate.from_dict(json.loads(json.dumps(FULL.to_dict()))) == FULL
    assert Isolate.from_dict({"env": ["HOME"]}).env == ("HOME",)


def test_data_with_more_in_it_is_refused() -> None:
    """The unknown key is named, with the closest one."""
    with pytest.raises(DefinitionError, match="unknown key 'bakend'") as caught:
        Isolate.from_dict({"bakend": "process"}, "the placement of 's'")

    assert caught.value.hint == "did you mean 'backend'?"
    with pytest.raises(DefinitionError, match="the limits of the placement must be an object"):
        Isolate.from_dict({"limits": 5})


def noop() -> None:
    """Do nothing."""


def test_a_definition_keeps_its_placements() -> None:
    """Of an action, a stage, a loop and a step, through JSON and back."""
    flow = (
        Workflow("w")
        .do("a", action(noop).options(isolate=FULL))
        .stage("s", noop, isolate=FULL)
        .for_each("f", "rows", noop, isolate=FULL)
        .spawn("c", steps().do("n", noop), backend=FULL)
    )

    data = json.loads(json.dumps(flow.to_dict()))

    assert Workflow.from_dict(data).to_dict() == data
    assert data["items"][1]["isolate"] == FULL.to_dict()
    assert Workflow.from_dict(data).find_actions()[0].isolate == FULL
    assert isinstance(Workflow.from_dict(data).stages[0], Stage)


@pytest.mark.parametrize(
    ("value", "meaning"),
    [
        pytest.param(True, Isolate("default"), id="yes"),
        pytest.param(False, None, id="no"),
        pytest.param("far", Isolate("far"), id="a name"),
        pytest.param(FULL, FULL, id="a placement"),
    ],
)
def test_isolate_is_read_the_same_way_everywhere(value, meaning) -> None:
    """`True` is what the runner says, a name is a backend."""
    assert Isolate.of(value, Isolate("default")) == meaning


def test_a_runner_says_where_children_run() -> None:
    """By a name or a placement; anything else is refused at once."""
    assert Runner(spawner="far")._around.spawner == "far"
    assert Runner(spawner=FULL)._around.spawner == FULL
    with pytest.raises(DefinitionError, match="spawner= of a runner must be a backend's name"):
        Runner(spawner=True)
    with pytest.raises(DefinitionError, match="spawner= of a runner must be true, false, a back"):
        Runner(spawner=5)
