"""The carrier of a runner: begins with nothing, and has a host when a part is to be carried out."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

from gostage._author.isolate import Isolate
from gostage._run.compiled import compiled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta

    from gostage._author.workflow import WorkflowDefinition
    from gostage._engine.branch import Branch
    from gostage._engine.effects import Outcome
    from gostage._engine.forks import ForEach
    from gostage._run.execution import Execution
    from gostage._run.parts import Part
    from gostage._run.requests import Drive, Flow
    from gostage._run.result import Result
    from gostage._run.surroundings import Surroundings
    from gostage._run.workflow import Workflow
    from gostage._spawn.host import Host
    from gostage._spawn.pump import Serve


HERE: Final = [0]
"""How many processes there are above this one, as its worker says."""


class Carrier:
    """Has parts carried out in children."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._depth = HERE[0]
        self._host: Host | None = None
        self._lock = threading.Lock()

    def __call__(self, part: Part) -> Outcome | None:
        """Carry out a part."""
        from gostage._spawn.pump import see_through  # 40 ms, as below

        return see_through(self._hosting().errand(part))

    def driver(self, op: ForEach) -> Drive | None:
        """One thread does for children that are there; to start and end one takes its time."""
        isolate = Isolate.of(op.isolate, Isolate.of(self._around.spawner))  # type: ignore[arg-type]  # opaque to the engine
        return None if isolate is None or isolate.fresh else self._drive

    def _drive(self, flows: Sequence[Flow], serve: Serve) -> None:
        from gostage._spawn.pump import Pump  # as above

        Pump(self._hosting().errand, serve).drive(flows)

    def spawn(
        self,
        workflow: Workflow | Mapping[str, Any],  # Any: JSON-able data
        initial: Mapping[str, object] | None,
        backend: str | Isolate | None,
        timeout: timedelta | float | None,
    ) -> Result:
        """Run a whole workflow in a child, with a store of its own."""
        from gostage._spawn.whole import alone, spawn  # 2 ms, and few actions spawn

        return spawn(self._around, alone(workflow, backend, timeout), initial)

    def check(self, workflow: WorkflowDefinition) -> None:
        """Refuse a workflow that asks for children of a backend that is not there."""
        apart = compiled(workflow).apart
        if apart:
            self._hosting().check(apart)

    def release(
        self, run: Execution, op: ForEach | None = None, branch: Branch | None = None
    ) -> None:
        """Let go of the children kept warm for a for-each of a branch, or for the whole run."""
        if self._host is not None:
            self._host.release(run, op, branch)

    def close(self) -> None:
        """End all children."""
        if self._host is not None:
            self._host.close()

    def _hosting(self) -> Host:
        with self._lock:
            if self._host is None:
                from gostage._spawn.host import Host  # 40 ms with multiprocess: few have children

                self._host = Host(self._around, depth=self._depth)
            return self._host
