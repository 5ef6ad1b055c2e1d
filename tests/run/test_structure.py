"""Structures of plans: what counts as one, how two differ, and what a blocked run is told."""

from __future__ import annotations

import pytest

from gostage import Isolate, Stage, Workflow, action, exponential, steps
from gostage._engine.policy import Retry
from gostage._run.compiled import program_of
from gostage._run.difference import Difference, blocked_error, difference
from gostage._run.structure import Row, Structure, structure_of
from gostage.errors import RunBlocked


def act(ctx): ...


def other(ctx): ...


def holds(ctx):
    return True


def of(workflow: Workflow) -> Structure:
    return structure_of(program_of(workflow))


def compare(old: Workflow, new: Workflow) -> Difference:
    return difference(of(old), of(new))


def named(*names: str) -> Structure:
    return Structure(tuple(Row(name, "action") for name in names))


def everything() -> Workflow:
    body, step_two = steps().do("x", act), steps().do("two", act)
    return (
        Workflow("w")
        .stage("s", act, act)
        .steps("g", body)
        .wait_for("wait", holds)
        .branch("b", (holds, steps().do("one", act)), (holds, step_two), otherwise=act)
        .retry("r", steps().do("x", act))
        .loop_until("u", holds, steps().do("x", act))
        .loop_while("l", holds, steps().do("x", act))
        .parallel("p", left=act, right=act)
        .for_each("f", "items", act)
        .for_each("many", "items", act, concurrency=3)
        .for_each("far", "items", act, concurrency=3, isolate=True)
        .spawn("sp", steps().do("x", act))
        .sleep("sl", 1)
        .receive("re")
        .sub("sub", Workflow("inner").do("x", act))
    )


def test_a_structure_lists_every_step_with_its_kind_in_order() -> None:
    """What is inside arms, branches and bodies is listed too, and what is wiring is not."""
    data = of(everything()).to_data()

    assert data["structure"] == [
        ["s", "stage"],
        ["s/act", "action"],
        ["s/act#2", "action"],
        ["g", "group"],
        ["g/x", "action"],
        ["wait", "wait"],
        ["b", "case"],
        ["b/one", "action"],
        ["b/two", "action"],
        ["b/act", "action"],
        ["r", "retry"],
        ["r/x", "action"],
        ["u", "loop"],
        ["u/x", "action"],
        ["l", "loop"],
        ["l/x", "action"],
        ["p", "parallel"],
        ["p/left", "branch"],
        ["p/left/act", "action"],
        ["p/right", "branch"],
        ["p/right/act", "action"],
        ["f", "for_each"],
        ["f/act", "action"],
        ["many", "for_each"],
        ["many/act", "action"],
        ["far", "for_each"],
        ["far/act", "action"],
        ["sp", "spawn"],
        ["sp/x", "action"],
        ["sl", "sleep"],
        ["re", "receive"],
        ["sub", "sub"],
        ["sub/x", "action"],
    ]
    assert data["ways"] == {
        "b/one": "arm 1",
        "b/two": "arm 2",
        "b/act": "else",
        "u": "until",
        "l": "while",
        "many": "side by side",
        "far": "side by side, in a child",
    }


def test_a_structure_comes_back_from_its_data() -> None:
    """What a database holds of it is all there is to it."""
    structure = of(everything())

    assert Structure.from_data(structure.to_data()) == structure
    assert not difference(structure, Structure.from_data(structure.to_data()))


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(Workflow("w").stage("s", act, timeout=9).wait_for("w", holds), id="timeout"),
        pytest.param(Workflow("w").stage("s", act).wait_for("w", holds, every=9), id="every"),
        pytest.param(
            Workflow("w", tags=["t"], description="d").stage("s", act, tags=["x"]), id="tags"
        ),
        pytest.param(Workflow("w", initial={"a": 1}).stage("s", act), id="initial"),
        pytest.param(Workflow("w").stage("s", act, retry=Retry(3, exponential(1))), id="retry"),
        pytest.param(Workflow("w").stage("s", act, when=holds), id="when"),
    ],
)
def test_what_is_not_structure_makes_no_difference(changed) -> None:
    """Options say how a step is done; only the steps themselves are the plan."""
    plain = Workflow("w").stage("s", act)
    if len(changed.items) > 1:
        plain.wait_for("w", holds)

    assert not compare(plain, changed)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param(
            Workflow("w").do("a", act),
            Workflow("w").do("a", act).do("b", act),
            {"added": ("b",)},
            id="a step more",
        ),
        pytest.param(
            Workflow("w").do("a", act).do("b", act),
            Workflow("w").do("b", act),
            {"removed": ("a",)},
            id="a step less",
        ),
        pytest.param(
            Workflow("w").do("a", act).do("b", act).do("c", act),
            Workflow("w").do("c", act).do("a", act).do("b", act),
            {"moved": ("c",)},
            id="another order",
        ),
        pytest.param(
            Workflow("w").do("a", act),
            Workflow("w").wait_for("a", holds),
            {"changed": ("a",)},
            id="another kind",
        ),
        pytest.param(
            Workflow("w").case("c", holds, steps().do("x", act).do("y", act), steps().do("z", act)),
            Workflow("w").case("c", holds, steps().do("x", act), steps().do("y", act).do("z", act)),
            {"changed": ("c/y",)},
            id="another arm",
        ),
        pytest.param(
            Workflow("w").loop_until("l", holds, steps().do("x", act)),
            Workflow("w").loop_while("l", holds, steps().do("x", act)),
            {"changed": ("l",)},
            id="another loop",
        ),
        pytest.param(
            Workflow("w").for_each("f", "items", act),
            Workflow("w").for_each("f", "items", act, concurrency=2),
            {"changed": ("f",)},
            id="side by side",
        ),
        pytest.param(
            Workflow("w").for_each("f", "items", act, concurrency=2),
            Workflow("w").for_each("f", "items", act, concurrency=8),
            {},
            id="more side by side",
        ),
        pytest.param(
            Workflow("w").stage("s", act),
            Workflow("w").stage("s", act, isolate=True),
            {"changed": ("s",)},
            id="a stage in a child",
        ),
        pytest.param(
            Workflow("w").stage("s", act, isolate=True, retry=Retry(2)),
            Workflow("w").stage("s", act, isolate=Isolate(grace=1), retry=Retry(2)),
            {},
            id="a stage in another child",
        ),
        pytest.param(
            Workflow("w").for_each("f", "items", act, isolate=True),
            Workflow("w").for_each("f", "items", act),
            {"changed": ("f",)},
            id="items no more in children",
        ),
        pytest.param(
            Workflow("w").steps("s", steps().do("x", act)),
            Workflow("w").spawn("s", steps().do("x", act)),
            {"changed": ("s",)},
            id="a spawn",
        ),
        pytest.param(
            Workflow("w").spawn("s", steps().do("x", act)),
            Workflow("w").spawn("s", Workflow("inner").do("x", act)),
            {"changed": ("s",)},
            id="a spawned workflow",
        ),
        pytest.param(
            Workflow("w").do("a", act),
            Workflow("w").do("a", action(isolate=True)(act)),
            {},
            id="an action in a child",
        ),
        pytest.param(
            Workflow("w").parallel("p", left=act, right=act),
            Workflow("w").parallel("p", left=act, up=act),
            {"added": ("p/up", "p/up/act"), "removed": ("p/right", "p/right/act")},
            id="another branch",
        ),
    ],
)
def test_a_difference_names_what_was_added_removed_moved_and_changed(old, new, expected) -> None:
    """By the paths that the run's records have."""
    found = compare(old, new)

    assert bool(found) == bool(expected)
    for name in ("added", "removed", "moved", "changed"):
        assert getattr(found, name) == expected.get(name, ())


def test_a_function_in_the_place_of_another_is_no_other_structure() -> None:
    """It is other code, which is noted elsewhere."""
    assert not compare(Workflow("w").do("a", act), Workflow("w").do("a", other))


def test_the_lines_show_what_changed_and_fold_the_rest() -> None:
    """Each change has a mark, what it stands in is shown, and what is far away is counted."""
    old = Workflow("w").stage("load", *[act] * 14).do("x", act).do("y", act).do("end", act)
    new = Workflow("w").stage("load", *[act] * 13).do("y", act).do("x", act).do("last", act)
    new.case("c", holds, steps().do("in", act))

    assert compare(old, new).lines == (
        "  load  stage",
        "    … 12 steps unchanged",
        "    act#13  action",
        "-   act#14  action",
        "~ y  action, moved",
        "  x  action",
        "- end  action",
        "+ last  action",
        "+ c  case",
        "+   in  action (arm 1)",
    )


def test_the_lines_say_what_a_step_was() -> None:
    """Both its kinds are named."""
    old = Workflow("w").do("a", act).loop_until("l", holds, act)
    new = Workflow("w").sleep("a", 1).loop_while("l", holds, act)

    assert compare(old, new).lines == (
        "~ a  sleep, was action",
        "~ l  loop (while), was loop (until)",
        "    act  action",
    )


def test_many_changes_are_counted() -> None:
    """Nobody reads a hundred lines."""
    lines = difference(named(*"ab"), named(*(f"n{number}" for number in range(100)))).lines

    assert len(lines) == 41
    assert lines[-1] == "  … 62 more changes"


@pytest.mark.parametrize(
    "new",
    [
        pytest.param(lambda number: number, id="nothing"),
        pytest.param(lambda number: -number, id="all moved"),
        pytest.param(lambda number: (number * 7919) % 20_000, id="shuffled"),
        pytest.param(lambda number: number + 20_000, id="all others"),
        pytest.param(lambda number: number if number % 5 else f"new-{number}", id="every fifth"),
    ],
)
def test_long_plans_are_compared_in_time(new) -> None:
    """The effort does not grow with the square of the length, or this would take minutes."""
    count = 20_000
    found = difference(
        named(*(f"s{number}" for number in range(count))),
        named(*(f"s{new(number)}" for number in range(count))),
    )

    assert len(found.lines) < 200


# -------------------------------------------------------------------- going on


def test_a_run_fits_where_its_step_and_all_around_it_are_the_same() -> None:
    """An inserted step fits where what it stands in does; wiring is a part of its stage."""
    old = Workflow("w").stage("s", act).steps("g", steps().do("x", act)).for_each("f", "k", act)
    new = Workflow("w").stage("s", act, other).steps("g", steps().do("y", act))
    found = compare(old, new.for_each("f", "k", act, concurrency=2))

    assert found.fits("s/act")
    assert found.fits("s//around//inside")
    assert found.fits("s/inserted")
    assert found.fits("")
    assert not found.fits("g/x")
    assert not found.fits("f/act")
    assert not found.fits("f//item")


def test_the_nearest_step_to_start_over_from_is_one_that_is_still_there() -> None:
    """It is an action or the like, and stands before the place or is it."""
    old = Workflow("w").do("a", act).stage("s", act, other).steps("g", steps().do("x", act))
    new = Workflow("w").do("a", act).stage("s", act).steps("g", steps().do("y", act))
    found = compare(old, new)

    assert found.nearest("s/act") == "s/act"
    assert found.nearest("s/other") == "s/act"
    assert found.nearest("g/x") == "s/act"
    assert found.nearest("a") == "a"
    assert compare(old, Workflow("w").do("b", act)).nearest("a") is None
    assert found.nearest("never/there") is None


def test_a_blocked_run_may_go_on_where_it_stands() -> None:
    """The error names the first changes, and every way there is."""
    old = Workflow("w").do("a", act).do("b", act)
    found = compare(old, Workflow("w").do("a", act).do("c", act).do("d", act))

    error = blocked_error("run 1", "w", found, ["a", ""])

    assert isinstance(error, RunBlocked)
    assert str(error) == (
        "run 'run 1' is blocked: the plan of workflow 'w' has changed: "
        "'b' is gone, 'c' is new, 'd' is new"
    )
    assert error.hint == (
        "put the plan back; or go on with the new one: `gostage resume 'run 1' --accept-changes`; "
        "or start over from a step: `gostage fork 'run 1' --from a`"
    )
    assert error.where.run == "run 1"


def test_a_blocked_run_whose_place_is_gone_is_told_so() -> None:
    """Accepting the changes is no way then."""
    old = Workflow("w").do("a", act).do("b", act).stage("s", *[act] * 9)
    found = compare(old, Workflow("w").do("a", act))

    error = blocked_error("r", "w", found, ["b"])

    assert str(error).endswith(
        "'b' is gone, 's' is gone, 's/act' is gone, 's/act#2' is gone, and 7 more"
    )
    assert error.hint == (
        "it stands at 'b', which is not there as it was: put the plan back; "
        "or start over from a step: `gostage fork r --from a`"
    )


def test_a_blocked_run_with_nothing_left_can_only_have_its_plan_back() -> None:
    """No command is shown that cannot work."""
    found = compare(Workflow("w").do("a", act), Workflow("w").do("b", act))

    error = blocked_error("r", "w", found, ["a"])

    assert error.hint == "it stands at 'a', which is not there as it was: put the plan back"


def test_a_stage_that_gets_a_retry_holds_its_run() -> None:
    """The wiring inside it keeps its names, so that a position in it still fits."""
    plain = program_of(Workflow("w").add(Stage("s", act))).ops
    retried = program_of(Workflow("w").add(Stage("s", act, retry=Retry(2)))).ops

    assert plain.keys() <= retried.keys()
