"""What the check is told from outside: values, resources, hooks, expressions, what is left out."""

from __future__ import annotations

import importlib.util
import operator
import sys
from pathlib import Path

import pytest
from hypothesis import given

from gostage import Context, Key, Stage, Workflow, action, resource, steps
from gostage._app.check.compiler import check
from gostage._app.check.findings import Finding, counts, in_order, summary
from gostage._store.codec import Codec
from tests.app.planted import found_in
from tests.folders import fresh_imports
from tests.properties.trees import Tree, build, trees

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.py"))


@action
def tell(rows: list[int], size: int = 1) -> None:
    """Take one value that must be there, and one that need not be."""


@resource(name="rows")
def rows_of_a_plugin():
    """Give rows that no module knows of."""
    return [1]


def is_new(ctx: Context) -> bool:
    """Answer what nobody knows beforehand."""
    return ctx.attempt == 1


def told(findings: list[Finding]) -> list[tuple[str, str]]:
    """The levels and codes of findings, without notes."""
    return [(each.level, each.code) for each in findings if each.level != "note"]


# -------------------------------------------------------------------- values from outside


def test_what_comes_from_outside_is_expected_there() -> None:
    """Without a word about the outside, a missing value is a note."""
    (one,) = check(Workflow("w").stage("s", tell))

    assert (one.level, one.code) == ("note", "missing-input")


def test_what_is_given_is_there() -> None:
    """A key that is given needs nobody to provide it."""
    assert check(Workflow("w").stage("s", tell), initial=["rows"]) == []
    assert check(Workflow("w").stage("s", tell), initial={"rows": [1]}, is_all=True) == []


def test_what_is_not_given_is_an_error_if_nothing_else_is() -> None:
    """Who says what a run is given, and that this is all, is held to it."""
    flow = Workflow("w").stage("s", tell)

    assert told(check(flow, initial={"row": [1]}, is_all=True)) == [("error", "missing-input")]
    assert told(check(flow, is_all=True)) == [("error", "missing-input")]


def test_what_may_never_run_is_only_a_warning() -> None:
    """Behind a condition nobody knows whether the value is needed at all."""
    flow = Workflow("w").case("c", is_new, tell)

    assert told(check(flow, is_all=True)) == [("warning", "missing-input")]


def test_a_value_of_another_type_is_an_error() -> None:
    """A value that is given is looked at; what is in a container may still be changed."""
    flow = Workflow("w").stage("s", tell)

    (one,) = check(flow, initial={"rows": "1"})
    assert one.level == "error"
    assert one.message == (
        "action 'tell' takes 'rows' as list[int], but the value from outside provides str"
    )
    assert told(check(flow, initial={"rows": ["1"]})) == [("warning", "input-type")]
    assert told(check(flow, initial={"rows": [], "size": 1.5})) == [("error", "input-type")]


def test_the_callers_value_replaces_the_workflows() -> None:
    """Of two values for one key, the one from outside counts."""
    flow = Workflow("w", initial={"rows": "none"}).stage("s", tell)

    assert told(check(flow)) == [("warning", "input-type")]
    assert told(check(flow, initial={"rows": [1]})) == []


def test_a_value_is_never_shown() -> None:
    """The sentences have types only: values may be secrets."""
    flow = Workflow("w", initial={"rows": "hush"}).stage("s", tell)

    findings = check(flow, initial={"size": "hush"})

    assert findings
    assert not any("hush" in each.message + each.hint for each in findings)


# -------------------------------------------------------------------- resources and hooks


def test_resources_of_plugins_count() -> None:
    """A parameter that a resource fills needs no key."""
    assert check(Workflow("w").stage("s", tell), [rows_of_a_plugin], is_all=True) == []


def writes_rows(run):
    """Wrap a run, and put something into its store."""
    run.store["rows"] = [1]
    return (yield)


def hands_on(ctx):
    """Wrap a call, and hand the context on."""
    print(ctx)
    return (yield)


def only_looks(ctx):
    """Wrap a call, and leave the store alone."""
    ctx.log.info("%s", ctx.path)
    return (yield)


class Plugin:
    """Hooks are methods as often as functions."""

    def __init__(self) -> None:
        self.words = "x"

    def around(self, run):
        """Wrap a run, and put something computed into its store."""
        run.store[self.words] = 1
        return (yield)


@pytest.mark.parametrize(
    ("wrapper", "expected"),
    [
        pytest.param(writes_rows, [], id="writes the key"),
        pytest.param(hands_on, [], id="may write anything"),
        pytest.param(Plugin().around, [], id="writes a computed key"),
        pytest.param(only_looks, [("error", "missing-input")], id="writes nothing"),
        pytest.param(print, [("error", "missing-input")], id="is no wrapper"),
    ],
)
def test_what_hooks_write_counts(wrapper, expected) -> None:
    """Whatever a hook may put into the store is not missed."""
    flow = Workflow("w").stage("s", tell)

    assert told(check(flow, is_all=True, wrappers=[wrapper])) == expected


# -------------------------------------------------------------------- expressions, left out


@pytest.mark.parametrize(
    ("expression", "level", "hint"),
    [
        pytest.param("slwo", "warning", "did you mean 'slow'?", id="misspelt"),
        pytest.param("slow or net", "warning", "its tags are 'io', 'prod', 'slow'", id="unknown"),
        pytest.param("not slwo", "warning", "did you mean 'slow'?", id="misspelt and unwanted"),
        pytest.param("not net", "note", "its tags are 'io', 'prod', 'slow'", id="unwanted"),
        pytest.param("slow and (", "error", "add one", id="unreadable"),
    ],
)
def test_words_of_an_expression_must_be_tags(expression, level, hint) -> None:
    """An expression may leave out what is not there, but not ask for it."""
    flow = Workflow("w", tags=["prod"]).stage("s", tell.options(tags=["slow"]), tags=["io"])

    (one,) = check(flow, initial=["rows"], expressions=[expression])

    assert (one.level, one.hint) == (level, hint)
    assert one.code == ("bad-expression" if level == "error" else "unknown-tag")


@pytest.mark.parametrize("expression", ["slow", "io and not prod", "s*", "'slow'"])
def test_tags_of_an_expression_are_known(expression) -> None:
    """Tags of actions, stages and workflows count, and so does what a star stands for."""
    flow = Workflow("w", tags=["prod"]).stage("s", tell.options(tags=["slow"]), tags=["io"])

    assert check(flow, initial=["rows"], expressions=[expression]) == []


def test_what_is_left_out_is_no_news() -> None:
    """What is switched off for this time is not reported as switched off, but does not run."""
    flow = Workflow("w").stage("s", tell).stage("t", tell.options(name="other"))
    flow.switch_off(["s", "s/tell"])

    assert [each.code for each in check(flow, ["x"][:0], ["rows"])] == ["disabled", "disabled"]
    assert check(flow, initial=["rows"], left_out=flow.disabled) == []


class Money:
    """What no codec knows by itself."""


def test_codecs_of_plugins_count() -> None:
    """A value that a plugin can write down may travel."""
    codec = Codec()
    codec.register(Money, "money", lambda value: "", lambda data: Money())
    flow = Workflow("w", initial={"price": Money()}).stage("s", tell)

    codes = [each.code for each in check(flow, initial=["rows"])]
    assert codes == ["not-storable"]
    assert check(flow, initial=["rows"], codec=codec.seal()) == []


# -------------------------------------------------------------------- what cannot run at all


def test_what_cannot_run_is_said_first() -> None:
    """A definition that is refused when it is run is refused here too."""
    (one,) = check(Workflow("w"))

    assert (one.level, one.code) == ("error", "cannot-run")
    assert one.message == "workflow 'w' has nothing to run"


# -------------------------------------------------------------------- the list of findings


def test_findings_are_sorted_by_place_and_said_once(tmp_path) -> None:
    """Code that stands at many places of a workflow is complained about once."""
    text = """
import time

@action(timeout=1)
def late() -> None:  # warning timeout-not-enforced
    time.sleep(1)

@action(timeout=1)
def later() -> None:  # warning timeout-not-enforced
    time.sleep(1)

flow = Workflow("w").stage("s", later, late).stage("t", late, later)
"""
    with fresh_imports():
        findings, seen, expected = found_in(tmp_path, text)

    assert seen == expected
    assert [each.line for each in findings] == sorted(each.line for each in findings)
    assert [each.path for each in findings] == ["s/late", "s/later"]


def test_findings_are_counted() -> None:
    """The summary leaves out what there is none of, and knows one from many."""
    note = Finding(code="a", level="note", message="m")
    error = Finding(code="b", level="error", message="m", file="x.py", line=3)
    other = Finding(code="b", level="error", message="m", file="x.py", line=2)

    found = in_order([error, note, other, error])

    assert found == [note, other, error]
    assert counts(found) == {"error": 2, "warning": 0, "note": 1}
    assert summary(counts(found)) == "2 errors, 1 note"
    assert summary(counts([])) == ""


# -------------------------------------------------------------------- everything there is


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_nothing_is_wrong_with_the_examples(example) -> None:
    """No workflow of any example has an error or a warning."""
    with fresh_imports():
        spec = importlib.util.spec_from_file_location(example.stem, example)
        module = importlib.util.module_from_spec(spec)
        sys.modules[example.stem] = module
        spec.loader.exec_module(module)
        values = [*vars(module).values(), *getattr(module, "WORKFLOWS", [])]
        flows = [each for each in values if isinstance(each, Workflow)]

        assert flows
        assert [told(check(flow)) for flow in flows] == [[]] * len(flows)


@given(trees())
def test_any_tree_can_be_checked(tree: Tree) -> None:
    """Whatever a workflow is made of, it is looked at without an accident."""
    workflow = build(tree)

    findings = check(workflow, is_all=True)

    assert {each.level for each in findings} <= {"error", "warning", "note"}
    assert "missing-input" not in {each.code for each in findings}


def test_a_deep_definition_can_be_checked() -> None:
    """The depth of a definition is not limited by that of Python's stack."""
    body = steps(tell)
    for number in range(3 * sys.getrecursionlimit()):
        body = steps().steps(f"g{number}", body)

    findings = check(Workflow("w").steps("all", body))

    assert [each.code for each in findings if each.level != "note"] in ([], ["cannot-run"])
    assert "missing-input" in [each.code for each in findings]


def test_a_long_definition_is_checked_in_proportion() -> None:
    """One function at ten thousand places is read once, and complained about once."""
    flow = Workflow("w").stage("s", *[tell] * 10_000)

    findings = check(flow)

    assert [each.code for each in findings if each.code != "duplicate"] == ["missing-input"]


def test_code_without_a_source_is_let_through() -> None:
    """What is made at run time, or written in C, is not read, and may do anything."""
    space: dict = {}
    exec("def made(ctx):\n    ctx.store['total'] = 1\n", space)

    @action(provides="total")
    def late() -> int:
        return 1

    @action
    def total_of(total: int) -> None:
        """Take what only the code that cannot be read provides before."""

    flow = Workflow("w").do("made", space["made"]).do("print", print).do(total_of).do(late)

    assert told(check(flow)) == []


def test_one_line_may_hold_several_functions() -> None:
    """Lambdas of one line are told apart where Python says where each begins."""
    flow = Workflow("w").wait_for("a", lambda: True).wait_for("b", lambda: False)
    never = [(lambda: True), (lambda: False), (lambda ctx: ctx.resuming)]
    other = Workflow("w").wait_for("a", never[0]).wait_for("b", never[1]).wait_for("c", never[2])

    for each in (flow, other):
        found = [finding for finding in check(each) if finding.code == "never-ends"]
        assert [finding.path for finding in found] == (["b"] if says_where(lambda: True) else [])


def says_where(fn) -> bool:
    """Whether this Python knows the columns of a constant: 3.10 and 3.12 do not."""
    positions = getattr(fn.__code__, "co_positions", None)
    return positions is not None and any(column for _, _, column, _ in positions())


def test_an_open_branch_hides_nothing_of_the_others() -> None:
    """What one of several branches may have written counts behind them, not beside them."""
    total = Key("total", int, merge=operator.add)

    @action
    def left(ctx: Context) -> None:
        ctx.store[total] = 1

    @action
    def right(ctx: Context) -> None:
        print(ctx)

    flow = Workflow("w").parallel("both", left=left, right=right).do("t", tell)

    assert told(check(flow, is_all=True)) == []
    assert told(check(Workflow("w").parallel("both", a=tell, b=right), is_all=True)) == [
        ("error", "missing-input")
    ]


def test_stages_may_stand_in_a_choice() -> None:
    """Either of two stages of one name may be chosen, which is said."""
    one, other = Stage("s", tell), Stage("s", tell)
    flow = Workflow("w").case("c", is_new, steps(one), otherwise=steps().steps("g", other))

    notes = [each.message for each in check(flow, initial=["rows"]) if each.code == "duplicate"]

    (note,) = notes
    assert note.startswith("stage 's' at 'c/g/s': another stage of this name stands at 'c/s'")
    assert note.endswith("of which only one is chosen")
