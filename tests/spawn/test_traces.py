"""Traces: an error of a child is shown with the user's lines, as one of this process is."""

from __future__ import annotations

import io
import linecache
import logging
import os
import pdb  # noqa: T100 - its listing is looked at
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from gostage import Key, Runner, Stage, Workflow, errors, steps
from gostage._app.report import Detail, report
from gostage._run.traces import pack_error, told_error, unpack_error
from gostage._store.codec import STANDARD
from tests.spawn import failing

PLACES = {
    "action": lambda act, apart: Workflow("w").stage("s", act.options(isolate=apart)),
    "stage": lambda act, apart: Workflow("w").add(Stage("s", act, isolate=apart)),
    "item": lambda act, apart: Workflow("w").for_each(
        "each", Key("items"), steps().do("s", act), isolate=apart
    ),
    "body": lambda act, apart: (
        Workflow("w").spawn("s", steps().do("act", act))
        if apart
        else Workflow("w").steps("s", steps().do("act", act))
    ),
}


def shown(error: BaseException) -> str:
    """The traceback as Python prints it."""
    return "".join(traceback.format_exception(type(error), error, error.__traceback__))


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with Runner() as runner:
        yield runner


def ran(runner: Runner, flow: Workflow):
    result = runner.run(flow, {"items": [1]}, run_id="r")
    runner.delete("r")
    return result


@pytest.mark.parametrize("name", failing.ACTIONS)
@pytest.mark.parametrize("place", PLACES)
def test_an_error_of_a_child_is_printed_as_one_of_this_process(runner, place, name) -> None:
    """Every line is the same, whatever led to the error: causes, contexts, notes and groups."""
    act = failing.ACTIONS[name]

    here = ran(runner, PLACES[place](act, False))
    there = ran(runner, PLACES[place](act, True))

    assert there.error.__traceback__.tb_frame.f_locals == {}, "it ran in a child"
    assert shown(there.error) == shown(here.error)
    assert there.where == here.where


@pytest.mark.parametrize("place", PLACES)
def test_a_report_shows_the_lines_of_the_user_and_each_error_once(runner, place) -> None:
    """What `gostage run` tells of a failure does not depend on where it happened."""
    here, there = (
        "\n".join(
            "".join(span.text for span in line) for line in report(result, Detail(with_tree=False))
        ).rpartition("\n")[0]
        for result in (
            ran(runner, PLACES[place](failing.ACTIONS["with_cause"], apart))
            for apart in (False, True)
        )
    )

    assert there == here
    assert there.count("Odd: 3 is odd") == 1
    assert "raise Odd(3, reason=" in there


def test_the_errors_of_failed_items_have_their_lines(runner) -> None:
    """A for-each that goes on keeps the traceback of each failed item."""
    flow = Workflow("w").for_each(
        "each", Key("items"), failing.odd_ones, on_error="continue", isolate=True
    )

    result = runner.run(flow, {"items": [1, 2, 3]})

    assert [failure.index for failure in result.error.failures] == [0, 2]
    for failure in result.error.failures:
        last = traceback.extract_tb(failure.error.__traceback__)[-1]
        assert (last.name, last.line) == (
            "odd_ones",
            'raise Odd(ctx.item, reason="so it is")',
        )


def test_an_error_of_an_unknown_class_has_its_lines_and_their_text(runner) -> None:
    """It stands for the error of the child, traceback and all."""
    result = runner.run(Workflow("w").add(Stage("s", failing.foreign, isolate=True)))

    error = result.error
    assert (type(error), error.type_name) == (errors.ChildError, "Strange")
    assert 'raise type("Strange"' in error.child_traceback
    assert traceback.extract_tb(error.__traceback__)[-1].name == "foreign"


def test_an_error_of_a_child_of_a_child_keeps_its_lines(runner) -> None:
    """A traceback crosses as many borders as it has to."""
    act = failing.ACTIONS["with_causes"]
    inner = Workflow("w").spawn("out", steps().add(Stage("s", act, isolate=True)))
    plain = Workflow("w").steps("out", steps().add(Stage("s", act)))

    assert shown(ran(runner, inner).error) == shown(ran(runner, plain).error)


def test_the_place_of_the_error_is_kept_in_a_database() -> None:
    """File and line of the user's code are found again, though the traceback is gone."""
    with Runner(db="sqlite://") as runner:
        flow = Workflow("w").add(Stage("s", failing.ACTIONS["plain"], isolate=True))
        runner.run(flow, run_id="r")
        where = runner.result("r").where

    line = linecache.getline(where.file, where.line)
    assert where.file == failing.__file__
    assert "NUMBERS[" in line or "name" in line or "1" in line


# -------------------------------------------------------------------- tools


@pytest.fixture
def error(runner) -> BaseException:
    return ran(runner, PLACES["action"](failing.ACTIONS["with_notes"], True)).error


def test_logging_shows_it(error) -> None:
    """A handler formats it like any other."""
    out = io.StringIO()
    told = logging.LogRecord(
        "w",
        logging.ERROR,
        "",
        0,
        "it failed",
        None,
        exc_info=(type(error), error, error.__traceback__),
    )

    logging.StreamHandler(out).emit(told)

    assert "    raise error\n" in out.getvalue()


def test_the_debugger_lists_the_lines_around_it(error) -> None:
    """A post-mortem stands at the line that raised."""
    out = io.StringIO()
    debugger = pdb.Pdb(
        stdin=io.StringIO("list\nup\ndown\nwhere\nquit\n"), stdout=out, nosigint=True
    )
    debugger.use_rawinput = False

    debugger.reset()
    debugger.interaction(None, error.__traceback__)

    assert "with_notes" in out.getvalue()
    assert 'error = Odd(7, reason="as it is")' in out.getvalue()
    assert "->" in out.getvalue() or ">>" in out.getvalue()


def test_frames_that_somebody_cleared_do_not_spoil_the_next_error(runner) -> None:
    """`traceback.clear_frames` is harmless: the same place is shown again."""
    flow = PLACES["action"](failing.ACTIONS["plain"], True)
    first = ran(runner, flow).error
    lines = shown(first)

    traceback.clear_frames(first.__traceback__)

    assert shown(ran(runner, flow).error) == lines


def test_a_traceback_keeps_nothing_of_this_process_alive(error) -> None:
    """Its frames are of nobody's call and hold no variables."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        assert frame.f_back is None
        assert frame.f_locals == {}


# -------------------------------------------------------------------- data


def failed() -> BaseException:
    try:
        failing.with_causes()
    except ValueError as error:
        return error
    raise AssertionError


GOOD = ["/no/such/file.py", "f", 1, 2, 2, 0, 4]
BAD = {
    "no list": "traceback",
    "an object": {"0": GOOD},
    "no frames": [1, None, "x", {}],
    "too few": [GOOD[:6]],
    "too many": [[*GOOD, 1]],
    "file is a number": [[1, *GOOD[1:]]],
    "no name": [["/f", "", *GOOD[2:]]],
    "a name for the terminal": [["/f", "\x1b]0;owned\x07", *GOOD[2:]]],
    "a file with a nought": [["/f\0", *GOOD[1:]]],
    "a name without end": [["/f", "x" * 5000, *GOOD[2:]]],
    "line is true": [[*GOOD[:3], True, 2, 0, 4]],
    "line is a fraction": [[*GOOD[:3], 1.5, 2, 0, 4]],
    "line nought": [[*GOOD[:3], 0, 0, 0, 4]],
    "line without end": [[*GOOD[:3], 10**12, 10**12, 0, 4]],
    "backwards": [[*GOOD[:3], 5, 4, 0, 4]],
    "columns backwards": [[*GOOD[:3], 5, 5, 4, 0]],
    "half a column": [[*GOOD[:3], 5, 5, -1, 4]],
    "column without end": [[*GOOD[:3], 5, 5, 0, 10**9]],
}


@pytest.mark.parametrize("trace", BAD.values(), ids=BAD)
def test_what_is_no_trace_is_dropped(trace) -> None:
    """A child may say what it likes: the error arrives, without that part of its traceback."""
    record = {"class": "builtins:ValueError", "message": "x", "args": ["x"], "trace": trace}

    error = unpack_error(record, STANDARD)

    assert repr(error) == "ValueError('x')"
    assert error.__traceback__ is None


def test_a_trace_has_an_end() -> None:
    """What a child repeats a million times is shown a hundred times."""
    record = {"class": "builtins:ValueError", "message": "x", "trace": [GOOD] * 100_000}

    assert len(traceback.extract_tb(unpack_error(record, STANDARD).__traceback__)) == 100


def test_a_chain_has_an_end() -> None:
    """Causes of causes are followed only so far."""
    record = {"class": "builtins:ValueError", "message": "0", "trace": [GOOD]}
    for number in range(1, 400):
        word = "cause" if number % 2 else "context"
        record = {**record, "message": str(number), "args": [str(number)], word: record}

    error: BaseException | None = unpack_error(record, STANDARD)

    count = 0
    while error is not None:
        error, count = error.__cause__ or error.__context__, count + 1
    assert 50 < count <= 102


def test_a_circle_of_causes_is_told_once() -> None:
    """Errors that are the cause of each other do not go on for ever."""
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one

    record = pack_error(one, STANDARD)

    assert record["cause"]["message"] == "other"
    assert "cause" not in record["cause"]


def test_only_files_are_read_for_a_line(tmp_path: Path) -> None:
    """A child that names a pipe, a device or a huge file makes nobody wait for it."""
    pipe, huge = tmp_path / "pipe", tmp_path / "huge"
    os.mkfifo(pipe)
    with huge.open("wb") as file:
        file.truncate(10**9)
    for name in (str(pipe), str(huge), "/dev/zero", str(tmp_path), "../../dev/zero"):
        record = {"class": "builtins:ValueError", "message": "x", "trace": [[name, *GOOD[1:]]]}

        text = shown(unpack_error(record, STANDARD))

        assert f'File "<{name}>", line 2, in f' in text


def test_an_error_is_made_once_however_often_it_is_told() -> None:
    """The step, what is around it and the run have the same error, and its latest notes."""
    error = failed()
    known: list[object] = []
    first = told_error(known, pack_error(error, STANDARD), STANDARD)

    error.__notes__ = ["later"]
    second = told_error(known, pack_error(error, STANDARD), STANDARD)
    third = told_error(known, pack_error(failed(), STANDARD), STANDARD)

    assert second is first
    assert first.__notes__ == ["later"]
    assert third is not first or third.__notes__ == ["later"]
