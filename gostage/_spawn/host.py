"""The host: has parts of runs carried out by children, and tells the run what came of them."""

from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from weakref import WeakKeyDictionary

from gostage._author.isolate import Isolate
from gostage._engine import effects as fx
from gostage._run import orders
from gostage._run.compiled import compiled
from gostage._spawn import crossing
from gostage._spawn.finding import find_backend
from gostage._spawn.pool import Pool
from gostage._spawn.spawning import Left, Life, Spawn
from gostage._spawn.talk import Talk
from gostage.errors import ChildError, Where

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gostage._engine.branch import Branch
    from gostage._engine.forks import ForEach
    from gostage._run.execution import Execution
    from gostage._run.parts import Part
    from gostage._run.surroundings import Surroundings
    from gostage._spawn.backend import Backend, Child
    from gostage._spawn.pump import Errand

    # Any: JSON-able data.
    Json = Any

DEEPEST: Final = 8
"""How many children may stand one in the other."""


class Told:
    """What a child was told before: definitions, entries of stores, and terms of its work."""

    __slots__ = ("definitions", "entries", "terms")

    def __init__(self) -> None:
        self.definitions: set[str] = set()
        self.entries: dict[str, Any] = {}  # Any: see `border.image`
        self.terms: dict[str, Json] | None = None


class _Warm(NamedTuple):
    """For what children are kept warm: a for-each of a branch."""

    run: Execution
    op: str
    branch: int

    @property
    def is_left(self) -> bool:
        """Whether the branch is no more, and could not say so: it failed."""
        return self.branch not in self.run.machine.branches

    def is_of(self, op: ForEach, branch: Branch) -> bool:
        """Whether it is that for-each, or one inside it that is left."""
        return self.op.startswith(op.id) and (self.branch == branch.key or self.is_left)


class _Crew(NamedTuple):
    """The children for it, and what is the same for all that they do."""

    pool: Pool
    items: object
    definition: dict[str, Json]


class Host:
    """Where the parts of one runner's runs are carried out."""

    def __init__(
        self,
        around: Surroundings,
        *,
        depth: int = 0,
    ) -> None:
        self._around = around
        self._plugins = around.plugins
        self._default = Isolate.of(around.spawner) or Isolate()
        self._depth = depth
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._backends: dict[str, Backend] = {}
        self._crews: dict[_Warm, _Crew] = {}
        self._lives: dict[str, Life] = {}
        """What goes on around children that are kept warm, by their ids."""
        self._told: dict[str, Told] = {}
        self._definitions: WeakKeyDictionary[Any, tuple[Any, dict[str, Json]]] = WeakKeyDictionary()

    def errand(self, part: Part) -> Errand:
        """Carry out a part."""
        isolate = Isolate.of(part.isolate, self._default) or self._default
        if part.is_warm and not isolate.fresh:
            outcome = yield from self._warmly(part, isolate)
            return outcome
        life = self._life(part, isolate)
        left = life.enter()
        outcome = None
        while left is None:
            outcome = yield from self._once(part, isolate, life.spawn)
            left = life.leave()
        return _settled(outcome, left)

    def _once(self, part: Part, isolate: Isolate, spawn: Spawn) -> Errand:
        """Start a child for it, and end that child."""
        error: BaseException | None = None
        outcome: fx.Outcome | None = None
        child = self._start(isolate)
        talk = Talk(part, child, spawn, isolate.grace)
        try:
            spawn.began(child.id, child.pid)
            definition = self._definition(part.run, isolate)
            outcome = yield from self._talk(talk, part, child, definition)
            error = getattr(outcome, "error", None)
        except BaseException as raised:
            error = raised
            raise
        finally:
            child.close()
            talk.close(outcome)
            self._told.pop(child.id, None)
            spawn.ended(child.exit_code, error)
            part.run.last_child = (child.pid, child.exit_code)
        return outcome

    def _warmly(self, part: Part, isolate: Isolate) -> Errand:
        """Give it to a child that is there already, if one is."""
        pool, _, definition = self._crew(part, isolate)
        child = pool.take()
        life = self._lives.get(child.id)
        if life is None:
            life = self._life(part, isolate)
            left = life.enter()
            if left is not None:
                pool.drop(child)
                return _settled(None, left)
            life.spawn.began(child.id, child.pid)
            self._lives[child.id] = life
        is_clean = False
        error: BaseException | None = None
        outcome: fx.Outcome | None = None
        talk = Talk(part, child, life.spawn, isolate.grace)
        try:
            outcome = yield from self._talk(talk, part, child, definition)
            is_clean = talk.is_clean
            if not is_clean:
                error = getattr(outcome, "error", None)
        finally:
            if not is_clean:
                pool.drop(child)
            talk.close(outcome)
            if not is_clean or not pool.give(child):
                self._gone(child, error)
        return outcome

    def _talk(self, talk: Talk, part: Part, child: Child, definition: dict[str, Json]) -> Errand:
        told = self._told.get(child.id)
        if told is None:
            told = self._told[child.id] = Told()
        is_new = definition["key"] not in told.definitions
        told.definitions.add(definition["key"])
        task = {**orders.order(part, told.entries), "n": next(self._numbers)}
        terms = {**orders.terms(part), "key": definition["key"], "grace": talk.grace}
        if terms != told.terms:
            task["terms"] = told.terms = terms
        return talk.hold(task, definition if is_new else None)

    def _gone(self, child: Child, error: BaseException | None = None) -> None:
        """A child that was kept warm has ended."""
        self._told.pop(child.id, None)
        life = self._lives.pop(child.id, None)
        if life is not None:
            life.spawn.ended(child.exit_code, error)
            life.leave()

    def check(self, isolates: Iterable[Any]) -> None:
        """Refuse backends that are not there."""
        for each in isolates:
            isolate = Isolate.of(each, self._default)
            if isolate is not None:
                self._backend(isolate.backend)

    def release(
        self, run: Execution, op: ForEach | None = None, branch: Branch | None = None
    ) -> None:
        """Let go of the children kept warm for a for-each of a branch, or for the whole run."""
        with self._lock:
            keys = [
                key
                for key in self._crews
                if key.run is run and (op is None or branch is None or key.is_of(op, branch))
            ]
            pools = [self._crews.pop(key).pool for key in keys]
        self._close(pools)

    def close(self) -> None:
        """End all children."""
        with self._lock:
            pools = [crew.pool for crew in self._crews.values()]
            self._crews.clear()
        self._close(pools)
        for backend in self._backends.values():
            backend.close()

    def _close(self, pools: list[Pool]) -> None:
        for pool in pools:
            for child in pool.close():
                self._gone(child)

    # ---------------------------------------------------------------- children

    def _life(self, part: Part, isolate: Isolate) -> Life:
        run = part.run
        depth = self._depth + 1
        if depth > DEEPEST:
            raise ChildError(
                f"{part.label} would be child number {depth} in a row, and {DEEPEST} is the limit",
                hint="does something that runs in a child spawn itself?",
                where=Where(run=run.run_id),
            )
        spawn = Spawn(run.run_id, run.workflow.id, part.path, backend=isolate.backend, depth=depth)
        return Life(spawn, self._around)

    def _start(self, isolate: Isolate) -> Child:
        return self._backend(isolate.backend).start(isolate, depth=self._depth + 1)

    def _crew(self, part: Part, isolate: Isolate) -> _Crew:
        parent: Any = part.op.parent  # Any: a for-each, as the part is one of its items
        key = _Warm(part.run, parent.id, part.owner.key)
        items = part.siblings
        crew = self._crews.get(key)
        if crew is not None and crew.items is items:
            return crew
        definition = self._definition(part.run, isolate)
        old: list[Pool] = []
        with self._lock:
            crew = self._crews.get(key)
            if crew is None or crew.items is not items:  # what children know is of another time
                old = [] if crew is None else [crew.pool]
                old += [self._crews.pop(each).pool for each in list(self._crews) if each.is_left]
                pool = Pool(lambda: self._start(isolate), parent.concurrency)
                crew = self._crews[key] = _Crew(pool, items, definition)
        self._close(old)
        return crew

    def _definition(self, run: Execution, isolate: Isolate) -> dict[str, Json]:
        """What tells a child which workflow it is, made once while that stays as it is."""
        made = compiled(run.workflow), self._backend(isolate.backend).capabilities.by_value
        with self._lock:
            known = self._definitions.get(run.workflow)
            if known is None or known[0] != made:
                packed = crossing.pack(run.workflow, self._around, self._plugins, by_value=made[1])
                known = (made, {**packed, "key": str(next(self._numbers))})
                self._definitions[run.workflow] = known
        return known[1]

    def _backend(self, name: str) -> Backend:
        with self._lock:
            backend = self._backends.get(name)
            if backend is None:
                backend = self._backends[name] = find_backend(name, self._plugins)
        return backend


def _settled(outcome: fx.Outcome | None, left: Left) -> fx.Outcome | None:
    """What the part comes to when the middleware around its child has had its say."""
    if isinstance(outcome, fx.Stopped):
        return outcome  # nothing holds an interrupt
    if left.error is not None:
        is_known = getattr(outcome, "error", None) is left.error
        if is_known:
            return outcome
        error = left.error
        return fx.Failed(error) if isinstance(error, Exception) else fx.Stopped(error)
    return fx.DONE if left.skipped or isinstance(outcome, fx.Failed) else outcome
