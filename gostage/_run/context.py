"""The context: what an action, a condition or a handler is told, and what it may ask for.

A context is made anew for every call and never changes, so it is safe to keep.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NoReturn

from gostage._engine import ops
from gostage._engine.guards import Stage as StageOp
from gostage._run.carrying import NO_CARRIER
from gostage._run.deadlines import out_of_time
from gostage._run.turns import NO_TURN, turn_of
from gostage.errors import Bailed, Suspended

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterable, Mapping
    from datetime import timedelta

    from gostage._author.action import Action
    from gostage._author.flow import Stage
    from gostage._author.isolate import Isolate
    from gostage._author.select import Query, Types
    from gostage._author.workflow import WorkflowDefinition
    from gostage._engine.branch import Branch
    from gostage._engine.ops import Op
    from gostage._plugins.scopes import Layers
    from gostage._run.execution import Execution
    from gostage._run.live import Live
    from gostage._run.result import Result
    from gostage._run.view import RunView
    from gostage._run.workflow import Workflow
    from gostage._store.store import Store
    from gostage.errors import Where

Kind = Literal["action", "stage"]


class Context:
    """Where the caller is, and what it can do to the run."""

    __slots__ = (
        "_deadline",
        "_live",
        "_resume",
        "_turn",
        "around",
        "attempt",
        "branch",
        "execution",
        "op",
        "store",
    )

    # Any: see Branch.frames.
    def __init__(
        self,
        execution: Execution,
        branch: Branch,
        op: Op,
        store: Store,
        frame: dict[str, Any] | None = None,
    ) -> None:
        self.execution = execution
        self.branch = branch
        self.op = op
        self.attempt: int = 1 if frame is None else frame.get("attempt", 1)
        self._resume = frame if frame is not None and "resume" in frame else None
        self._turn = turn_of(branch, op) if op.is_repeated else NO_TURN
        self.store = store
        self._deadline: float | None = None
        self.around: Layers | None = None
        """The middleware around this very call, for the driver."""
        self._live: Live | None = None

    # ---------------------------------------------------------------- where am I

    @property
    def run(self) -> RunView:
        """The run: its id, workflow, store and log."""
        limit = None if self.around is None else self.around.limit
        return self.execution.view(self.branch, limit, resuming=self.resuming)

    @property
    def log(self) -> logging.Logger:
        """Where the run logs to."""
        return self.execution.log

    @property
    def workflow(self) -> WorkflowDefinition:
        """The workflow this step belongs to; of nested ones the innermost."""
        return self.execution.owners(self.op)[-1]

    @property
    def stage(self) -> Stage | None:
        """The stage this step belongs to, if any."""
        op = self._stage_op()
        # Any: what a stage op carries is opaque to the engine.
        found: Any = None if op is None else op.source
        return found  # type: ignore[no-any-return]  # it is the Stage the author built

    @property
    def action(self) -> Action[..., Any] | None:
        """The action that is called; None in a condition outside one."""
        found: Any = self.op.action if isinstance(self.op, ops.Do) else None  # Any: as above
        return found  # type: ignore[no-any-return]  # it is the Action the author built

    @property
    def params(self) -> Mapping[str, object]:
        """The parameters bound to the action."""
        action = self.action
        return {} if action is None else action.params

    @property
    def path(self) -> str:
        """The path of the step: ids joined by slashes."""
        return self.op.id

    @property
    def action_index(self) -> int:
        """The place of this action among its siblings, as the plan stands now."""
        return self._siblings().index(self.op)

    @property
    def is_last_action(self) -> bool:
        """Whether no sibling comes after this action, as the plan stands now."""
        return self.execution.plan.next(self.op, self.branch.zone) is None

    @property
    def item(self) -> Any:  # Any: items are the user's values  # noqa: ANN401
        """The current item of the nearest for-each; None outside one."""
        return self._turn.item

    @property
    def item_index(self) -> int | None:
        """The position of the current item; None outside a for-each."""
        return self._turn.index

    @property
    def resuming(self) -> bool:
        """Whether this step suspended the run and is called again."""
        return self._resume is not None

    @property
    def resume_data(self) -> Any:  # Any: whatever the resumer gave  # noqa: ANN401
        """What the run was resumed with; None unless `resuming`."""
        return None if self._resume is None else self._resume["resume"]

    @property
    def step_key(self) -> str:
        """A stable idempotency key: run, step, pass and item, whatever the attempt."""
        return f"{self.execution.run_id}:{self.op.id}{self._turn.passes}"

    @property
    def deadline(self) -> float | None:
        """When the time of this step is up, in seconds since the epoch; None if it has no limit."""
        around = self.execution.deadline(self.branch, self.op)
        known = [each for each in (self._deadline, around[0] if around else None) if each]
        return min(known, default=None)

    @property
    def cancelled(self) -> bool:
        """Whether the run, or this branch of it, was told to stop."""
        return self.branch.cancelled

    def check(self) -> None:
        """Stop here if the run was cancelled or the time is up."""
        if self.cancelled:
            raise self.execution.cancellation()
        now = self.execution.clock.now()
        around = self.execution.deadline(self.branch, self.op)
        if around is not None and now >= around[0]:
            raise out_of_time(self.execution, around[1])
        if self._deadline is not None and now >= self._deadline:
            raise out_of_time(self.execution, self.op)

    # ---------------------------------------------------------------- what now

    def suspend(self, reason: str, **data: object) -> NoReturn:
        """Stop the run here; when it is resumed this action is called again."""
        raise Suspended(reason, data)

    def bail(self, reason: str = "") -> NoReturn:
        """End the run here on purpose; that is no error."""
        raise Bailed(reason)

    # Any: a payload is data of any shape.
    def send(self, type: str, payload: Any = None, *, wait: bool = False) -> None:  # noqa: ANN401
        """Send a message to its handlers; in this process they have all been called on return.

        From a child it is on its way: with `wait` they have been called too, and what one of them
        raises is raised here.
        """
        self.execution.around.hub.send(self, type, payload, wait=wait)

    def spawn(
        self,
        workflow: Workflow | Mapping[str, Any],
        initial: Mapping[str, object] | None = None,
        timeout: timedelta | float | None = None,
        *,
        backend: str | Isolate | None = None,
    ) -> Result:
        """Run a whole workflow, or a definition, in a child, with a store of its own."""
        carrier = self.execution.around.carrier or NO_CARRIER
        return carrier.spawn(workflow, initial, backend, timeout)

    # ---------------------------------------------------------------- the plan

    def add_action(self, action: Action[..., Any] | Callable[..., Any]) -> None:
        """Run an action right after this one; several run in the order of the calls."""
        self._plan().add_action(action)

    def add_stage(self, stage: Stage) -> None:
        """Run a stage right after the current one, if that succeeds."""
        self._plan().add_stage(stage)

    def add_action_to(self, stage_id: str, action: Action[..., Any] | Callable[..., Any]) -> None:
        """Append an action to a stage."""
        self._plan().add_action_to(stage_id, action)

    def remove_action(self, name: str, stage: str | None = None) -> bool:
        """Take out the next action of this name; what has run cannot be removed."""
        return self._plan().remove_actions(name=name, stage=stage, limit=1) > 0

    def remove_actions(self, *, tag: str | None = None, type: type | None = None) -> int:
        """Take out all actions with a tag or of a type that have not run yet."""
        return self._plan().remove_actions(tag=tag, type=type)

    def remove_stage(self, id: str) -> bool:
        """Take out a stage that has not run yet; of the current one, what is left of it."""
        return self._plan().remove_stage(id)

    def disable(
        self,
        *,
        action: str | None = None,
        stage: str | None = None,
        tag: str | None = None,
        type: type | None = None,
        where: Callable[[Any], bool] | None = None,  # Any: actions and stages
        kind: Kind | None = None,
    ) -> int:
        """Skip what matches when the run reaches it; gives how many items matched."""
        given = {"action": action, "stage": stage, "tag": tag, "type": type, "where": where}
        return self._plan().switch(on=False, kind=kind, **given)

    def enable(
        self,
        *,
        action: str | None = None,
        stage: str | None = None,
        tag: str | None = None,
        type: type | None = None,
        where: Callable[[Any], bool] | None = None,  # Any: as above
        kind: Kind | None = None,
    ) -> int:
        """Run again what was disabled; gives how many items matched."""
        given = {"action": action, "stage": stage, "tag": tag, "type": type, "where": where}
        return self._plan().switch(on=True, kind=kind, **given)

    def is_enabled(
        self,
        *,
        action: str | None = None,
        stage: str | None = None,
        tag: str | None = None,
        type: type | None = None,
        where: Callable[[Any], bool] | None = None,  # Any: as above
        kind: Kind | None = None,
    ) -> bool:
        """Whether something matches and none of it is disabled."""
        given = {"action": action, "stage": stage, "tag": tag, "type": type, "where": where}
        return self._plan().is_enabled(kind=kind, **given)

    # Any: whatever the actions return.
    def find_actions(
        self,
        expr: str | None = None,
        *,
        name: str | None = None,
        contains: str | None = None,
        description: str | None = None,
        tag: str | None = None,
        tags_all: Iterable[str] | None = None,
        tags_any: Iterable[str] | None = None,
        type: Types | None = None,
        stage: str | Stage | None = None,
        where: Callable[..., object] | None = None,
    ) -> list[Action[..., Any]]:
        """Find actions of the run as it stands now, in workflow order."""
        query = _query(
            expr,
            name=name,
            contains=contains,
            description=description,
            tag=tag,
            tags_all=tags_all,
            tags_any=tags_any,
            type=type,
            stage=stage,
            where=where,
        )
        return self._plan().find_actions(query)

    def find_stages(
        self,
        expr: str | None = None,
        *,
        name: str | None = None,
        contains: str | None = None,
        description: str | None = None,
        tag: str | None = None,
        tags_all: Iterable[str] | None = None,
        tags_any: Iterable[str] | None = None,
        type: Types | None = None,
        stage: str | Stage | None = None,
        where: Callable[..., object] | None = None,
    ) -> list[Stage]:
        """Find stages of the run as it stands now, in workflow order."""
        query = _query(
            expr,
            name=name,
            contains=contains,
            description=description,
            tag=tag,
            tags_all=tags_all,
            tags_any=tags_any,
            type=type,
            stage=stage,
            where=where,
        )
        return self._plan().find_stages(query)

    # ---------------------------------------------------------------- for the driver

    @property
    def where(self) -> Where:
        """This place, as errors carry it."""
        from gostage._run.inputs import where_of  # 1 ms, and a run has it

        stage = self._stage_op()
        action = self.action
        function = None if action is None else action.function
        name = None if stage is None else stage.name
        return where_of(function, self.execution.run_id, name, self.op.name)

    def set_deadline(self, deadline: float | None) -> None:
        """Say until when this attempt may last."""
        self._deadline = deadline

    def undo_edits(self) -> None:
        """Take back what the attempt changed in the plan."""
        if self._live is not None:
            self._live.undo()

    def _plan(self) -> Live:
        if self._live is None:
            from gostage._run.live import Live  # 4 ms, and few actions change the plan

            self._live = Live(self)
        return self._live

    def _stage_op(self) -> StageOp | None:
        place: Op | None = self.op
        while place is not None and not isinstance(place, StageOp):
            place = place.parent
        return place

    def _siblings(self) -> list[Op]:
        plan, zone = self.execution.plan, self.branch.zone
        parent = self.op.parent or plan.program.root
        return [op for op in plan.children(parent, zone) if isinstance(op, ops.Do)]


def _query(expr: str | None, **asked: Any) -> Query:  # Any: `Query.of` checks it  # noqa: ANN401
    from gostage._author.select import Query  # 1 ms, for those who look

    return Query.of(expr, **asked)
