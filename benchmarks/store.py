"""What the store costs next to a dict: the same operations on the same values."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from benchmarks.measure import Subject, measure
from benchmarks.table import Row, Table
from gostage import Context, Store, Workflow, run

if TYPE_CHECKING:
    from benchmarks.effort import Effort

COUNT: Final = 1_000
VALUES: Final[dict[str, object]] = {
    "int": 1,
    "text of 100": "x" * 100,
    "list of 20": list(range(20)),
    "dict of 20": {f"field-{i}": i for i in range(20)},
}
Mapped = dict[str, object] | Store
Operation = Callable[[Mapped, object], None]
KEYS: Final = tuple(f"key-{i}" for i in range(COUNT))


def store_table(effort: Effort) -> Table:
    """Measure a dict, a store of its own and the store of a running action, side by side."""
    subjects: dict[str, Subject] = {}
    for operation, work in {"put": put, "get": get, "in": contains}.items():
        for kind, value in VALUES.items() if operation != "in" else [("int", 1)]:
            for place, make in {"dict": _plain, "Store": _alone, "ctx.store": _within}.items():
                name = f"{operation} {kind}/{place}"
                subjects[name] = Subject(make(partial(work, value=value), value), COUNT)
    samples = measure(subjects, effort.rounds)
    rows: list[Row] = []
    for name, sample in samples.items():
        what, _, place = name.partition("/")
        figures = {"median": sample.median * 1e9, "least": sample.least * 1e9}
        ratio = sample.ratio(samples[f"{what}/dict"])
        rows.append({"what": f"{what}, {place}", **figures, "ratio": ratio})
    return Table(
        "store",
        "What the store costs",
        ("what", "median", "least", "ratio"),
        tuple(rows),
        (
            "median, least: ns per operation. ratio: times the dict.",
            "put: `store[key] = value` over an old value; get: `store[key]`.",
            "ctx.store: what the end of an action costs for it is included.",
        ),
    )


def put(store: Mapped, value: object) -> None:
    """Write every key."""
    for key in KEYS:
        store[key] = value


def get(store: Mapped, value: object) -> None:
    """Read every key."""
    for key in KEYS:
        store[key]


def contains(store: Mapped, value: object) -> None:
    """Ask for every key."""
    for key in KEYS:
        key in store  # noqa: B015  # asking is what is measured


def _plain(work: Callable[[Mapped], None], value: object) -> Callable[[], None]:
    filled: dict[str, object] = dict.fromkeys(KEYS, value)
    return lambda: work(filled)


def _alone(work: Callable[[Mapped], None], value: object) -> Callable[[], None]:
    store = Store()
    put(store, value)
    return lambda: work(store)


def _within(work: Callable[[Mapped], None], value: object) -> Callable[[], float]:
    """Run the work in an action, over keys that the run started with, until the next one begins."""
    moments: list[float] = []

    def busy(ctx: Context) -> None:
        moments.append(time.perf_counter())
        work(ctx.store)

    def after(ctx: Context) -> None:
        moments.append(time.perf_counter())

    workflow = Workflow("store").do("busy", busy).do("after", after)
    initial = dict.fromkeys(KEYS, value)

    def once() -> float:
        moments.clear()
        run(workflow, initial=initial).raise_for_error()
        started, ended = moments
        return ended - started

    return once
