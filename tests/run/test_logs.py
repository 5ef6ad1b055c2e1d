"""Logs that cross: how loud loggers are, and where everything that is logged goes."""

from __future__ import annotations

import logging

import pytest

from gostage._run import logs


@pytest.fixture
def quiet():
    """Loggers as they were before, afterwards."""
    known = [logging.getLogger(name) for name in (None, "t_shop", "t_shop.stock", "t_alone")]
    before = [(each, each.level, list(each.handlers), each.propagate) for each in known]
    yield
    for each, level, handlers, propagate in before:
        each.setLevel(level)
        each.handlers[:] = handlers
        each.propagate = propagate


@pytest.mark.usefixtures("quiet")
def test_levels_are_those_that_somebody_has_set() -> None:
    """And that of the root, which has one from the start."""
    logging.getLogger("t_shop").setLevel(logging.DEBUG)

    told = logs.levels()

    assert told[""] == logging.getLogger().level
    assert told["t_shop"] == logging.DEBUG
    assert "t_shop.stock" not in told


@pytest.mark.usefixtures("quiet")
def test_levels_can_be_set_elsewhere() -> None:
    """As they are told."""
    logs.set_levels({"": logging.ERROR, "t_shop": logging.INFO})

    assert logging.getLogger().level == logging.ERROR
    assert logging.getLogger("t_shop.stock").getEffectiveLevel() == logging.INFO


@pytest.mark.usefixtures("quiet")
def test_everything_is_forwarded_once() -> None:
    """Whatever handlers there were, and also where a logger keeps its records to itself."""
    got, kept = [], []
    stock, alone = logging.getLogger("t_shop.stock"), logging.getLogger("t_alone")
    for each in (stock, alone):
        each.addHandler(logs.Forwarding(kept.append))
    alone.propagate = False

    logs.forward(got.append)
    stock.warning("nearly empty")
    alone.warning("nobody here")

    assert kept == []
    assert [(each["logger"], each["message"]) for each in got] == [
        ("t_shop.stock", "nearly empty"),
        ("t_alone", "nobody here"),
    ]
