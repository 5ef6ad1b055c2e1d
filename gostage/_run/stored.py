"""Stored runs: an execution from what a database holds of it; what is written is the journal's.

What was stored may have been written by another version of the workflow. Whatever does not fit is
refused before anything runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gostage._engine import effects as fx
from gostage._engine import forks, position
from gostage._engine.branch import ENTER
from gostage._engine.ops import Receive
from gostage._run import state
from gostage._run.compiled import program_of
from gostage._run.execution import Execution
from gostage._run.journal import EDITS, ENDED, Journal
from gostage._run.kept import FOREIGN, load_parts
from gostage._run.packing import StorePacking
from gostage._run.text import from_text
from gostage._store.store import Store
from gostage.errors import DatabaseError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gostage._author.workflow import WorkflowDefinition
    from gostage._db.protocol import Database, Stored
    from gostage._engine.branch import Branch
    from gostage._run.surroundings import Surroundings

    # Any: JSON-able data.
    Json = Any
    Entries = dict[int, dict[str, Json]]


def restore(
    run_id: str,
    workflow: WorkflowDefinition,
    stored: Stored,
    around: Surroundings,
    database: Database,
) -> Execution:
    """Stand where the run stood at its last commit; raises `UnknownState` where it cannot."""
    packing = StorePacking(around.codec)
    try:
        entries = entries_of(stored)
        where = _position_of(stored, entries)
        store = _store_of(entries.get(0, {}), around)
        signals = [(each, packing.unpack_value(from_text(each.json))) for each in stored.signals]
    except (StoreError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise unreadable(run_id, error) from error
    run = Execution(run_id, workflow, program_of(workflow), store, around)
    run.machine = position.load(run.plan, where, packing)
    run.is_resumed = True
    known = max((each.number for each in stored.signals), default=0)
    journal = Journal(run, database, known)
    run.save_to(journal)
    journal.know_edits(entries.get(EDITS, {}))
    try:
        load_parts(
            run, entries, [(it.branch, it.step, it.kind, it.index, it.json) for it in stored.items]
        )
        _load_lines(run, entries)
    except (StoreError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise unreadable(run_id, error) from error
    if ENDED in entries:
        journal.forget([ENDED])
    for signal, value in signals:
        run.deliver(signal.name, value, signal.number)
    return run


def ended_store(stored: Stored, around: Surroundings, run_id: str) -> Store:
    """The store as a run that has ended left it."""
    try:
        entries = entries_of(stored)
        records = entries.get(0, {})
        for key, entry in entries.get(ENDED, {}).items():
            if "gone" in entry:
                records.pop(key, None)
            else:
                records[key] = entry
        return _store_of(records, around)
    except (StoreError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise unreadable(run_id, error) from error


def entries_of(stored: Stored) -> Entries:
    """All entries there are, by branch and key."""
    found: dict[int, dict[tuple[int, str], Json]] = {
        seq: {(branch, key): entry for branch, key, entry in from_text(text)}
        for seq, text in stored.changes
    }
    entries: Entries = {}
    for branch, key, seq in stored.entries:
        entries.setdefault(branch, {})[key] = found[seq][branch, key]
    return entries


def unreadable(run_id: str, error: Exception) -> DatabaseError:
    """Say that what others wrote of a run cannot be made sense of here."""
    return DatabaseError(
        f"what is stored of run {run_id!r} does not read: {error}",
        hint="was the database changed by hand? a backup may help",
    )


def _position_of(stored: Stored, entries: Entries) -> Json:
    where = from_text(stored.position_json)
    for item in stored.items:
        frame = where["branches"].get(str(item.branch), {}).get("frames", {}).get(item.step)
        if frame is None:
            continue  # of a fork that has come to its end since the position was written
        value = from_text(item.json)
        frame[item.kind].append(value if item.kind == "items" else [item.index, value])
    edits = entries.get(EDITS)
    return {**where, "edits": _edits_of(edits)} if edits else where


def _edits_of(entries: Mapping[str, Json]) -> Json:
    edits: dict[str, list[Json]] = {"insert": [], "remove": [], "disabled": []}
    for name, (_, data, *_) in sorted(entries.items(), key=lambda pair: pair[1][0]):
        kind, zone, id_ = name.split(":", 2)
        if kind == "insert":
            edits["insert"].append(data)
        elif kind == "remove":
            edits["remove"].append([int(zone), id_])
        else:
            edits["disabled"].append(id_)
    return edits


def _store_of(records: Mapping[str, Json], around: Surroundings) -> Store:
    exported = {"version": 1, "now": around.clock.now(), "entries": list(records.values())}
    return Store.load(exported, clock=around.clock.now, codec=around.codec)


def _load_lines(run: Execution, entries: Entries) -> None:
    exported: dict[str, Json] = {}
    for branch, records in entries.items():
        if branch <= 0 or branch >= FOREIGN:
            continue
        gone = {key: entry["gone"] for key, entry in records.items() if "gone" in entry}
        exported[str(branch)] = {
            "version": 1,
            "now": run.clock.now(),
            "entries": [entry for entry in records.values() if "gone" not in entry],
            "deleted": [key for key, how in gone.items() if how == "deleted"],
            "expired": [key for key, how in gone.items() if how == "expired"],
        }
    state.load_lines(run, exported)


# -------------------------------------------------------------------- going on after an end


def revive(run: Execution) -> None:
    """Let a run that failed, or was cancelled, try again where it stands."""
    now = run.clock.now()
    for branch in list(run.machine.branches.values()):
        _renew_time(run, branch, now)
        _repeat_items(run, branch)


def renew(run: Execution) -> None:
    """Give a fork all the time that the run had which it was made from."""
    now = run.clock.now()
    for branch in run.machine.branches.values():
        _renew_time(run, branch, now, is_over=lambda _: True)


def _renew_time(
    run: Execution,
    branch: Branch,
    now: float,
    is_over: Callable[[float], bool] | None = None,
) -> None:
    """What ran out of time gets all of its time again."""
    is_over = is_over or (lambda deadline: deadline <= now)
    for id_, frame in branch.frames.items():
        deadline = frame.get("deadline")
        if deadline is not None and is_over(deadline):
            op: Any = run.plan.find(id_, branch.zone)  # Any: see Branch.frames
            timeout = run.timeout if not id_ else getattr(getattr(op, "source", None), "timeout", 0)
            frame["deadline"] = None if not timeout else now + timeout
        frame.pop("since", None)
    effect = branch.effect
    if isinstance(effect, fx.Listen) and effect.until is not None and is_over(effect.until):
        timeout = effect.op.timeout if isinstance(effect.op, Receive) else None
        effect.until = None if timeout is None else now + timeout


def _repeat_items(run: Execution, branch: Branch) -> None:
    """Do the failed items of a for-each again, and only these."""
    op = branch.effect.op if isinstance(branch.effect, fx.Join) else None
    if isinstance(op, forks.ForEach) and branch.frames[op.id]["failures"]:
        op.repeat_failed(run.machine, branch)
        if branch.effect is None:
            branch.turn = ENTER
