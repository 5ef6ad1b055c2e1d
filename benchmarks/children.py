"""What children cost: to start one, each item of a loop in them, and each of their messages.

The bare ones are written by hand, with the same start method and nothing but a pipe.
"""

from __future__ import annotations

import compileall
import json
import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import multiprocess
from multiprocess.connection import wait

from benchmarks import far
from benchmarks.far import BARE_PAIR, LOOP, MESSAGES, TEXT, keep, look, talk
from benchmarks.measure import Sample, Subject, measure
from benchmarks.peers.rows import item_rows
from benchmarks.table import Row, Table
from gostage import Isolate, Runner, Workflow, steps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from benchmarks.effort import Effort
    from benchmarks.measure import Work
    from gostage import Message

METHODS: Final = ("forkserver", "fork", "spawn")
ITEMS: Final = 2_000
WORKERS: Final = 2

BARE_START: Final = "bare start and join, {}"
ACTION: Final = "start to the first action, {}"
WHOLE: Final = "a run of one isolated action, {}"
BARE_MESSAGE: Final = "bare send_bytes of a message of the same fields"
MESSAGE: Final = "ctx.send to a handler"
COLUMNS: Final = ("what", "units", "median", "least", "ratio", "remark")
NOTES: Final = (
    "Starts: ms each, times the bare start and join by the same method, of a child that does",
    "nothing and imports nothing. Items and messages: µs each, times the bare ones. A peer has its",
    "own process, with the bare pair and gostage beside it; its remark compares it with gostage.",
)


def child_table(effort: Effort) -> Table:
    """Measure starts, items and messages, and then the peers."""
    starts = measure(_starts(), effort.starts)
    others = measure({**_messages()}, effort.rounds)
    with _pair() as bare, _loop() as ours:
        units = {BARE_PAIR: Subject(bare, ITEMS), LOOP: Subject(ours, ITEMS)}
        items = measure(units, effort.rounds)
    rows = (
        *(_row(name, starts, _start_of(name), 1, 1e3) for name in starts),
        *(_row(name, items, BARE_PAIR, ITEMS, 1e6) for name in items),
        *(_row(name, others, BARE_MESSAGE, MESSAGES, 1e6) for name in others),
        *item_rows(effort),
    )
    return Table("children", "What children cost", COLUMNS, rows, NOTES)


def _row(name: str, samples: Mapping[str, Sample], bare: str, units: int, scale: float) -> Row:
    sample = samples[name]
    return {
        "what": name,
        "units": units,
        "median": sample.median * scale,
        "least": sample.least * scale,
        "ratio": sample.ratio(samples[bare]),
    }


def _start_of(name: str) -> str:
    return BARE_START.format(name.rpartition(" ")[2])


# ------------------------------------------------------------------ starts


def _starts() -> dict[str, Subject]:
    compileall.compile_file(far.__file__, quiet=1)  # else each child would compile it
    subjects: dict[str, Subject] = {}
    for method in METHODS:
        subjects[BARE_START.format(method)] = Subject(_bare_start(method))
        runner = Runner(spawner=Isolate(method=method))
        subjects[ACTION.format(method)] = Subject(_to_the_action(runner))
        subjects[WHOLE.format(method)] = Subject(_whole(runner))
    return subjects


def _bare_start(method: str) -> Callable[[], None]:
    context = multiprocess.get_context(method)

    def once() -> None:
        with _no_main():
            process = context.Process(target=os.getpid)
            process.start()
        process.join()

    return once


@contextmanager
def _no_main() -> Iterator[None]:
    """Have a bare child import nothing of ours: it would run the main module once more."""
    main = sys.modules["__main__"].__dict__
    hidden: dict[str, object] = {
        name: main.pop(name) for name in ("__spec__", "__file__") if name in main
    }
    main["__spec__"] = None
    try:
        yield
    finally:
        main.update(hidden)


def _to_the_action(runner: Runner) -> Callable[[], float]:
    workflow = Workflow("one").do("look", look)

    def once() -> float:
        started = time.monotonic()
        result = runner.run(workflow)
        result.raise_for_error()
        at: float = result.store["at"]
        return at - started

    return once


def _whole(runner: Runner) -> Callable[[], None]:
    workflow = Workflow("one").do("look", look)

    def once() -> None:
        runner.run(workflow).raise_for_error()

    return once


# ------------------------------------------------------------------ items


def item_subjects(peer: str, work: Work, units: int) -> dict[str, Subject]:
    """The bare pair and gostage beside a peer; they end with the process."""
    bare, ours = _pair().__enter__(), _loop().__enter__()
    subjects = {BARE_PAIR: Subject(bare, ITEMS), LOOP: Subject(ours, ITEMS)}
    return {**subjects, peer: Subject(work, units)}


@contextmanager
def _loop() -> Iterator[Callable[[], float]]:
    """Give what runs the items in children; the time of starting these is not in it."""
    body = steps().do("keep", keep)
    workflow = Workflow("items").for_each(
        "each", over="items", body=body, into="kept", isolate=True, concurrency=WORKERS
    )
    with Runner() as runner:

        def once() -> float:
            few, many = ({"items": list(range(n))} for n in (WORKERS, WORKERS + ITEMS))
            started = time.perf_counter()
            runner.run(workflow, few).raise_for_error()
            between = time.perf_counter()
            result = runner.run(workflow, many)
            ended = time.perf_counter()
            assert result.store["kept"] == many["items"]
            return (ended - between) - (between - started)

        yield once


def _echo(connection: Any) -> None:  # noqa: ANN401 - the package has no types
    while True:
        try:
            told = json.loads(connection.recv_bytes())
        except EOFError:
            return
        answer = {"n": told["n"], "value": told["item"]}
        connection.send_bytes(json.dumps(answer).encode())


@contextmanager
def _pair() -> Iterator[Callable[[], None]]:
    """Give what has two workers answer, the next item sent when an answer has come."""
    context = multiprocess.get_context("forkserver")
    ends, processes = [], []
    for _ in range(WORKERS):
        here, there = context.Pipe()
        process = context.Process(target=_echo, args=(there,))
        process.start()
        there.close()
        ends.append(here)
        processes.append(process)

    def once() -> None:
        kept: dict[int, int] = {}
        todo = iter(range(ITEMS))
        busy = set(ends)
        for end in ends:
            _give(end, next(todo))
        while busy:
            for end in wait(list(busy)):
                told = json.loads(end.recv_bytes())
                kept[told["n"]] = told["value"]
                item = next(todo, None)
                if item is None:
                    busy.discard(end)
                else:
                    _give(end, item)

    yield once
    for end in ends:
        end.close()
    for process in processes:
        process.join()


def _give(end: Any, item: int) -> None:  # noqa: ANN401 - as above
    end.send_bytes(json.dumps({"n": item, "item": item}).encode())


# ------------------------------------------------------------------ messages


def _messages() -> dict[str, Subject]:
    return {
        BARE_MESSAGE: Subject(_bare_messages, MESSAGES),
        MESSAGE: Subject(_handled_messages(), MESSAGES),
    }


def _pour(connection: Any) -> None:  # noqa: ANN401 - as above
    """Send messages with the fields that those of gostage have, each in a packet."""
    sender = {"run": "0" * 32, "workflow": "w", "stage": None, "action": "talk", "child_id": "1"}
    for number in range(MESSAGES):
        payload = {"number": number, "text": TEXT}
        told = {"n": None, "type": "progress", "payload": payload, "sender": sender, "seq": number}
        connection.send_bytes(json.dumps(told).encode())


def _bare_messages() -> float:
    """Take them from the first to the last."""
    context = multiprocess.get_context("forkserver")
    here, there = context.Pipe()
    process = context.Process(target=_pour, args=(there,))
    process.start()
    there.close()
    json.loads(here.recv_bytes())
    started = time.perf_counter()
    for _ in range(MESSAGES - 1):
        json.loads(here.recv_bytes())
    seconds = time.perf_counter() - started
    here.close()
    process.join()
    return seconds


def _handled_messages() -> Callable[[], float]:
    times: list[float] = []
    runner = Runner()

    def take(message: Message) -> None:
        del message
        times.append(time.perf_counter())

    runner.on_message("progress", take)
    workflow = Workflow("talking").do("talk", talk)

    def once() -> float:
        times.clear()
        runner.run(workflow).raise_for_error()
        assert len(times) == MESSAGES
        return times[-1] - times[0]

    return once
