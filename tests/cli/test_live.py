"""The live view: what a run does now, told by its events."""

from __future__ import annotations

import io
import itertools
import re
import sys
import threading
from contextlib import redirect_stdout, suppress

import pytest

from gostage import Retry, Runner, Stage, Workflow, action, hookimpl, steps
from gostage._app.lines import Span, text_of
from gostage._cli.common import Common
from gostage._cli.live.board import KEPT, Board
from gostage._cli.live.choice import form_of
from gostage._cli.live.rows import Row, elapsed, fitting, picture
from gostage._cli.live.terminal import Terminal
from gostage._cli.taps import Taps
from gostage._plugins.manager import Plugins
from gostage._plugins.source import Source
from tests.cli.glass import Glass


class Watcher:
    """A plugin that has a board, and a clock that goes on at every event."""

    def __init__(self):
        self.board = Board()
        self.now = 0

    @hookimpl(wrapper=True)
    def gostage_runner(self, run):
        self.board.begin(run.workflow.id, [item.id for item in run.workflow.stages], self.now)
        return (yield)

    @hookimpl
    def gostage_event(self, event):
        self.now += 0.001
        self.board.apply(event, self.now)

    def see(self, height=50):
        """The picture, with every time as `_` and every place of a spinner as `*`."""
        lines = [text_of(line) for line in picture(self.board, self.now, height, "*")]
        return [re.sub(r"\b[\d.]+s\b", "_", line) for line in lines]


@pytest.fixture
def watcher():
    return Watcher()


def run(watcher, workflow, **initial):
    """Run it with the watcher."""
    plugins = Plugins()
    plugins.add([Source("watcher", "a test", lambda: watcher)])
    return Runner(plugins=plugins).run(workflow, initial)


@action
def noop():
    """Do nothing."""


def fail():
    raise ValueError("boom\nand more")


# -------------------------------------------------------------------- what is seen


def test_what_runs_is_open_and_what_ended_is_one_line(watcher) -> None:
    """An ended stage has a mark, its time and its counts; what is to come has its name."""
    seen = []
    flow = Workflow("w").stage("first", noop, noop).stage("second", noop)
    flow.find_stage("second").do("look", lambda: seen.extend(watcher.see()))
    flow.stage("third", noop)

    run(watcher, flow)

    assert seen == [
        "✓ first  _  2 completed",
        "* second  _",
        "  ✓ noop  _",
        "  * look  _",
        "· third",
        "w  _  1/3  3 completed",
    ]


def test_branches_are_seen_beside_each_other(watcher) -> None:
    """Each branch has its own lines, whoever is first."""
    both = threading.Barrier(2)
    seen = []

    def look():
        both.wait()
        seen.extend(watcher.see())
        both.wait()

    def wait():
        both.wait()
        both.wait()

    run(
        watcher,
        Workflow("w").parallel("p", a=steps().do("x", look), b=steps().do("y", wait)),
    )

    assert sorted(seen[1:-1]) == ["    * x  _", "    * y  _", "  * a  _", "  * b  _"]
    assert seen[0] == "* p  _"


def test_items_are_counted(watcher) -> None:
    """A for_each says how far it is."""
    seen = []
    flow = Workflow("w").for_each("f", "rows", lambda: seen.append(watcher.see()[0]))

    run(watcher, flow, rows=[1, 2, 3])

    assert seen == ["* f  _  0/3", "* f  _  1/3", "* f  _  2/3"]


def test_items_with_bodies_of_several_steps_are_counted(watcher) -> None:
    """An item counts when its last step has ended."""
    seen = []
    body = steps().do("a", lambda: None).do("b", lambda: seen.append(watcher.see()[0]))

    run(watcher, Workflow("w").for_each("f", "rows", body), rows=[1, 2, 3])

    assert seen[1:] == ["* f  _  1/3", "* f  _  2/3"]


def test_items_side_by_side_are_one_line(watcher) -> None:
    """A line says how many of them there are, and the counts are right in the end."""
    seen = []
    both = threading.Barrier(2)

    def look():
        if both.wait() == 0:
            seen.append(watcher.see()[1])
        both.wait()

    flow = Workflow("w").for_each("f", "rows", look, concurrency=2)
    run(watcher, flow.do("end", lambda: seen.append(watcher.see()[0])), rows=[1, 2])

    assert seen == ["  * look  2 at once", "✓ f  _  2 completed"]


def test_passes_of_a_loop_are_counted(watcher) -> None:
    """Each pass begins with a clean body."""
    seen = []
    turns = itertools.count(1)
    body = steps().do("a", lambda: seen.append(watcher.see())).do("b", lambda: None)

    run(watcher, Workflow("w").loop_until("l", lambda: next(turns) == 2, body))

    assert [lines[:-1] for lines in seen] == [
        ["* l  _  pass 1", "  * a  _"],
        ["* l  _  pass 2", "  * a  _"],
    ]


def test_an_action_that_is_tried_again_says_why(watcher) -> None:
    """The attempt, and the first line of what the last one failed with."""
    seen = []

    @action(retry=Retry(3))
    def flaky(ctx):
        seen.append(watcher.see())
        if ctx.attempt < 3:
            fail()

    run(watcher, Workflow("w").do(flaky).do("end", lambda: seen.append(watcher.see())))

    assert [lines[0] for lines in seen] == [
        "* flaky  _",
        "* flaky  _  attempt 2  after ValueError: boom",
        "* flaky  _  attempt 3  after ValueError: boom",
        "✓ flaky  _  3 attempts",
    ]
    assert seen[-1][-1] == "w  _  1 completed"


def test_an_action_that_waits_for_its_next_attempt_is_marked() -> None:
    """Between attempts nothing runs, and the item is still open."""
    seen = []

    @action(retry=Retry(2))
    def flaky(ctx):
        if ctx.attempt == 1:
            fail()

    class Late(Watcher):
        @hookimpl
        def gostage_event(self, event):
            super().gostage_event(event)
            if event.kind == "step_retried":
                seen.append(self.see())

    run(Late(), Workflow("w").do(flaky))

    assert seen[-1] == ["↻ flaky  _  attempt 2  after ValueError: boom", "w  _"]


def test_a_retried_body_is_not_a_failure(watcher) -> None:
    """The failure that caused another attempt is taken out of the counts."""
    seen = []
    turns = itertools.count(1)

    def flaky():
        seen.append(watcher.see())
        if next(turns) == 1:
            fail()

    run(watcher, Workflow("w").retry("r", steps().do("a", noop).do("b", flaky)))

    assert seen[1][0] == "* r  _  attempt 2  after ValueError: boom"
    assert seen[1][-1] == "w  _  2 completed"


@pytest.mark.parametrize(
    ("add", "expected"),
    [
        (lambda flow: flow.sleep("s", 0.01), "○ s  _  sleeps"),
        (lambda flow: flow.receive("go", timeout=0.01), "○ go  _  waits for the signal"),
        (lambda flow: flow.wait_for("c", lambda: True), "○ c  _  waits for its condition"),
    ],
    ids=["sleep", "receive", "wait"],
)
def test_what_waits_says_for_what(add, expected) -> None:
    """And is marked as something that does nothing."""
    seen = []

    class Eager(Watcher):
        @hookimpl
        def gostage_event(self, event):
            super().gostage_event(event)
            if event.kind == "step_started":
                seen.append(self.see()[0])

    run(Eager(), add(Workflow("w")))

    assert seen == [expected]


def test_failures_and_skipped_items_are_seen() -> None:
    """A failure has its error, and what is skipped is quiet."""
    seen = []

    class Late(Watcher):
        @hookimpl
        def gostage_event(self, event):
            super().gostage_event(event)
            seen[:] = self.see()

    flow = Workflow("w").stage("off", noop).stage("bad", fail)
    flow.disable(stage="off")
    run(Late(), flow)

    assert seen == [
        "– off  skipped",  # noqa: RUF001  # a dash
        "✗ bad  _  ValueError: boom  1 failed",
        "w  _  2/2  1 failed, 1 skipped",
    ]


def test_names_with_slashes_are_whole(watcher) -> None:
    """A step stands in the item that leads to it, not in each part of its path."""
    seen = []
    flow = Workflow("w").add(Stage("eu/west").do("a/b", lambda: seen.extend(watcher.see())))

    run(watcher, flow)

    assert seen[:-1] == ["* eu/west  _", "  * a/b  _"]


def test_changes_of_the_plan_count(watcher) -> None:
    """An added stage is one more, a removed one is one less and not to come."""
    seen = []

    def change(ctx):
        ctx.add_stage(Stage("extra", noop))
        ctx.add_stage(Stage("more", noop))
        ctx.remove_stage("late")
        ctx.add_action_to("later", noop)
        seen.extend(watcher.see())

    run(watcher, Workflow("w").stage("now", change).stage("late", noop).stage("later", noop))

    assert seen[-2:] == ["· later", "w  _  0/4"]


def test_a_long_run_takes_little_room(watcher) -> None:
    """Of many that have ended the last are remembered, of the others how many."""
    count = 2000
    seen = []
    flow = Workflow("w").add(Stage("s", *[noop] * count))
    flow.find_stage("s").do("look", lambda: seen.extend((len(watcher.board), *watcher.see(8))))

    run(watcher, flow)

    assert seen[0] <= KEPT + 3
    assert seen[1:3] == [f"… {count - 4} more", "* s  _"]
    assert seen[-2:] == ["  * look  _", f"w  _  {count} completed"]
    assert len(watcher.board) == 1


def test_a_long_loop_takes_little_room(watcher) -> None:
    """The same items come again and again."""
    turns = itertools.count()
    body = steps().do("a", noop).stage("s", noop)
    run(watcher, Workflow("w").loop_until("l", lambda: next(turns) == 500, body))

    assert len(watcher.board) == 1


def test_a_name_cannot_move_the_cursor(watcher) -> None:
    """What is not printable is escaped."""
    seen = []
    run(watcher, Workflow("w").do("a\x1b[2J", lambda: seen.extend(watcher.see())))

    assert seen[0] == "* a\\x1b[2J  _"


# -------------------------------------------------------------------- what fits


def rows(*ranks):
    """A row for each rank, named by its place."""
    return [Row((Span(str(place)),), rank) for place, rank in enumerate(ranks)]


@pytest.mark.parametrize(
    ("ranks", "height", "expected"),
    [
        ([3, 3, 1, 0], 4, "0 1 2 3"),
        ([3, 3, 3, 1, 0], 4, "… 2 more 2 3 4"),
        ([0, 3, 3, 3, 3], 3, "… 3 more 0 4"),
        ([2, 3, 0, 4, 4], 4, "… 2 more 0 1 2"),
        ([0, 4, 4, 4], 3, "… 2 more 0 1"),
        ([0, 0, 0], 1, "… 3 more"),
    ],
    ids=["room for all", "oldest out", "at work stays", "failed stays", "next first", "no room"],
)
def test_what_matters_most_is_shown(ranks, height, expected) -> None:
    """Where there is no room for all, what is at work goes last."""
    assert " ".join(text_of(line) for line in fitting(rows(*ranks), height)) == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [(-1, "0.0s"), (0.04, "0.0s"), (9.96, "10.0s"), (59.94, "59.9s"), (60, "1m00s")],
)
def test_times_that_go_on_do_not_flicker(value, text) -> None:
    """One figure behind the point is enough, and no clock runs backwards."""
    assert elapsed(value) == text


# -------------------------------------------------------------------- where it is shown


@pytest.mark.parametrize(
    ("progress", "given", "expected"),
    [
        ("auto", {}, "view"),
        ("auto", {"pipe": True}, "nothing"),
        ("auto", {"TERM": "dumb"}, "nothing"),
        ("auto", {"CI": "true"}, "nothing"),
        ("auto", {"json": True}, "nothing"),
        ("auto", {"quiet": True}, "nothing"),
        (False, {}, "nothing"),
        (True, {}, "view"),
        (True, {"CI": "true"}, "view"),
        (True, {"pipe": True}, "lines"),
        (True, {"TERM": "dumb"}, "lines"),
        (True, {"json": True}, "lines"),
        (True, {"quiet": True}, "nothing"),
        (True, {"quiet": True, "asked": True}, "view"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else str(value),
)
def test_the_form_fits_whoever_looks(progress, given, expected) -> None:
    """A view is for a terminal that nobody has reserved for something else."""
    common = Common(
        loudness=-1 if given.get("quiet") else 0,
        as_json="json" in given,
        given={"progress": True} if given.get("asked") else {},
    )
    stream = io.StringIO() if given.get("pipe") else Glass()

    assert form_of(progress, common, stream, given) == expected


# -------------------------------------------------------------------- the plugin


@pytest.fixture
def glass():
    return Glass()


@pytest.fixture
def terminal(glass):
    """The plugin with a clock that stands still, drawing only when it is told to."""
    return Terminal(Taps(), has_color=False, size=glass.size, clock=lambda: 0, is_ticking=False)


def test_a_run_is_shown_and_then_nothing_is_left(glass, terminal) -> None:
    """Prints stand above the view, and stay."""

    def speak():
        terminal.view.draw()
        print("one")
        terminal.view.draw()
        seen.extend(re.sub(r"\b0\.\d{3}s", "_", line) for line in glass.lines)
        print("two")

    seen = []
    with redirect_stdout(glass):
        run(terminal, Workflow("w").stage("s", noop).do("speak", speak).do("end", noop))

    assert seen == [
        "one",
        "",
        "✓ s  _  1 completed",
        "⠋ speak  0.0s",
        "· end",
        "w  0.0s  1/3  1 completed",
    ]
    assert glass.lines == ["one", "two"]
    assert terminal.view is None
    assert "write" not in vars(glass)


@pytest.mark.parametrize(
    "last",
    [fail, lambda ctx: ctx.suspend("later"), lambda: sys.exit(3)],
    ids=["failure", "suspended", "exit"],
)
def test_the_view_is_left_however_a_run_ends(glass, terminal, last) -> None:
    """Streams and doors are as before."""
    doors = (input, glass.write)

    def draw():
        terminal.view.draw()

    with redirect_stdout(glass), suppress(SystemExit):
        run(terminal, Workflow("w").do("draw", draw).do("last", last))

    assert glass.lines == []
    assert (input, glass.write) == doors


def test_several_runs_follow_each_other(glass, terminal) -> None:
    """Each begins with an empty board."""
    seen = []

    def look():
        terminal.view.draw()
        seen.append(glass.lines[-1])

    with redirect_stdout(glass):
        for name in ("one", "two"):
            run(terminal, Workflow(name).do("before", noop).do("look", look))

    assert seen == ["one  0.0s  1/2  1 completed", "two  0.0s  1/2  1 completed"]


def test_a_run_inside_a_run_is_not_shown(glass, terminal) -> None:
    """The view stays with the run it began with."""
    seen = []

    def inner():
        run(terminal, Workflow("inner").do("hidden", noop))
        terminal.view.draw()
        seen.extend(glass.lines)

    with redirect_stdout(glass):
        run(terminal, Workflow("outer").do("inner", inner))

    assert seen == ["", "⠋ inner  0.0s", "outer  0.0s"]


def test_the_view_draws_itself(glass) -> None:
    """A thread of its own does so, as long as the run lasts."""
    shown = threading.Event()

    class Window(Glass):
        def write(self, text):
            count = super().write(text)
            if "w  " in text:
                shown.set()
            return count

    window = Window()
    terminal = Terminal(Taps(), has_color=False, size=window.size)
    with redirect_stdout(window):
        result = run(terminal, Workflow("w").do("wait", lambda: shown.wait(60)))

    assert result.ok
    assert shown.is_set()
    assert window.lines == []
