"""Finding a run by what a person types."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from gostage._app.past.finding import find_run, short_id
from gostage._db.sqlite import SQLite
from gostage.errors import NotFound
from tests.app.hand import Hand

if TYPE_CHECKING:
    from collections.abc import Iterator

IDS = ["order-1", "order-17", "order-18", "last-week", "a" * 32, "a" * 8 + "b" * 24, "0123" * 8]


@pytest.fixture(scope="module")
def database() -> Iterator[SQLite]:
    """A database with a run of each id, the last one the newest."""
    with closing(SQLite(":memory:")) as made:
        for number, run_id in enumerate(IDS):
            Hand((), run_id=run_id, database=made, created=1000.0 + number)
        yield made


@pytest.mark.parametrize(
    ("text", "run_id"),
    [
        pytest.param("order-18", "order-18", id="whole"),
        pytest.param("order-1", "order-1", id="whole, and the beginning of others"),
        pytest.param("0123", IDS[-1], id="beginning"),
        pytest.param("a" * 9, "a" * 32, id="longer beginning"),
        pytest.param("last", IDS[-1], id="the newest"),
        pytest.param("last-", "last-week", id="beginning with the word"),
    ],
)
def test_a_run_is_found(database, text, run_id) -> None:
    """By its id, the beginning of it if no other begins so, or as the last one."""
    assert find_run(database, text).run_id == run_id


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        pytest.param(
            "order", "several runs begin with 'order': ", "write more of the id", id="ambiguous"
        ),
        pytest.param(
            "012",
            "no run '012'",
            "write at least 4 characters of the beginning of an id",
            id="too short",
        ),
        pytest.param("ordre-17", "no run 'ordre-17'", "did you mean 'order-17' or ", id="typo"),
        pytest.param("lsat", "no run 'lsat'", "did you mean 'last'?", id="typo of last"),
        pytest.param("zzzzzzzz", "no run 'zzzzzzzz'", "`gostage runs` lists them", id="unknown"),
        pytest.param("", "no run ''", "`gostage runs` lists them", id="empty"),
        pytest.param("%", "no run '%'", "`gostage runs` lists them", id="pattern"),
    ],
)
def test_a_run_that_is_not_found_is_named(database, text, message, hint) -> None:
    """With what may have been meant."""
    with pytest.raises(NotFound) as caught:
        find_run(database, text)

    assert str(caught.value).startswith(message)
    assert caught.value.hint.startswith(hint)


def test_without_any_run_there_is_no_last_one() -> None:
    """And it is said how to get one."""
    with (
        closing(SQLite(":memory:")) as empty,
        pytest.raises(NotFound, match="there is no last run"),
    ):
        find_run(empty, "last")


@pytest.mark.parametrize(
    ("run_id", "short"),
    [("a1" * 16, "a1a1a1a1"), ("order-17", "order-17"), ("z" * 32, "z" * 32), ("", "")],
    ids=["made", "chosen", "long and chosen", "empty"],
)
def test_an_id_that_nobody_chose_is_shown_by_its_beginning(run_id, short) -> None:
    """One that somebody chose says something as a whole."""
    assert short_id(run_id) == short
