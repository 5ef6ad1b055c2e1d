"""Parameters are filled by name: bound values, resources, the item, store keys, defaults."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from gostage import Action, Context, Key, Runner, Workflow, action, resource, run, steps
from gostage.errors import MissingInput, TypeMismatch
from gostage.testing import FakeClock


class Seen(list):
    """Remembers what its actions were given."""


@pytest.fixture
def seen() -> Seen:
    """Nothing seen so far."""
    return Seen()


def test_a_store_key_fills_the_parameter_of_its_name(seen: Seen) -> None:
    """Whoever put it there: initial data or an action before."""

    def first(ctx: Context) -> None:
        ctx.store["late"] = 2

    def second(early: int, late: int) -> None:
        seen.append((early, late))

    run(Workflow("w").do("first", first).do("second", second), initial={"early": 1})

    assert seen == [(1, 2)]


def test_the_context_is_given_by_name_or_by_annotation(seen: Seen) -> None:
    """An action may call it what it likes, at any place."""

    def by_name(ctx) -> None:
        seen.append(type(ctx))

    def by_annotation(number: int, here: Context) -> None:
        seen.append(type(here))

    result = run(Workflow("w").do("a", by_name).do("b", by_annotation), initial={"number": 1})

    assert result.ok
    assert seen == [Context, Context]


def test_an_action_may_ask_for_nothing(seen: Seen) -> None:
    """No parameter at all is fine, the context included."""
    run(Workflow("w").do("a", lambda: seen.append("called")))

    assert seen == ["called"]


@pytest.mark.parametrize(
    ("initial", "expected"),
    [
        pytest.param({}, "default", id="missing"),
        pytest.param({"name": "key"}, "key", id="there"),
        pytest.param({"name": None}, None, id="None is a value"),
    ],
)
def test_a_default_is_for_a_missing_key(
    seen: Seen, initial: dict[str, object], expected: object
) -> None:
    """The store goes before it."""

    def work(name: str | None = "default") -> None:
        seen.append(name)

    run(Workflow("w").do("work", work), initial=initial)

    assert seen == [expected]


def test_keyword_only_parameters_are_filled_too(seen: Seen) -> None:
    """They have names like all others."""

    def work(one: int, *, two: int, three: int = 3) -> None:
        seen.append((one, two, three))

    run(Workflow("w").do("work", work), initial={"one": 1, "two": 2})

    assert seen == [(1, 2, 3)]


def test_async_actions_are_filled_in_the_same_way(seen: Seen) -> None:
    """From `run` and from `arun`."""

    async def work(ctx: Context, number: int) -> None:
        seen.append((ctx.workflow.id, number))

    flow = Workflow("w").do("work", work)
    run(flow, initial={"number": 1})
    asyncio.run(Runner().arun(flow, initial={"number": 2}))

    assert seen == [("w", 1), ("w", 2)]


def test_the_run_method_of_a_subclass_is_filled_too(seen: Seen) -> None:
    """An action of the other form asks in the same way."""

    class Load(Action):
        def run(self, ctx: Context, rows: list[int]) -> None:
            seen.append((self.name, rows))

    run(Workflow("w").add(Load()), initial={"rows": [1, 2]})

    assert seen == [("Load", [1, 2])]


def test_conditions_are_filled_too(seen: Seen) -> None:
    """`when`, cases, loops and waits ask by name as actions do."""

    def is_big(number: int) -> bool:
        seen.append(number)
        return number > 5

    flow = (
        Workflow("w")
        .add(action(lambda: None, name="a", when=is_big))
        .case("c", is_big, steps().do("yes", lambda: seen.append("yes")))
        .loop_until("l", is_big, steps().do("body", lambda: None))
        .wait_for("v", is_big)
    )
    result = run(flow, initial={"number": 7})

    assert result.ok
    assert seen == [7, 7, "yes", 7, 7]


def test_the_items_of_a_for_each_are_asked_for_in_the_same_way(seen: Seen) -> None:
    """`over` may be a function of store keys."""

    def halves(rows: list[int]) -> list[int]:
        return rows[::2]

    def work(item: int) -> None:
        seen.append(item)

    run(Workflow("w").for_each("f", halves, work), initial={"rows": [1, 2, 3]})

    assert seen == [1, 3]


class TestRenaming:
    """`inputs=` says which key a parameter takes."""

    def test_a_parameter_takes_the_key_it_is_told(self, seen: Seen) -> None:
        """Its own name is not looked for any more."""

        @action(inputs={"rows": "extract.rows"})
        def load(rows: list[int]) -> None:
            seen.append(rows)

        run(Workflow("w").add(load), initial={"rows": [0], "extract.rows": [1]})

        assert seen == [[1]]

    def test_the_key_may_be_typed(self, seen: Seen) -> None:
        """A `Key` stands for its name."""

        @action(inputs={"rows": Key("extract.rows", list)})
        def load(rows) -> None:
            seen.append(rows)

        run(Workflow("w").add(load), initial={"extract.rows": [1]})

        assert seen == [[1]]

    def test_the_error_names_both(self) -> None:
        """The parameter and the key it was to take."""

        @action(inputs={"rows": "extract.rows"})
        def load(rows: list[int]) -> None: ...

        error = run(Workflow("w").add(load), initial={"extract.row": [1]}).error

        assert isinstance(error, MissingInput)
        assert "'rows' (the key 'extract.rows')" in str(error)
        assert "'extract.row'" in error.hint


class TestItems:
    """`item` and `index` inside a for-each."""

    def test_they_are_the_current_item_and_its_position(self, seen: Seen) -> None:
        """Of every item in turn."""

        def work(item: str, index: int) -> None:
            seen.append((index, item))

        run(Workflow("w").for_each("f", lambda: ["a", "b"], work))

        assert seen == [(0, "a"), (1, "b")]

    def test_they_go_before_store_keys_of_those_names(self, seen: Seen) -> None:
        """Outside a for-each the keys are meant."""

        def work(item: str, index: object = None) -> None:
            seen.append((item, index))

        flow = Workflow("w").do("before", work).for_each("f", lambda: ["a"], work)
        run(flow, initial={"item": "key", "index": "key"})

        assert seen == [("key", "key"), ("a", 0)]

    def test_of_several_for_each_the_nearest_counts(self, seen: Seen) -> None:
        """The outer ones are seen again behind the inner one."""

        def work(item: object, index: int) -> None:
            seen.append((item, index))

        inner = steps().for_each("inner", lambda: ["x"], work).do("after", work)
        run(Workflow("w").for_each("outer", lambda: [1, 2], inner))

        assert seen == [("x", 0), (1, 0), ("x", 0), (2, 1)]

    def test_an_item_of_the_wrong_type_is_refused(self) -> None:
        """The annotation holds for items as for keys."""

        def work(item: int) -> None: ...

        error = run(Workflow("w").for_each("f", lambda: ["text"], work)).error

        assert isinstance(error, TypeMismatch)

    def test_side_by_side_every_item_has_its_own(self, seen: Seen) -> None:
        """Each call gets the item it is for."""

        def work(item: int, index: int) -> int:
            seen.append((index, item))
            return item * 10

        result = run(
            Workflow("w").for_each("f", lambda: [5, 6, 7], work, into="all", concurrency=3)
        )

        assert sorted(seen) == [(0, 5), (1, 6), (2, 7)]
        assert result.store["all"] == [50, 60, 70]


class TestBinding:
    """`bind` fixes parameters of one action without touching another."""

    def test_two_bindings_of_one_action_do_not_share_parameters(self, seen: Seen) -> None:
        """Nor with the action they come from."""

        @action
        def load(batch: int = 1) -> None:
            seen.append(batch)

        run(Workflow("w").stage("s", load.bind(batch=10), load.bind(batch=20), load))

        assert seen == [10, 20, 1]

    def test_a_bound_value_goes_before_keys_and_resources(self, seen: Seen) -> None:
        """It is what the author said for this very step."""

        @resource
        def batch() -> str:
            return "resource"

        @action
        def load(batch: object) -> None:
            seen.append(batch)

        Runner(resources=[batch]).run(
            Workflow("w").add(load.bind(batch="bound")), initial={"batch": "key"}
        )

        assert seen == ["bound"]

    def test_what_a_call_does_to_a_bound_list_stays_in_that_call(self, seen: Seen) -> None:
        """Every call gets a copy of its own, in every run."""

        @action
        def grow(rows: list[int]) -> None:
            rows.append(0)
            seen.append(rows)

        flow = Workflow("w").stage("s", grow.bind(rows=[1]), grow.bind(rows=[1]))
        run(flow)
        run(flow)

        assert seen == [[1, 0]] * 4

    def test_a_later_change_of_the_original_is_not_seen(self, seen: Seen) -> None:
        """The value is copied when it is bound."""

        @action
        def load(rows: list[int]) -> None:
            seen.append(rows)

        rows = [1]
        bound = load.bind(rows=rows)
        rows.append(2)
        run(Workflow("w").add(bound))

        assert seen == [[1]]

    def test_the_context_shows_the_bound_parameters(self, seen: Seen) -> None:
        """Only those of the action that is called."""

        @action
        def load(ctx: Context, batch: int = 1, size: int = 2) -> None:
            seen.append(dict(ctx.params))

        run(Workflow("w").stage("s", load.bind(batch=10), load))

        assert seen == [{"batch": 10}, {}]


class TestMissing:
    """What nobody provides fails the step."""

    def test_the_error_names_action_parameter_and_the_closest_key(self) -> None:
        """So that a typing mistake shows."""

        def load(customer: str) -> None: ...

        result = run(Workflow("w").do("load", load), initial={"costumer": "Ada"})

        assert result.status == "failed"
        assert isinstance(result.error, MissingInput)
        assert "action 'load' needs 'customer'" in str(result.error)
        assert "'costumer'" in result.error.hint

    def test_without_a_close_key_it_says_what_the_store_holds(self) -> None:
        """And what to do about it."""

        def load(customer: str) -> None: ...

        error = run(Workflow("w").do("load", load), initial={"x": 1}).error

        assert isinstance(error, MissingInput)
        assert "the store holds 'x'" in error.hint
        assert "default" in error.hint

    def test_the_error_knows_its_place(self) -> None:
        """Run, stage, action, file and line."""

        def load(customer: str) -> None: ...

        result = run(Workflow("w").stage("s", load), run_id="run-1")
        where = result.error.where

        assert (where.run, where.stage, where.action) == ("run-1", "s", "load")
        assert where.file.endswith("test_inputs.py")
        assert where.line == load.__code__.co_firstlineno

    def test_it_is_a_failure_of_the_step_like_any_other(self, seen: Seen) -> None:
        """A middleware around the action may swallow it."""

        def hold():
            try:
                yield
            except MissingInput:
                seen.append("held")

        def load(customer: str) -> None: ...

        result = run(Workflow("w").add(action(load, use=[hold])))

        assert result.ok
        assert seen == ["held"]

    def test_a_condition_that_lacks_something_fails_its_step(self) -> None:
        """The error says which condition it was."""

        def is_ready(flag: bool) -> bool:
            return flag

        result = run(Workflow("w").wait_for("ready", is_ready))

        assert isinstance(result.error, MissingInput)
        assert "condition 'is_ready' needs 'flag'" in str(result.error)

    def test_a_resource_that_lacks_something_says_so(self) -> None:
        """It is the resource that asks, and the step that fails."""

        @resource
        def db(dsn: str) -> str:
            return dsn

        def load(db: str) -> None: ...

        result = Runner(resources=[db]).run(Workflow("w").do("load", load))

        assert isinstance(result.error, MissingInput)
        assert "resource 'db' needs 'dsn'" in str(result.error)


class TestTypes:
    """An annotated parameter is checked on the way in."""

    @pytest.mark.parametrize(
        ("annotation", "value"),
        [
            pytest.param(int, True, id="bool is not int"),
            pytest.param(int, "1", id="nothing is converted"),
            pytest.param(list[int], ["a"], id="what a list holds"),
            pytest.param(str, None, id="None"),
            pytest.param(Sequence[int], 3, id="an abstract class"),
            pytest.param(int | str, 1.5, id="a union"),
        ],
    )
    def test_a_wrong_type_fails_the_step(self, annotation: object, value: object) -> None:
        """The function is not called."""

        def work(value) -> None:
            raise AssertionError("never called")

        work.__annotations__["value"] = annotation
        error = run(Workflow("w").do("work", work), initial={"value": value}).error

        assert isinstance(error, TypeMismatch)
        assert "action 'work' takes 'value'" in str(error)

    @pytest.mark.parametrize(
        ("annotation", "value"),
        [
            pytest.param(object, None, id="object"),
            pytest.param(list[int], [1, 2], id="what a list holds"),
            pytest.param(Sequence[int], (1, 2), id="an abstract class"),
            pytest.param(int | None, None, id="a union"),
            pytest.param("int", 1, id="as text"),
        ],
    )
    def test_a_fitting_type_passes(self, seen: Seen, annotation: object, value: object) -> None:
        """It arrives as it is."""

        def work(value) -> None:
            seen.append(value)

        work.__annotations__["value"] = annotation
        result = run(Workflow("w").do("work", work), initial={"value": value})

        assert result.error is None
        assert seen == [value]

    def test_the_text_says_what_was_wanted_and_what_came(self) -> None:
        """Both types are in it."""

        def work(number: int) -> None: ...

        error = run(Workflow("w").do("work", work), initial={"number": "1"}).error

        assert "as int" in str(error)
        assert "str" in str(error)
        assert "converted" in error.hint

    def test_an_expired_key_is_like_a_missing_one(self, seen: Seen) -> None:
        """The default takes its place."""
        clock = FakeClock()

        def write(ctx: Context) -> None:
            ctx.store.put("token", "old", ttl=5)
            clock.pass_by(6)

        def work(token: str = "none") -> None:
            seen.append(token)

        run(Workflow("w").do("write", write).do("work", work), clock=clock)

        assert seen == ["none"]
