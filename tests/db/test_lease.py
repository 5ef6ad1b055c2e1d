"""Who may go on with a run: the rule over rows, clocks and what is known of owners."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from gostage._db.lease import is_over, lost_error, owned_error, status_of
from gostage._db.protocol import Held, Owner, RunRow
from gostage.errors import RunOwned

ME = Owner("here", "boot", 1, "1")
OTHER = Owner("there", "boot", 2, "2")


def row(held=None, status="running"):
    """A run as it is stored."""
    return RunRow("r", "w", (), status, 1.0, 1.0, None, None, held, False, "p", "{}", None, 1)


@pytest.mark.parametrize("alive", [True, None, False], ids=["alive", "unknown", "dead"])
@pytest.mark.parametrize("left", [1, 0, -1], ids=["counts", "ends now", "is over"])
@pytest.mark.parametrize("owner", [ME, OTHER], ids=["me", "another"])
def test_a_lease_is_over_when_its_time_is_or_its_owner_is_dead(alive, left, owner):
    """What is not known of an owner is no reason."""
    held = row(Held(owner, until=100.0 + left))

    over = is_over(held, ME, 100.0, lambda _: alive)

    assert over == (left <= 0 or (owner != ME and alive is False))
    assert status_of(held, ME, 100.0, lambda _: alive) == ("interrupted" if over else "running")


def test_a_run_that_nobody_holds_is_free():
    """Nobody is asked whether he lives."""
    assert is_over(row(), ME, 100.0, pytest.fail)
    assert status_of(row(), ME, 100.0, pytest.fail) == "interrupted"


@pytest.mark.parametrize("status", ["pending", "waiting", "completed", "blocked"])
def test_only_a_running_run_is_interrupted(status):
    """Every other status is as it is stored."""
    held = Held(OTHER, until=0.0)
    for each in (None, held):
        assert status_of(row(each, status), ME, 100.0, lambda _: False) == status


def test_who_holds_a_run_is_told_with_what_to_do():
    """Host, process, and when it is free at the latest."""
    error = owned_error(row(Held(OTHER, until=1_700_000_000.0)))

    assert isinstance(error, RunOwned)
    assert str(error) == "run 'r' belongs to process 2 on host 'there'"
    assert "gostage cancel" in error.hint
    assert error.hint[-8:].count(":") == 2
    assert error.where.run == "r"


def test_a_run_that_was_lost_is_told():
    """Nobody holds it any more."""
    for error in (lost_error("r"), owned_error(row())):
        assert "'r' was taken away" in str(error)
        assert error.hint


@pytest.mark.parametrize(
    ("host", "boot", "pid", "started"),
    list(product(["here", "x"], ["boot", "x"], [1, 9], ["1", "x"]))[1:],
)
def test_an_owner_is_me_in_every_part_or_not_at_all(host, boot, pid, started):
    """Another process of this host may be dead, I am not."""
    other = replace(ME, host=host, boot=boot, pid=pid, started=started)

    assert is_over(row(Held(other, 200.0)), ME, 100.0, lambda _: False)
    assert not is_over(row(Held(ME, 200.0)), ME, 100.0, lambda _: False)
