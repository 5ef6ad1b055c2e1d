"""Children that nobody should trust: the parent runs nothing for them, and says what they did."""

from __future__ import annotations

import base64
import pickle
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from gostage import Message, Runner, Workflow
from gostage.errors import ChildError
from tests.spawn import rogue
from tests.spawn.rogue import CALLS, PLOT, other, victim

HERE = "tests.spawn.rogue"
TRIPWIRE = "tests.spawn.tripwire"
FILE = str(Path(__file__).with_name("tripwire.py"))
EMPTY: dict[str, Any] = {
    "at": 1.0,
    "position": None,
    "events": [],
    "changes": [],
    "left": [],
    "dropped": [],
    "items": [],
    "signals": [],
    "rows": [],
}
ENTRY = {"key": "k", "value": 1, "order": 9, "created": 1.0, "updated": 1.0}
DONE = {"do": "done", "value": None}
SYSTEM = {"command": f"touch {Path(__file__).with_name('pwned')}"}


@pytest.fixture(autouse=True)
def nothing_called():
    """Begin anew, and see afterwards that nothing was imported."""
    CALLS.clear()
    yield
    assert TRIPWIRE not in sys.modules
    assert not Path(__file__).with_name("pwned").exists()


def attacked(frames: Any, **handlers: Any) -> Any:
    """Run a flow whose first step is done by a rogue."""
    PLOT.frames = frames
    flow = Workflow("w").spawn("risky", Workflow("inner").do("victim", victim)).do("after", other)
    with Runner(spawner=rogue.NAME, plugins=[rogue.__name__]) as runner:
        for type_, handler in handlers.items():
            runner.on_message(type_, handler)
        return runner.run(flow, initial={"seed": 1})


def ending(outcome: Any = None, **commit: Any) -> Any:
    """The frames of a child that ends at once."""
    return lambda n: [
        (
            "ended",
            {"n": n, "outcome": outcome or DONE, "commit": {"n": n, **deepcopy(EMPTY), **commit}},
        )
    ]


def inserting(item: Any) -> Any:
    """The frames of a child that adds this to the run."""
    definition = {"gostage": 1, "kind": "workflow", "id": "inserted", "items": [item]}
    data = [1, [0, "", "risky", "risky", definition], [["evil", "action"]]]
    return ending(changes=[[-1, "insert:0:evil", data]])


def step(**parts: Any) -> Any:
    """An action of ours with these parts."""
    return {"kind": "action", "action": f"{HERE}:other", **parts}


def stage(**parts: Any) -> Any:
    """A stage with an action of ours, and these parts."""
    return {"kind": "stage", "id": "evil", "items": [step()], **parts}


def called(reference: str, **params: Any) -> Any:
    """A function with parameters of its own."""
    return {"function": reference, "params": params}


ADDED = {
    "a function of the system": step(action="os:system", params=SYSTEM),
    "exec": step(action="builtins:exec", params={"source": "CALLS.append(1)"}),
    "a class that starts processes": step(action="subprocess:Popen", params={"args": ["true"]}),
    "a module that is not there": step(action=f"{TRIPWIRE}:go"),
    "a file": step(action=f"{FILE}:go"),
    "through a module of ours": step(action=f"{HERE}:os.system", params=SYSTEM),
    "through an object of ours": step(action=f"{HERE}:other.function.fn.__globals__"),
    "a function of a library": step(action="dill._dill:loads", params={"str": "x"}),
    "a condition": step(options={"when": called("os:system", **SYSTEM)}),
    "a condition of a stage": stage(when=called("os:system", **SYSTEM)),
    "a condition that is not there": stage(when=f"{TRIPWIRE}:go"),
    "middleware": step(options={"use": ["os:system"]}),
    "middleware of a stage": stage(use=[f"{TRIPWIRE}:go"]),
    "a handler": {
        "kind": "retry",
        "name": "evil",
        "attempts": 2,
        "handler": "builtins:eval",
        "body": [step()],
    },
    "an error that is not there": step(options={"retry": {"attempts": 2, "on": f"{TRIPWIRE}:E"}}),
    "a backoff": step(options={"retry": {"attempts": 2, "backoff": "os:system"}}),
    "what is merged": step(options={"provides": {"key": "k", "merge": "builtins:exec"}}),
    "a type that is not there": step(options={"provides": {"key": "k", "type": f"{TRIPWIRE}:T"}}),
    "a type that is code": step(options={"provides": {"key": "k", "type": "os:system"}}),
    "items from code": {
        "kind": "for_each",
        "name": "evil",
        "over": {"items_of": called("os:listdir")},
        "body": [step()],
    },
    "a parameter that is not there": step(params={"mark": {"$object": f"{TRIPWIRE}:T"}}),
    "no action": {"kind": "stage"},
    "nothing": None,
}


@pytest.mark.parametrize("item", ADDED.values(), ids=ADDED.keys())
def test_code_that_is_no_action_of_the_flow_is_not_added(item):
    """Nothing is imported or called, and the run says what the child did."""
    result = attacked(inserting(item))

    assert result.status == "failed"
    assert isinstance(result.error, ChildError)
    assert "the child of step 'risky' sent what is no message of gostage" in str(result.error)
    assert CALLS == []


@pytest.mark.parametrize(
    "item",
    [step(params={"mark": "added"}), step(action=f"{HERE}:beside"), stage(when=f"{HERE}:beside")],
    ids=["an action", "a function beside actions", "a condition beside actions"],
)
def test_what_the_author_of_the_flow_wrote_can_be_added(item):
    """It runs, in the parent, as if the child had added it in this process."""
    result = attacked(inserting(item))

    assert result.ok, result.error
    assert CALLS[0] in ("added", "beside")


PICKLE = base64.b64encode(pickle.dumps(print)).decode()
VALUES = {
    "a class that is not there": {"$object": f"{TRIPWIRE}:T", "fields": {}},
    "a function": {"$object": "os:system", "fields": {}},
    "a pickle": {"$pickle": PICKLE},
    "a dill": {"$dill": PICKLE},
    "a class that nobody makes": {"$object": "subprocess:Popen", "fields": {"args": ["true"]}},
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
@pytest.mark.parametrize("place", ["value", "props", "merge", "outcome", "suspended", "item"])
def test_values_of_strangers_are_data_or_refused(value, place):
    """Whatever a child sends as a value: nothing is called for it."""
    entry = dict(ENTRY)
    frames = ending(changes=[[0, "k", entry]])
    if place == "value":
        entry["value"] = value
    elif place == "props":
        entry["props"] = {"p": value}
    elif place == "merge":
        entry["merge"] = [value]
    elif place == "item":
        frames = inserting(step(params={"mark": value}))
    else:
        do = {"do": "done", "value": value}
        frames = ending(
            do if place == "outcome" else {"do": "suspend", "reason": "", "data": value}
        )
    result = attacked(frames)

    assert result.status == "failed"
    assert isinstance(result.error, ChildError)
    assert "k" not in result.store
    assert CALLS == []


def test_a_class_that_is_made_from_data_is_made_without_its_own_code():
    """A dataclass of the author arrives as it was, and its code is not called."""
    entry = {**ENTRY, "value": {"$object": f"{HERE}:Trap", "fields": {"x": 3}}}
    result = attacked(ending(changes=[[0, "k", entry]]))

    assert result.ok, result.error
    assert result.store["k"].x == 3
    assert "post_init" not in CALLS


def failure(**parts: Any) -> Any:
    """How a child says that it failed."""
    return {"do": "failed", "at": None, "error": {"class": "", "message": "boom", **parts}}


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"class": f"{HERE}:Evil", "args": ["x"], "state": {"a": 1}}, rogue.Evil),
        ({"class": f"{TRIPWIRE}:Error"}, ChildError),
        ({"class": "os:system", "args": ["true"]}, ChildError),
        ({"class": "subprocess:Popen", "args": [["true"]]}, ChildError),
        ({"class": "builtins:KeyboardInterrupt"}, ChildError),
        ({"class": "builtins:SystemExit", "args": [3]}, ChildError),
        ({"class": "gostage.errors:Cancelled"}, ChildError),
        ({"class": "builtins:ValueError", "state": {"__class__": 1, "__dict__": 2}}, ValueError),
        ({"class": "builtins:ValueError", "notes": 5}, ChildError),
        ({"class": 5, "args": 7, "state": []}, ChildError),
        ({"class": "builtins:ExceptionGroup", "errors": 5}, ChildError),
    ],
    ids=lambda value: str(value.get("class")) if isinstance(value, dict) else value.__name__,
)
def test_errors_of_strangers_are_made_without_their_code(error, kind):
    """No `__init__`, no import; a class that is not there, or is no error, becomes a ChildError."""
    result = attacked(ending(failure(**error)))

    assert result.status == "failed"
    assert isinstance(result.error, kind)
    assert CALLS == []


RAW = {
    "no text": b"\xff\xfe\n",
    "a pickle": pickle.dumps(print) + b"\n",
    "no kind": b"{}\n",
    "no JSON": b"ended {\n",
    "nested without end": b"ended " + b"[" * 200_000 + b"\n",
    "a kind of the parent's": b'task {"n": 1}\n',
    "a line that never ends": None,
}


@pytest.mark.parametrize("raw", RAW.values(), ids=RAW.keys())
def test_what_is_no_frame_ends_the_child(raw):
    """The step fails with a sentence, and the parent goes on."""
    result = attacked(lambda n: [raw or b"x" * 100_000, b"\n"])

    assert result.status == "failed"
    assert isinstance(result.error, ChildError)
    assert CALLS == []


IMPOSSIBLE = {
    "a step that is not the child's": {"rows": [["after", "completed", 1, 1.0, 1.0, None]]},
    "an event of another step": {"events": [["step_ended", 1.0, "after", {}]]},
    "a signal that it was not given": {"signals": [99]},
    "a fork of another's": {"dropped": [[0, "after"]]},
    "an item of another's fork": {"items": [[0, "after", "results", 0, 1]]},
    "an event of the run": {"events": [["run_ended", 1.0, "", {}]]},
    "a status that is none": {"rows": [["risky/victim", "glorious", 1, 1.0, 1.0, None]]},
}


@pytest.mark.parametrize("commit", IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
def test_a_child_speaks_of_its_own_steps_alone(commit):
    """Who pretends to be another step, or to be nowhere, is told so."""
    result = attacked(ending(**commit))

    assert result.status == "failed"
    assert isinstance(result.error, ChildError)
    assert [each.status for each in result.steps if each.path == "after"] == ["pending"]


def test_nothing_of_a_commit_counts_that_makes_no_sense():
    """Neither its values nor its edits are taken if one of them cannot be."""
    result = attacked(
        ending(
            changes=[
                [0, "seed", {**ENTRY, "key": "seed", "value": 2}],
                [-1, "insert:0:evil", [1, [0, "", "risky", "risky", {}], []]],
            ]
        )
    )

    assert isinstance(result.error, ChildError)
    assert dict(result.store) == {"seed": 1}


WHERE = {"at": "nowhere", "do": "listen", "until": None}


@pytest.mark.parametrize(
    "position",
    [5, {"branches": 5}, {"branches": {"0": WHERE}}, {"branches": {"0": {}}}, {}],
    ids=repr,
)
def test_a_child_cannot_wait_where_nothing_is(position):
    """A place that is none is said to be none."""
    result = attacked(ending({"do": "waits"}, position=position))

    assert result.status == "failed"
    assert isinstance(result.error, ChildError)


def test_an_end_that_is_none_is_said_to_be_none():
    """What became of the child's work is one of a few things."""
    result = attacked(ending({"do": "whatever"}))

    assert result.status == "failed"
    assert isinstance(result.error, ChildError)


def test_messages_of_strangers_are_data_or_refused():
    """A payload that names a class which is not there is refused; nothing is imported."""
    taken: list[Message] = []
    sender = {
        "run": "r",
        "workflow": "w",
        "stage": None,
        "action": None,
        "child_id": "c",
        "pid": 1,
        "depth": 1,
    }
    payload = {"$object": f"{TRIPWIRE}:T", "fields": {}}
    message = {"n": None, "type": "news", "payload": payload, "sender": sender, "seq": 1}
    result = attacked(lambda n: [("message", message), *ending()(n)], news=taken.append)

    assert result.status == "failed"
    assert taken == []


def test_an_action_of_a_module_that_is_not_there_is_named():
    """The hint says where to import it."""
    result = attacked(inserting(step(action=f"{TRIPWIRE}:go")))

    assert isinstance(result.error, ChildError)
    assert f"{TRIPWIRE!r}, which '{TRIPWIRE}:go' names, is not imported" in str(result.error)
