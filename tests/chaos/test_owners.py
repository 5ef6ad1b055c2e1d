"""One owner: however many want a run, and however often its owner dies, one process has it."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from itertools import groupby

import pytest

from gostage import Runner, Workflow
from gostage._db.sqlite import SQLite
from gostage.errors import DatabaseError
from tests.chaos import jobs
from tests.chaos.processes import SOAK, Note, notes, of, size, until
from tests.chaos.tried import TRIED

ORDER = [f"{part}{number}" for part in ("one", "two") for number in range(4)]


def announced(workflow: Workflow, run_id: str) -> None:
    """Keep a run that nobody has begun."""
    with Runner(jobs.DATABASE) as runner:
        runner._books.announce(workflow, None, run_id, None)


def store_of(workflow: Workflow) -> dict[str, object]:
    """The store of a run that nobody disturbs, without the id of the run in its keys."""
    with Runner() as runner:
        result = runner.run(workflow, run_id="undisturbed")
    return of_any_run(result)


def of_any_run(result) -> dict[str, object]:
    """What a run left in its store, whatever the run is called."""
    return {
        key: value.replace(f"{result.run_id}:", "RUN:") if isinstance(value, str) else value
        for key, value in result.store.items()
    }


def check_one_owner(own: list[Note], killed: set[int]) -> int:
    """Every process worked on the run once, and never beside another; gives how many did."""
    owners = [pid for pid, _ in groupby(each.pid for each in own)]
    assert len(owners) == len(set(owners)), "a process came back after another one"
    assert set(owners[:-1]) <= killed, "a process lost its run alive"
    # A step has been committed when the next one begins, and is not run again from then on.
    begun = [
        ORDER.index(each.step.split(":")[1])
        for each in own
        if each.what == "begin" and each.step.split(":")[1] in ORDER
    ]
    assert begun == sorted(begun), "a finished step ran again"
    return len(owners)


def wait_for_progress(folder, lines: int, racers) -> None:
    """Let the steps of the run note so many lines more, if there is still somebody to do so."""
    now = size(folder)
    until(
        lambda: len(notes(folder, now)) >= lines or any(racer.is_done for racer in racers),
        "the run goes on",
    )


@pytest.mark.soak
@pytest.mark.timeout(3600 if SOAK else 300)
def test_two_processes_want_one_run_and_one_has_it(folder, nursery) -> None:
    """Its owner is killed again and again; who takes over is alone, and the end is the same."""
    expected = store_of(jobs.chain)
    wanted = of(1000, 40)
    chance = random.Random(7)
    taken, refused, runs = 0, Counter(), 0
    while taken < wanted:
        run_id = f"run{runs}"
        runs += 1
        announced(jobs.chain, run_id)
        killed: set[int] = set()
        begin = size(folder)
        racers = [nursery.start("go_on", run_id) for _ in range(2)]
        while not any(racer.is_done for racer in racers):
            wait_for_progress(folder, chance.choice([0, 1, 2, 3, 5, 8]), racers)
            time.sleep(chance.uniform(0.0, 0.005))
            own = [each.pid for each in notes(folder, begin)]
            # Mostly the owner; now and then the other one, which must not matter.
            at = next((i for i, racer in enumerate(racers) if own and racer.pid == own[-1]), None)
            if at is None or chance.random() < 0.1:
                at = chance.randrange(2)
            if not racers[at].is_done:
                killed.add(racers[at].pid)
                racers[at].kill()
                racers[at] = nursery.start("go_on", run_id)
        pids = {str(pid) for pid in killed} | {str(racer.pid) for racer in racers}
        for racer in racers:
            told = racer.result()
            assert told["status"] == "completed", told["text"]
            for text, times in told["refusals"].items():
                assert text.startswith(f"run {run_id!r} belongs to process ")
                assert text.endswith(f" on host {os.uname().nodename!r}")
                assert text.split("process ")[1].split()[0] in pids
                refused["times"] += times
        taken += check_one_owner(notes(folder, begin), killed)
        with Runner(jobs.DATABASE) as runner:
            assert of_any_run(runner.result(run_id)) == expected
    TRIED.append(
        f"{runs} runs had {taken} owners, and refused {refused['times']} times whoever else came"
    )


def commits_after_takeover(run_id: str) -> list[list[object]]:
    """The events of a run since somebody else had it."""
    with Runner(jobs.DATABASE) as runner:
        events = [(each.kind, each.path) for each in runner.history(run_id)]
    kinds = [kind for kind, _ in events]
    return [list(each) for each in events[kinds.index("run_taken_over") :]]


def test_an_owner_that_was_paused_writes_nothing_more(folder, nursery) -> None:
    """Once its lease is over another process finishes the run; back again, it is told so."""
    owner = nursery.start("run_hung", "h1", 0.3)
    until(lambda: [n.step for n in notes(folder)][-1:] == ["h1:hang"], "the action hangs")
    owner.send(signal.SIGSTOP)
    other = None
    while other is None or other.is_done:
        # Refused as long as the lease counts.
        if other is not None:
            told = other.result()
            assert told["error"] == "RunOwned"
            assert f"process {owner.pid} on host" in told["text"]
        other = nursery.start("resume", "h1")
        until(lambda o=other: o.is_done or notes(folder)[-1].pid == o.pid, "refused or begun")
    (folder / "go").touch()
    assert other.result() == {"status": "completed"}
    before = (folder / jobs.NOTES).read_text(encoding="utf-8"), commits_after_takeover("h1")

    (folder / "go").unlink()  # nothing but the loss of the run ends the action that hangs
    owner.send(signal.SIGCONT)
    told = owner.result()

    assert "taken away from this process" in told["owned"]
    after = (folder / jobs.NOTES).read_text(encoding="utf-8"), commits_after_takeover("h1")
    last = after[0].removeprefix(before[0]).split()
    assert last == ["h1", str(owner.pid), "h1:hang", "cancelled"]
    assert after[1] == before[1]
    with Runner(jobs.DATABASE) as runner:
        assert runner.result("h1").store["count"] == 2
        assert runner.get("h1").status == "completed"


def test_an_owner_that_was_paused_in_time_goes_on(folder, nursery) -> None:
    """Nobody wanted the run meanwhile, so nothing is lost although the lease was over."""
    owner = nursery.start("run_hung", "h1", 0.1)
    until(lambda: [n.step for n in notes(folder)][-1:] == ["h1:hang"], "the action hangs")
    owner.send(signal.SIGSTOP)
    with Runner(jobs.DATABASE) as runner:
        until(lambda: runner.get("h1").status == "interrupted", "its lease is over")
    (folder / "go").touch()
    owner.send(signal.SIGCONT)

    assert owner.result() == {"status": "completed"}


def test_who_stops_in_the_middle_of_a_transaction_holds_up_but_harms_nobody(
    folder, nursery
) -> None:
    """Readers go on; writers wait, and give up with a sentence when their patience is over."""
    announced(jobs.chain, "c1")
    holder = nursery.start("hold_write_lock")
    until(
        lambda: "holds" in (folder / jobs.NOTES).read_text() if notes_there(folder) else False,
        "the lock is held",
    )
    hasty = SQLite(jobs.FILE, patience=0.2)
    with Runner(hasty) as runner:
        assert runner.get("c1").status == "pending"
        with pytest.raises(DatabaseError, match="another process is writing") as raised:
            runner.resume("c1")
    assert "lsof" in raised.value.hint
    patient = nursery.start("resume", "c1")

    holder.send(signal.SIGCONT)

    assert holder.wait() == 0
    assert patient.result() == {"status": "completed"}
    assert hasty.check() == []
    hasty.close()


def notes_there(folder) -> bool:
    """Whether anybody has noted anything."""
    return (folder / jobs.NOTES).exists()


def test_a_lock_dies_with_its_process(folder, nursery) -> None:
    """Who is killed in the middle of a transaction leaves no trace of it."""
    announced(jobs.chain, "c1")
    holder = nursery.start("hold_write_lock")
    until(lambda: notes_there(folder), "the lock is held")
    waits = nursery.start("resume", "c1")

    holder.kill()

    assert waits.result() == {"status": "completed"}
    database = SQLite(jobs.FILE)
    assert database.check() == []
    database.close()
