"""Tasks: a run as a child has it, standing where its piece of work begins; it drives nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from gostage._db.protocol import Lease
from gostage._engine import effects as fx
from gostage._engine import ops, position
from gostage._engine.guards import Scope
from gostage._run import state
from gostage._run.brief import Brief
from gostage._run.compiled import program_of
from gostage._run.execution import Execution
from gostage._run.journal import Journal
from gostage._run.kept import FOREIGN, load_parts
from gostage._run.packing import StorePacking
from gostage._run.resources import Pool
from gostage._run.text import to_text
from gostage.errors import UnknownState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gostage._author.workflow import WorkflowDefinition
    from gostage._db.protocol import Database
    from gostage._engine.branch import Branch
    from gostage._engine.ops import Op
    from gostage._run.surroundings import Surroundings
    from gostage._spawn.uplink import Uplink
    from gostage._store import border

    # Any: JSON-able data.
    Json = Any


def stand(
    task: Mapping[str, Json],
    workflow: WorkflowDefinition,
    around: Surroundings,
    uplink: Uplink,
    image: border.Image,
) -> Execution:
    """Stand where the task begins, or where the child before came to."""
    packing = StorePacking(around.codec)
    store = image.store(task["store"], around.clock.now, around.codec)
    run = Execution(task["run"], workflow, program_of(workflow), store, around)
    if task["edits"] or run.plan.edited:
        position.load_edits(run.plan, task["edits"], packing)
    op = run.plan.find(task["op"])
    if op is None:
        raise UnknownState(f"{workflow.id!r} has no step {task['op']!r} in the child")
    _place(run, op, task, packing)
    run.left, run.detach, run.exit_first = task["left"], task["detach"], task["exit_first"]
    run.sent, run.keys = dict(task["sent"]), task["keys"]
    _surround(run, task["around"], packing)
    _write_to(uplink, run, op, task)
    uplink.watch(run)
    if task["kept"] is not None:
        _load_stores(run, task["kept"])
    for number, name, data in task["signals"]:
        run.deliver(name, packing.unpack_value(data), number)
    for data in task["resumptions"]:
        run.resume_with(packing.unpack_value(data))
    return run


def _write_to(uplink: Uplink, run: Execution, op: Op, task: Mapping[str, Json]) -> None:
    """Have what it does told, each step as it is done; of a single one nobody asks for more."""
    database = cast("Database", uplink)  # all that a journal asks of one
    is_asked_for = task["durable"] or task["told"] or task["kept"] is not None or run.plan.edited
    if not is_asked_for and (task["call"] or _is_single(op)):
        Brief(run, database, is_call=task["call"]).attach()
        return
    journal = Journal(run, database)
    journal.lease = Lease(run.run_id, 0)
    journal.is_for_good = task["durable"]
    run.save_to(journal)
    journal.know_plan()


def _is_single(op: Op) -> bool:
    """Whether there is one action in it, that is called right here."""
    inside = op.first
    return type(inside) is ops.Do and inside.next is None and type(inside.call) is fx.Call


def _place(run: Execution, op: Op, task: Mapping[str, Json], packing: StorePacking) -> None:
    kept = task["kept"]
    if kept is None:
        run.machine.settle_at(op)
        if task["call"] and isinstance(op, ops.Do):
            run.machine.root.effect = op.call
            run.machine.root.frames[op.id] = position.load_frame(task["frame"], packing)
        return
    for name, edit in kept["edits"]:
        position.do_edit(run.plan, name, int(name.split(":", 2)[1]), edit, packing)
    run.machine = position.load(run.plan, _with_pieces(kept), packing, is_edited=True)
    run.machine.home = op
    run.is_resumed = True


def _with_pieces(kept: Mapping[str, Json]) -> Json:
    """The position with what its forks remember back in its place."""
    where = kept["position"]
    for branch, step, kind, index, value in kept["items"]:
        frame = where["branches"].get(str(branch), {}).get("frames", {}).get(step)
        if frame is not None:
            frame[kind].append(value if kind == "items" else [index, value])
    return where


def _load_stores(run: Execution, kept: Mapping[str, Json]) -> None:
    stores: dict[str, Json] = {}
    entries: dict[int, dict[str, Json]] = {}
    for branch, key, entry in kept["entries"]:
        if branch >= FOREIGN:
            entries.setdefault(branch, {})[key] = entry
            continue
        changes = stores.setdefault(
            str(branch),
            {"version": 1, "now": run.clock.now(), "entries": [], "deleted": [], "expired": []},
        )
        if "gone" in entry:
            changes[entry["gone"]].append(key)
        else:
            changes["entries"].append(entry)
    state.load_lines(run, stores)
    # As text, like pieces from a database: few children are gone on with that had children.
    load_parts(run, entries, [(*place, to_text(value)) for *place, value in kept["items"]])


def _surround(run: Execution, around: Mapping[str, Json], packing: StorePacking) -> None:
    """Have what is inside find what the guards outside remember."""
    root = run.machine.root
    for id_, told in around.items():
        frame: dict[str, Json] = dict(told)
        if "item" in frame:
            frame["items"] = {frame["index"]: packing.unpack_value(frame.pop("item"))}
        root.around[id_] = frame
        run.timed = run.timed or frame.get("deadline") is not None
    for scope in _scopes(root):
        run.pools[root.key, scope.id] = Pool("stage")


def _scopes(root: Branch) -> Iterator[Op]:
    """The stages around the part: a child has resources of its own for each."""
    place = root.root.parent
    while place is not None:
        if isinstance(place, Scope) and place.level == "stage":
            yield place
        place = place.parent
