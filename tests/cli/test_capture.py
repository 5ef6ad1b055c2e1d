"""What steps print: it is shown at once, and kept for the report of a failure."""

from __future__ import annotations

import asyncio
import io
import logging
import os
import sys
import threading
from contextlib import contextmanager, redirect_stdout

import pytest

from gostage import Retry, Runner, Workflow, action, steps
from gostage._cli.capture import KEPT, LIMIT, Capture
from gostage._cli.taps import Outlet, Taps
from gostage._plugins.manager import Plugins
from gostage._plugins.source import Source


class Fail(Exception):
    """What the actions of these tests fail with."""


@pytest.fixture
def capture():
    return Capture(Taps())


@pytest.fixture
def runner(capture):
    plugins = Plugins()
    plugins.add([Source("capture", "a test", lambda: capture)])
    return Runner(plugins=plugins)


def outputs(capture, result) -> dict[str, str]:
    """What the failed actions of a run had written."""
    return {
        step.path: capture.output_of(step.path, step.error)
        for step in result.steps
        if step.kind == "action" and step.error is not None
    }


def test_what_a_failed_step_wrote_is_kept_and_shown(capture, runner, capsys) -> None:
    """Both streams, in the order of what was written."""

    def fail():
        print("one")
        print("two", file=sys.stderr)
        sys.stdout.writelines(["three\n"])
        raise Fail

    result = runner.run(Workflow("w").do(fail))

    assert outputs(capture, result) == {"fail": "one\ntwo\nthree\n"}
    assert capsys.readouterr() == ("one\nthree\n", "two\n")


def test_other_steps_are_left_out(capture, runner) -> None:
    """Neither what ran before nor conditions are in it."""

    def ready():
        print("ready?")
        return True

    def fail():
        print("mine")
        raise Fail

    flow = Workflow("w").do("before", lambda: print("before")).wait_for("ready", ready).do(fail)

    assert outputs(capture, runner.run(flow)) == {"fail": "mine\n"}


def test_branches_are_told_apart(capture, runner) -> None:
    """Two branches print at the same time, and each failure has its own lines."""
    both = threading.Barrier(2)

    def speak(name):
        def fail():
            both.wait()
            print(name)
            both.wait()
            raise Fail(name)

        return fail

    flow = Workflow("w").parallel(
        "p",
        left=steps().do("fail", speak("left")),
        right=steps().do("fail", speak("right")),
    )
    found = outputs(capture, runner.run(flow))

    assert found == {"p/left/fail": "left\n", "p/right/fail": "right\n"}


def test_async_actions_are_told_apart(capture, runner) -> None:
    """They share one thread, and each has its own context."""
    turn = []
    met = asyncio.Event()

    def speak(name):
        async def fail():
            turn.append(name)
            print(name, "begins")
            if len(turn) == 2:
                met.set()
            await met.wait()
            print(name, "ends")
            raise Fail(name)

        return fail

    flow = Workflow("w").parallel(
        "p", a=steps().do("fail", speak("a")), b=steps().do("fail", speak("b"))
    )
    found = outputs(capture, runner.run(flow))

    assert found == {"p/a/fail": "a begins\na ends\n", "p/b/fail": "b begins\nb ends\n"}


def test_the_last_attempt_counts(capture, runner) -> None:
    """What an earlier attempt printed does not explain the failure."""

    @action(retry=Retry(2))
    def fail(ctx):
        print("attempt", ctx.attempt)
        raise Fail

    assert outputs(capture, runner.run(Workflow("w").do(fail))) == {"fail": "attempt 2\n"}


def test_threads_of_an_action_belong_to_it(capture, runner) -> None:
    """An action may print from threads that it starts itself."""

    def fail():
        thread = threading.Thread(target=print, args=("from a thread",))
        thread.start()
        thread.join()
        raise Fail

    found = outputs(capture, runner.run(Workflow("w").do(fail)))

    assert found == {"fail": "from a thread\n"}


def test_a_handler_that_was_made_before_is_heard(capture, runner, capsys) -> None:
    """Logging that is set up while a module is imported holds the stream itself."""
    handler = logging.StreamHandler(sys.stderr)

    def fail():
        handler.handle(logging.makeLogRecord({"msg": "careful"}))
        raise Fail

    assert outputs(capture, runner.run(Workflow("w").do(fail))) == {"fail": "careful\n"}


def test_of_much_the_last_is_kept(capture, runner, capsys) -> None:
    """Whatever an action prints, a bounded part of it is in memory."""

    def fail():
        for number in range(50_000):
            print(number)
        raise Fail

    found = outputs(capture, runner.run(Workflow("w").do(fail)))["fail"]

    assert len(found) == LIMIT
    assert found.endswith("49998\n49999\n")


def test_of_many_failures_the_last_are_kept(capture, runner, capsys) -> None:
    """A loop that fails for ever does not fill the memory."""

    @action(retry=Retry(3 * KEPT))
    def fail(ctx):
        print("attempt", ctx.attempt)
        errors.append(Fail())
        raise errors[-1]

    errors = []
    runner.run(Workflow("w").do(fail))

    kept = [error for error in errors if capture.output_of("fail", error)]
    assert kept == errors[-KEPT:]


def test_a_step_that_printed_nothing_has_no_output(capture, runner) -> None:
    """There is nothing to show then."""

    def fail():
        raise Fail

    assert outputs(capture, runner.run(Workflow("w").do(fail))) == {"fail": ""}


# -------------------------------------------------------------------- taps


@contextmanager
def tapped():
    """Standard output in memory, with its taps; pytest itself sets it between phases of a test."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="latin-1", write_through=True)
    taps = Taps()
    with redirect_stdout(stream):
        taps.open()
        yield taps, stream
        if "write" in vars(stream):
            taps.close()


def test_a_tapped_stream_is_still_itself() -> None:
    """Whoever needs its buffer or its encoding finds them."""
    heard = []
    with tapped() as (taps, stream):
        taps.keep = heard.append
        print("hé")
        assert sys.stdout.write("more") == 4

        assert sys.stdout is stream
        assert isinstance(sys.stdout, io.TextIOWrapper)
        assert sys.stdout.encoding == "latin-1"
    assert stream.buffer.getvalue() == "hé\nmore".encode("latin-1")
    assert heard == ["hé", "\n", "more"]


def test_a_mistake_of_the_writer_stays_one() -> None:
    """What the stream refuses is not kept."""
    heard = []
    with tapped() as (taps, stream):
        taps.keep = heard.append
        with pytest.raises(TypeError):
            stream.write(b"bytes")
        with pytest.raises(UnicodeEncodeError):
            stream.write("€")
    assert heard == []


def test_the_last_user_closes() -> None:
    """Runs side by side share the taps; nothing is left when all are over."""
    with tapped() as (taps, stream):
        taps.open()
        taps.close()
        assert "write" in vars(stream)
        taps.close()
        assert "write" not in vars(stream)


def test_who_came_later_is_left_alone() -> None:
    """A tool that has taken `write` over keeps it."""
    with tapped() as (taps, stream):
        tap = stream.write
        vars(stream)["write"] = lambda text: tap(text.upper())
        taps.close()
        stream.write("text")
        assert stream.buffer.getvalue() == b"TEXT"
        del vars(stream)["write"]


def test_who_came_before_gets_it_back() -> None:
    """A tool that has taken `write` before has it again afterwards."""
    heard = []
    stream = io.StringIO()
    vars(stream)["write"] = heard.append
    taps = Taps()
    with redirect_stdout(stream):
        taps.open()
        stream.write("one")
        taps.close()
        stream.write("two")

    assert heard == ["one", "two"]


def test_a_stream_without_attributes_is_left_alone(monkeypatch) -> None:
    """As is a standard stream that is not there at all."""

    class Bare:
        __slots__ = ()

        def write(self, text):
            return len(text)

    monkeypatch.setattr(sys, "stdout", Bare())
    monkeypatch.setattr(sys, "stderr", None)
    taps = Taps()
    taps.open()
    taps.keep = pytest.fail

    print("text")
    taps.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no other way to be forked off")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # of threads, from Python 3.12 on
def test_a_forked_process_writes_past_the_taps(tmp_path, monkeypatch) -> None:
    """What it prints is not kept here, and no lock of ours is in its way."""
    with (tmp_path / "out.txt").open("w+", encoding="utf-8") as file:
        monkeypatch.setattr(sys, "stdout", file)
        taps = Taps()
        taps.open()
        taps.show = lambda outlet, text: outlet.write(f"[{text}]")
        child = os.fork()
        if child == 0:
            print("child", end="", flush=True)
            os._exit(0)
        os.waitpid(child, 0)
        taps.close()
        file.seek(0)
        assert file.read() == "child"


def test_an_outlet_leads_past_the_tap() -> None:
    """Who shows things writes there."""
    with tapped() as (taps, stream):
        taps.keep = pytest.fail
        taps.outlet(stream).write("text")
        other = io.StringIO()
        assert taps.outlet(other) == Outlet(other, other.write, is_terminal=False)
    assert stream.buffer.getvalue() == b"text"
