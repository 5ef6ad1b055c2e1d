"""Initial data of workflows and stages: what it overwrites, when, and whose it is."""

from __future__ import annotations

import pytest

from gostage import Context, Key, Retry, Runner, Stage, Workflow, action, run, steps
from gostage.testing import FakeClock


@pytest.fixture
def seen() -> list:
    """What actions and middleware found in the store, in order."""
    return []


def looks(seen: list, key: str = "key", name: str = "look"):
    """Make an action that writes down a value."""

    def look(ctx: Context) -> None:
        seen.append(ctx.store.get(key, default="missing"))

    return action(look, name=name)


class TestStages:
    """The initial data of a stage is merged into the store when the stage starts."""

    def test_it_is_there_from_its_stage_on(self, seen: list) -> None:
        """Not before."""
        run(
            Workflow("w")
            .stage("zero", looks(seen))
            .stage("one", looks(seen), initial={"key": 1})
            .stage("two", looks(seen))
        )

        assert seen == ["missing", 1, 1]

    def test_it_overwrites_what_is_there_and_stays(self, seen: list) -> None:
        """Also what an action wrote, and also for later stages."""

        def write(ctx: Context) -> None:
            ctx.store["key"] = "written"

        one = Stage("one", write)
        two = Stage("two", looks(seen), initial={"key": "initial"})
        result = run(Workflow("w", one, two), initial={"key": "given"})

        assert seen == ["initial"]
        assert result.store["key"] == "initial"

    def test_it_may_change_the_type(self) -> None:
        """What was there before does not count."""
        result = run(Workflow("w", Stage("s", initial={"key": "text"})), initial={"key": 1})

        assert result.store["key"] == "text"
        assert result.store.types()["key"] is str

    def test_metadata_is_overwritten_too(self) -> None:
        """Tags, properties and description are those of the initial value."""

        def write(ctx: Context) -> None:
            ctx.store.put("key", 1, tags=["old"], props={"old": 1}, description="old")

        stage = Stage("two").set_initial("key", 2, tags=["new"], props={"new": 2}, description="d")
        meta = run(Workflow("w").stage("one", write).add(stage)).store.meta("key")

        assert [*meta.tags] == ["new"]
        assert dict(meta.props) == {"new": 2}
        assert meta.description == "d"

    def test_a_value_without_options_clears_the_old_metadata(self) -> None:
        """Overwritten means all of it."""

        def write(ctx: Context) -> None:
            ctx.store.put("key", 1, tags=["old"], props={"old": 1}, description="old")

        flow = Workflow("w").stage("one", write).stage("two", initial={"key": 2})
        meta = run(flow).store.meta("key")

        assert ([*meta.tags], dict(meta.props), meta.description) == ([], {}, "")

    def test_the_time_to_live_counts_from_the_start_of_the_stage(self, seen: list) -> None:
        """And not from the start of the run."""
        clock = FakeClock()
        wait = action(lambda: clock.pass_by(8), name="wait")
        stage = Stage("two", looks(seen), wait, looks(seen), wait, looks(seen))
        stage.set_initial("key", 1, ttl=10)
        run(Workflow("w").stage("one", wait).add(stage), clock=clock)

        assert seen == [1, 1, "missing"]

    def test_an_old_time_to_live_is_overwritten(self, seen: list) -> None:
        """A value without one stays for good."""
        clock = FakeClock()

        def write(ctx: Context) -> None:
            ctx.store.put("key", 1, ttl=5)

        wait = action(lambda: clock.pass_by(60), name="wait")
        run(
            Workflow("w").stage("one", write).stage("two", wait, looks(seen), initial={"key": 2}),
            clock=clock,
        )

        assert seen == [2]

    def test_a_stage_without_actions_merges_it_too(self) -> None:
        """It may be there for nothing else."""
        result = run(Workflow("w", Stage("defaults", initial={"key": 1})))

        assert (result.status, result.store["key"]) == ("completed", 1)

    def test_it_is_merged_before_the_middleware_of_the_stage(self, seen: list) -> None:
        """Which may change it, and what it adds is there for the actions."""

        def adds(store):
            seen.append(store["key"])
            store["key"] = "changed"
            store["more"] = "added"
            yield

        stage = Stage("s", looks(seen), looks(seen, "more", "b"), initial={"key": "initial"})
        run(Workflow("w", stage.use(adds)))

        assert seen == ["initial", "changed", "added"]

    @pytest.mark.parametrize("how", ["disabled", "condition"])
    def test_a_skipped_stage_merges_nothing(self, how: str) -> None:
        """It has never started."""
        when = (lambda: False) if how == "condition" else None
        workflow = Workflow("w", Stage("s", initial={"key": 1}, when=when)).stage("t")
        if how == "disabled":
            workflow.disable(stage="s")

        assert "key" not in run(workflow).store

    def test_its_condition_is_asked_before(self, seen: list) -> None:
        """Whether the stage starts cannot depend on what it brings."""

        def asks(ctx: Context) -> bool:
            seen.append("key" in ctx.store)
            return True

        run(Workflow("w", Stage("s", initial={"key": 1}, when=asks)))

        assert seen == [False]

    def test_another_attempt_of_the_stage_begins_with_it_again(self, seen: list) -> None:
        """What the failed attempt made of it is overwritten."""

        def work(ctx: Context) -> None:
            ctx.store["key"] += 1

        def flaky(ctx: Context) -> None:
            seen.append(ctx.store["key"])
            if len(seen) == 1:
                raise OSError

        stage = Stage("s", work, flaky, initial={"key": 1}, retry=Retry(attempts=2))
        run(Workflow("w", stage))

        assert seen == [2, 2]

    def test_a_stage_in_a_loop_begins_every_pass_with_it(self, seen: list) -> None:
        """It starts anew each time."""

        def work(ctx: Context) -> None:
            ctx.store["key"] += 1
            seen.append(ctx.store["key"])

        stage = Stage("s", work, initial={"key": 0})
        run(Workflow("w").loop_until("l", lambda: len(seen) == 3, steps(stage)))

        assert seen == [1, 1, 1]

    def test_an_inserted_stage_brings_its_own(self, seen: list) -> None:
        """Like any other."""

        def insert(ctx: Context) -> None:
            ctx.add_stage(Stage("new", looks(seen), initial={"key": "inserted"}))

        run(Workflow("w").stage("s", insert))

        assert seen == ["inserted"]

    def test_a_typed_key_will_do(self) -> None:
        """It stands for its name."""
        stage = Stage("s").set_initial(Key("key", int), 3)

        assert run(Workflow("w", stage)).store["key"] == 3

    def test_a_run_that_goes_on_does_not_merge_again(self, seen: list) -> None:
        """The stage has started already."""

        def write(ctx: Context) -> None:
            ctx.store["key"] = "written"

        runner = Runner()
        stage = Stage("s", write, initial={"key": "initial"}).receive("go").add(looks(seen))
        waiting = runner.run(Workflow("w", stage))
        runner.signal(waiting.run_id, "go")

        assert seen == ["written"]


class TestWorkflows:
    """The initial data of a workflow is there from the beginning."""

    def test_what_is_given_to_the_run_goes_over_it(self) -> None:
        """Key by key."""
        flow = Workflow("w", initial={"a": 1, "b": 1}).stage("s")

        assert dict(run(flow, initial={"b": 2, "c": 2}).store) == {"a": 1, "b": 2, "c": 2}

    def test_it_has_options_too(self) -> None:
        """As that of a stage."""
        flow = Workflow("w").set_initial("key", 1, tags=["sensitive"]).stage("s")

        assert run(flow).store.has_tag("key", "sensitive")

    def test_a_workflow_within_another_merges_its_own_when_it_starts(self, seen: list) -> None:
        """It works on the same store."""
        inner = Workflow("inner", initial={"key": "inner"}).stage("s", looks(seen))
        run(Workflow("outer").stage("before", looks(seen)).sub("sub", inner).do(looks(seen)))

        assert seen == ["missing", "inner", "inner"]


class TestCopies:
    """Values are copied in: a run cannot change the definition through them."""

    @pytest.mark.parametrize("level", ["stage", "workflow"])
    def test_a_list_that_a_run_changes_is_its_own(self, level: str) -> None:
        """The next run begins with what the author wrote."""

        def grow(ctx: Context) -> None:
            ctx.store["rows"].append(len(ctx.store["rows"]))

        rows = {"rows": [0]}
        stage = Stage("s", grow, initial=rows if level == "stage" else None)
        flow = Workflow("w", stage, initial=rows if level == "workflow" else None)

        assert [run(flow).store["rows"] for _ in range(2)] == [[0, 1], [0, 1]]
        assert rows == {"rows": [0]}

    @pytest.mark.parametrize("level", ["stage", "workflow"])
    def test_a_later_change_of_the_authors_list_does_not_count(self, level: str) -> None:
        """What it was when it was given is what counts."""
        rows = [1]
        owner = Stage("s") if level == "stage" else Workflow("w")
        owner.set_initial("rows", rows)
        rows.append(2)
        flow = Workflow("w", owner) if level == "stage" else owner.stage("s")

        assert run(flow).store["rows"] == [1]
