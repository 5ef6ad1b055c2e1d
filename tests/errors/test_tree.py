"""The tree of errors: what each one is, that it survives pickling, and what stands apart."""

from __future__ import annotations

import pickle
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gostage import Runner, Workflow, action, errors
from gostage.errors import GostageError, ItemFailure, Where

TEXT = st.text(max_size=20)
OPTIONAL = st.none() | TEXT
WHERES = st.builds(
    Where,
    run=OPTIONAL,
    stage=OPTIONAL,
    action=OPTIONAL,
    file=OPTIONAL,
    line=st.none() | st.integers(1, 10_000),
)
KINDS = sorted(
    (
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, GostageError)
    ),
    key=lambda kind: kind.__name__,
)
FIELDS = {
    "MergeConflict": st.fixed_dictionaries({"keys": st.lists(TEXT)}),
    "ChildError": st.fixed_dictionaries({"type_name": TEXT, "child_traceback": TEXT}),
    "ChildCrashed": st.fixed_dictionaries(
        {"exit_code": st.none() | st.integers(-64, 255), "child_traceback": TEXT}
    ),
    "ItemsFailed": st.fixed_dictionaries(
        {
            "failures": st.lists(
                st.builds(ItemFailure, st.integers(0, 9), TEXT, st.builds(OSError, TEXT))
            )
        }
    ),
}
PARENTS = {
    "DuplicateName": errors.DefinitionError,
    "NotImportable": errors.DefinitionError,
    "KeyMissing": KeyError,
    "KeyExpired": errors.KeyMissing,
    "TypeMismatch": TypeError,
    "MergeConflict": errors.StoreError,
    "UpdateError": errors.StoreError,
    "NotStorable": errors.StoreError,
    "ConcurrentWrite": errors.StoreError,
    "TimedOut": TimeoutError,
    "WaitTimeout": errors.TimedOut,
    "NotFound": LookupError,
    "ChildCrashed": errors.ChildError,
}


def shown(error) -> dict[str, object]:
    """All that an error holds, with the errors inside it as text."""
    state = dict(vars(error))
    state["failures"] = [repr(each) for each in state.get("failures", ())]
    return {"args": error.args, "text": str(error), **state}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_every_error_survives_pickling(kind, data) -> None:
    """Message, hint, where, notes and the fields of its own arrive as they were."""
    fields = data.draw(FIELDS.get(kind.__name__, st.just({})))
    error = kind(data.draw(TEXT), hint=data.draw(TEXT), where=data.draw(WHERES), **fields)
    error.__dict__.setdefault("__notes__", []).append("in action 'load'")

    again = pickle.loads(pickle.dumps(error))

    assert type(again) is kind
    assert shown(again) == shown(error)


def test_an_error_of_the_users_own_kind_survives_too() -> None:
    """A subclass with arguments of its own needs nothing of its own for it."""
    again = pickle.loads(pickle.dumps(Overdrawn("ada", 7)))

    assert (type(again), str(again), again.account, again.hint) == (
        Overdrawn,
        "ada is 7 short",
        "ada",
        "pay in",
    )


class Overdrawn(GostageError):
    """An error that takes other arguments than its parents."""

    def __init__(self, account: str, missing: int) -> None:
        super().__init__(f"{account} is {missing} short", hint="pay in")
        self.account = account


@pytest.mark.parametrize(("name", "parent"), PARENTS.items(), ids=PARENTS)
def test_an_error_is_caught_by_its_wider_name(name, parent) -> None:
    """Who catches the wider error, or Python's own, gets the narrower one."""
    assert issubclass(getattr(errors, name), parent)


def test_the_picture_of_the_tree_shows_every_class() -> None:
    """The first thing a reader sees of the module is complete."""
    picture = set(re.findall(r"\w+", errors.__doc__ or ""))

    assert {kind.__name__ for kind in KINDS} <= picture


@pytest.mark.parametrize(
    ("where", "text"),
    [
        (Where(), ""),
        (Where(stage="load", action="read"), "stage 'load', action 'read'"),
        (Where(file="jobs.py"), "jobs.py"),
        (Where(run="r", file="jobs.py", line=12), "run 'r' (jobs.py:12)"),
    ],
    ids=["nothing", "names", "file", "both"],
)
def test_a_place_reads_as_one_line(where, text) -> None:
    """Only what is known is shown."""
    assert str(where) == text


INTERRUPTS = {
    "suspend": (lambda ctx: ctx.suspend("later"), errors.Suspended, "waiting"),
    "bail": (lambda ctx: ctx.bail("enough"), errors.Bailed, "bailed"),
    "cancel": (lambda ctx: ctx.check(), errors.Cancelled, "cancelled"),
}


@pytest.mark.parametrize(("stop", "kind", "status"), INTERRUPTS.values(), ids=INTERRUPTS)
def test_except_exception_cannot_eat_an_interrupt(stop, kind, status) -> None:
    """Neither an action nor a middleware that swallows every error keeps the run going."""
    seen = []

    def greedy(action):
        try:
            yield
        except Exception as error:
            seen.append(error)

    @action(use=[greedy])
    def work(ctx):
        if kind is errors.Cancelled:
            runner.cancel(ctx.run.id)
        try:
            stop(ctx)
        except Exception as error:
            seen.append(error)

    with Runner() as runner:
        result = runner.run(Workflow("w").do(work))

    assert not issubclass(kind, Exception)
    assert (result.status, seen) == (status, [])
