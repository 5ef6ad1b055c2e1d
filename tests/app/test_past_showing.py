"""Past runs as lines, without any terminal."""

from __future__ import annotations

import re
from typing import Any

import pytest

from gostage._app.lines import text_of
from gostage._app.past.overview import overview
from gostage._app.past.saved import EDITS, Happening
from gostage._app.past.showing import show_lines
from gostage._app.past.telling import line_of
from gostage._app.past.tree import Detail
from gostage._app.past.ways import ways_on
from gostage._store.failures import encode_error
from gostage.errors import MissingInput
from tests.app.hand import AN_ID, GONE, Hand, ended, entry, started

TIME = re.compile(r"(\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d(\.\d{3})?")
PLAN = (("check", "stage"), ("check/read", "action"), ("check/sum", "action"),
        ("approval", "receive"), ("pay", "action"))  # fmt: skip
SECRET = ["sensitive"]
BOOM = {"type": "ValueError", "message": "boom\nand more"}


def shown(hand: Hand, **detail: Any) -> str:
    """What is shown of a run, with TIME for every time."""
    lines = show_lines(overview(hand.database, hand.row), Detail(**detail))
    return TIME.sub("TIME", "\n".join(text_of(line).rstrip() for line in lines))


def test_a_waiting_run_is_shown_with_all_it_did_and_the_way_on() -> None:
    """Its values, its steps with what they changed, what it waits for and what to type."""
    hand = Hand(PLAN, tags=["money"])
    hand.commit(changes=[hand.put("amount", 120)])
    hand.commit(started("check", "stage"), started("check/read"), ended("check/read"),
                changes=[hand.put("rows", [1, 2]),
                         hand.put("token", "hush", tags=SECRET)])  # fmt: skip
    hand.commit(started("check/sum"), ended("check/sum", attempts=2), ended("check", "stage"),
                started("approval", "receive"),
                changes=[(0, "amount", entry("amount", 240)), (0, "rows", None),
                         (0, "token", entry("token", "hash", tags=SECRET))],
                at={"at": "approval", "do": "listen"})  # fmt: skip
    hand.stop("waiting", suspended={"reason": "it waits", "data": {"signal": "approval"}})

    assert (
        shown(hand)
        == f"""\
run {AN_ID}
  begun TIME, 16m ago  [money]
  + amount = 120

✓ check      0.100s
  ✓ read     0.100s
      + rows = [1, 2]
      + token = ***
  ✓ sum      0.100s  2 attempts
      ~ amount 120 → 240
      - rows
      ~ token ***
· approval  waiting
· pay       pending

approval waits for the signal 'approval'
`gostage signal 01234567 approval -s KEY=VALUE` lets it go on
expense waiting in 2.000s: 2 completed, 1 waiting, 1 pending"""
    )


def test_a_failed_run_is_shown_with_its_error_once() -> None:
    """At the innermost step, with all that was saved of it."""
    hand = Hand(PLAN)
    error = MissingInput("no 'rows'", hint="put it there")
    error.__cause__ = KeyError("rows")
    told = {"type": "MissingInput", "message": "no 'rows'"}
    hand.commit(started("check", "stage"), started("check/read"),
                ended("check/read", status="failed", error=told),
                ended("check", "stage", status="failed", error=told))  # fmt: skip
    hand.stop("failed", error=encode_error(error), text="stage 'check' failed: …",
              where={"file": "flow.py", "line": 7})  # fmt: skip

    assert (
        shown(hand).partition("\n\n")[2]
        == """\
✗ check      0.100s
  ✗ read     0.100s
  · sum     pending
· approval  pending
· pay       pending

check/read: MissingInput: no 'rows'
  hint: put it there
  File "flow.py", line 7
  caused by KeyError: 'rows'

`gostage resume 01234567` goes on from there
expense failed in 1.000s: 1 failed, 3 pending"""
    )


def test_an_error_of_no_step_is_told_of_the_workflow() -> None:
    """Such as one of middleware around the run."""
    hand = Hand((("a", "action"),))
    hand.step("a")
    hand.stop("failed", error=encode_error(OSError("late")), text="workflow 'w' failed: late")

    assert "\nexpense: OSError: late\n" in shown(hand)


def test_an_error_of_many_lines_is_shown_whole() -> None:
    """The first beside the step, the others below it."""
    hand = Hand((("a", "action"),))
    hand.commit(started("a"), ended("a", status="failed", error=BOOM))

    assert "\na: ValueError: boom\n  and more\n" in shown(hand)


def test_several_failures_are_told_each() -> None:
    """Of a for_each also the items."""
    hand = Hand((("e", "for_each"), ("e/a", "action"), ("b", "action")))
    for item, status in enumerate(["failed", "completed", "failed"]):
        error = {"type": "E", "message": f"no {item}"} if status == "failed" else None
        hand.commit(started("e/a", item=item), ended("e/a", status=status, error=error, item=item))
    hand.commit(ended("e", "for_each", status="failed", error={"type": "ItemsFailed",
                                                               "message": "2 of 3"}))  # fmt: skip
    hand.commit(started("b"), ended("b", status="failed", error=BOOM))

    assert (
        shown(hand)
        .partition("\n\n")[2]
        .startswith("""\
✗ e     0.100s
  ✗ a   0.100s  3 times: 1 completed, 2 failed
    ✗ [0]  E: no 0
    ✗ [2]  E: no 2
✗ b     0.100s

e: ItemsFailed: 2 of 3

e/a[2]: E: no 2

b: ValueError: boom
""")
    )


def test_an_interrupted_run_says_whose_it_was_and_where_it_was() -> None:
    """And what to type."""
    hand = Hand((("s", "stage"), ("s/a", "action")), owner=GONE)
    hand.commit(("run_started", "", {}), started("s", "stage"), at={"at": "s/a", "do": "call"})

    assert shown(hand).splitlines()[2:] == [
        f"  interrupted: process {GONE.pid} is gone",
        "",
        "· s    interrupted",
        "  · a  interrupted",
        "",
        "`gostage resume 01234567` goes on where it was interrupted",
        "expense interrupted in 0.000s: 1 interrupted",
    ]


def test_sessions_are_told_where_there_is_more_than_one() -> None:
    """With what was noted in between."""
    hand = Hand((("a", "action"), ("b", "action")))
    hand.commit(("run_forked", "", {"run": "other", "step": "a"}))
    hand.commit(("run_started", "", {}), started("a"), ended("a"))
    hand.commit(("run_taken_over", "", {"host": "one", "pid": 7}), ("run_resumed", "", {}))
    hand.commit(("run_paused", "", {"status": "waiting", "awaits": "it waits for 'x'"}))
    hand.commit(("plan_accepted", "", {"added": ["b"], "removed": ["c", "d"]}),
                ("code_changed", "", {"actions": ["a"]}), ("run_resumed", "", {}))  # fmt: skip
    error = {"type": "ValueError", "message": "boom"}
    hand.commit(("run_ended", "", {"status": "failed", "error": error}))

    assert shown(hand).splitlines()[2:12] == [
        "  TIME  forked: from run other at a",
        "  TIME  begun",
        "  TIME  interrupted: process 7 on one is gone",
        "  TIME  resumed",
        "  TIME  waiting: it waits for 'x'",
        "  TIME  plan changed: +b, -c, -d",
        "  TIME  code changed: a",
        "  TIME  resumed",
        "  TIME  failed: ValueError: boom",
        "  running: process " + str(hand.row.held.owner.pid if hand.row.held else 0),
    ]


def test_a_blocked_run_says_what_is_in_the_way() -> None:
    """And what can be done about it."""
    hand = Hand((("a", "action"),))
    hand.stop("blocked", text="the plan has changed: 'b' is new", hint="put it back")

    text = shown(hand)
    assert "\nthe plan has changed: 'b' is new\n  hint: put it back\n" in text
    assert "\nexpense blocked in " in text


@pytest.mark.parametrize(
    ("kind", "at", "said"),
    [
        ("sleep", {"do": "pause", "until": 5.0}, "a sleeps until TIME"),
        ("wait", {"do": "pause", "until": 5.0}, "a waits for its condition until TIME"),
        ("action", {"do": "pause", "until": 5.0}, "a waits for its next attempt until TIME"),
        ("receive", {"do": "listen", "until": 5.0}, "a waits for the signal 'a' until TIME"),
        ("receive", {"do": "listen", "until": None}, "a waits for the signal 'a'"),
        ("action", {"do": "hold"}, "a is suspended: how many? (least=1, who='Ada')"),
    ],
)
def test_what_a_run_waits_for_is_said(kind, at, said) -> None:
    """By what stands there."""
    hand = Hand((("a", kind),))
    hand.commit(at={"at": "a", **at})
    suspended = {"reason": "how many?", "data": {"least": 1, "who": "Ada"}}
    hand.stop("sleeping" if at["do"] == "pause" else "waiting", suspended=suspended)

    assert f"\n\n{said}\n`gostage " in shown(hand)


@pytest.mark.parametrize(
    ("status", "signals", "commands"),
    [
        ("waiting", ["go", "go"], ["signal 7 go -s KEY=VALUE"]),
        ("waiting", ["stop it"], ["signal 7 'stop it' -s KEY=VALUE"]),
        ("waiting", ["x", "y"], ["signal 7 x -s KEY=VALUE", "signal 7 y -s KEY=VALUE"]),
        ("waiting", [], ["resume 7 -s KEY=VALUE"]),
        ("sleeping", [], ["resume 7"]),
        ("interrupted", [], ["resume 7"]),
        ("pending", [], ["resume 7"]),
        ("failed", [], ["resume 7"]),
        ("cancelled", [], ["resume 7"]),
        ("running", [], ["tail -f 7"]),
        ("blocked", [], []),
        ("completed", [], []),
        ("bailed", [], []),
    ],
    ids=str,
)  # fmt: skip
def test_every_status_has_its_way_on(status, signals, commands) -> None:
    """As something to type; what is over has none, and a blocked run says so itself."""
    ways = list(ways_on("7", status, signals))

    assert [way.split("`")[1] for way in ways] == [f"gostage {each}" for each in commands]


def test_edits_are_marked_once_where_they_hold_several() -> None:
    """A stage that was inserted is, and what stands in it goes without saying."""
    hand = Hand((("a", "action"), ("t", "stage"), ("t/c", "action")))
    made = [["late", "stage"], ["late/y", "action"], ["late/z", "action"]]
    hand.step("a", changes=[
        (EDITS, "insert:0:late", [1, [0, "", "a", "a", {}], made]),
        (EDITS, "remove:0:t", [2, None]),
    ])  # fmt: skip
    hand.step("late/y")

    assert shown(hand).split("\n\n")[1].splitlines() == [
        "✓ a      0.100s",
        "· late  pending  inserted",
        "  ✓ y    0.100s",
        "  · z   pending",
        "– t     skipped  removed",  # noqa: RUF001  # a dash, here and below
        "  – c   skipped",  # noqa: RUF001
    ]


def test_long_values_are_cut_to_the_width_unless_all_is_wanted() -> None:
    """Both of a change get their share."""
    hand = Hand((("a", "action"),))
    hand.commit(changes=[hand.put("k", "x" * 200), hand.put("j", "short")])
    hand.step("a", changes=[(0, "k", entry("k", "y" * 200)), (0, "j", entry("j", "z" * 200))])
    lines = shown(hand, width=60).splitlines()

    assert all(len(line) <= 60 for line in lines)
    assert re.fullmatch(r" {4}~ k 'x+… → 'y+…", lines[7])
    assert re.fullmatch(r" {4}~ j 'short' → 'z+…", lines[8])
    assert "y" * 200 in shown(hand, with_all=True)


def test_many_changes_are_counted_unless_all_are_wanted() -> None:
    """A step that fills the store does not fill the screen."""
    hand = Hand((("a", "action"),))
    hand.step("a", changes=[hand.put(f"k{number}", 1) for number in range(100)])

    assert "\n    … 80 more; -v shows them\n" in shown(hand)
    assert "k99 = 1" in shown(hand, with_all=True)


def test_what_is_only_known_of_a_key_is_told_where_all_is_wanted() -> None:
    """A new tag is no new value."""
    hand = Hand((("a", "action"),))
    hand.commit(changes=[hand.put("k", 1)])
    hand.step("a", changes=[(0, "k", entry("k", 1, tags=["x"]))])

    assert "~ k" not in shown(hand)
    assert "    ~ k  its metadata" in shown(hand, with_all=True)


def test_a_long_calm_stretch_is_folded() -> None:
    """Its ends are shown, and everything there is something to say of."""
    steps = [(f"a{number}", "action") for number in range(100)]
    stages = [(f"s{number}", "stage") for number in range(60)]
    inner = [(f"s{number}/x", "action") for number in range(60)]
    plan = [*steps, *(each for pair in zip(stages, inner, strict=True) for each in pair)]
    hand = Hand(plan)
    for path, _ in steps:
        hand.step(path, attempts=2 if path == "a50" else 1)
    lines = shown(hand).split("\n\n")[1].splitlines()

    assert lines[10] == "… 30 more, all completed; -v shows them"
    assert lines[21].split() == ["✓", "a50", "0.100s", "2", "attempts"]
    assert lines[32] == "… 29 more, all completed; -v shows them"
    assert lines[63] == "… 40 more, all pending; -v shows them"
    assert len(lines) == 84
    assert len(shown(hand, with_all=True).split("\n\n")[1].splitlines()) == 220


def test_names_cannot_move_the_cursor() -> None:
    """Whatever somebody has called a step, a key or a workflow."""
    hand = Hand((("a\x1b[2J", "action"),), workflow="w\n", run_id="r\x1b")
    hand.step("a\x1b[2J", changes=[hand.put("k\r", "v\x1b")], status="failed",
              error={"type": "E", "message": "\x1b]0;x"})  # fmt: skip
    hand.stop("failed", text="\x1b")
    text = shown(hand)

    assert text.replace("\n", "").isprintable()


# -------------------------------------------------------------------- events


@pytest.mark.parametrize(
    ("kind", "path", "data", "line"),
    [
        ("run_started", "", {"workflow": "w"}, "begun"),
        ("run_resumed", "", {"workflow": "w"}, "resumed"),
        ("run_paused", "", {"status": "sleeping", "awaits": "it sleeps"}, "sleeping: it sleeps"),
        ("run_ended", "", {"status": "completed", "error": None}, "completed"),
        ("run_ended", "", {"status": "failed", "error": BOOM}, "failed: ValueError: boom"),
        ("step_started", "s/a", {"kind": "action", "attempt": 1}, "· s/a  action"),
        ("step_started", "a", {"kind": "action", "attempt": 2, "item": 3},
         "· a[3]  action  attempt 2"),
        ("step_ended", "a", {"status": "completed", "attempts": 1, "duration": 1.5, "error": None},
         "✓ a  1.500s"),
        ("step_ended", "a", {"status": "failed", "attempts": 2, "duration": 1.5, "error": BOOM,
                             "item": 0}, "✗ a[0]  1.500s  attempt 2  ValueError: boom"),
        ("step_ended", "a", {"status": "skipped", "attempts": 0, "duration": 0, "error": None},
         "– a  skipped"),  # noqa: RUF001  # as above
        ("step_ended", "a", {}, "· a  None"),
        ("step_retried", "s//around//retry", {"attempt": 1, "error": BOOM},
         "↻ s  attempt 1 failed, another follows: ValueError: boom"),
        ("items_listed", "e", {"total": 7}, "· e  7 items"),
        ("plan_changed", "a", {"change": "insert", "items": ["a"]}, "+ a  inserted"),
        ("plan_changed", "a", {"change": "remove", "items": ["a"]}, "- a  removed"),
        ("plan_changed", "a", {"change": "disable", "items": ["a"]}, "- a  disabled"),
        ("plan_changed", "a", {"change": "enable", "items": ["a"]}, "+ a  enabled"),
        ("message", "a", {"type": "progress", "seq": 1}, "· a  message progress"),
        ("code_changed", "", {"actions": ["a", "b"]}, "code changed: a, b"),
        ("not_known_yet", "a", {"x": 1}, "· a  not_known_yet"),
    ],
    ids=str,
)  # fmt: skip
def test_every_event_has_a_line(kind, path, data, line) -> None:
    """With its time; one that a later version may add as well."""
    told = line_of(Happening(kind, 5.0, path, data), with_all=True)

    assert told is not None
    assert TIME.sub("TIME", text_of(told)) == f"TIME  {line}"


@pytest.mark.parametrize("kind", ["step_started", "items_listed"])
def test_what_tells_little_is_left_out(kind) -> None:
    """It is told where everything is wanted."""
    assert line_of(Happening(kind, 5.0, "a", {})) is None
