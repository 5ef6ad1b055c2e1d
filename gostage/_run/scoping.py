"""Scoping: opens and closes the middleware around runs and stages, with what belongs to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gostage._engine import effects as fx
from gostage._engine import guards
from gostage._plugins.notes import add_note, text_of
from gostage._plugins.scopes import INSIDE, Layers
from gostage._run.deadlines import out_of_time
from gostage._run.resources import Pool
from gostage._store.copies import own_copy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gostage._author.initial import InitialValue
    from gostage._author.workflow import WorkflowDefinition
    from gostage._engine.branch import Branch
    from gostage._engine.guards import Scope
    from gostage._engine.ops import Op
    from gostage._plugins.scopes import Maker
    from gostage._run.execution import Execution
    from gostage._run.requests import Flow
    from gostage._run.view import RunView
    from gostage._store.store import Store


def open_(run: Execution, branch: Branch, effect: fx.Open) -> Flow:
    """Enter a scope: merge initial data, then its middleware, outermost first."""
    op: Any = effect.op  # Any: what a scope stands around is opaque to the engine
    frame: dict[str, Any] = {}  # Any: see Branch.frames
    timeout = _timeout(run, op)
    if timeout is not None:
        run.limit(frame, run.clock.now() + timeout)
    if op.level in ("stage", "sub"):
        _merge_initial(run, branch, op)
    if op.level == "stage":
        run.pools[branch.key, op.id] = Pool("stage")
    layers = _layers(run, branch, op, frame)
    if layers is not None:
        state = layers.open()
        if state is not INSIDE:
            outcome = yield from _not_opened(run, branch, op, state[1])
            return outcome
        run.scopes[branch.key, op.id] = layers
    return fx.Opened(frame.get("deadline"))


def _not_opened(run: Execution, branch: Branch, op: Op, error: BaseException | None) -> Flow:
    pool = run.pools.pop((branch.key, op.id), None)
    if pool is not None:
        yield from pool.close()
    return fx.Skipped() if error is None else _raised(error)


def close(run: Execution, branch: Branch, effect: fx.Close) -> Flow:
    """Leave a scope, youngest first: resources, then middleware."""
    op = effect.op
    error = branch.error
    if error is None:
        error = _late(run, branch, op)
    pool = run.pools.pop((branch.key, op.id), None) if op.id else run.pools.get((0, ""))
    if pool is not None:
        failed = yield from pool.close()
        error = _both(error, failed)
    layers = run.scopes.pop((branch.key, op.id), None)
    if layers is None:
        return fx.Closed() if error is None else fx.Failed(error)
    state = layers.close(None, error)
    if run.journal is not None:
        run.journal.closed.add(branch.key)
    if branch.interrupted:
        layers.abandon()
        return fx.Closed()
    if state is not INSIDE:
        return fx.Closed() if state[1] is None else _raised(state[1])
    spent = _spent(run, branch, op, layers)
    if spent is not None:
        layers.abandon()
        return fx.Failed(spent)
    run.scopes[branch.key, op.id] = layers
    run.limit(branch.frames[op.id], layers.deadline)
    if op.id and pool is not None:
        run.pools[branch.key, op.id] = Pool("stage")
    return fx.Reopened(layers.passes)


def _spent(run: Execution, branch: Branch, op: Op, layers: Layers) -> BaseException | None:
    """The error that no middleware can try again after: the time of its own surroundings is up."""
    around = run.deadline(branch, op.parent)
    known = [each for each in (layers.deadline, around and around[0]) if each is not None]
    if not known or run.clock.now() < min(known):
        return None
    return out_of_time(run, op if around is None else around[1])


def _raised(error: BaseException) -> fx.Outcome:
    return fx.Failed(error) if isinstance(error, Exception) else fx.Stopped(error)


def _both(error: BaseException | None, failed: BaseException | None) -> BaseException | None:
    if error is not None and failed is not None:
        add_note(error, f"and then: {text_of(failed)}")
    return failed if error is None else error


def reenter(run: Execution, branch: Branch) -> BaseException | None:
    """Enter the open scopes around a branch again, outermost first; gives what went wrong."""
    place: Op | None = branch.effect.op if branch.effect is not None else None
    around: list[guards.Scope] = []
    while place is not None:
        if isinstance(place, guards.Scope) and place.id in branch.frames:
            around.append(place)
        place = place.parent
    try:
        for op in reversed(around):
            if (branch.key, op.id) not in run.scopes:
                _reenter(run, branch, op)
    except Exception as error:  # noqa: BLE001  # a middleware that cannot be entered again
        return error
    return None


def _reenter(run: Execution, branch: Branch, op: Scope) -> None:
    frame = branch.frames[op.id]
    if frame.get("deadline") is not None:
        run.timed = True
    if op.level == "stage":
        run.pools.setdefault((branch.key, op.id), Pool("stage"))
    layers = _layers(run, branch, op, frame, resuming=True)
    if layers is not None:
        undo = run.line(branch).undo
        mark = undo.mark()
        layers.reopen(frame.get("passes", ()))
        undo.rollback(mark)  # what they write on the way in is in the store since the first time
        run.scopes[branch.key, op.id] = layers


@dataclass(frozen=True, slots=True)
class Given:
    """What a middleware around a run or a stage may ask for by name."""

    run: RunView
    workflow: WorkflowDefinition
    stage: object
    store: Store


# Any: as in `open_`.
def _layers(
    run: Execution,
    branch: Branch,
    op: Any,  # noqa: ANN401
    frame: dict[str, Any],
    *,
    resuming: bool = False,
) -> Layers | None:
    found = _middleware(run, op)
    if not found:
        return None
    stage = op.source.stage if op.level in ("workflow", "stage") else None

    def limit(deadline: float) -> None:
        layers.limit(deadline)
        run.limit(branch.frames.get(op.id, frame), layers.deadline)

    view = run.view(branch, limit, resuming=resuming)
    given = Given(view, run.owners(op)[-1], stage, run.line(branch).store)
    layers = Layers(found, given, frame.get("deadline"))
    return layers


# Any: as in `open_`.
def _middleware(run: Execution, op: Any) -> Sequence[Maker]:  # noqa: ANN401
    hooks = run.hooks
    if op.level == "run":
        return (*hooks.run, *run.around.middleware)
    if op.level == "workflow":
        own = [layer for owner in run.owners(op) for layer in owner.middleware]
        return (*hooks.workflow, *own)
    return (*hooks.stage, *op.source.stage.middleware) if op.level == "stage" else ()


# Any: as in `open_`.
def _timeout(run: Execution, op: Any) -> float | None:  # noqa: ANN401
    if op.level == "run":
        return run.timeout
    return op.source.timeout if op.level == "workflow" else None


# Any: as in `open_`.
def _merge_initial(run: Execution, branch: Branch, op: Any) -> None:  # noqa: ANN401
    line = run.line(branch)
    put_initial(line.store, (op.source.stage if op.level == "stage" else op.source).initial)
    if line.undo:
        line.commit()


def put_initial(store: Store, initial: Mapping[str, InitialValue]) -> None:
    """Put initial data: values, times to live and metadata replace what is there."""
    for key, entry in initial.items():
        store.put(
            key,
            own_copy(entry.value),
            ttl=entry.ttl,
            tags=list(entry.tags),
            props=dict(entry.props),
            description=entry.description,
        )


def _late(run: Execution, branch: Branch, op: Op) -> BaseException | None:
    frame = branch.frames.get(op.id)
    deadline = None if frame is None else frame.get("deadline")
    if deadline is None or run.clock.now() < deadline:
        return None
    return out_of_time(run, op)
