"""`crash_everywhere`: sound workflows pass, and mistakes that only a crash shows are named."""

from __future__ import annotations

import os
import threading

import pytest

from gostage import Runner, Workflow, action
from gostage.errors import DefinitionError, MissingInput, NotImportable
from gostage.testing import assert_ran_once, crash_everywhere
from gostage.testing._crash.bench import Given, Outside
from gostage.testing._crash.server import ServerNursery
from gostage.testing._crash.trial import Effort, Trial
from tests.testing import flows, hard
from tests.testing.tried import TRIED


@pytest.fixture
def crash():
    """`crash_everywhere`, with its kill points counted."""

    def crash_and_count(*args, **named):
        report = crash_everywhere(*args, **named)
        TRIED.points += report.points
        TRIED.runs += 1
        return report

    return crash_and_count


# ---------------------------------------------------------------- what passes


def test_every_write_is_a_kill_point_twice(crash):
    """Before it and after it; and once the run goes through a new process for every commit."""
    report = crash(flows.sums)

    assert report.ok
    assert report.status == "completed"
    assert report.points == 2 * report.writes + 1
    assert report.processes > 2 * report.points
    assert report.calls == {"add": 1, "add#2": 1, "more/add": 1, "more/add#2": 1}
    assert set(report.again) == set(report.calls)
    assert set(report.finished.values()) == {(1,)}
    assert report.unstable == ()


@pytest.mark.parametrize(
    ("workflow", "status"),
    [
        pytest.param(flows.failing, "failed", id="a run that fails"),
        pytest.param(flows.tries, "completed", id="retries and a sleep"),
        pytest.param(flows.loop, "completed", id="a loop"),
        pytest.param(flows.many, "completed", id="items side by side"),
        pytest.param(flows.leaves, "cancelled", id="an action that leaves"),
    ],
)
def test_a_sound_workflow_comes_to_the_same_end(crash, workflow, status):
    """However it ends undisturbed."""
    initial = {"total": 0} if workflow is flows.loop else None

    assert crash(workflow, initial).status == status


def test_a_run_that_waits_is_given_what_it_waits_for(crash):
    """The signal and the data to resume with, after whatever crash."""
    report = crash(flows.waits, signals={"approval": "Grace"}, resume_data=3)

    assert report.status == "completed"
    assert report.calls == {"ask": 2, "add": 1}


@pytest.mark.parametrize(
    ("given", "text"),
    [
        pytest.param({}, "waits to be resumed.*how many", id="no data"),
        pytest.param({"resume_data": 3}, "waits for the signal 'approval'", id="no signal"),
    ],
)
def test_what_a_run_waits_for_must_be_given(crash, given, text):
    """Else it could never end, and the error says what is missing."""
    with pytest.raises(MissingInput, match=text):
        crash(flows.waits, **given)


def test_what_no_two_runs_have_in_common_is_not_compared(crash):
    """A time or a random id differs anyway, and the report says so."""
    report = crash(flows.stamped)

    assert {"store['id']", "store['at']"} < set(report.unstable)
    assert "store['total']" not in report.unstable


def test_points_are_chosen_by_the_seed(crash):
    """A few of many, always the same ones."""
    few = [crash(flows.sums, points=3, seed=seed) for seed in (1, 1, 2)]

    assert [report.points for report in few] == [3, 3, 3]
    assert few[0].again == few[1].again


def test_a_process_is_also_killed_from_outside(crash):
    """At moments of chance, which may lie inside a write."""
    assert crash(flows.sums, points=1, strikes=5).points == 6


def test_a_runner_is_given_what_it_takes(crash):
    """Middleware, plugins, resources, and a class of one's own."""
    made = []

    class Counting(Runner):
        def __init__(self, **options):
            super().__init__(**options)
            made.append(options)

    def shout(run):
        run.store["loud"] = True
        return (yield)

    report = crash(flows.sums, {"total": 5}, runner=Counting, middleware=[shout], points=2)

    assert report.ok
    assert made == []  # they were made in other processes


def test_definitions_and_the_process_stay_as_they_are(crash):
    """What the runs do they do elsewhere."""
    before = flows.forgets.to_dict(), list(flows.SEEN)
    with pytest.raises(AssertionError):
        crash(flows.forgets)

    assert (flows.forgets.to_dict(), list(flows.SEEN)) == before


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("workflow", hard.ALL, ids=lambda each: each.id)
def test_everything_at_once_comes_to_the_same_end(crash, workflow):
    """Branches, items, retries, edits of the plan, times to live, suspending, middleware, bail."""
    points = None if os.environ.get("GOSTAGE_SOAK") else 6
    report = crash(workflow, signals={"go": "went"}, resume_data=7, points=points)

    assert report.unstable == ()


# ---------------------------------------------------------------- what is found


def test_what_is_kept_in_the_memory_of_a_process_is_found(crash):
    """The message names the kill point, the step, the key and both values."""
    with pytest.raises(AssertionError) as caught:
        crash(flows.forgets)

    text = str(caught.value)
    assert "crash test of 'forgets': killed at 11 points of 5 writes" in text
    assert "killed after write 3 (commit of 'one')" in text
    assert "store['seen']: ['two'], and undisturbed ['one', 'two']" in text
    assert "killed before write 3" not in text


def test_what_is_kept_in_a_closure_is_refused(crash):
    """Another process could not find the action again, and the error says which one."""
    count = []

    @action
    def counts(ctx):
        count.append(1)
        ctx.store["n"] = len(count)

    with pytest.raises(NotImportable, match="'counts'"):
        crash(Workflow("w").do(counts).do(counts))


def test_files_of_a_process_are_found(crash, tmp_path):
    """A resource is made anew in every process, and what was in it is not."""
    with pytest.raises(
        AssertionError, match=r"killed after write 2 \(commit of 'save'\)"
    ) as caught:
        crash(flows.files, {"tmp": str(tmp_path)})

    assert "status: failed, and undisturbed completed" in str(caught.value)
    assert "FileNotFoundError" in str(caught.value)


class Lazy:
    """A database that keeps two commits back, and writes them with the third."""

    def __init__(self, inner):
        self._inner = inner
        self._kept = []

    def __getattr__(self, name):
        return getattr(self._inner, name)

    def commit(self, lease, commit, stop=None):
        self._kept.append(commit)
        seq = 0
        if stop is not None or len(self._kept) == 3:
            for each in self._kept[:-1]:
                self._inner.commit(lease, each)
            seq = self._inner.commit(lease, commit, stop)
            self._kept = []
        return seq


class Repeating:
    """A database that says that a run stands where it stood one commit ago."""

    def __init__(self, inner):
        self._inner = inner

    def __getattr__(self, name):
        return getattr(self._inner, name)

    def stored(self, run_id):
        from dataclasses import replace

        rows = [row for row in self._inner.log(run_id) if row.position_json]
        found = self._inner.stored(run_id)
        return replace(found, position_json=rows[max(0, len(rows) - 2)].position_json)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        pytest.param(Lazy, r"calls of .* in no commit: [23], and undisturbed 1", id="late commits"),
        pytest.param(Repeating, "how often step 'add.*' was finished: 2", id="an old position"),
    ],
)
def test_a_database_that_does_not_keep_its_word_is_found(crash, kind, text):
    """Finished steps that run again are named, even where the store is the same in the end."""

    def runner(*, db, **options):
        return Runner(db=kind(db), **options)

    with pytest.raises(AssertionError, match=text):
        crash(flows.sums, runner=runner)


@pytest.mark.parametrize(
    ("workflow", "text"),
    [
        pytest.param(flows.vanishes, "undisturbed, its process ended without a word", id="exit"),
        pytest.param(flows.aborts, "undisturbed, its process was killed by signal 6", id="abort"),
        pytest.param(
            flows.hangs, "(?s)it took too long.*about to hang.*flows.py.*in hang", id="hang"
        ),
    ],
)
def test_a_run_that_does_not_end_is_no_run_to_compare_with(crash, workflow, text):
    """The error says how its process ended, and shows what it wrote last."""
    with pytest.raises(AssertionError, match=text):
        crash(workflow, patience=1 if workflow is flows.hangs else 60)


def test_a_run_that_differs_can_be_looked_at(crash, tmp_path):
    """Its database stays in the folder that is named."""
    with pytest.raises(AssertionError):
        crash(flows.forgets, keep=tmp_path / "kept")

    found = sorted(tmp_path.glob("kept/point-*/runs.db"))
    with Runner(db=found[0]) as runner:
        result = runner.result("crash")
        assert result is not None
        assert result.store["seen"] == ["two"]


def test_a_folder_with_something_in_it_is_refused(tmp_path):
    """Nothing of somebody's is written over."""
    tmp_path.joinpath("mine").touch()

    with pytest.raises(DefinitionError, match="is not empty"):
        crash_everywhere(flows.sums, keep=tmp_path)


# ---------------------------------------------------------------- beside threads


@pytest.fixture
def thread():
    """A thread beside the test."""
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    yield thread
    over.set()
    thread.join()


def test_beside_threads_another_process_does_it(crash, thread):
    """A process with threads is not forked: what runs is found again by its name."""
    report = crash(flows.waits, signals={"approval": "Grace"}, resume_data=3, points=8, strikes=2)

    assert report.points == 10
    assert report.status == "completed"


def test_a_runner_of_the_same_test_is_no_thread_for_long(crash, gostage_runner):
    """What keeps its runs ends soon after they do, so that nothing has to be found by name."""

    def shout(run):
        return (yield)

    assert gostage_runner.run(flows.sums).ok
    assert crash(flows.sums, middleware=[shout], points=2).ok


def test_beside_threads_mistakes_are_found_as_well(crash, thread):
    """With the same message."""
    with pytest.raises(AssertionError, match=r"store\['seen'\]: \['two'\]"):
        crash(flows.forgets)
    with pytest.raises(AssertionError, match=r"(?s)it took too long.*about to hang"):
        crash(flows.hangs, patience=1)


def test_beside_threads_all_must_be_found_by_name(crash, thread):
    """What cannot be handed over is named."""

    def shout(run):
        return (yield)

    with pytest.raises(NotImportable, match="shout"):
        crash(flows.sums, middleware=[shout])


@pytest.mark.parametrize("workflow", [flows.sums, flows.forgets], ids=["sound", "forgets"])
def test_where_nothing_can_be_forked_every_process_is_started(workflow, tmp_path):
    """That takes longer, and finds the same."""
    bench = Given(workflow, Outside(), Runner, {})
    nursery = ServerNursery(bench, 60, forks=False)
    trial = Trial(nursery, tmp_path, lambda done, total: None)
    report = trial.carry_out(workflow.id, Effort(points=2, seed=7, strikes=1))
    nursery.close()

    assert report.ok is (workflow is flows.sums)
    assert report.points == 3


# ---------------------------------------------------------------- once


def test_a_report_says_what_ran_once(crash):
    """In every run of the test, whatever was interrupted."""
    report = crash(flows.sums, points=6)

    assert_ran_once(report, "more/add")
    with pytest.raises(DefinitionError, match="2 steps are called 'add'"):
        assert_ran_once(crash(Workflow("w").stage("a", flows.add).stage("b", flows.add)), "add")
    with pytest.raises(AssertionError, match="no step 'ad' was called; did you mean 'add'"):
        assert_ran_once(report, "ad")


def test_a_history_says_what_ran_once(gostage_runner):
    """An attempt that failed does not count, a pass of a loop does."""
    tries = gostage_runner.run(flows.tries, run_id="tries")
    loop = gostage_runner.run(flows.loop, {"total": 3}, run_id="loop")
    many = gostage_runner.run(flows.many)

    assert tries.ok
    assert loop.ok
    assert_ran_once(gostage_runner, "flaky", run_id="tries")
    assert_ran_once(gostage_runner.history(many.run_id), "long")
    with pytest.raises(AssertionError, match="step 'five/add' was finished 2 times, and not once"):
        assert_ran_once(gostage_runner.history("loop"), "add")
    with pytest.raises(DefinitionError, match="which run is meant"):
        assert_ran_once(gostage_runner, "add")
