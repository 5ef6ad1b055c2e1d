"""The live plan as an action sees and changes it; every change can be taken back.

One of these belongs to one call: what a failing attempt changed is undone youngest first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gostage._author.flow import Stage
from gostage._author.parts import as_action
from gostage._author.select import Query, Target
from gostage._engine import ops
from gostage._engine.guards import Stage as StageOp
from gostage._run.telling import tell_edit
from gostage.errors import DefinitionError, NotFound, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gostage._author.action import Action
    from gostage._author.select import Kind
    from gostage._engine.nodes import Item
    from gostage._engine.ops import Op
    from gostage._engine.plan import Edit
    from gostage._run.context import Context


class Live:
    """What one call does to the plan of its run."""

    __slots__ = ("_ctx", "_edits", "_plan", "_tail", "_zone")

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._plan = ctx.execution.plan
        self._zone = ctx.branch.zone
        self._edits: list[Edit] = []
        self._tail: Op = ctx.op

    def undo(self) -> None:
        """Take everything back."""
        with self._ctx.execution.lock:
            while self._edits:
                edit = self._edits.pop()
                self._plan.undo(edit)
                tell_edit(self._ctx.execution, edit, is_undone=True)
            self._tail = self._ctx.op

    # ---------------------------------------------------------------- adding

    # Any: whatever the action returns.
    def add_action(self, action: Action[..., Any] | Callable[..., Any]) -> None:
        """Put it right after the current action, behind those added before."""
        made = as_action(action, "add_action()")
        self._check(made, "add_action()")
        with self._ctx.execution.lock:
            edit = self._plan.insert_after(self._tail, made, self._ctx.op, self._zone)
            self._tail = edit.op
            self._did(edit)

    def add_stage(self, stage: Stage) -> None:
        """Put it right after the current stage, behind those added before."""
        if not isinstance(stage, Stage):
            raise DefinitionError(
                f"add_stage() takes a stage, not {stage!r}", hint="Stage('id', action, …)"
            )
        self._check(stage, "add_stage()")
        current = self._stage_op()
        if current is None:
            raise DefinitionError(
                f"add_stage() needs a current stage, and step {self._ctx.op.name!r} is in none",
                hint="put the step into a stage, or add an action with add_action()",
            )
        with self._ctx.execution.lock:
            zone = self._zone_of(current)
            anchor = self._plan.tail(current, zone)
            self._did(self._plan.insert_after(anchor, stage, self._ctx.op, zone))

    # Any: as above.
    def add_action_to(self, stage_id: str, action: Action[..., Any] | Callable[..., Any]) -> None:
        """Put it at the end of a stage."""
        made = as_action(action, "add_action_to()")
        self._check(made, "add_action_to()")
        op = self._find_stage(stage_id)
        with self._ctx.execution.lock:
            zone = self._zone_of(op)
            self._did(self._plan.append(op.inside, made, self._ctx.op, zone))

    # ---------------------------------------------------------------- removing

    def remove_actions(
        self,
        *,
        name: str | None = None,
        stage: str | None = None,
        tag: str | None = None,
        type: type | None = None,
        limit: int | None = None,
    ) -> int:
        """Take out what lies ahead and fits."""
        if name is None and tag is None and type is None:
            raise DefinitionError(
                "remove_actions() needs to know which", hint="give tag=… or type=…"
            )
        query = Query.of(name=name, stage=stage, tag=tag, type=type)
        with self._ctx.execution.lock:
            fitting = [
                (op, zone)
                for op, zone in self._ahead()
                if isinstance(op, ops.Do) and _fits(query, op)
            ]
            for op, zone in fitting[:limit]:
                self._did(self._plan.remove(op, zone))
        return len(fitting[:limit])

    def remove_stage(self, id_: str) -> bool:
        """Take out a stage that lies ahead, or what is left of the current one."""
        with self._ctx.execution.lock:
            current = self._stage_op()
            while current is not None and current.name != id_:
                current = _stage_of(current.parent)  # a stage may stand in a stage
            if current is not None:
                rest = [(op, z) for op, z in self._ahead() if _is_inside(op, current)]
                for op, zone in rest:
                    self._did(self._plan.remove(op, zone))
                return True
            for op, zone in self._ahead():
                if isinstance(op, StageOp) and op.name == id_:
                    self._did(self._plan.remove(op, zone))
                    return True
        return False

    # ---------------------------------------------------------------- switching

    # Any: the arguments of a target, checked by it.
    def switch(self, *, on: bool, kind: Kind | None, **given: Any) -> int:  # noqa: ANN401
        """Enable or disable what matches; gives how many items matched."""
        change = self._plan.enable if on else self._plan.disable
        with self._ctx.execution.lock:
            matching = self._matching(kind, given)
            for op in matching:
                edit = change(op)
                if edit is not None:
                    self._did(edit)
        return len(matching)

    # Any: as above.
    def is_enabled(self, *, kind: Kind | None, **given: Any) -> bool:  # noqa: ANN401
        """Whether something matches and none of it is disabled."""
        with self._ctx.execution.lock:
            matching = self._matching(kind, given)
            return bool(matching) and not any(op.id in self._plan.disabled for op in matching)

    # Any: as above.
    def _matching(self, kind: Kind | None, given: dict[str, Any]) -> list[Op]:
        target = Target.of(kind=kind, **given)
        return [op for op in self._items() if _is_meant(target, op)]

    # ---------------------------------------------------------------- finding

    # Any: whatever the actions return.
    def find_actions(self, query: Query) -> list[Action[..., Any]]:
        """The actions of the run as it stands now."""
        found: list[Any] = [
            op.action for op in self._items() if isinstance(op, ops.Do) and _fits(query, op)
        ]
        return found

    def find_stages(self, query: Query) -> list[Stage]:
        """The stages of the run as it stands now."""
        found: list[Any] = [
            op.source for op in self._items() if isinstance(op, StageOp) and _fits(query, op)
        ]
        return found

    def _did(self, edit: Edit) -> None:
        run = self._ctx.execution
        self._edits.append(edit)
        if run.journal is not None:
            run.edits[self._ctx.branch.key] = self._edits
        tell_edit(run, edit)

    # ---------------------------------------------------------------- where

    def _items(self) -> Iterator[Op]:
        walk = self._plan.walk(None, self._zones())
        return (op for op in walk if isinstance(op, (ops.Do, StageOp)))

    def _ahead(self) -> list[tuple[Op, int]]:
        return list(self._plan.ahead(self._ctx.op, self._zones()))

    def _zones(self) -> dict[str, int]:
        zones = {}
        branch = self._ctx.branch
        while branch.parent is not None:
            if branch.zone != branch.parent.zone:
                zones[branch.root.id] = branch.zone
            branch = branch.parent
        return zones

    def _zone_of(self, op: Op) -> int:
        zones = self._zones()
        place: Op | None = op.parent
        while place is not None:
            if place.id in zones:
                return zones[place.id]
            place = place.parent
        return 0

    def _stage_op(self) -> Op | None:
        return _stage_of(self._ctx.op)

    def _find_stage(self, stage_id: str) -> StageOp:
        stages = [op for op in self._items() if isinstance(op, StageOp)]
        for op in stages:
            if op.name == stage_id:
                return op
        known = [op.name for op in stages]
        raise NotFound(
            f"no stage {stage_id!r} in run {self._ctx.execution.run_id!r}",
            hint=did_you_mean(stage_id, known)
            or (f"its stages are {', '.join(map(repr, known))}" if known else "it has no stages"),
            where=self._ctx.where,
        )

    def _check(self, item: Item, what: str) -> None:
        if not isinstance(self._ctx.op, ops.Do):
            raise DefinitionError(
                f"{what} is for actions, and {self._ctx.op.name!r} is a {self._ctx.op.kind}",
                hint="change the plan in an action",
            )
        if self._ctx.execution.journal is not None:
            self._ctx.execution.journal.check_item(item)


def _fits(query: Query, op: Op) -> bool:
    return query.matches(_item(op), stage=_stage_item(op), id=op.name)


def _is_meant(target: Target, op: Op) -> bool:
    kind = "action" if isinstance(op, ops.Do) else "stage"
    return target.matches(_item(op), kind, stage=_stage_item(op), id=op.name)


def _item(op: Op) -> object:
    return op.action if isinstance(op, ops.Do) else op.source


def _stage_item(op: Op) -> object:
    stage = _stage_of(op.parent)
    return None if stage is None else stage.source


def _stage_of(op: Op | None) -> Op | None:
    while op is not None and not isinstance(op, StageOp):
        op = op.parent
    return op


def _is_inside(op: Op, ancestor: Op) -> bool:
    place: Op | None = op
    while place is not None and place is not ancestor:
        place = place.parent
    return place is not None
