"""Rows that nobody wrote: whatever stands in them, they are read or named, and never a bug."""

from __future__ import annotations

import json
import time
from collections import deque
from contextlib import closing, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gostage._app.lines import text_of
from gostage._app.past.comparing import compare, comparison_data, comparison_lines
from gostage._app.past.data import overview_data, row_data
from gostage._app.past.listing import cells_of
from gostage._app.past.moments import moment_of
from gostage._app.past.overview import overview
from gostage._app.past.reading import stored_steps
from gostage._app.past.saved import events_of, saved_of
from gostage._app.past.showing import show_lines, store_lines
from gostage._app.past.telling import line_of
from gostage._app.past.tree import Detail
from gostage._db.owner import this_process
from gostage._db.protocol import Commit, NewRun, Plan, Stop
from gostage._db.sqlite import SQLite
from gostage.errors import DatabaseError, NotFound

WORDS = st.sampled_from([
    "", "a", "a/b", "a//b", "0", "x", "step_started", "step_ended", "step_retried", "run_started",
    "run_paused", "run_ended", "code_changed", "plan_accepted", "plan_changed", "items_listed",
    "failed", "completed", "skipped", "action", "stage", "for_each", "case", "insert:0:a", "at",
    "do", "call", "pause", "value", "gone", "tags", "expires", "order", "arm 1", "insert", "$set",
])  # fmt: skip
PLAIN = st.none() | st.booleans() | st.integers(-3, 9) | st.floats(-1, 9) | WORDS
ANY = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


def table(*names: str, **known: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """A mapping that has some of these names."""
    return st.fixed_dictionaries({}, optional={**dict.fromkeys(names, ANY), **known})


DATA = table(
    "kind", "status", "attempt", "attempts", "duration", "error", "item", "total", "change",
    "items", "actions", "added", "removed", "run", "step", "host", "pid", "awaits", "type",
)  # fmt: skip
EVENT = st.tuples(WORDS, st.floats(0, 1e9), WORDS, DATA)
ENTRY = st.none() | st.builds(
    lambda value, more: {"value": value, **more},
    ANY,
    table("key", "tags", "order", "expires", "created", "description"),
)
CHANGE = st.tuples(st.integers(-2, 2), WORDS, ENTRY)
BRANCH = table("until", "parent", "index", at=WORDS, do=WORDS)
BRANCHES = st.dictionaries(st.sampled_from(["0", "1", "2", "x"]), BRANCH | ANY, max_size=3)
POSITION = table(branches=BRANCHES) | ANY
ROWS = st.lists(st.tuples(WORDS, WORDS) | ANY, max_size=4)
WAYS = st.dictionaries(WORDS, WORDS, max_size=2)
PLAN = table("definition", structure=ROWS | ANY, ways=WAYS | ANY) | ANY
OUTCOME = table("duration", "error", "text", "hint", "where", "bail_reason", "suspended") | ANY
MOSTLY = st.sampled_from([0] * 9 + [1])


def mostly(usual: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """Nine of ten of one kind: else hardly any commit reads as one."""
    return MOSTLY.flatmap(lambda odd: ANY if odd else usual)


COMMIT = st.tuples(
    st.lists(mostly(EVENT), max_size=3), st.lists(mostly(CHANGE), max_size=3), POSITION
)
STATUS = st.sampled_from(["running", "waiting", "failed", "completed", "bailed", "pending"])


@given(PLAN, st.lists(COMMIT, max_size=3), OUTCOME, STATUS, ANY)
def test_what_nobody_wrote_is_read_or_named(plan, commits, outcome, status, about) -> None:
    """Nothing but an error of the database comes of it, and nothing is said twice wrongly."""
    with closing(SQLite(":memory:")) as database:
        damage(database, plan, commits, outcome=outcome, status=status, about=about)
        for look in (show, tell, compare_with_itself, list_, records, look_back):
            with suppress(DatabaseError):
                look(database)


def damage(database, plan, commits, *, outcome, status, about) -> None:
    """Write a run that holds this."""
    text = json.dumps(plan)
    run = NewRun("run-1", "w", (), time.time(), Plan(text, text), json.dumps(about))
    lease = database.create(run, Commit(time.time(), "{}"), this_process(), time.time() + 60)
    assert lease is not None
    stop = Stop(status, None, json.dumps(outcome), has_ended=status != "waiting")
    for number, (events, changes, position) in enumerate([*commits, ([], [], {})]):
        database.commit(
            lease,
            Commit(time.time(), json.dumps(position), json.dumps(events), json.dumps(changes)),
            stop if number == len(commits) and status != "running" else None,
        )


def show(database) -> None:
    """As `gostage show` does."""
    past = overview(database, database.find("run-1"))
    for detail in (Detail(), Detail(with_all=True, width=10)):
        deque(map(text_of, show_lines(past, detail)), 0)
    json.dumps(overview_data(past))


def tell(database) -> None:
    """As `gostage tail` does."""
    for saved in saved_of(database, "run-1"):
        for happening in saved.happenings:
            line_of(happening, with_all=True)
    deque(events_of("run-1", database.log("run-1")), 0)


def compare_with_itself(database) -> None:
    """As `gostage diff` does."""
    past = overview(database, database.find("run-1"))
    found = compare(past, past)
    deque(map(text_of, comparison_lines(found, Detail())), 0)
    json.dumps(comparison_data(found))


def list_(database) -> None:
    """As `gostage runs` does."""
    row = database.find("run-1")
    cells_of([row], time.time(), 80)
    json.dumps(row_data(row, row.status))


def records(database) -> None:
    """As a runner does for the result of a run."""
    row = database.find("run-1")
    stored_steps(database.plan(row.plan), database.log("run-1"), "run-1", ValueError("x"))


def look_back(database) -> None:
    """As `gostage show --at` does."""
    row = database.find("run-1")
    for at in ("a", "a/b[1]", "2", "99"):
        try:
            found = moment_of(database, row, at)
        except NotFound:
            continue
        deque(map(text_of, store_lines(found.store, Detail())), 0)


@pytest.mark.parametrize("text", ["", "{", "[[1]]", "5", '"x"', "[" * 10_000, "\x00"], ids=repr)
def test_a_commit_that_does_not_read_is_named(text) -> None:
    """By its number, with its run."""
    run = NewRun("run-1", "w", (), time.time(), Plan("{}", "{}"), "{}")
    with closing(SQLite(":memory:")) as database:
        database.create(run, Commit(time.time(), "{}", text), this_process(), time.time() + 60)
        row = database.find("run-1")
        assert row is not None
        with pytest.raises(
            DatabaseError, match="commit 1 of run 'run-1' cannot be read:"
        ) as caught:
            overview(database, row)

    assert caught.value.where.run == "run-1"
    assert "backup" in caught.value.hint
