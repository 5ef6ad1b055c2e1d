"""Bad definitions and calls: refused when they are made, with the whole text of the error."""

from __future__ import annotations

from pathlib import Path

import pytest

from gostage import (
    Key,
    Retry,
    Runner,
    Stage,
    Store,
    Workflow,
    action,
    errors,
    exponential,
    fixed,
    jittered,
    resource,
    run,
    steps,
)


def nothing(): ...


async def flowing():
    yield


def asks_for_foo(foo):
    yield


def by_position(a, /): ...


@action
def load(rows: list, batch: int = 1): ...


class Loader: ...


def stored(**values) -> Store:
    """A store with these values."""
    store = Store()
    for key, value in values.items():
        store[key] = value
    return store


def within_itself() -> object:
    """Put steps into themselves."""
    again = steps()
    return again.steps("again", again)


DEFINITIONS = {
    "id is empty": (
        lambda: Workflow(""),
        errors.DefinitionError,
        "the id of a workflow must be a text that is not empty, not ''",
        "names are how a run finds its place again, and what people see",
    ),
    "id is no text": (
        lambda: Stage(3),
        errors.DefinitionError,
        "the id of a stage must be a text that is not empty, not 3",
        "names are how a run finds its place again, and what people see",
    ),
    "action is missing": (
        lambda: Stage("s", None),
        errors.DefinitionError,
        "stage 's' takes an action, not None",
        "is a return missing where it comes from?",
    ),
    "actions in a list": (
        lambda: Stage("s", [1, 2]),
        errors.DefinitionError,
        "stage 's' takes an action, not [1, 2]",
        "put a star in front of it: Stage(id, *actions)",
    ),
    "class for an action": (
        lambda: Stage("s", Loader),
        errors.DefinitionError,
        "stage 's' takes an action, and 'Loader' is a class",
        "give an instance of it: Loader()",
    ),
    "text for an action": (
        lambda: Stage("s", "load"),
        errors.DefinitionError,
        "stage 's' takes an action, not 'load'",
        "give a function, an @action or an instance of an Action class",
    ),
    "workflow for an action": (
        lambda: Stage("s", Workflow("w")),
        errors.DefinitionError,
        "stage 's' takes an action, not <workflow 'w'>",
        "sub(name, workflow) appends another workflow, spawn(name, workflow) a child",
    ),
    "steps within themselves": (
        within_itself,
        errors.DefinitionError,
        "a body cannot contain itself: these steps, inside 'again'",
        "a body that is done again is a loop: loop_until(name, cond, body)",
    ),
    "parameter by position only": (
        lambda: action(by_position),
        errors.DefinitionError,
        "action 'by_position' takes 'a' by position only, and parameters are filled by name",
        "take the / out of its signature, or wrap it in a function of your own",
    ),
    "unknown option of an action": (
        lambda: action(tag=["io"])(nothing),
        errors.DefinitionError,
        "an action has no option 'tag'",
        "did you mean 'tags'?",
    ),
    "unknown option to override": (
        lambda: load.options(nam="x"),
        errors.DefinitionError,
        "action 'load' has no option 'nam'",
        "did you mean 'name'?",
    ),
    "unknown parameter to bind": (
        lambda: load.bind(bach=1),
        errors.DefinitionError,
        "action 'load' has no parameter 'bach' to bind",
        "did you mean 'batch'?",
    ),
    "unknown parameter to rename": (
        lambda: action(inputs={"row": "x"})(nothing),
        errors.DefinitionError,
        "action 'nothing' has no parameter 'row' to rename",
        "it takes none by name",
    ),
    "tags in one text": (
        lambda: action(tags="io")(nothing),
        errors.DefinitionError,
        "tags of action 'nothing' must be a list of texts, not 'io'",
        "write tags=['io']",
    ),
    "provides is no key": (
        lambda: action(provides=3)(nothing),
        errors.DefinitionError,
        (
            "provides= of action 'nothing': a store key must be a text that is not empty, "
            "or a Key, not 3 of type int"
        ),
        'for example "rows"',
    ),
    "timeout below zero": (
        lambda: action(timeout=-1)(nothing),
        errors.DefinitionError,
        "timeout= of action 'nothing' must be above zero, not -1",
        "give seconds, such as 30 or 0.5, or timedelta(minutes=5)",
    ),
    "timeout is a text": (
        lambda: Stage("s", timeout="5"),
        errors.DefinitionError,
        "timeout= of stage 's' must be a number or a timedelta, not '5'",
        "give seconds, such as 30 or 0.5, or timedelta(minutes=5)",
    ),
    "retry is a number": (
        lambda: action(retry=3)(nothing),
        errors.DefinitionError,
        "retry= of action 'nothing' must be a Retry, not 3",
        "write retry=Retry(attempts=3)",
    ),
    "attempts below one": (
        lambda: Retry(attempts=0),
        errors.DefinitionError,
        "attempts of a retry must be a whole number of at least 1, not 0",
        "1 is the least: it means once, or one at a time",
    ),
    "attempts is a fraction": (
        lambda: Retry(attempts=1.5),
        errors.DefinitionError,
        "attempts of a retry must be a whole number of at least 1, not 1.5",
        "1 is the least: it means once, or one at a time",
    ),
    "backoff is a number": (
        lambda: Retry(attempts=2, backoff=3),
        errors.DefinitionError,
        "backoff of a retry must be callable, not 3",
        "a backoff is fixed(1), exponential(0.1) or a function of the attempt",
    ),
    "on is no class": (
        lambda: Retry(attempts=2, on="OSError"),
        errors.DefinitionError,
        "on= of a retry takes exception classes, not 'OSError'",
        (
            "give one class such as OSError, or a tuple of them; "
            "interrupts such as KeyboardInterrupt are never tried again"
        ),
    ),
    "on is empty": (
        lambda: Retry(attempts=2, on=()),
        errors.DefinitionError,
        "a retry with on=() never tries again",
        "leave on= out to retry every exception",
    ),
    "fixed pause below zero": (
        lambda: fixed(-1),
        errors.DefinitionError,
        "seconds of a fixed backoff must be zero or more, not -1",
        "give seconds, such as 30 or 0.5, or timedelta(minutes=5)",
    ),
    "growing pause below zero": (
        lambda: exponential(1, factor=-1),
        errors.DefinitionError,
        "factor of an exponential backoff must be zero or more, not -1",
        "give seconds, such as 30 or 0.5, or timedelta(minutes=5)",
    ),
    "jitter of a number": (
        lambda: jittered(3),
        errors.DefinitionError,
        "backoff of a jittered backoff must be callable, not 3",
        "for example jittered(exponential(0.1), random=random.Random(7).random)",
    ),
    "when is a text": (
        lambda: Stage("s", when="weekday"),
        errors.DefinitionError,
        "when= of stage 's' must be a function that gives a bool, not 'weekday'",
        "give the function itself, without calling it: is_workday, not is_workday()",
    ),
    "initial data in a list": (
        lambda: Workflow("w", initial=[1]),
        errors.DefinitionError,
        "initial= of workflow 'w' must be a dict, not [1]",
        'it maps store keys to values: initial={"rows": []}',
    ),
    "initial key is no text": (
        lambda: Workflow("w", initial={1: 2}),
        errors.DefinitionError,
        (
            "initial data of workflow 'w': a store key must be a text that is not empty, or a Key, "
            "not 1 of type int"
        ),
        'for example "rows"',
    ),
    "initial value of another type": (
        lambda: Workflow("w", initial={Key("n", int): "x"}),
        errors.TypeMismatch,
        "initial value 'n' must be int, not str",
        "give a value of the key's type",
    ),
    "middleware without yield": (
        lambda: Stage("s").use(nothing),
        errors.DefinitionError,
        "middleware 'nothing' is not a generator function",
        "run what is inside with a yield: return (yield)",
    ),
    "middleware that is async": (
        lambda: Stage("s").use(flowing),
        errors.DefinitionError,
        "middleware 'flowing' is async",
        "write it as a plain generator function; it works around async actions too",
    ),
    "middleware that asks for too much": (
        lambda: Stage("s").use(asks_for_foo),
        errors.DefinitionError,
        "middleware 'asks_for_foo' asks for 'foo', which a stage middleware cannot have",
        "it can have run, workflow, stage, store, and parameters with a default",
    ),
    "branch without arms": (
        lambda: Workflow("w").branch("b"),
        errors.DefinitionError,
        "branch 'b' has no condition",
        "write branch(name, (condition, body), …, otherwise=body)",
    ),
    "arm of a branch is no pair": (
        lambda: Workflow("w").branch("b", 3),
        errors.DefinitionError,
        "number 1 of branch 'b' must be a pair of condition and body, not 3",
        "write branch(name, (condition, body), …, otherwise=body)",
    ),
    "parallel without branches": (
        lambda: Workflow("w").parallel("p"),
        errors.DefinitionError,
        "parallel step 'p' has no branches",
        "write parallel('p', left=steps()…, right=steps()…)",
    ),
    "body is a number": (
        lambda: Workflow("w").parallel("p", left=3),
        errors.DefinitionError,
        "the body of 'left' of parallel step 'p' takes an action, not 3",
        "give a function, an @action or an instance of an Action class",
    ),
    "items in a list": (
        lambda: Workflow("w").for_each("f", [1, 2], nothing),
        errors.DefinitionError,
        "over= of for_each 'f' must be a store key or a function that gives the items, not [1, 2]",
        "put the list into the store, or write lambda: items",
    ),
    "concurrency below one": (
        lambda: Workflow("w").for_each("f", "k", nothing, concurrency=0),
        errors.DefinitionError,
        "concurrency= of for_each 'f' must be a whole number of at least 1, not 0",
        "1 is the least: it means once, or one at a time",
    ),
    "unknown word for on_error": (
        lambda: Workflow("w").for_each("f", "k", nothing, on_error="stopp"),
        errors.DefinitionError,
        "on_error= of for_each 'f' cannot be 'stopp'",
        "did you mean 'stop'?",
    ),
    "passes below one": (
        lambda: Workflow("w").loop_until("l", nothing, load, max_passes=0),
        errors.DefinitionError,
        "max_passes= of loop 'l' must be a whole number of at least 1, not 0",
        "1 is the least: it means once, or one at a time",
    ),
    "sleep is a text": (
        lambda: Workflow("w").sleep("nap", "1h"),
        errors.DefinitionError,
        "time of sleep 'nap' must be a number or a timedelta, not '1h'",
        "give seconds, such as 30 or 0.5, or timedelta(minutes=5)",
    ),
    "sleep below zero": (
        lambda: Workflow("w").sleep("nap", -1),
        errors.DefinitionError,
        "time of sleep 'nap' must be zero or more, not -1",
        "give seconds, such as 30 or 0.5, or timedelta(minutes=5)",
    ),
    "wait without a pause": (
        lambda: Workflow("w").wait_for("ready", nothing, every=0),
        errors.DefinitionError,
        "every= of wait 'ready' must be above zero, not 0",
        "give seconds, such as 30 or 0.5, or timedelta(minutes=5)",
    ),
    "condition is a bool": (
        lambda: Workflow("w").wait_for("ready", True),
        errors.DefinitionError,
        "the condition of wait 'ready' must be a function that gives a bool, not True",
        "give the function itself, without calling it: is_workday, not is_workday()",
    ),
    "sub takes no steps": (
        lambda: Workflow("w").sub("s", steps()),
        errors.DefinitionError,
        "sub 's' takes a workflow, not <steps of 0>",
        "steps(name, body) groups steps, add(stage) appends a stage",
    ),
    "version is a fraction": (
        lambda: Workflow("w", version=1.5),
        errors.DefinitionError,
        "version= of workflow 'w' must be a text or a number, not 1.5",
        'for example version="2"',
    ),
    "action among the stages": (
        lambda: Workflow("w").stages.append(3),
        errors.DefinitionError,
        "the stages of workflow 'w' must be stages, not 3",
        "write Stage(id, action, …)",
    ),
    "disable says nothing": (
        lambda: Workflow("w").stage("s", load).disable(),
        errors.DefinitionError,
        "it is not said which actions or stages are meant",
        'give action="load", stage="extract", tag="slow", type=…, where=… or kind=…',
    ),
    "expression without its end": (
        lambda: Workflow("w").find_actions("io and"),
        errors.DefinitionError,
        "cannot read the tag expression 'io and' at column 7: a tag is missing at the end",
        "add one",
    ),
    "expression with a sign": (
        lambda: Workflow("w").find_actions("io & slow"),
        errors.DefinitionError,
        "cannot read the tag expression 'io & slow' at column 4: '&' follows without and, or",
        "put and, or between; a tag with spaces goes into quotes",
    ),
    "unknown scope of a resource": (
        lambda: resource(scope="rum")(nothing),
        errors.DefinitionError,
        "scope of a resource cannot be 'rum'",
        "did you mean 'run'?",
    ),
    "resource is a number": (
        lambda: resource(3),
        errors.DefinitionError,
        "3 is no resource: it cannot be called",
        "give a function, such as def load(ctx): …",
    ),
    "key without a name": (
        lambda: Key("", int),
        errors.StoreError,
        "the name of a key must be a text that is not empty, not ''",
        'write Key("order.id", str)',
    ),
    "definition of no version": (
        lambda: Workflow.from_dict({"id": "w"}),
        errors.DefinitionError,
        "this is no definition of version 1: it says None",
        "from_dict() reads what to_dict() of the same version of gostage wrote",
    ),
    "definition in a list": (
        lambda: Workflow.from_dict([1]),
        errors.DefinitionError,
        "the definition must be an object, not [1]",
        "from_dict() reads what to_dict() wrote",
    ),
}
CALLS = {
    "run of a function": (
        lambda: run(3),
        errors.DefinitionError,
        "a runner runs workflows, not 3",
        "Workflow('id').do(…), or Workflow.from_dict(…) for a definition as data",
    ),
    "nothing to run": (
        lambda: run(Workflow("w")),
        errors.DefinitionError,
        "workflow 'w' has nothing to run",
        "give it a stage or a step: .stage('id', action) or .do('name', function)",
    ),
    "run id is empty": (
        lambda: Runner().run(Workflow("w").do(load), run_id=""),
        errors.DefinitionError,
        "a run's id is a text, not ''",
        "run_id='order-17'",
    ),
    "resources that are none": (
        lambda: Runner(resources=[3]),
        errors.DefinitionError,
        "resources= takes resources, not 3",
        "make it one with @resource",
    ),
    "middleware of a runner": (
        lambda: Runner(middleware=[3]),
        errors.DefinitionError,
        "3 is no middleware: it cannot be called",
        "a middleware is a generator function: def m(run): … yield …",
    ),
    "handler that is none": (
        lambda: Runner().on_message("news", 3),
        errors.DefinitionError,
        "3 is no handler: it cannot be called",
        "give a function that takes the message: def handler(message): …",
    ),
    "message middleware that is none": (
        lambda: Runner().use_ipc(3),
        errors.DefinitionError,
        "3 is no message middleware",
        "give it a method outbound(message), inbound(message), or both",
    ),
    "isolated stage without a runner": (
        lambda: Workflow("w").stage("s", load, isolate=True).apply(initial={"rows": []}),
        errors.DefinitionError,
        "stage 's' asks for a child process, and there is no runner to start one",
        "run it with Runner().run(workflow), or take out isolate= or spawn()",
    ),
    "unknown run": (
        lambda: Runner().get("order-17"),
        errors.NotFound,
        "no run 'order-17'",
        "runs are kept in memory, by the runner that started them",
    ),
    "no such stage": (
        lambda: Workflow("w").stage("load", load).find_stage("laod"),
        errors.NotFound,
        "workflow 'w' has no stage 'laod'",
        "did you mean 'load'?",
    ),
    "state is a number": (
        lambda: Workflow("w").do(load).apply(3),
        errors.UnknownState,
        "this is no state of a flow: 3",
        "start over with state None, or apply the flow that made this state",
    ),
    "state of another flow": (
        lambda: Workflow("w").do(load).is_completed(Workflow("v").do(nothing).apply()),
        errors.UnknownState,
        "the state is of flow 'v', not of 'w'",
        "start over with state None, or apply the flow that made this state",
    ),
    "state of another format": (
        lambda: Workflow("w").do(load).delay({"workflow": "w", "store": {}, "gostage": 9}),
        errors.UnknownState,
        "the state has format 9, and this version reads 1",
        "start over with state None, or apply the flow that made this state",
    ),
}
STORE = {
    "key is missing": (
        lambda: stored()["order"],
        errors.KeyMissing,
        "no key 'order' in the store",
        "write it first, or ask with get(key, default=…)",
    ),
    "key is misspelt": (
        lambda: stored(order=1)["ordr"],
        errors.KeyMissing,
        "no key 'ordr' in the store",
        "did you mean 'order'?",
    ),
    "another type": (
        lambda: stored(order=1).get("order", str),
        errors.TypeMismatch,
        "key 'order' holds int, not str",
        "ask for the type that was put, or put the type that is asked for",
    ),
    "typed key": (
        lambda: stored().put(Key("n", int), "x"),
        errors.TypeMismatch,
        "key 'n' takes int, not str",
        "the type is declared by Key('n', int)",
    ),
    "key is a number": (
        lambda: stored().put(3, "x"),
        errors.StoreError,
        "a store key must be a text that is not empty, or a Key, not 3 of type int",
        'write store["name"]',
    ),
    "ttl is a text": (
        lambda: stored().put("a", 1, ttl="1h"),
        errors.StoreError,
        "the ttl of key 'a' must be seconds or a timedelta, not '1h'",
        "write ttl=60 or ttl=timedelta(hours=1)",
    ),
    "both have it": (
        lambda: stored(a=1, b=2).merge(stored(a=3, b=4)),
        errors.MergeConflict,
        "both stores hold 'a', 'b'",
        "merge with on_conflict='skip' or 'overwrite'",
    ),
    "unknown way to merge": (
        lambda: stored(a=1).merge(stored(a=3), on_conflict="skp"),
        errors.StoreError,
        "unknown on_conflict 'skp'",
        "did you mean 'skip'?",
    ),
    "path is misspelt": (
        lambda: stored(user={"address": {}}).update("user", {"adress.city": "Rome"}),
        errors.UpdateError,
        "cannot update 'adress.city' of key 'user': there is no 'adress'",
        "did you mean 'address'?",
    ),
    "path into a number": (
        lambda: stored(user=3).update("user", {"name": "Ada"}),
        errors.UpdateError,
        "cannot update 'name' of key 'user': int has no field 'name' to reach into",
        "a path leads through dicts, lists, dataclasses and models",
    ),
    "value that is no data": (
        lambda: stored(lamp=object()).export(),
        errors.NotStorable,
        "'lamp' of type object cannot leave the process",
        "store plain data instead",
    ),
    "no export": (
        lambda: Store.load({"a": 1}),
        errors.StoreError,
        "this is no exported store",
        "give what store.export() returned",
    ),
}


def check(code, kind, message, hint) -> None:
    """Run the code and compare everything that its error says."""
    with pytest.raises(errors.GostageError) as caught:
        code()

    error = caught.value
    assert (type(error), error.message, error.hint) == (kind, message, hint)
    assert str(error) == message
    assert error.__notes__ == [f"hint: {hint}"]


@pytest.mark.parametrize(("code", "kind", "message", "hint"), DEFINITIONS.values(), ids=DEFINITIONS)
def test_a_bad_definition_is_refused_when_it_is_made(code, kind, message, hint) -> None:
    """The line that is wrong raises, and the text names the thing and the way out."""
    check(code, kind, message, hint)


@pytest.mark.parametrize(("code", "kind", "message", "hint"), CALLS.values(), ids=CALLS)
def test_a_bad_call_is_refused_at_once(code, kind, message, hint) -> None:
    """A mistake in a call raises where it is made, before anything runs."""
    check(code, kind, message, hint)


@pytest.mark.parametrize(("code", "kind", "message", "hint"), STORE.values(), ids=STORE)
def test_the_store_says_what_is_wrong(code, kind, message, hint) -> None:
    """Keys and types are named, and the closest key where there is one."""
    check(code, kind, message, hint)


def test_two_of_one_name_are_both_shown() -> None:
    """Whoever has to rename one sees where each of them stands."""
    flow = Workflow("w").stage("load", load)

    with pytest.raises(errors.DuplicateName) as caught:
        flow.stage("load", load)

    error, line = caught.value, caught.traceback[0].lineno + 1
    assert error.message == (
        "two items of workflow 'w' are called 'load': "
        f"number 1 ({__file__}:{line - 3}) and number 2 ({__file__}:{line})"
    )
    assert error.hint == "rename one of them; names are how a run finds its place again"
    assert error.where == errors.Where(file=__file__, line=line)


def test_code_that_cannot_be_found_again_is_shown_where_it_is() -> None:
    """The definition as data names code, and says which piece of it has no name."""
    flow = Workflow("w").do("count", lambda: 1)

    with pytest.raises(errors.NotImportable) as caught:
        flow.to_dict()

    error = caught.value
    assert error.message == (
        "the action of step 'count' cannot be found again by another process: it is a lambda"
    )
    assert error.hint == "define it at the top level of a module that can be imported"
    assert Path(error.where.file or "") == Path(__file__)
    assert error.where.line is not None
