"""What goes wrong with children: the whole text of the error, and where it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gostage import Isolate, Limits, Runner, Stage, Workflow, action, errors, steps
from gostage._spawn.pool import Pool
from gostage.errors import Where
from tests.errors import dying

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="it looks at /proc")

GIVEN = Limits(memory="400MB")
LIBRARY = "a library that is not Python did that; faulthandler.enable() shows where"
EXIT = "a step ends by returning or raising; sys.exit() and os._exit() end its child"
STREAM = "does something else write to the file descriptors of the child?"


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with Runner() as runner:
        runner.on_message("question", dying.refuse)
        yield runner


def isolated(act, isolate: bool | str | Isolate = True) -> Workflow:
    return Workflow("w").add(Stage("s", act, isolate=isolate))


CRASHES = {
    "exit code": (dying.leave, "the child of stage 's' ended with exit code 3", EXIT, 3),
    "sys.exit": (dying.exit_, "the child of stage 's' ended with exit code 4", EXIT, 4),
    "killed": (
        dying.kill,
        "the child of stage 's' was killed by signal 9 (SIGKILL)",
        (
            "nobody here did that: did the system run out of memory? "
            "With Limits(memory=…) it is a MemoryError instead"
        ),
        -9,
    ),
    "abort": (dying.abort, "the child of stage 's' was killed by signal 6 (SIGABRT)", LIBRARY, -6),
    "segmentation fault": (
        dying.reach_nowhere,
        "the child of stage 's' was killed by signal 11 (SIGSEGV)",
        LIBRARY,
        -11,
    ),
    "another signal": (
        dying.hang_up,
        "the child of stage 's' was killed by signal 1 (SIGHUP)",
        "what it printed last is with the step; retry= starts another child",
        -1,
    ),
    "a signal without a name": (
        dying.signal_in_real_time,
        "the child of stage 's' was killed by signal 35",
        "what it printed last is with the step; retry= starts another child",
        -35,
    ),
}


@pytest.mark.parametrize(("act", "message", "hint", "code"), CRASHES.values(), ids=CRASHES)
def test_a_child_that_ends_without_a_word_is_a_crash(runner, act, message, hint, code) -> None:
    """The text says how it ended, the hint what that usually means."""
    error = runner.run(isolated(act), run_id=None).error

    assert (type(error), error.message, error.hint) == (errors.ChildCrashed, message, hint)
    assert (error.exit_code, error.signal) == (code, -code if code < 0 else None)
    assert error.where.run is not None


def test_the_text_names_what_was_in_the_child(runner) -> None:
    """An action, a step or an item."""
    act = action(isolate=True)(dying.leave)
    flows = {
        "the child of action 'leave' ended with exit code 3": Workflow("w").stage("s", act),
        "the child of step 'body' ended with exit code 3": Workflow("w").spawn(
            "body", steps().do("x", dying.leave)
        ),
        "the child of item 0 of 'each' ended with exit code 3": Workflow("w").for_each(
            "each", "items", dying.leave, isolate=True
        ),
    }

    for message, flow in flows.items():
        assert runner.run(flow, {"items": [1]}).error.message == message


def test_memory_beyond_the_limit_is_a_memory_error(runner) -> None:
    """Python raises it in the child; that there was a limit is added."""
    error = runner.run(isolated(dying.fill_memory, Isolate(limits=GIVEN)), run_id="m").error

    assert type(error) is MemoryError
    assert error.__notes__ == [
        "in action 'fill_memory' of stage 's', run 'm'",
        "hint: its child has Limits(memory=400000000); give it more, or less to hold at once",
    ]


def test_processor_time_beyond_the_limit_is_a_crash(runner) -> None:
    """The system ends the child, and the hint says which limit that was."""
    error = runner.run(isolated(dying.spin, Isolate(limits=Limits(cpu=1)))).error

    assert type(error) is errors.ChildCrashed
    assert error.message == (
        "the child of stage 's' used up its limit of 1 s of CPU and "
        "was killed by signal 24 (SIGXCPU)"
    )
    assert error.hint == "it used the seconds of its Limits(cpu=…); give it more, or less to do"


def test_an_import_that_fails_in_the_child_is_its_own_error(runner) -> None:
    """It is what Python says, with the line that asked for it."""
    error = runner.run(isolated(dying.import_nothing)).error

    assert type(error) is ModuleNotFoundError
    assert str(error) == "No module named 'there_is_no_such_module'"


def test_an_action_out_of_time_in_a_child(runner) -> None:
    """The text is that of any action."""
    act = action(timeout=0.05)(dying.spin)

    error = runner.run(isolated(act), run_id="t").error

    assert type(error) is errors.TimedOut
    assert error.message == "action 'spin' took longer than 0.05 seconds"
    assert error.hint == (
        "give it a longer timeout=; without isolate=True a synchronous action only stops where it "
        "calls ctx.check()"
    )
    assert (error.where.run, error.where.stage, error.where.action) == ("t", "s", "spin")
    assert error.where.file == dying.__file__


def test_an_unknown_backend_is_refused(runner) -> None:
    """Before anything runs, and the closest name is there."""
    with pytest.raises(errors.DefinitionError) as raised:
        runner.run(isolated(dying.leave, "proces"))
    error = raised.value

    assert error.message == "there is no backend 'proces' for children"
    assert error.hint == "did you mean 'process'?"


def test_children_in_children_have_an_end(runner) -> None:
    """The ninth in a row is not started."""
    error = runner.run(isolated(dying.dig)).error

    while error.__cause__ is not None:
        error = error.__cause__
    assert type(error) is errors.ChildError
    assert error.message == "step 'deeper' would be child number 9 in a row, and 8 is the limit"
    assert error.hint == "does something that runs in a child spawn itself?"


def test_runs_in_children_have_the_same_end(runner) -> None:
    """A runner that is made in a child knows how deep it is."""
    error = runner.run(isolated(dying.dig_with_runners)).error

    while error.__cause__ is not None:
        error = error.__cause__
    assert error.message == "stage 's' would be child number 9 in a row, and 8 is the limit"


def test_what_keys_keep_away_is_named(runner) -> None:
    """The store of the parent may well have it."""
    flow = isolated(dying.need, Isolate(keys=["size", "name"]))
    error = runner.run(flow, {"size": 1, "rows": 2}).error

    assert type(error) is errors.MissingInput
    assert error.hint == "only 'name', 'size' crossed to this child: name 'rows' in keys= as well"


def test_a_thread_that_goes_on_sending_is_told_so(runner, capsys) -> None:
    """When its child has done its work, nobody takes its messages."""
    assert runner.run(isolated(dying.send_on)).ok

    said = capsys.readouterr().err
    assert "ChildError: message 'more' was sent when nobody took any more of this child" in said
    assert "LinkLost" not in said


def test_what_cannot_cross_is_refused(runner) -> None:
    """An action that holds on to an open file has to stay."""
    with Path(__file__).open() as file:
        error = runner.run(isolated(action(name="reads")(lambda ctx: file.read()))).error

    assert type(error) is errors.NotImportable
    assert "reads' of workflow 'w' cannot be given to a child process: " in error.message
    assert "it holds an open file: " in error.message
    assert error.hint == (
        "keep it in a module that can be imported, make it where it is used, or make it a @resource"
    )


@pytest.mark.parametrize("act", [dying.ask, dying.tell], ids=["waiting", "not waiting"])
def test_a_message_that_is_not_taken_fails_the_step(runner, act) -> None:
    """The error of the handler is its cause, with the lines of the handler."""
    error = runner.run(isolated(act), run_id="q").error
    runner.delete("q")

    assert type(error) is errors.MessageError
    assert error.message == (
        f"message 'question' of {act.__name__!r} (number 1) was not taken: no questions, please"
    )
    assert error.hint == (
        "that is what the handler raised, or the middleware on its way; see the cause"
    )
    assert error.where == Where(run="q", stage="s", action=act.__name__)
    assert repr(error.__cause__) == "ValueError('no questions, please')"
    trace = error.__cause__.__traceback__
    while trace.tb_next is not None:
        trace = trace.tb_next
    assert trace.tb_frame.f_code.co_name == "refuse"


def test_a_message_that_is_no_data_is_refused_where_it_is_sent(runner) -> None:
    """Objects stay where they are."""
    error = runner.run(isolated(dying.send_an_object)).error

    assert type(error) is errors.NotStorable
    assert error.message == "a value of type object cannot leave the process"
    assert error.hint == "store plain data instead"


NONSENSE = {
    "no frame": (dying.babble, "it is no JSON: "),
    "another task": (dying.end_another_task, "it speaks of task 77, and has task "),
    "another protocol": (
        dying.speak_of_tomorrow,
        "it speaks version 99 of the protocol, and this is 1",
    ),
    "the wrong side": (dying.take_over, "'task' is no kind of frame that is expected here"),
}


@pytest.mark.parametrize(("act", "problem"), NONSENSE.values(), ids=NONSENSE)
def test_nonsense_on_the_wire_ends_the_child_and_not_the_run(runner, act, problem) -> None:
    """What is said of it quotes little, and the child is gone."""
    error = runner.run(isolated(act)).error

    assert type(error) is errors.ChildError
    start = "the child of stage 's' sent what is no message of gostage: "
    assert error.message.startswith(start)
    assert problem in error.message
    assert error.hint == STREAM


def test_a_closed_pool_has_no_children() -> None:
    """Whoever asks too late is told why."""
    pool = Pool(lambda: pytest.fail("nothing is started"), 1)
    pool.close()

    with pytest.raises(errors.ChildError) as caught:
        pool.take()

    assert caught.value.message == "no child can be taken: its pool is closed"
    assert caught.value.hint == "was the runner closed while the run went on?"
