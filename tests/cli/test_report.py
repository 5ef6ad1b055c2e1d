"""Reports: a result as lines, without any terminal."""

from __future__ import annotations

import io
import json

import pytest

from gostage import Key, Runner, Stage, Workflow, action, steps
from gostage._app.data import data_of
from gostage._app.lines import Span, text_of
from gostage._app.report import Detail, counted, entries_of, report, seconds, slowest
from gostage._app.trace import Cut, explain, headline, last_place
from gostage._cli.screen import Screen, rich_console, wants_color
from gostage._run.records import StepRecord
from gostage.errors import NotFound


def shown(result, **detail) -> list[str]:
    """The lines of a report without their styles."""
    return [text_of(line) for line in report(result, Detail(**detail))]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0.000s"),
        (0.0124, "0.012s"),
        (9.9994, "9.999s"),
        (9.9996, "10.0s"),
        (59.94, "59.9s"),
        (59.96, "1m00s"),
        (125, "2m05s"),
        (3599.9, "1h00m"),
        (3720, "1h02m"),
        (90_000, "25h00m"),
    ],
)
def test_durations_read_well_at_every_size(value, text) -> None:
    """Three figures where they matter, and no `60s` anywhere."""
    assert seconds(value) == text


def test_an_error_is_shown_once_and_where_it_happened() -> None:
    """The stages around a failing action have its error too, and are not repeated."""

    @action
    def fail():
        raise ValueError("boom")

    result = Runner().run(Workflow("w").add(Stage("outer").steps("group", steps().do(fail))))

    lines = [line for line in shown(result) if "ValueError: boom" in line]
    assert lines == ["outer/group/fail: ValueError: boom"]


def test_every_failing_branch_is_shown() -> None:
    """Items that fail on their own are reported on their own."""

    def broken(item):
        raise ValueError(f"no {item}")

    flow = Workflow("w").for_each("each", lambda: ["a", "b"], broken, on_error="continue")
    text = "\n".join(shown(Runner().run(flow)))

    assert "item 0: ValueError: no a" in text
    assert "item 1: ValueError: no b" in text


def test_causes_are_shown_with_their_own_place() -> None:
    """What an error was raised from explains it better than the error does."""

    def convert():
        try:
            int("x")
        except ValueError as error:
            raise RuntimeError("cannot convert") from error

    lines = shown(Runner().run(Workflow("w").do(convert)))

    assert "convert: RuntimeError: cannot convert" in lines
    assert any("caused by ValueError: invalid literal" in line for line in lines)


def test_what_a_run_waits_for_is_named_with_the_way_on() -> None:
    """Without a database a waiting run lives in the process, and the report says so."""
    lines = shown(Runner().run(Workflow("w").receive("approval")))

    assert "approval waits for the signal 'approval'" in lines
    assert (
        "this run lives only in this process; "
        "from Python, `runner.signal(run_id, 'approval', data)` lets it go on" in lines
    )
    assert lines[-1].endswith(": 1 waiting")


def test_a_signal_with_a_slash_in_its_name_is_named_whole() -> None:
    """What follows the path of what it stands in is its name."""
    lines = shown(Runner().run(Workflow("w").add(Stage("s").receive("eu/west"))))

    assert "s/eu/west waits for the signal 'eu/west'" in lines


def test_a_slash_in_a_name_is_no_level() -> None:
    """Items are indented by what they stand in."""
    flow = Workflow("w").add(Stage("eu/west").do("a/b", lambda: None).stage("c", lambda: None))
    flow.stage("d", lambda: None)
    lines = shown(Runner().run(flow))

    assert [line[: line.index("  ", 7)].rstrip() for line in lines[:-1]] == [
        "✓ eu/west",
        "  ✓ a/b",
        "  ✓ c",
        "    ✓ lambda",
        "✓ d",
        "  ✓ lambda",
    ]
    assert lines[-1].endswith(": 3 completed")


def test_nothing_stands_in_an_action() -> None:
    """An action whose path leads to another one only has the shorter name."""
    steps = [StepRecord(path, kind, "completed") for path, kind in TREE]

    assert [(e.name, e.depth, e.is_leaf) for e in entries_of(steps)] == [
        ("load", 0, True),
        ("load/all", 0, False),
        ("a", 1, True),
        ("p", 0, False),
        ("left", 1, False),
        ("x/y", 2, True),
    ]


TREE = [
    ("load", "action"),
    ("load/all", "stage"),
    ("load/all/a", "action"),
    ("p", "parallel"),
    ("p/left", "branch"),
    ("p/left/x/y", "action"),
]


def test_counts_stand_in_one_order() -> None:
    """What became of items first, what is still to come last; nothing is told of none."""
    counts = {"pending": 1, "waiting": 2, "failed": 3, "skipped": 0, "completed": 4}

    assert counted(counts) == "4 completed, 3 failed, 2 waiting, 1 pending"


class Ended:
    """What became of a run, as far as its times go."""

    def __init__(self, duration: float, **durations: float) -> None:
        self.duration = duration
        self.steps = [
            StepRecord(path, "action", "completed", 1, None, each)
            for path, each in durations.items()
        ]


@pytest.mark.parametrize(
    ("ended", "expected"),
    [
        (Ended(10, a=1, b=4, c=3, d=2), ["  4.000s   40%  b", "  3.000s   30%  c"]),
        (Ended(10, a=9.9, b=0.1), ["  9.900s   99%  a", "  0.100s    1%  b"]),
        (Ended(10, a=9.9, b=0.01), ["  9.900s   99%  a"]),
        (Ended(10, a=20, b=5), ["   20.0s        a", "  5.000s   50%  b"]),
        (Ended(10, a=10), []),
        (Ended(0, a=0, b=0), []),
    ],
    ids=["three", "both", "next to nothing", "before it was resumed", "the only one", "no time"],
)
def test_the_slowest_actions_have_their_share(ended, expected) -> None:
    """Those that a second look is worth, the slowest first."""
    lines = [text_of(line) for line in slowest(ended)]

    assert lines[2:4] == expected
    assert lines[:2] == (["", "slowest actions"] if expected else [])


def test_a_short_run_says_where_its_time_went_on_demand() -> None:
    """Nobody asks where a few milliseconds have gone, except with `-v`."""
    flow = Workflow("w").do("a", lambda: None).do("b", lambda: None)
    result = Runner().run(flow)

    assert "slowest actions" not in shown(result)
    assert "slowest actions" in shown(result, with_all=True)
    assert "slowest actions" not in shown(result, with_all=True, with_tree=False)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("\n \n", []),
        ("one\n\ntwo\n\n", ["one", "", "two"]),
        ("10%\r50%\r100%\rdone\n", ["done"]),
        ("windows\r\nlines\r\n", ["windows", "lines"]),
        ("\x1b[31mred\x1b[0m \x1b]0;title\x07and \x1b[?25lthat\x1b7", ["red and that"]),
        ("tab\tbell\x07\n", ["tab\tbell"]),
    ],
    ids=["nothing", "blank", "lines", "progress", "windows", "codes", "controls"],
)
def test_an_output_is_shown_as_a_terminal_has_it_in_the_end(text, lines) -> None:
    """Without what moved the cursor or coloured it."""

    def fail():
        raise ValueError("boom")

    result = Runner().run(Workflow("w").do(fail))
    found = shown(result, output_of=lambda path, error: text if path == "fail" else "?")

    head = ["  captured output:"] if lines else []
    assert found[-1 - len(head) - len(lines) : -1] == [*head, *(f"    {line}" for line in lines)]


def test_a_swallowed_error_is_told_beside_its_action() -> None:
    """An action that a middleware saved is completed, and the report says what it had."""

    def forgiving(action):
        try:
            yield
        except ValueError:
            return

    @action(use=[forgiving])
    def fail():
        raise ValueError("boom")

    lines = shown(Runner().run(Workflow("w").do(fail)))

    assert lines[0].startswith("✓ fail ")
    assert lines[0].endswith("handled ValueError: boom")


def test_a_workflow_of_stages_without_actions_has_a_report() -> None:
    """A stage that holds nothing is an item like any other."""
    lines = shown(Runner().run(Workflow("w", Stage("nothing"))))

    assert lines[-1].endswith(": 1 completed")


def test_a_sensitive_value_is_in_no_report() -> None:
    """Neither an item of a secret list nor the list itself is shown."""

    def broken(item):
        raise ValueError("not this one")

    secret = Key("cards", list, secret=True)
    flow = Workflow("w", initial={secret: ["4111-1111"]})
    flow.for_each("each", "cards", broken, on_error="continue")
    result = Runner().run(flow)

    assert result.status == "failed"
    assert "4111" not in "\n".join(shown(result, cut=Cut(with_ours=True)))
    assert "4111" not in json.dumps(data_of(result))


def test_a_runner_tells_the_last_result_of_a_run() -> None:
    """Also where `run` itself raises, because the user's code ended the process."""

    def leave():
        raise SystemExit(3)

    runner = Runner()
    with pytest.raises(SystemExit):
        runner.run(Workflow("w").do(leave), run_id="r")

    result = runner.result("r")
    assert result is not None
    assert result.status == "cancelled"
    with pytest.raises(NotFound, match="no run 'q'"):
        runner.result("q")


class Mute(Exception):
    """An error that cannot be shown."""

    def __str__(self) -> str:
        """Fail."""
        raise TypeError("no text")


def test_an_error_without_text_is_shown_by_its_name() -> None:
    """An error whose own text fails is named all the same, and so is one that has none."""
    assert headline(Mute()) == "Mute: <no text: its __str__ fails>"
    assert headline(KeyError()) == "KeyError"


def test_errors_in_a_circle_come_to_an_end() -> None:
    """A chain that leads back to its beginning is cut."""
    one, two = ValueError("one"), ValueError("two")
    one.__cause__, two.__cause__ = two, one

    assert 1 < len(list(explain(one, Cut()))) < 50


def test_an_error_that_was_never_raised_has_no_place() -> None:
    """Without a traceback there is nothing to point at."""
    assert last_place(ValueError()) == (None, None)


class Terminal(io.StringIO):
    """A stream that somebody looks at."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, True),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": ""}, True),
        ({"TERM": "dumb"}, False),
        ({"CI": "true"}, False),
        ({"CI": "true", "FORCE_COLOR": "1"}, True),
    ],
    ids=["plain", "NO_COLOR", "NO_COLOR empty", "dumb", "CI", "forced in CI"],
)
def test_a_terminal_has_colours_unless_told_otherwise(environ, expected) -> None:
    """The usual variables are respected."""
    assert wants_color(Terminal(), environ) is expected


def test_a_screen_paints_styles(monkeypatch) -> None:
    """Styles become the codes of a terminal, and plain text stays plain."""
    for name in ("NO_COLOR", "FORCE_COLOR", "CI", "TERM"):
        monkeypatch.delenv(name, raising=False)
    stream = Terminal()

    Screen(stream, has_color=True).show([(Span("good", "good"), Span(" plain"))])

    assert stream.getvalue() == "\x1b[32mgood\x1b[0m plain\n"


@pytest.mark.parametrize(
    ("environ", "stream", "has_color", "expected"),
    [
        ({}, Terminal, True, (True, True)),
        ({}, Terminal, False, (False, True)),
        ({}, io.StringIO, True, (False, False)),
        ({"FORCE_COLOR": "1"}, io.StringIO, True, (True, False)),
        ({"NO_COLOR": "1"}, Terminal, True, (False, True)),
        ({"CI": "true"}, Terminal, True, (False, True)),
    ],
    ids=["terminal", "--no-color", "pipe", "forced", "NO_COLOR", "CI"],
)
def test_a_console_for_plugins_follows_the_same_rules(
    monkeypatch, environ, stream, has_color, expected
) -> None:
    """And who asks for colours in a file does not ask for a progress bar in it."""
    for name in ("NO_COLOR", "FORCE_COLOR", "CI"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm", **environ}.items():
        monkeypatch.setenv(name, value)
    written = stream()

    console = rich_console(written, has_color=has_color)
    console.print("[green]text[/green] 12")

    assert ("\x1b[32mtext" in written.getvalue(), console.is_interactive) == expected
    assert ("\x1b" in written.getvalue()) is expected[0]
