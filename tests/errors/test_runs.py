"""What goes wrong inside a run: the whole text of the error in its result, and where it is."""

from __future__ import annotations

import asyncio

import pytest

from gostage import Result, Runner, Stage, Workflow, action, errors, resource, steps
from gostage.errors import Where


@action
def load(rows: list): ...


@action(provides=("rows", "count"))
def count():
    return 1


@action(timeout=0.01)
async def slow():
    await asyncio.sleep(600)


@action
def put_off(ctx):
    ctx.store.put("token", 1, ttl=1e-9)
    while "token" in ctx.store:
        pass
    return ctx.store["token"]


@resource
def never():
    return
    yield


@resource
def egg(hen):
    yield


@resource
def hen(egg):
    yield


@resource(scope="action")
def cursor():
    yield


@resource
def pool(cursor):
    yield


@action
def with_never(never): ...


@action
def with_circle(egg): ...


@action
def with_pool(pool): ...


def nothing(): ...


def refuse() -> bool:
    """Never be true."""
    return False


def divide(item) -> float:
    """Fail for zero."""
    return 1 / item


def writer(value):
    """Make an action that writes one key."""

    def write(ctx):
        ctx.store["total"] = value

    return write


def lost() -> None:
    """Fail like a network."""
    raise OSError("lost")


def placed(action_, stage=None) -> Where:
    """The place of a step of a run called 'r'."""
    return Where(run="r", stage=stage, action=action_)


RUNS = {
    "missing input": (
        lambda: Workflow("w").stage("s", load),
        {"row": []},
        errors.MissingInput,
        "action 'load' needs 'rows', and no resource, store key or default provides it",
        "did you mean 'row'?",
        placed("load", "s"),
    ),
    "missing input of an empty store": (
        lambda: Workflow("w").do(load),
        {},
        errors.MissingInput,
        "action 'load' needs 'rows', and no resource, store key or default provides it",
        "the store holds nothing; provide it before this step, or give the parameter a default",
        placed("load"),
    ),
    "input of another type": (
        lambda: Workflow("w").do(load),
        {"rows": 3},
        errors.TypeMismatch,
        "action 'load' takes 'rows' as list, but it is int",
        "nothing is converted silently; store the right type, or annotate what comes in",
        placed("load"),
    ),
    "too few values": (
        lambda: Workflow("w").do(count),
        {},
        errors.TypeMismatch,
        "action 'count' provides 'rows', 'count', but returned int",
        "return a tuple with one value for each key",
        placed("count"),
    ),
    "missing key": (
        lambda: Workflow("w").do("read", lambda ctx: ctx.store["rows"]),
        {},
        errors.KeyMissing,
        "no key 'rows' in the store",
        "write it first, or ask with get(key, default=…)",
        placed("read"),
    ),
    "expired key": (
        lambda: Workflow("w").do("read", put_off),
        {},
        errors.KeyExpired,
        "key 'token' has expired",
        "write it again, or give it a longer ttl when it is put",
        placed("read"),
    ),
    "message that is no data": (
        lambda: Workflow("w").do("tell", lambda ctx: ctx.send("news", object())),
        {},
        errors.NotStorable,
        "a value of type object cannot leave the process",
        "store plain data instead",
        placed("tell"),
    ),
    "resource without a yield": (
        lambda: Workflow("w").do(with_never),
        {},
        errors.DefinitionError,
        "resource 'never' never yields",
        "yield the thing once; what stands after the yield is the teardown",
        placed("with_never"),
    ),
    "resources in a circle": (
        lambda: Workflow("w").do(with_circle),
        {},
        errors.DefinitionError,
        "resources ask for each other in a circle: 'egg' -> 'hen' -> 'egg'",
        "take one of them out of the circle",
        placed("with_circle"),
    ),
    "resource of a narrower scope": (
        lambda: Workflow("w").do(with_pool),
        {},
        errors.DefinitionError,
        "resource 'pool' lives for the run and asks for 'cursor', which lives for the action only",
        "give 'pool' scope='action', or widen the other",
        placed("with_pool"),
    ),
    "action out of time": (
        lambda: Workflow("w").stage("s", slow),
        {},
        errors.TimedOut,
        "action 'slow' took longer than 0.01 seconds",
        (
            "give it a longer timeout=; "
            "without isolate=True a synchronous action only stops where it calls ctx.check()"
        ),
        placed("slow", "s"),
    ),
    "stage out of time": (
        lambda: Workflow("w").stage("s", slow.options(timeout=600), timeout=0.01),
        {},
        errors.TimedOut,
        "stage 's' ran out of time",
        "give it a longer timeout=, or call ctx.check() inside long steps",
        placed(None, "s"),
    ),
    "wait out of time": (
        lambda: Workflow("w").wait_for("ready", refuse, every=0.001, timeout=0.002),
        {},
        errors.WaitTimeout,
        "step 'ready' still waits after 0.002 seconds",
        "give it a longer timeout=, or look at what its condition waits for",
        placed("ready"),
    ),
    "loop without an end": (
        lambda: Workflow("w").loop_until("poll", refuse, steps().do(nothing), max_passes=2),
        {},
        errors.TooManyPasses,
        "loop 'poll' is not done after 2 passes",
        "give it more with max_passes=, or look at what its condition waits for",
        placed("poll"),
    ),
    "failing items": (
        lambda: Workflow("w").for_each("each", "of", divide, on_error="continue"),
        {"of": [1, 0, 0]},
        errors.ItemsFailed,
        "2 of 3 items of 'each' failed; the first is item 1: division by zero",
        "`failures` of this error has index, item and error of each",
        placed("each"),
    ),
    "items of no list": (
        lambda: Workflow("w").for_each("each", "of", divide),
        {"of": 3},
        errors.TypeMismatch,
        "for_each 'each' cannot go over int",
        "give it a list, or a function that returns one",
        placed("each"),
    ),
    "items that are missing": (
        lambda: Workflow("w").for_each("each", "of", divide),
        {"off": [1]},
        errors.MissingInput,
        "for_each 'each' needs the key 'of', which is not in the store",
        "did you mean 'off'?",
        placed("each"),
    ),
    "two branches write one key": (
        lambda: Workflow("w").parallel("both", left=writer(1), right=writer(2)),
        {},
        errors.ConcurrentWrite,
        "key 'total' was written by the branches 'left' and 'right' at the same time",
        "write different keys, or give the key a merge: Key(name, type, merge=operator.add)",
        placed("both"),
    ),
    "answer of a retry handler": (
        lambda: Workflow("w").retry("again", lost, handler=lambda ctx, error, attempt: "yes"),
        {},
        errors.TypeMismatch,
        "the handler of 'again' returned 'yes'",
        "true or a number of seconds tries again; false or None gives up",
        placed("again"),
    ),
    "answer of a backoff": (
        lambda: Workflow("w").retry("again", lost, backoff=lambda attempt: "soon"),
        {},
        errors.DefinitionError,
        "what the backoff of 'again' gives must be a number or a timedelta, not 'soon'",
        "give seconds, such as 30 or 0.5, or timedelta(minutes=5)",
        placed("again"),
    ),
    "adding what is no action": (
        lambda: Workflow("w").do("plan", lambda ctx: ctx.add_action(3)),
        {},
        errors.DefinitionError,
        "add_action() takes an action, not 3",
        "give a function, an @action or an instance of an Action class",
        placed("plan"),
    ),
    "adding to an unknown stage": (
        lambda: Workflow("w").stage("load", lambda ctx: ctx.add_action_to("laod", nothing)),
        {},
        errors.NotFound,
        "no stage 'laod' in run 'r'",
        "did you mean 'load'?",
        placed("lambda", "load"),
    ),
    "adding a stage outside of any": (
        lambda: Workflow("w").do("plan", lambda ctx: ctx.add_stage(Stage("more", nothing))),
        {},
        errors.DefinitionError,
        "add_stage() needs a current stage, and step 'plan' is in none",
        "put the step into a stage, or add an action with add_action()",
        placed("plan"),
    ),
    "adding a stage of a taken name": (
        lambda: Workflow("w").stage("s", lambda ctx: ctx.add_stage(Stage("s", nothing))),
        {},
        errors.DuplicateName,
        "two steps under 'w' are called 's'",
        "rename one of them; names are how a run finds its place again",
        placed("lambda", "s"),
    ),
    "removing without saying what": (
        lambda: Workflow("w").do("plan", lambda ctx: ctx.remove_actions()),
        {},
        errors.DefinitionError,
        "remove_actions() needs to know which",
        "give tag=… or type=…",
        placed("plan"),
    ),
}


def run(flow, initial) -> Result:
    """Run a flow as run 'r'."""
    with Runner() as runner:
        return runner.run(flow, initial, run_id="r")


@pytest.mark.parametrize(
    ("make", "initial", "kind", "message", "hint", "where"), RUNS.values(), ids=RUNS
)
def test_what_goes_wrong_in_a_run_is_in_its_result(  # noqa: PLR0917  # a row of the table
    make, initial, kind, message, hint, where
) -> None:
    """Message, hint and the place in the run; the file and line are those of the user's code."""
    result = run(make(), initial)

    error = result.error
    assert result.status == "failed"
    assert isinstance(error, errors.GostageError)
    assert (type(error), error.message, error.hint) == (kind, message, hint)
    assert (error.where.run, error.where.stage, error.where.action) == (
        where.run,
        where.stage,
        where.action,
    )
    assert error.where.file in {None, __file__}


def test_a_backoff_that_fails_fails_the_step_with_its_own_error() -> None:
    """What the user's function raises is in the result, and is not replaced."""
    problem = ZeroDivisionError("no pause")

    def pause(attempt):
        raise problem

    assert run(Workflow("w").retry("again", lost, backoff=pause), {}).error is problem


def test_a_failed_run_says_the_way_from_the_outside_in() -> None:
    """`raise_for_error` names every level, and keeps the original error, its hint and its place."""
    result = run(Workflow("w").stage("reading", load), {})

    with pytest.raises(errors.RunFailed) as caught:
        result.raise_for_error()

    error = caught.value
    assert error.message == (
        "stage 'reading' failed: action 'load' failed: "
        "action 'load' needs 'rows', and no resource, store key or default provides it"
    )
    assert error.__cause__ is result.error
    assert isinstance(result.error, errors.GostageError)
    assert (error.hint, error.where) == (result.error.hint, result.error.where)


def test_the_users_own_error_is_never_replaced() -> None:
    """The very object that was raised is the result's error; the place travels as a note."""
    problem = ValueError("boom")

    @action
    def fail():
        raise problem

    result = run(Workflow("w").stage("s", fail), {})

    assert result.error is problem
    assert problem.__notes__ == ["in action 'fail' of stage 's', run 'r'"]


def test_an_error_that_cannot_be_shown_fails_the_run_all_the_same() -> None:
    """An error class whose text fails is an error like any other."""

    class Mute(Exception):
        def __str__(self) -> str:
            raise TypeError("no text")

    def fail():
        raise Mute

    result = run(Workflow("w").do(fail), {})

    with pytest.raises(errors.RunFailed, match=r"^action 'fail' failed: Mute$"):
        result.raise_for_error()


CALLS = {
    "unknown signal": (
        lambda runner: runner.signal("r", "aproval"),
        errors.NotFound,
        "workflow 'w' never receives 'aproval'",
        "did you mean 'approval'?",
    ),
    "unknown run, one is close": (
        lambda runner: runner.resume("rr"),
        errors.NotFound,
        "no run 'rr'",
        "did you mean 'r'?",
    ),
    "unknown run": (
        lambda runner: runner.resume("order-17"),
        errors.NotFound,
        "no run 'order-17'",
        "runs are kept in memory, by the runner that started them",
    ),
    "run of another workflow": (
        lambda runner: runner.run(Workflow("v").do(nothing), run_id="r"),
        errors.DefinitionError,
        "run 'r' is of workflow 'w', not of 'v'",
        "take another run_id; it is the key of one run of one workflow",
    ),
}


@pytest.mark.parametrize(("call", "kind", "message", "hint"), CALLS.values(), ids=CALLS)
def test_a_mistaken_call_about_a_run_is_refused(call, kind, message, hint) -> None:
    """The runner names the run and what it could have been asked."""
    with Runner() as runner:
        runner.run(Workflow("w").receive("approval"), run_id="r")

        with pytest.raises(errors.GostageError) as caught:
            call(runner)

    error = caught.value
    assert (type(error), error.message, error.hint) == (kind, message, hint)


def test_a_run_has_one_worker_at_a_time() -> None:
    """A run that is going on cannot be started again, not even by an action of its own."""
    found = []

    def again():
        with pytest.raises(errors.RunOwned) as caught:
            runner.run(flow, run_id="r")
        found.append(caught.value)

    flow = Workflow("w").do(again)
    with Runner() as runner:
        runner.run(flow, run_id="r").raise_for_error()

    (error,) = found
    assert error.message == "run 'r' is going on already, in thread 'MainThread'"
    assert error.hint == "wait for it, or signal or cancel it"


def test_waiting_too_briefly_for_a_run_is_a_timeout() -> None:
    """The handle says how long it waited; the run goes on."""
    with Runner() as runner:
        handle = runner.start(Workflow("w").sleep("nap", 600), run_id="r")
        with pytest.raises(errors.TimedOut) as caught:
            handle.wait(timeout=0.001)
        handle.cancel()

    assert caught.value.message == "run 'r' still goes on after 0.001 seconds"
    assert caught.value.hint == "wait longer, or cancel it"
