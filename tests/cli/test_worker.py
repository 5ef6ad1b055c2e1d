"""`gostage worker`: real processes that go on with runs, share them, stop and die."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.cli.durable import (
    begin,
    calls,
    copy,
    database,
    due,
    keys,
    noted,
    of_kind,
    project,
    read_until,
    status,
)
from tests.cli.shell import gostage, started
from tests.folders import write

SOAK = bool(os.environ.get("GOSTAGE_SOAK"))
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")


@pytest.fixture
def folder(tmp_path):
    return project(tmp_path)


def once(folder, *words) -> list[dict[str, object]]:
    """Go on with what is due; gives what the worker told."""
    done = gostage("worker", "--once", "--json", *words, folder=folder)
    assert done.code == 0, done.err
    return noted(done.out)


# -------------------------------------------------------------------- what it goes on with


def test_it_goes_on_with_what_is_due(folder) -> None:
    """A line when a run goes on, and one that says what became of it."""
    due(folder, "work", "n1")
    begin(folder, "night", "n2")
    begin(folder, "approval", "n3")

    done = gostage("worker", "--once", folder=folder)

    assert done.code == 0
    lines = [" ".join(line.split()[1:]) for line in done.out.splitlines()[1:]]
    assert lines[0] == "work n1 goes on, was waiting"
    assert lines[1].startswith("work n1 ✓ completed in ")
    assert len(lines) == 2
    assert [status(folder, run) for run in ("n1", "n2", "n3")] == [
        "completed",
        "sleeping",
        "waiting",
    ]


def test_a_sleep_ends_in_its_time(folder) -> None:
    """The worker wakes up for it."""
    begin(folder, "nap", "n1")

    with started(folder, "worker", "--json") as worker:
        lines = read_until(worker.stdout, '"completed"')

    assert of_kind(noted("".join(lines)), "goes_on") == ["n1"]


def test_finished_steps_are_not_run_again(folder) -> None:
    """The worker stands where the run stood."""
    due(folder, "work", "n1")

    once(folder)

    assert calls(folder) == ["begin", "finish"]


def test_a_signal_wakes_a_run(folder) -> None:
    """`gostage signal --no-run` leaves it to the worker."""
    begin(folder, "approval", "a1")
    gostage("signal", "a1", "approved", "--data", "Ada", "--no-run", folder=folder)

    assert of_kind(once(folder), "left") == ["a1"]
    assert status(folder, "a1") == "completed"


def test_a_fork_that_nobody_has_run_goes_on(folder) -> None:
    """`gostage fork --no-run` leaves it to the worker."""
    due(folder, "work", "n1")
    once(folder)
    new = gostage("fork", "n1", "--from", "finish", "--no-run", folder=folder).out.strip()

    assert of_kind(once(folder), "left") == [new]
    assert calls(folder) == ["begin", "finish", "finish"]


def test_runs_are_woken_in_the_order_of_their_time(folder) -> None:
    """Whatever order they were begun in."""
    due(folder, "work", "n1")
    once(folder)
    begin(folder, "night", "n2")
    copy(folder, "n2", {"c": 3.0, "a": 1.0, "d": 4.0, "b": 2.0})

    assert of_kind(once(folder, "--concurrency", "1"), "goes_on") == ["a", "b", "c", "d"]


def test_its_log_says_which_run_a_line_is_from(folder) -> None:
    """Several runs write into one log."""
    due(folder, "work", "n1")

    done = gostage("worker", "--once", folder=folder)

    assert done.err == "INFO    [work n1] finishing\n"


def test_quietly_only_trouble_is_told(folder) -> None:
    """A run that failed is; one that completed is not."""
    write(
        folder,
        {"later.py": "from flows import *\nbad = Workflow('bad').receive('go').do(fail)\n"},
    )
    due(folder, "work", "n1")
    due(folder, "later:bad", "b1")

    done = gostage("worker", "--once", "-q", folder=folder)

    (line,) = done.out.splitlines()
    assert "bad b1  ✗ failed in " in line
    assert line.endswith(": action 'fail' failed: not today")


def test_a_run_goes_on_with_the_plugins_of_its_folder(folder) -> None:
    """The `stageconf.py` beside the target counts, as it does for `gostage run`."""
    write(
        folder,
        {
            "deep/stageconf.py": "from gostage import resource\n\n"
            "@resource\ndef lamp():\n    return 'on'\n",
            "deep/flow.py": "from gostage import Workflow\n\n"
            "def look(ctx, lamp):\n    ctx.store['lamp'] = lamp\n\n"
            "flow = Workflow('deep').receive('go').do(look)\n",
        },
    )
    due(folder, "deep/flow.py:flow", "d1")
    due(folder, "work", "n1")

    once(folder)

    assert status(folder, "d1") == "completed"
    assert status(folder, "n1") == "completed"


def test_a_run_whose_code_is_gone_is_put_aside(folder) -> None:
    """It says what is missing and goes on with the others; the run is not lost."""
    write(folder, {"gone.py": "from flows import *\nwork = work\n"})
    due(folder, "gone:work", "g1")
    due(folder, "work", "n1")
    (folder / "gone.py").unlink()

    done = gostage("worker", "--once", folder=folder)

    assert done.code == 0
    assert "work g1  ✗ cannot go on: " in done.out
    assert "    hint: " in done.out
    assert status(folder, "g1") == "waiting"
    assert status(folder, "n1") == "completed"


def test_a_run_whose_plan_has_changed_is_blocked(folder) -> None:
    """It waits for somebody to decide, and no worker tries it again."""
    due(folder, "work", "n1")
    source = folder / "flows.py"
    text = source.read_text(encoding="utf-8")
    source.write_text(
        text.replace('Workflow("work")', 'Workflow("work").do(fail)'), encoding="utf-8"
    )

    first, second = once(folder), once(folder)

    assert [note["status"] for note in first if note["what"] == "left"] == ["blocked"]
    assert of_kind(second, "goes_on") == []
    assert status(folder, "n1") == "blocked"


# -------------------------------------------------------------------- living and dying


def test_it_goes_on_until_it_is_told_to_stop(folder) -> None:
    """Runs that come later are noticed."""
    with started(folder, "worker", "--json") as worker:
        read_until(worker.stdout, "begins")
        due(folder, "work", "n1")
        read_until(worker.stdout, "completed")
        due(folder, "work", "n2")
        read_until(worker.stdout, "completed")
        worker.send_signal(signal.SIGTERM)
        out, _ = worker.communicate()

    assert worker.returncode == 0
    assert noted(out)[-1]["what"] == "ends"


@posix_only
def test_what_a_killed_worker_was_doing_is_taken_over(folder) -> None:
    """At once; the step that was cut off is run again with its key, those before it are not."""
    due(folder, "hung", "h1")
    with started(folder, "worker") as worker:
        read_until(worker.stdout, "started")
        worker.kill()
        worker.wait()
    assert status(folder, "h1") == "interrupted"

    notes = once(folder)

    assert [note["status"] for note in notes if "status" in note] == ["interrupted", "completed"]
    assert calls(folder) == ["begin", "hang", "hang", "finish"]
    assert len(set(keys(folder, "hang"))) == 1


@posix_only
def test_a_worker_takes_over_from_another_one_that_dies(folder) -> None:
    """It need not be started for that."""
    due(folder, "hung", "h1")
    with started(folder, "worker") as one:
        read_until(one.stdout, "started")
        with started(folder, "worker", "--json") as other:
            read_until(other.stdout, "begins")
            one.kill()
            one.wait()
            read_until(other.stdout, '"completed"')

    assert status(folder, "h1") == "completed"


@posix_only
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_it_stops_when_the_step_at_work_is_done(folder, number) -> None:
    """The run keeps its place, and is due: the next worker goes on with it at once."""
    due(folder, "held", "h1")
    with started(folder, "worker", "--grace", "60") as worker:
        read_until(worker.stdout, "started")
        worker.send_signal(number)
        read_until(worker.stdout, "stopping")
        (folder / "go").touch()
        _, err = worker.communicate()
    assert worker.returncode == 0
    assert err == "gostage: stopping; another Ctrl-C kills\n"
    assert calls(folder) == ["begin", "hold"]
    assert status(folder, "h1") == "pending"

    once(folder)

    assert calls(folder) == ["begin", "hold", "finish"]


@posix_only
def test_what_does_not_come_back_in_time_is_left_to_the_next_one(folder) -> None:
    """The worker says so, and ends as interrupted."""
    due(folder, "hung", "h1")
    with started(folder, "worker", "--grace", "0") as worker:
        read_until(worker.stdout, "started")
        worker.send_signal(signal.SIGTERM)
        out, _ = worker.communicate()
    assert worker.returncode == 2
    assert "1 run did not come back in time" in out

    once(folder)

    assert status(folder, "h1") == "completed"


@posix_only
def test_the_second_signal_kills(folder) -> None:
    """Whatever an action does."""
    due(folder, "hung", "h1")
    with started(folder, "worker", "--grace", "600") as worker:
        read_until(worker.stdout, "started")
        worker.send_signal(signal.SIGINT)
        read_until(worker.stdout, "stopping")
        worker.send_signal(signal.SIGINT)
        _, err = worker.communicate()

    assert worker.returncode == 2
    assert err.endswith("gostage: killed\n")


def test_workers_share_the_runs_of_a_file(folder) -> None:
    """Each run goes on in one of them."""
    begin(folder, "night", "n1")
    names = [f"r{number:02}" for number in range(40)]
    copy(folder, "n1", dict.fromkeys(names, 1.0))
    words = ("worker", "--once", "--json")
    with started(folder, *words) as one, started(folder, *words) as other:
        outs = [noted(each.communicate()[0]) for each in (one, other)]

    left = [name for notes in outs for name in of_kind(notes, "left")]
    assert sorted(left) == names


@posix_only
@pytest.mark.soak
@pytest.mark.parametrize("is_kind", [False, True], ids=["SIGKILL", "SIGTERM"])
def test_whatever_ends_workers_the_runs_go_on(folder, is_kind) -> None:
    """Only what was cut off is done again, and with SIGTERM nothing is."""
    names = {f"r{number:03}" for number in range(400 if SOAK else 20)}
    due(folder, "work", "first")
    copy(folder, "first", dict.fromkeys(names, 1.0))
    with database(folder) as db:
        for name in names:
            db.signal(name, "go", "null", 1.0)

    kills = 0
    while left := unfinished(folder):
        with started(folder, "worker", "--json", "--grace", "600") as worker:
            for _ in range(min(left, 1 + kills % 5)):
                read_until(worker.stdout, '"completed"')
            worker.send_signal(signal.SIGTERM if is_kind else signal.SIGKILL)
            worker.communicate()
        kills += 1

    done = keys(folder, "finish")
    assert {key.partition(":")[0] for key in done} == {"first", *names}
    assert len(done) - len(set(done)) <= (0 if is_kind else 8 * kills)


def unfinished(folder) -> int:
    """How many runs have not completed."""
    with database(folder) as db:
        counts = db.counts()
    return sum(counts.values()) - counts.get("completed", 0)


@posix_only
def test_a_database_that_goes_away_ends_the_worker(folder) -> None:
    """It says so, and never makes a new one in its place."""
    begin(folder, "night", "n1")
    with started(folder, "worker", "--json") as worker:
        read_until(worker.stdout, "begins")
        for file in (folder / ".gostage").glob("runs.db*"):
            file.unlink()
        _, err = worker.communicate()

    assert worker.returncode == 4
    assert err.startswith("gostage: ")
    assert "runs.db" in err
    assert not (folder / ".gostage" / "runs.db").exists()


# -------------------------------------------------------------------- how much it takes


def resident(pid) -> int:
    """How many kilobytes of memory a process has."""
    text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    (line,) = (line for line in text.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1])


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read in /proc")
@pytest.mark.soak
def test_ten_thousand_runs_take_no_memory(folder) -> None:
    """Those that sleep cost nothing, and those that are woken are forgotten when they have left."""
    write(
        folder,
        {"many.py": "from gostage import Workflow\nw = Workflow('w').sleep('rest', 3600)\n"},
    )
    begin(folder, "many:w", "first")
    names = [f"r{number:05}" for number in range(10_000)]
    far = 4_000_000_000.0
    due = len(names) if SOAK else 300
    dues = {name: float(at) if at < due else far for at, name in enumerate(names)}
    copy(folder, "first", dict(sorted(dues.items(), key=lambda pair: hash(pair[0]))))
    warm = 100

    woken = []
    with started(folder, "worker", "--json", "--concurrency", "4") as worker:
        assert worker.stdout is not None
        for line in worker.stdout:
            note = json.loads(line)
            if note["what"] == "goes_on":
                woken.append(note["run_id"])
            if len(woken) == warm and note["what"] == "goes_on":
                before = resident(worker.pid)
            if note["what"] == "left" and len(woken) == due:
                break
        grown = resident(worker.pid) - before
        worker.send_signal(signal.SIGTERM)
        worker.communicate()

    assert woken == names[:due]
    assert grown < 8 * 1024
