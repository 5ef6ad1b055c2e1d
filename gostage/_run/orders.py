"""Orders: what a child is given for a part, beside the workflow; they take nothing back.

Most of it is the same for all items of a for-each, and is told a child once: the terms. Of the rest
is told what is not as usual.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from gostage._engine import effects as fx
from gostage._engine import position
from gostage._engine.forks import ForEach
from gostage._engine.guards import Loop
from gostage._store import border

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gostage._engine.branch import Branch
    from gostage._engine.ops import Op
    from gostage._run.parts import Part

    # Any: JSON-able data.
    Json = Any

USUAL: Final[Mapping[str, Json]] = MappingProxyType(
    {
        "frame": {},
        "around": {},
        "edits": {},
        "kept": None,
        "signals": (),
        "resumptions": (),
        "sent": {},
        "left": None,
    }
)
"""What holds where an order says nothing."""


def terms(part: Part) -> dict[str, Json]:
    """What is the same for all parts alike."""
    run, keys = part.run, _keys(part)
    return {
        "run": run.run_id,
        "op": part.op.id,
        "call": part.is_call,
        "detach": run.detach or run.left is not None,
        "exit_first": run.exit_first,
        "durable": part.is_kept,
        "told": run.teller is not None,
        "value": _is_asked_for(part.op),
        "keys": None if keys is None else sorted(keys),
    }


def order(part: Part, known: dict[str, Any]) -> dict[str, Json]:  # Any: see `border.image`
    """What is this part's own; of the store its child knows some entries."""
    run, branch, op = part.run, part.branch, part.op
    with run.lock:
        data: dict[str, Json] = {
            "around": dict(_around(part)),
            "store": border.image(run.line(branch).store, known, _keys(part)),
        }
        if part.is_call:
            data["frame"] = position.dump_frame(branch.frames.get(op.id, {}), part.packing)
        if run.plan.edited:
            data["edits"] = position.dump_edits(run.plan, part.packing, branch.zone)
        kept = part.kept.to_data()
        if kept is not None:
            data["kept"] = kept
        if run.signals:
            data["signals"] = _signals(part)
        if run.resumptions:
            data["resumptions"] = _resumptions(part)
        if run.sent:
            data["sent"] = run.sent
        if run.left is not None:
            data["left"] = run.left
    return data


def _is_asked_for(op: Op) -> bool:
    """Whether a for-each around it, however far, collects values."""
    place = op.parent
    while place is not None:
        if isinstance(place, ForEach) and place.into is not None:
            return True
        place = place.parent
    return False


def _keys(part: Part) -> frozenset[str] | None:
    keys = getattr(part.isolate, "keys", None)
    return None if keys is None else frozenset(getattr(key, "name", key) for key in keys)


def _around(part: Part) -> Iterator[tuple[str, Json]]:
    """What the guards outside remember, as far as those inside ask for it."""
    place, here = part.op, part.branch
    while place.parent is not None:
        parent = place.parent
        forked_from = here.parent if place is here.root else None
        frame = (forked_from or here).frames.get(parent.id) or here.around.get(parent.id)
        if frame is not None:
            index = frame.get("index") if forked_from is None else here.index
            told = _remembered(part, parent, frame, index)
            if told is not None:
                yield parent.id, told
        here = forked_from or here
        place = parent


def _remembered(
    part: Part, op: Op, frame: Mapping[str, Json], index: int | None
) -> dict[str, Json] | None:
    if isinstance(op, Loop):
        return {"pass": frame["pass"]}
    if isinstance(op, ForEach) and index is not None:
        return {"index": index, "item": part.packing.pack_value(frame["items"][index])}
    deadline = frame.get("deadline")
    return None if deadline is None else {"deadline": deadline}


def _signals(part: Part) -> list[list[Json]]:
    """Those that a step inside waits for, each for nobody else: number, name and data."""
    found: list[list[Json]] = []
    for effect in part.waits():
        signal = part.signal_for(effect) if isinstance(effect, fx.Listen) else None
        if signal is not None:
            number, data = signal
            part.lent.add(number)
            part.run.lent.add(number)
            found.append([number, effect.op.name, part.packing.pack_value(data)])
    return found


def _resumptions(part: Part) -> list[Json]:
    """What a step inside is resumed with, if it is the first that waits to be."""
    run = part.run
    holding: list[Branch] = [
        branch for branch, effect in run.waiting() if isinstance(effect, fx.Hold)
    ]
    if not holding or holding[0] is not part.branch:
        return []
    return [part.packing.pack_value(run.resumptions.pop(0))]
