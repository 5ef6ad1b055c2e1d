"""The position of a run as plain data: dumped at any time, loaded into a fresh machine.

Its size depends on where the run stands and on what it inserted, not on how much has run. What is
opaque to the engine (values, errors, inserted items) goes through the caller's `Packing`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from gostage._engine import effects as fx
from gostage._engine import fit, forks, guards, ops
from gostage._engine.branch import ENTER, LEAVE, Branch
from gostage._engine.machine import Machine
from gostage._engine.plan import Edit
from gostage.errors import DuplicateName, GostageError, NotFound, NotImportable, UnknownState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from gostage._engine.nodes import Item
    from gostage._engine.ops import Op
    from gostage._engine.plan import Insertion, Plan

# Any: JSON-able data, here and wherever this alias stands.
Json = Any


class Packing(Protocol):
    """How the caller turns what is opaque here into JSON-able data and back."""

    def pack_value(self, value: object) -> Json:
        """Turn a user's value into data."""

    def unpack_value(self, data: Json) -> object:
        """Turn data back into a value."""

    def pack_error(self, error: BaseException) -> Json:
        """Turn an error into data."""

    def unpack_error(self, data: Json) -> BaseException:
        """Turn data back into an error."""

    def pack_item(self, item: Item) -> Json:
        """Turn an inserted item into data."""

    def unpack_item(self, data: Json) -> Item:
        """Turn data back into an item."""


def dump(machine: Machine, packing: Packing) -> dict[str, Json]:
    """Write down where the run stands."""
    data: dict[str, Json] = {
        "branches": {str(b.key): dump_branch(b, packing) for b in machine.branches.values()}
    }
    if len(machine.branches) > 1:
        data["keys"] = machine.keys
    edits = _dump_plan(machine.plan, packing)
    return {**data, "edits": edits} if edits else data


def load(
    plan: Plan, data: Mapping[str, Json], packing: Packing, *, is_edited: bool = False
) -> Machine:
    """Stand where the data says; a position that does not fit the plan is refused.

    `is_edited` says that the plan has its edits already.
    """
    try:
        if not is_edited:
            load_edits(plan, data.get("edits") or {}, packing)
        machine = _load(plan, data, packing)
        fit.check(machine)
    except DuplicateName as error:
        raise UnknownState(f"the state inserts what is there already: {error}") from error
    except (UnknownState, NotImportable, NotFound):
        raise
    except GostageError as error:
        raise UnknownState(f"the position does not read as one: {error}") from error
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise UnknownState(f"the position does not read as one: {error!r}") from error
    return machine


def _load(plan: Plan, data: Mapping[str, Json], packing: Packing) -> Machine:
    machine = Machine(plan)
    machine.branches.clear()
    for key, entry in sorted(data["branches"].items(), key=lambda pair: int(pair[0])):
        branch = _load_branch(machine, int(key), entry, packing)
        machine.branches[branch.key] = branch
    if 0 not in machine.branches:
        raise UnknownState("the state has no branch to go on with")
    machine.keys = data.get("keys", 0)
    return machine


# -------------------------------------------------------------------- effects

_FIXED = {
    fx.Call: "call",
    fx.CallApart: "call",
    fx.Open: "open",
    fx.Close: "close",
    fx.Judge: "judge",
    fx.Items: "items",
    fx.Fork: "fork",
    fx.Join: "join",
    fx.Start: "start",
}


def _dump_effect(effect: fx.Effect | None, packing: Packing) -> dict[str, Json]:
    if effect is None:
        return {"do": "begin"}
    if isinstance(effect, fx.Ask):
        return {"do": "ask"} if effect.arm is None else {"do": "ask", "arm": effect.arm}
    if isinstance(effect, fx.Pause):
        data = {"do": "pause", "seconds": effect.seconds, "why": effect.why}
        return data if effect.until is None else {**data, "until": effect.until}
    if isinstance(effect, fx.Listen):
        return {"do": "listen", "until": effect.until}
    if isinstance(effect, fx.Hold):
        values = packing.pack_value(dict(effect.data))
        return {"do": "hold", "reason": effect.reason, "data": values}
    return {"do": _FIXED[type(effect)]}


def _load_effect(op: Op, data: Mapping[str, Json], packing: Packing) -> fx.Effect | None:
    do = data["do"]
    if do in ("begin", "ended"):
        return None
    effect = _free_effect(op, do, data, packing)
    if effect is None:
        effect = getattr(op, do, None) if do in _FIXED.values() else None
    if not isinstance(effect, fx.Effect):
        raise UnknownState(f"the state says {do!r} at {op.id!r}, which is a {op.kind} step")
    return effect


def _free_effect(op: Op, do: str, data: Mapping[str, Json], packing: Packing) -> fx.Effect | None:
    if do == "ask":
        return _ask_of(op, data.get("arm"))
    if do in ("judge", "hold"):
        return _action_effect(op, do, data, packing)
    if do == "pause" and isinstance(op, (ops.Do, ops.Wait, ops.Sleep, guards.Retry)):
        return fx.Pause(op, data["seconds"], data["why"], data.get("until"))
    if do == "listen" and isinstance(op, ops.Receive):
        return fx.Listen(op, data.get("until"))
    return None


def waiting_effect(op: Op, data: Mapping[str, Json], packing: Packing) -> fx.Effect | None:
    """What a branch that was written down waits for, if it waits."""
    do = data["do"]
    return _free_effect(op, do, data, packing) if do in ("pause", "listen", "hold") else None


def _action_effect(op: Op, do: str, data: Mapping[str, Json], packing: Packing) -> fx.Effect | None:
    if not isinstance(op, ops.Do):
        return None
    if do == "judge":
        return fx.Judge(op)
    values: Json = packing.unpack_value(data["data"])
    return fx.Hold(op, data["reason"], values)


def _ask_of(op: Op, arm: int | None) -> fx.Effect | None:
    if isinstance(op, guards.Choice) and arm is not None:
        return op.asks[arm] if arm >= 0 else None
    if isinstance(op, (ops.Do, guards.Stage)) and arm is None:
        return op.ask
    if isinstance(op, (ops.Wait, guards.Loop)):
        return op.ask
    return None


# -------------------------------------------------------------------- branches


def dump_branch(
    branch: Branch, packing: Packing, without: frozenset[str] = frozenset()
) -> dict[str, Json]:
    """Write down where one branch stands; these parts of its frames are left empty."""
    place = branch.effect.op if branch.effect is not None else branch.root
    data: dict[str, Json] = {"at": place.id, **_dump_effect(branch.effect, packing)}
    if branch.parent is not None:
        data.update(parent=branch.parent.key, root=branch.root.id, index=branch.index)
    elif branch.root.parent is not None:
        data["root"] = branch.root.id
        if branch.effect is None and branch.turn != ENTER:
            data["do"] = "ended"  # all of a child's work is done, and only that is not told yet
    # An empty frame counts: that it is there says that the scope is open.
    frames = branch.frames
    if frames:
        data["frames"] = {i: dump_frame(f, packing, without) for i, f in frames.items()}
    if branch.value is not None and _inside_for_each(place):
        data["value"] = packing.pack_value(branch.value)
    if branch.error is not None:
        data["error"] = packing.pack_error(branch.error)
        data["failed_at"] = None if branch.failed_at is None else branch.failed_at.id
    if branch.interrupted:
        data["interrupted"] = True
    if branch.cancelled:
        data["cancelled"] = True
    return data


def _load_branch(machine: Machine, key: int, data: Mapping[str, Json], packing: Packing) -> Branch:
    plan = machine.plan
    parent = machine.branches[data["parent"]] if "parent" in data else None
    zone = 0 if parent is None else parent.zone
    root = _op(plan, data.get("root", ""), zone)
    branch = Branch(key, root, parent, data.get("index", 0))
    if parent is None:
        machine.root = branch
    else:
        parent.children[branch.index] = branch
        if isinstance(root.parent, forks.ForEach):
            branch.zone = key
    branch.op = _op(plan, data["at"], branch.zone)
    branch.effect = _load_effect(branch.op, data, packing)
    if data["do"] == "ended":
        branch.turn = LEAVE
    for id_, frame in data.get("frames", {}).items():
        branch.frames[_op(plan, id_, branch.zone).id] = load_frame(frame, packing)
    if "value" in data:
        branch.value = packing.unpack_value(data["value"])
    if "error" in data:
        branch.error = packing.unpack_error(data["error"])
        failed_at = data.get("failed_at")
        branch.failed_at = None if failed_at is None else _op(plan, failed_at, branch.zone)
    branch.interrupted = bool(data.get("interrupted"))
    branch.cancelled = bool(data.get("cancelled"))
    return branch


def _op(plan: Plan, id_: str, zone: int) -> Op:
    op = plan.find(id_, zone) or plan.find(id_)
    if op is None:
        raise UnknownState(f"the state stands at {id_!r}; {plan.program.id!r} has no such step")
    return op


def _inside_for_each(op: Op) -> bool:
    place: Op | None = op
    while place is not None:
        if isinstance(place, forks.ForEach):
            return True
        place = place.parent
    return False


# -------------------------------------------------------------------- frames


def _pairs(pack: Callable[[Json], Json]) -> Callable[[Mapping[int, Json]], Json]:
    return lambda mapping: [[key, pack(value)] for key, value in mapping.items()]


def _mapping(unpack: Callable[[Json], Json]) -> Callable[[Json], dict[int, Json]]:
    return lambda pairs: {int(key): unpack(value) for key, value in pairs}


def _maybe(pack: Callable[[Json], Json]) -> Callable[[Json], Json]:
    return lambda value: None if value is None else pack(value)


def _same(value: Json) -> Json:
    return value


def _packers(value: Callable[[Json], Json], error: Callable[[Json], Json]) -> dict[str, Json]:
    return {
        "resume": value,
        "items": lambda items: [value(item) for item in items],
        "error": _maybe(error),
        "interrupt": _maybe(error),
        "passes": lambda passes: [[_maybe(error)(each) for each in layer] for layer in passes],
    }


_PACKED: Final = frozenset(("resume", "items", "error", "interrupt", "passes", "results"))
"""What of a frame is not data as it stands; where there are failures there are results."""


def dump_frame(
    frame: Mapping[str, Json], packing: Packing, without: frozenset[str] = frozenset()
) -> Json:
    """Write down what one guard remembers."""
    if frame.keys().isdisjoint(_PACKED) and frame.keys().isdisjoint(without):
        return {key: value for key, value in frame.items() if value is not None}
    packers = _packers(packing.pack_value, packing.pack_error)
    packers["results"] = _pairs(packing.pack_value)
    packers["failures"] = _pairs(packing.pack_error)
    packers["ended"] = _pairs(_same)
    return {
        key: [] if key in without else packers.get(key, _same)(value)
        for key, value in frame.items()
        if value is not None
    }


def load_frame(data: Mapping[str, Json], packing: Packing) -> dict[str, Json]:
    """Read what `dump_frame` wrote."""
    packers = _packers(packing.unpack_value, packing.unpack_error)
    packers["results"] = _mapping(packing.unpack_value)
    packers["failures"] = _mapping(packing.unpack_error)
    packers["ended"] = _mapping(_same)
    frame = {k: packers.get(k, _same)(v) for k, v in data.items() if v is not None}
    if "next" in frame or "ended" in frame:  # a fork's frame always has these
        frame = {"error": None, "by": None, "at": None, "interrupt": None, "index": None, **frame}
    return frame


# -------------------------------------------------------------------- edits


def _dump_plan(plan: Plan, packing: Packing) -> dict[str, Json]:
    data: dict[str, Json] = {
        "insert": [
            dump_insertion(plan, each, zone, packing)
            for zone, overlay in plan.overlays.items()
            for each in overlay.inserted.values()
        ],
        "remove": [[z, id_] for z, o in plan.overlays.items() for id_ in o.removed],
        "disabled": sorted(plan.disabled),
    }
    return {key: value for key, value in data.items() if value}


def dump_edits(plan: Plan, packing: Packing, zone: int) -> dict[str, Json]:
    """What counts in one zone, as if that were a whole plan."""
    if not plan.edited:
        return {}
    data = _dump_plan(plan, packing)
    for word in ("insert", "remove"):
        if word in data:
            data[word] = [[0, *row[1:]] for row in data[word] if row[0] == zone]
    return data


def do_edit(plan: Plan, name: str, zone: int, data: Json, packing: Packing) -> None:
    """Do one edit, as a child tells of it, in a zone; without data take it back."""
    kind, _, id_ = name.split(":", 2)
    op = plan.find(id_, zone)
    if kind == "insert":
        if data is not None and op is None:
            _load_row(plan, [zone, *data[1:]], packing)
        elif data is None and op is not None:
            plan.undo(Edit("insert", zone, op))
    elif op is not None and kind == "remove":
        plan.remove(op, zone) if data is not None else plan.undo(Edit("remove", zone, op))
    elif op is not None:
        plan.disable(op) if data is not None else plan.enable(op)


def dump_insertion(plan: Plan, insertion: Insertion, zone: int, packing: Packing) -> list[Json]:
    """Write down what was inserted, where, and by whom."""
    return [*place_of(plan, insertion, zone), packing.pack_item(insertion.item)]


def load_edits(plan: Plan, data: Mapping[str, Json], packing: Packing) -> None:
    """Change a fresh plan as another one was changed."""
    for row in data.get("insert", ()):
        _load_row(plan, row, packing)
    for zone, id_ in data.get("remove", ()):
        plan.remove(_op(plan, id_, zone), zone)
    plan.edited = plan.edited or bool(data)
    plan.disabled.clear()
    plan.disabled.update(_known(plan, data.get("disabled", ())))


def _load_row(plan: Plan, row: Json, packing: Packing) -> None:
    zone, parent, after, by, item = row
    unpacked = packing.unpack_item(item)
    step = _op(plan, by, zone)
    if after is None:
        plan.append(_op(plan, parent, zone), unpacked, step, zone)
    else:
        plan.insert_after(_op(plan, after, zone), unpacked, step, zone)


def _known(plan: Plan, ids: Iterable[str]) -> Iterator[str]:
    zones = (0, *plan.overlays)
    for id_ in ids:
        if all(plan.find(id_, zone) is None for zone in zones):
            _op(plan, id_, 0)  # says so
        yield id_


def place_of(plan: Plan, insertion: Insertion, zone: int) -> list[Json]:
    """Where it stands: its zone, its parent, what it follows, and the step that put it there."""
    step = insertion.by  # one that was inserted itself, for an item that has ended, is gone
    while step.parent is not None and plan.find(step.id, zone) is not step:
        step = step.parent
    return [zone, _id(insertion.op.parent), _id(insertion.after), step.id]


def _id(op: Op | None) -> str | None:
    return None if op is None else op.id
