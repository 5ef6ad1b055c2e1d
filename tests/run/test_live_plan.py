"""The plan of one run, as its actions see it and change it while it goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gostage import Action, Context, Retry, Runner, Stage, Workflow, action, run, steps
from gostage.errors import DefinitionError, DuplicateName, NotFound

Change = Callable[[Context], object]


@pytest.fixture
def log() -> list:
    """The names of the actions that were called, in order."""
    return []


class Named:
    """Makes actions that write down their name, and may do something to the plan first."""

    def __init__(self, log: list) -> None:
        self.log = log

    def __call__(self, name: str, change: Change | None = None, **options) -> Action:
        def work(ctx: Context) -> None:
            self.log.append(name)
            if change is not None:
                change(ctx)

        return action(work, name=name, **options)


@pytest.fixture
def named(log: list) -> Named:
    """Make actions that write to the log."""
    return Named(log)


def changing(named: Named, change: Change, *later: str, **options) -> Workflow:
    """Make a workflow whose first action changes the plan: stage `s1`, then stage `s2`."""
    first = named("change", change, **options)
    one = Stage("s1", first, *(named(name) for name in later or ("b", "c")))
    return Workflow("w", one, Stage("s2", named("b"), named("d")))


class TestAddAction:
    """`add_action` runs an action right after the current one."""

    def test_the_order_is_depth_first(self, log: list, named: Named) -> None:
        """What an added action adds comes before the next that was added."""

        def one(ctx: Context) -> None:
            ctx.add_action(named("D1", lambda ctx: ctx.add_action(named("D1a"))))
            ctx.add_action(named("D2"))

        result = run(Workflow("w").stage("s", named("A", one), named("B")))

        assert log == ["A", "D1", "D1a", "D2", "B"]
        assert [s.path for s in result.steps[1:]] == [f"s/{name}" for name in log]

    def test_after_the_last_action_of_a_stage_it_still_belongs_to_it(
        self, log: list, named: Named
    ) -> None:
        """It runs before the next stage."""
        one = Stage("one", named("a", lambda ctx: ctx.add_action(named("new"))))
        result = run(Workflow("w", one, Stage("two", named("b"))))

        assert log == ["a", "new", "b"]
        assert "one/new" in [step.path for step in result.steps]

    def test_it_may_stand_outside_any_stage(self, log: list, named: Named) -> None:
        """Behind a step of the flow."""
        run(Workflow("w").do(named("a", lambda ctx: ctx.add_action(named("new")))).do(named("b")))

        assert log == ["a", "new", "b"]

    @pytest.mark.parametrize(
        "wrap",
        [
            pytest.param(lambda body: steps().steps("g", body), id="group"),
            pytest.param(lambda body: steps().case("c", lambda: True, body), id="case"),
            pytest.param(lambda body: steps().retry("r", body), id="retry"),
            pytest.param(lambda body: steps().parallel("p", one=body), id="parallel"),
            pytest.param(lambda body: steps().for_each("f", lambda: [1], body), id="for each"),
            pytest.param(lambda body: steps(Stage("t").steps("g", body)), id="stage"),
            pytest.param(lambda body: steps().sub("w2", Workflow("w2").steps("g", body)), id="sub"),
        ],
    )
    def test_it_stays_inside_the_body_of_the_step_that_added_it(
        self, log: list, named: Named, wrap: Callable
    ) -> None:
        """Whatever holds that step."""
        body = steps(named("a", lambda ctx: ctx.add_action(named("new"))), named("b"))
        result = run(Workflow("w").steps("x", wrap(body).add(named("after"))))

        assert result.error is None
        assert log == ["a", "new", "b", "after"]

    def test_one_that_stands_there_already_is_numbered(self, log: list, named: Named) -> None:
        """Its step is `load#2`."""
        load = named("load")
        result = run(Workflow("w").stage("s", load, named("a", lambda ctx: ctx.add_action(load))))

        assert log == ["load", "a", "load"]
        assert [step.path for step in result.steps] == ["s", "s/load", "s/a", "s/load#2"]

    def test_a_plain_function_will_do(self, log: list) -> None:
        """As everywhere an action may stand."""

        def later() -> None:
            log.append("later")

        run(Workflow("w").stage("s", lambda ctx: ctx.add_action(later)))

        assert log == ["later"]

    def test_it_has_its_own_options(self, log: list, named: Named) -> None:
        """Bound parameters, retries and conditions count as in a definition."""

        def flaky(ctx: Context, word: str) -> None:
            log.append((word, ctx.attempt))
            if ctx.attempt == 1:
                raise OSError

        retried = action(flaky, retry=Retry(attempts=2)).bind(word="x")

        def change(ctx: Context) -> None:
            ctx.add_action(retried)
            ctx.add_action(named("never", when=lambda: False))

        result = run(Workflow("w").stage("s", named("a", change)))

        assert log == ["a", ("x", 1), ("x", 2)]
        assert [step.status for step in result.steps] == [*["completed"] * 3, "skipped"]

    def test_it_is_dropped_if_the_action_fails(self, log: list, named: Named) -> None:
        """An attempt is all or nothing."""

        def change(ctx: Context) -> None:
            ctx.add_action(named(f"new {ctx.attempt}"))
            if ctx.attempt == 1:
                raise OSError

        a = named("a", change, retry=Retry(attempts=2))
        result = run(Workflow("w").stage("s", a, named("b")))

        assert log == ["a", "a", "new 2", "b"]
        assert [step.path for step in result.steps] == ["s", "s/a", "s/new 2", "s/b"]

    @pytest.mark.parametrize("value", [pytest.param(None, id="None"), pytest.param(3, id="number")])
    def test_what_is_no_action_is_refused(self, named: Named, value: object) -> None:
        """The step fails with a sentence."""
        error = run(Workflow("w").stage("s", named("a", lambda ctx: ctx.add_action(value)))).error

        assert isinstance(error, DefinitionError)
        assert "add_action()" in str(error)

    def test_a_condition_cannot_add(self, named: Named) -> None:
        """It asks, and changes nothing."""

        def asks(ctx: Context) -> bool:
            ctx.add_action(named("new"))
            return True

        error = run(Workflow("w").wait_for("ready", asks)).error

        assert isinstance(error, DefinitionError)
        assert "'ready'" in str(error)


class TestAddStage:
    """`add_stage` runs a stage right after the current one succeeds."""

    def test_all_run_in_the_order_they_were_added(self, log: list, named: Named) -> None:
        """Also when several actions add some each."""

        def adds(*names: str) -> Change:
            def change(ctx: Context) -> None:
                for name in names:
                    ctx.add_stage(Stage(name, named(f"in {name}")))

            return change

        one = Stage("one", named("a", adds("n1", "n2")), named("b"), named("c", adds("n3")))
        result = run(Workflow("w", one, Stage("two", named("d"))))

        assert log == ["a", "b", "c", "in n1", "in n2", "in n3", "d"]
        assert [s.path for s in result.steps if s.kind == "stage"] == [
            *("one", "n1", "n2", "n3", "two")
        ]

    def test_added_stages_may_add_some_themselves(self, log: list, named: Named) -> None:
        """They come right after the one that added them."""

        def inner(ctx: Context) -> None:
            ctx.add_stage(Stage("n1a", named("in n1a")))

        def outer(ctx: Context) -> None:
            ctx.add_stage(Stage("n1", named("in n1", inner)))
            ctx.add_stage(Stage("n2", named("in n2")))

        run(Workflow("w").stage("one", named("a", outer)).stage("two", named("b")))

        assert log == ["a", "in n1", "in n1a", "in n2", "b"]

    def test_it_is_dropped_if_the_action_fails(self, log: list, named: Named) -> None:
        """Only what the attempt that worked has added runs."""

        def change(ctx: Context) -> None:
            ctx.add_stage(Stage(f"new{ctx.attempt}", named(f"in {ctx.attempt}")))
            if ctx.attempt == 1:
                raise OSError

        run(Workflow("w").stage("s", named("a", change, retry=Retry(attempts=2))))

        assert log == ["a", "a", "in 2"]

    def test_it_does_not_run_if_the_stage_fails_later(self, log: list, named: Named) -> None:
        """Not even when an outer level holds the error."""

        def boom(ctx: Context) -> None:
            raise OSError

        def hold():
            with suppress(OSError):
                yield

        adds = named("a", lambda ctx: ctx.add_stage(Stage("new", named("in new"))))
        stage = Stage("one", adds, named("b", boom))
        result = run(Workflow("w", stage, Stage("two", named("c"))).use(hold))

        assert log == ["a", "b", "c"]
        assert "new" not in [step.path for step in result.steps]

    def test_the_middleware_of_the_workflow_is_around_it_too(self, log: list, named: Named) -> None:
        """It is a stage like any other."""

        def around(stage):
            log.append(f"+{stage.id}")
            yield

        adds = named("a", lambda ctx: ctx.add_stage(Stage("new", named("b"))))
        run(Workflow("w").stage("one", adds).use(around))

        assert log == ["+one", "a", "+new", "b"]

    def test_an_id_that_is_there_already_is_refused(self, log: list, named: Named) -> None:
        """Names are how a run finds its place again; the action that adds it fails."""
        adds = named("a", lambda ctx: ctx.add_stage(Stage("two", named("in new"))))
        result = run(Workflow("w").stage("one", adds).stage("two", named("b")))

        assert isinstance(result.error, DuplicateName)
        assert "'two'" in str(result.error)
        assert [step.path for step in result.steps] == ["one", "one/a", "two", "two/b"]

    def test_outside_a_stage_there_is_none_to_come_after(self, named: Named) -> None:
        """The error says what to do instead."""
        adds = named("a", lambda ctx: ctx.add_stage(Stage("new", named("b"))))
        error = run(Workflow("w").do(adds)).error

        assert isinstance(error, DefinitionError)
        assert "is in none" in str(error)

    def test_what_is_no_stage_is_refused(self, named: Named) -> None:
        """An action goes with `add_action`."""
        error = run(Workflow("w").stage("s", lambda ctx: ctx.add_stage(named("a")))).error

        assert isinstance(error, DefinitionError)
        assert "add_stage() takes a stage" in str(error)


class TestAddActionTo:
    """`add_action_to` appends to a stage of the run."""

    def test_a_later_stage(self, log: list, named: Named) -> None:
        """Behind its last action, in the order of the calls."""

        def change(ctx: Context) -> None:
            ctx.add_action_to("s2", named("e"))
            ctx.add_action_to("s2", named("f"))

        run(changing(named, change))

        assert log == ["change", "b", "c", "b", "d", "e", "f"]

    def test_the_current_one(self, log: list, named: Named) -> None:
        """Behind what is still to come."""
        run(changing(named, lambda ctx: ctx.add_action_to("s1", named("e"))))

        assert log == ["change", "b", "c", "e", "b", "d"]

    def test_one_without_actions(self, log: list, named: Named) -> None:
        """It is its first then."""
        change = named("a", lambda ctx: ctx.add_action_to("empty", named("new")))
        run(Workflow("w").stage("s", change).stage("empty"))

        assert log == ["a", "new"]

    def test_one_that_was_just_added(self, log: list, named: Named) -> None:
        """It is there at once."""

        def change(ctx: Context) -> None:
            ctx.add_stage(Stage("new", named("x")))
            ctx.add_action_to("new", named("y"))

        run(Workflow("w").stage("s", named("a", change)))

        assert log == ["a", "x", "y"]

    def test_one_inside_a_case(self, log: list, named: Named) -> None:
        """Wherever it stands."""
        change = named("a", lambda ctx: ctx.add_action_to("deep", named("new")))
        body = steps(Stage("deep", named("x")))
        run(Workflow("w").stage("s", change).case("c", lambda: True, body))

        assert log == ["a", "x", "new"]

    def test_an_unknown_stage_is_an_error(self, named: Named) -> None:
        """With the close one."""
        error = run(changing(named, lambda ctx: ctx.add_action_to("s3", named("x")))).error

        assert isinstance(error, NotFound)
        assert "no stage 's3'" in str(error)
        assert "'s" in error.hint

    def test_it_is_dropped_if_the_action_fails(self, log: list, named: Named) -> None:
        """Like all other changes."""

        def change(ctx: Context) -> None:
            ctx.add_action_to("s2", named(f"new {ctx.attempt}"))
            if ctx.attempt == 1:
                raise OSError

        run(changing(named, change, retry=Retry(attempts=2)))

        assert log == ["change", "change", "b", "c", "b", "d", "new 2"]


class TestRemove:
    """What lies ahead can be removed; that never makes the run skip anything else."""

    @pytest.mark.parametrize(
        ("names", "expected"),
        [
            pytest.param(["b"], ["c", "d"], id="the next one"),
            pytest.param(["c"], ["b", "d"], id="one in the middle"),
            pytest.param(["d"], ["b", "c"], id="the last one"),
            pytest.param(["b", "c"], ["d"], id="two in a row"),
            pytest.param(["c", "b"], ["d"], id="the other way round"),
            pytest.param(["b", "c", "d"], [], id="all"),
        ],
    )
    def test_only_what_was_removed_is_left_out(
        self, log: list, named: Named, names: list[str], expected: list[str]
    ) -> None:
        """Wherever it stands."""
        answers = []

        def change(ctx: Context) -> None:
            answers.extend(ctx.remove_action(name) for name in names)

        first = named("change", change)
        run(Workflow("w").stage("s", first, *(named(n) for n in "bcd")).stage("t", named("end")))

        assert answers == [True] * len(names)
        assert log == ["change", *expected, "end"]

    def test_the_next_of_that_name_is_meant(self, log: list, named: Named) -> None:
        """One at a time, unless a stage is named."""
        run(changing(named, lambda ctx: ctx.remove_action("b")))

        assert log == ["change", "c", "b", "d"]

    def test_with_a_stage_only_that_one_is_meant(self, log: list, named: Named) -> None:
        """The same name elsewhere stays."""
        run(changing(named, lambda ctx: ctx.remove_action("b", stage="s2")))

        assert log == ["change", "b", "c", "d"]

    @pytest.mark.parametrize("name", ["a", "change", "nobody"])
    def test_what_has_run_is_running_or_unknown_cannot_be_removed(
        self, log: list, named: Named, name: str
    ) -> None:
        """The answer is false, and everything runs."""
        answers = []
        change = named("change", lambda ctx: answers.append(ctx.remove_action(name)))
        result = run(Workflow("w").stage("s", named("a"), change, named("b")))

        assert answers == [False]
        assert log == ["a", "change", "b"]
        assert [step.path for step in result.steps] == ["s", "s/a", "s/change", "s/b"]

    def test_what_was_just_added_can_be_removed(self, log: list, named: Named) -> None:
        """What was added behind it stays."""

        def change(ctx: Context) -> None:
            for name in ("n1", "n2", "n3"):
                ctx.add_action(named(name))
            assert ctx.remove_action("n2")

        run(Workflow("w").stage("s", named("a", change), named("b")))

        assert log == ["a", "n1", "n3", "b"]

    def test_adding_behind_something_removed_keeps_the_order(self, log: list, named: Named) -> None:
        """The place of the last addition counts, whether or not that is still there."""

        def change(ctx: Context) -> None:
            ctx.add_action(named("n1"))
            ctx.remove_action("n1")
            ctx.add_action(named("n2"))

        run(Workflow("w").stage("s", named("a", change), named("b")))

        assert log == ["a", "n2", "b"]

    def test_a_failing_action_removes_nothing(self, log: list, named: Named) -> None:
        """It is all or nothing."""

        def change(ctx: Context) -> None:
            if ctx.attempt == 1:
                ctx.remove_action("b")
                ctx.remove_stage("s2")
                raise OSError

        run(changing(named, change, retry=Retry(attempts=2)))

        assert log == ["change", "change", "b", "c", "b", "d"]

    def test_by_tag(self, log: list, named: Named) -> None:
        """All that lie ahead, in every stage; the answer is how many."""
        answers = []

        def change(ctx: Context) -> None:
            answers.append(ctx.remove_actions(tag="slow"))

        one = Stage("one", named("a", tags=["slow"]), named("change", change), named("b"))
        one.add(named("c", tags=["slow"]))
        run(Workflow("w", one, Stage("two", named("d", tags=["slow", "x"]), named("e"))))

        assert answers == [2]
        assert log == ["a", "change", "b", "e"]

    def test_by_type(self, log: list, named: Named) -> None:
        """As in `isinstance`."""

        class Load(Action):
            def run(self) -> None:
                log.append(self.name)

        class Special(Load):
            pass

        answers = []

        def change(ctx: Context) -> None:
            answers.append(ctx.remove_actions(type=Load))

        run(Workflow("w").stage("s", named("change", change), Load(), named("b"), Special()))

        assert answers == [2]
        assert log == ["change", "b"]

    def test_to_say_nothing_is_a_mistake(self, named: Named) -> None:
        """It would take out everything."""
        error = run(changing(named, lambda ctx: ctx.remove_actions())).error

        assert isinstance(error, DefinitionError)
        assert "which" in str(error)


class TestRemoveStage:
    """`remove_stage` takes out a stage that lies ahead."""

    def test_with_all_its_actions(self, log: list, named: Named) -> None:
        """What comes behind it runs."""
        answers = []
        workflow = changing(named, lambda ctx: answers.append(ctx.remove_stage("s2")))
        result = run(workflow.stage("s3", named("end")))

        assert answers == [True]
        assert log == ["change", "b", "c", "end"]
        assert "s2" not in [step.path for step in result.steps]

    def test_of_the_current_one_the_remaining_actions_go(self, log: list, named: Named) -> None:
        """What has run stays, and the next stage runs."""
        answers = []
        run(changing(named, lambda ctx: answers.append(ctx.remove_stage("s1"))))

        assert answers == [True]
        assert log == ["change", "b", "d"]

    def test_of_one_around_the_current_one_the_rest_goes_as_well(
        self, log: list, named: Named
    ) -> None:
        """A stage may stand in a stage."""
        answers = []
        inner = Stage("inner", named("a", lambda ctx: answers.append(ctx.remove_stage("outer"))))
        outer = Stage("outer").add(inner.add(named("b"))).add(named("c"))
        run(Workflow("w", outer, Stage("next", named("d"))))

        assert answers == [True]
        assert log == ["a", "d"]

    @pytest.mark.parametrize("id_", ["s0", "nobody"])
    def test_what_has_run_or_is_unknown_cannot_be_removed(
        self, log: list, named: Named, id_: str
    ) -> None:
        """The answer is false."""
        answers = []
        zero = Stage("s0", named("zero"))
        change = named("change", lambda ctx: answers.append(ctx.remove_stage(id_)))
        run(Workflow("w", zero, Stage("s1", change, named("b"))))

        assert answers == [False]
        assert log == ["zero", "change", "b"]

    def test_one_that_was_just_added(self, log: list, named: Named) -> None:
        """The others that were added stay."""

        def change(ctx: Context) -> None:
            ctx.add_stage(Stage("n1", named("in n1")))
            ctx.add_stage(Stage("n2", named("in n2")))
            assert ctx.remove_stage("n1")

        run(Workflow("w").stage("s", named("a", change)).stage("t", named("b")))

        assert log == ["a", "in n2", "b"]


class Load(Action):
    """An action of its own type."""

    def run(self, ctx: Context) -> None:
        ctx.store.put("ran", [*ctx.store.get("ran", default=[]), ctx.action.name])


class TestSwitch:
    """`disable` and `enable` change what the run does when it reaches an item."""

    @pytest.mark.parametrize(
        ("target", "count", "skipped"),
        [
            pytest.param({"action": "b"}, 2, {"s1/b", "s2/b"}, id="action"),
            pytest.param({"stage": "s2"}, 1, {"s2", "s2/b", "s2/load", "s2/d"}, id="stage"),
            pytest.param({"action": "b", "stage": "s2"}, 1, {"s2/b"}, id="action and stage"),
            pytest.param({"tag": "slow"}, 2, {"s1/c", "s3", "s3/e"}, id="tag"),
            pytest.param({"tag": "slow", "kind": "action"}, 1, {"s1/c"}, id="tag of actions"),
            pytest.param({"tag": "slow", "kind": "stage"}, 1, {"s3", "s3/e"}, id="tag of stages"),
            pytest.param({"type": Load}, 1, {"s2/load"}, id="type"),
            pytest.param({"type": Stage, "stage": "s3"}, 1, {"s3", "s3/e"}, id="type of stages"),
            pytest.param(
                {"where": lambda item: item.description == "odd"},
                *(2, {"s2/d", "s3", "s3/e"}),
                id="where",
            ),
            pytest.param(
                {"where": lambda item: item.description == "odd", "kind": "action"},
                *(1, {"s2/d"}),
                id="where of actions",
            ),
            pytest.param({"kind": "action", "stage": "s3"}, 1, {"s3/e"}, id="actions of a stage"),
            pytest.param({"action": "nobody"}, 0, set(), id="nothing"),
        ],
    )
    @pytest.mark.parametrize("where", ["run", "definition"])
    def test_what_matches_is_skipped(
        self, named: Named, where: str, target: dict, count: int, skipped: set[str]
    ) -> None:
        """And nothing else; the answer is how many items matched; the same words on both."""
        answers = []

        def change(ctx: Context) -> None:
            if where == "run":
                answers.append(ctx.disable(**target))

        workflow = Workflow(
            "w",
            Stage("s1", named("change", change), named("b"), named("c", tags=["slow"])),
            Stage("s2", named("b"), Load(name="load"), named("d", description="odd")),
            Stage("s3", named("e"), tags=["slow"], description="odd"),
        )
        if where == "definition":
            answers.append(workflow.disable(**target))
        result = run(workflow)

        assert result.error is None
        assert answers == [count]
        assert {step.path for step in result.steps if step.status == "skipped"} == skipped

    def test_it_takes_effect_when_the_run_reaches_the_item(self, log: list, named: Named) -> None:
        """What has run is not undone, and counts in the answer."""
        answers = []
        change = named("change", lambda ctx: answers.append(ctx.disable(action="b")))
        one = Stage("one", named("b"), change)
        result = run(Workflow("w", one, Stage("two", named("b"), named("c"))))

        assert answers == [2]
        assert log == ["b", "change", "c"]
        assert [s.status for s in result.steps if s.path.endswith("/b")] == ["completed", "skipped"]

    def test_what_was_disabled_can_be_enabled(self, log: list, named: Named) -> None:
        """In the definition or by the run."""

        def change(ctx: Context) -> None:
            ctx.disable(action="d")
            assert ctx.enable(action="d") == 1
            assert ctx.enable(action="b", stage="s1") == 1

        workflow = changing(named, change)
        workflow.disable(action="b")
        run(workflow)

        assert log == ["change", "b", "c", "d"]

    def test_a_failing_action_switches_nothing(self, log: list, named: Named) -> None:
        """Neither off nor on."""

        def change(ctx: Context) -> None:
            if ctx.attempt == 1:
                ctx.disable(action="c")
                ctx.enable(action="d")
                raise OSError

        workflow = changing(named, change, retry=Retry(attempts=2))
        workflow.disable(action="d")
        run(workflow)

        assert log == ["change", "change", "b", "c", "b"]

    def test_a_disabled_item_does_not_hide_what_was_added_behind_it(
        self, log: list, named: Named
    ) -> None:
        """Only itself is skipped."""

        def change(ctx: Context) -> None:
            ctx.add_action(named("n1"))
            ctx.add_action(named("n2"))
            ctx.disable(action="n1")

        run(Workflow("w").stage("s", named("a", change), named("b")))

        assert log == ["a", "n2", "b"]

    def test_is_enabled_says_how_it_stands(self, named: Named) -> None:
        """Always a bool; of several items all must be enabled, and there must be one."""
        seen = []

        def change(ctx: Context) -> None:
            seen.append(ctx.is_enabled(action="b"))
            ctx.disable(action="b", stage="s2")
            seen.append(ctx.is_enabled(action="b"))
            seen.append(ctx.is_enabled(action="b", stage="s1"))
            seen.append(ctx.is_enabled(action="b", stage="s2"))
            seen.append(ctx.is_enabled(stage="s2"))
            seen.append(ctx.is_enabled(action="nobody"))

        run(changing(named, change))

        assert seen == [True, False, True, False, True, False]

    @pytest.mark.parametrize("word", ["disable", "enable", "is_enabled"])
    @pytest.mark.parametrize(
        "target",
        [
            pytest.param({}, id="nothing said"),
            pytest.param({"kind": "step"}, id="an unknown kind"),
            pytest.param({"action": "b", "kind": "stage"}, id="a contradiction"),
            pytest.param({"where": "b"}, id="where is no function"),
            pytest.param({"tag": ["a"]}, id="a list of tags"),
        ],
    )
    def test_a_mistake_in_a_target_is_an_error(
        self, named: Named, word: str, target: dict[str, object]
    ) -> None:
        """The step fails with a sentence."""
        error = run(changing(named, lambda ctx: getattr(ctx, word)(**target))).error

        assert isinstance(error, DefinitionError)


class TestFind:
    """`find_actions` and `find_stages` show the run as it stands, in workflow order."""

    @pytest.mark.parametrize(
        ("expr", "query", "expected"),
        [
            pytest.param(None, {}, ["first", "Load", "check", "send", "note"], id="all"),
            pytest.param("io and not slow", {}, ["Load"], id="a tag expression"),
            pytest.param("slow or mail", {}, ["check", "send"], id="another"),
            pytest.param(None, {"name": "check"}, ["check"], id="name"),
            pytest.param(None, {"name": "chec"}, [], id="name is exact"),
            pytest.param(None, {"contains": "E"}, ["check", "send", "note"], id="contains"),
            pytest.param(None, {"description": "THE ROWS"}, ["check"], id="description"),
            pytest.param(None, {"tag": "io"}, ["Load", "check"], id="tag"),
            pytest.param(None, {"tags_all": ["io", "slow"]}, ["check"], id="all tags"),
            pytest.param(None, {"tags_any": ["slow", "mail"]}, ["check", "send"], id="any tag"),
            pytest.param(None, {"type": Load}, ["Load"], id="type"),
            pytest.param(None, {"stage": "two"}, ["send", "note"], id="stage"),
            pytest.param(None, {"where": lambda a: len(a.tags) == 1}, ["Load", "send"], id="where"),
            pytest.param("io", {"stage": "one", "tag": "slow"}, ["check"], id="all must hold"),
        ],
    )
    @pytest.mark.parametrize("where", ["run", "definition"])
    def test_actions_are_chosen(
        self, named: Named, where: str, expr: str | None, query: dict, expected: list[str]
    ) -> None:
        """On the context and on the workflow, with the same words."""
        found = []

        def look(ctx: Context) -> None:
            found.extend(ctx.find_actions(expr, **query))

        workflow = Workflow(
            "w",
            Stage(
                "one",
                named("first", look),
                Load(tags=["io"]),
                named("check", tags=["io", "slow"], description="Look at the rows."),
            ),
            Stage("two", named("send", tags=["mail"]), named("note")),
        )
        if where == "run":
            run(workflow)
        else:
            found = workflow.find_actions(expr, **query)

        assert [each.name for each in found] == expected
        assert all(isinstance(each, Action) for each in found)

    @pytest.mark.parametrize(
        ("expr", "query", "expected"),
        [
            pytest.param(None, {}, ["one", "two", "three"], id="all"),
            pytest.param("slow", {}, ["two"], id="a tag expression"),
            pytest.param(None, {"name": "two"}, ["two"], id="id"),
            pytest.param(None, {"name": "The third"}, ["three"], id="title"),
            pytest.param(None, {"contains": "T"}, ["two", "three"], id="contains"),
            pytest.param(None, {"description": "LAST"}, ["three"], id="description"),
            pytest.param(None, {"tags_any": ["slow"]}, ["two"], id="any tag"),
            pytest.param(None, {"where": lambda s: not s.actions}, ["three"], id="where"),
        ],
    )
    @pytest.mark.parametrize("where", ["run", "definition"])
    def test_stages_are_chosen(
        self, named: Named, where: str, expr: str | None, query: dict, expected: list[str]
    ) -> None:
        """On the context and on the workflow, with the same words."""
        found = []

        def look(ctx: Context) -> None:
            found.extend(ctx.find_stages(expr, **query))

        workflow = Workflow(
            "w",
            Stage("one", named("a", look)),
            Stage("two", named("b"), tags=["slow"]),
            Stage("three", name="The third", description="The last one"),
        )
        if where == "run":
            run(workflow)
        else:
            found = workflow.find_stages(expr, **query)

        assert [each.id for each in found] == expected

    def test_what_was_just_changed_is_visible(self, named: Named) -> None:
        """Added items are there, at their places; removed ones are not."""
        found = []

        def change(ctx: Context) -> None:
            ctx.add_action(named("new"))
            ctx.add_stage(Stage("more", named("in more")))
            ctx.add_action_to("s2", named("e"))
            ctx.remove_action("c")
            found.append([each.name for each in ctx.find_actions()])
            found.append([each.id for each in ctx.find_stages()])

        run(changing(named, change))

        assert found == [["change", "new", "b", "in more", "b", "d", "e"], ["s1", "more", "s2"]]

    def test_what_was_added_is_found_by_its_tags(self, named: Named) -> None:
        """And can be switched off at once."""
        found = []

        def change(ctx: Context) -> None:
            ctx.add_action(named("new", tags=["fresh"]))
            found.extend(each.name for each in ctx.find_actions("fresh"))
            found.append(ctx.disable(tag="fresh"))

        result = run(changing(named, change))

        assert found == ["new", 1]
        assert {step.path: step.status for step in result.steps}["s1/new"] == "skipped"

    def test_a_mistake_in_a_query_is_an_error(self, named: Named) -> None:
        """The step fails with a sentence."""
        error = run(changing(named, lambda ctx: ctx.find_actions("io and"))).error

        assert isinstance(error, DefinitionError)


class TestPlace:
    """Where the action stands, as the plan is now."""

    def test_index_and_last(self, named: Named) -> None:
        """They follow what was added and removed."""
        seen = []

        def look(ctx: Context) -> None:
            seen.append((ctx.action_index, ctx.is_last_action))

        def change(ctx: Context) -> None:
            look(ctx)
            ctx.add_action(named("new", look))
            ctx.remove_action("gone")

        parts = [named("a", look), named("b", change), named("gone"), named("c", look)]
        run(Workflow("w").stage("s", *parts))

        assert seen == [(0, False), (1, False), (2, False), (3, True)]

    def test_the_last_one_is_not_the_last_once_it_has_added(self, named: Named) -> None:
        """It is asked anew each time."""
        seen = []

        def change(ctx: Context) -> None:
            seen.append(ctx.is_last_action)
            ctx.add_action(named("new"))
            seen.append(ctx.is_last_action)

        run(Workflow("w").stage("s", named("a", change)))

        assert seen == [True, False]


# A tree of additions: each node is what one action adds, with whether it is removed again at once.
trees = st.recursive(
    st.just(()), lambda below: st.lists(st.tuples(below, st.booleans()), max_size=4), max_leaves=12
)


class TestLaw:
    """Whatever is added and removed, the order is that of a walk through the tree."""

    @given(tree=trees, kind=st.sampled_from(["action", "stage"]))
    def test_added_items_run_depth_first_and_removed_ones_do_not(
        self, tree: object, kind: str
    ) -> None:
        """For actions and for stages alike."""
        log: list[str] = []
        named = Named(log)

        def made(name: str, below) -> Action:
            def change(ctx: Context) -> None:
                for number, (inner, _) in enumerate(below):
                    child = made(f"{name}.{number}", inner)
                    if kind == "action":
                        ctx.add_action(child)
                    else:
                        ctx.add_stage(Stage(child.name, child))
                for number, (_, is_removed) in enumerate(below):
                    remove = ctx.remove_action if kind == "action" else ctx.remove_stage
                    if is_removed:
                        assert remove(f"{name}.{number}")

            return named(name, change)

        def walk(name: str, below) -> list[str]:
            kept = [(n, inner) for n, (inner, is_removed) in enumerate(below) if not is_removed]
            return [name, *(x for n, inner in kept for x in walk(f"{name}.{n}", inner))]

        flow = Workflow("w").stage("s", made("0", tree)).stage("t", named("end"))
        result = run(flow)
        paths = [step.path.rpartition("/")[2] for step in result.steps if step.kind == "action"]

        assert result.error is None
        assert log == paths == [*walk("0", tree), "end"]


class TestRemembered:
    """A run that goes on later has the same inserted, removed and disabled items."""

    @pytest.mark.parametrize("way", ["signal", "apply"])
    def test_a_run_that_goes_on_has_its_changes(self, log: list, way: str) -> None:
        """In memory and from a state."""
        workflow = Workflow(
            "w",
            Stage("s1", changes, noted("b"), noted("c")).receive("go"),
            Stage("s2", noted("d"), noted("e")),
        )
        if way == "signal":
            runner = Runner()
            waiting = runner.run(workflow)
            store = runner.signal(waiting.run_id, "go").store
        else:
            state = workflow.apply()
            while not workflow.is_completed(state):
                state = workflow.apply(state, signals={"go": None})
            store = workflow.store(state)

        assert store["names"] == ["added", "c", "inside", "e", "late"]

    def test_branches_may_change_the_plan_side_by_side(self, log: list) -> None:
        """Each the part that lies behind it."""
        together = threading.Barrier(3)

        def inserted(ctx: Context, name: str) -> None:
            log.append((name, ctx.action.name))

        def body(name: str) -> Action:
            def work(ctx: Context) -> None:
                together.wait(10)
                for number in range(20):
                    ctx.add_action(action(inserted, name=f"x{number}").bind(name=name))

            return action(work, name=name)

        flow = Workflow("w").parallel("p", **{name: body(name) for name in "abc"})
        result = run(flow)

        assert result.error is None
        for name in "abc":
            assert [x for owner, x in log if owner == name] == [f"x{n}" for n in range(20)]

    def test_items_side_by_side_have_their_own_insertions(self) -> None:
        """What one item inserts runs for that item alone."""

        def work(ctx: Context, item: int) -> None:
            for number in range(item):
                ctx.add_action(action(lambda number=number: number, name=f"n{number}"))

        body = steps(action(work)).do("last", lambda item: item * 10)
        result = run(
            Workflow("w").for_each("f", lambda: [0, 1, 2], body, into="out", concurrency=3)
        )

        assert result.error is None
        assert result.store["out"] == [0, 10, 20]


def note(ctx: Context, name: str) -> None:
    """Write a name into the store."""
    ctx.store["names"] = [*ctx.store.get("names", default=[]), name]


noting = action(note)


def noted(name: str) -> Action:
    """Make an action that writes its name, and can be found again."""
    return noting.bind(name=name).options(name=name)


@action
def changes(ctx: Context) -> None:
    """Change the plan in every way."""
    ctx.add_action(noted("added"))
    ctx.remove_action("b")
    ctx.disable(action="d")
    ctx.add_action_to("s2", noted("late"))
    ctx.add_stage(Stage("more", noted("inside")))
