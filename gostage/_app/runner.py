"""The runner: where runs are started, resumed, signalled and cancelled."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from gostage._app import project
from gostage._app.handle import RunHandle
from gostage._app.runs import Entry, RunInfo, Runs
from gostage._author.middleware import Layer
from gostage._author.resource import Resource
from gostage._engine.policy import as_seconds
from gostage._run import session
from gostage._run.beginning import default_log, new_execution, start_store
from gostage._run.clock import SystemClock
from gostage._run.drive import Shell
from gostage._run.execution import Surroundings
from gostage._run.messages import Hub, Subscription
from gostage._run.workflow import Workflow
from gostage.errors import DefinitionError

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import timedelta
    from os import PathLike

    from typing_extensions import Self

    from gostage._author.middleware import Middleware
    from gostage._plugins.manager import Plugins
    from gostage._run.clock import Clock
    from gostage._run.execution import Execution
    from gostage._run.messages import Handler
    from gostage._run.result import Result, Status


class Runner:
    """Runs workflows; what is given to it surrounds every run.

    `plugins` are objects, modules or names. Installed plugins are loaded as well. `config` is the
    folder of a project, whose configuration and `stageconf.py` then count, or a mapping of
    settings.

    It may be subclassed: whoever overrides `run` changes `run_all`, `start`, `resume` and `signal`
    as well.
    """

    def __init__(
        self,
        *,
        plugins: Iterable[object] | Plugins = (),
        middleware: Iterable[Middleware] = (),
        resources: Iterable[Resource] = (),
        log: logging.Logger | None = None,
        clock: Clock | None = None,
        config: Mapping[str, object] | str | PathLike[str] | None = None,
    ) -> None:
        self._runs = Runs()
        self._handles: list[RunHandle] = []
        self._around = Surroundings(
            clock or SystemClock(), Hub(), default_log if log is None else lambda: log
        )
        self._plugins = project.plugins_for(plugins, config)
        self._owns_plugins = self._plugins is not plugins
        self._exit_first = False
        if self._plugins is not None:
            settings = self._plugins.config
            self._exit_first = settings is not None and settings["exit-first"]
            self._around.hooks = self._plugins.hooks()
            self._around.hub.use_hooks(*project.ipc_of(self._plugins))
            self._around.resources = project.resources_of(self._plugins)
            self._around.codec = project.codec_of(self._plugins)
        self.use(*middleware)
        own = tuple(_checked_resource(each) for each in resources)
        self._around.resources = (*self._around.resources, *own)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Cancel what still goes on in the background and wait for it to clean up."""
        for handle in self._handles:
            handle.cancel()
        for handle in self._handles:
            handle._thread.join()  # noqa: SLF001  # a handle is the runner's own
        if self._plugins is not None and self._owns_plugins:
            self._plugins.close()

    # ---------------------------------------------------------------- surroundings

    def use(self, *middleware: Middleware) -> Self:
        """Put middleware around whole runs; the first is the outermost."""
        layers = (Layer.of(each, "run") for each in middleware)
        self._around.middleware = (*self._around.middleware, *layers)
        return self

    def use_ipc(self, middleware: object) -> Self:
        """Put an object with `outbound(message)` and/or `inbound(message)` on every message."""
        self._around.hub.use(middleware)
        return self

    def on_message(
        self,
        type: str,
        handler: Handler,
        *,
        run: str | None = None,
        workflow: str | None = None,
        stage: str | None = None,
        action: str | None = None,
    ) -> Self:
        """Call the handler for messages of a type from that scope; "*" takes what others leave."""
        self._around.hub.subscribe(Subscription(type, handler, run, workflow, stage, action))
        return self

    # ---------------------------------------------------------------- running

    def run(
        self,
        workflow: Workflow,
        initial: Mapping[str, object] | None = None,
        run_id: str | None = None,
        timeout: timedelta | float | None = None,
        *,
        detach: bool = False,
    ) -> Result:
        """Run until the workflow has ended, or can only go on with the outside world's help.

        `run_id` is an idempotency key: a run that ended gives its result again, one that waits goes
        on. With `detach` the run comes back instead of sitting out a sleep.
        """
        entry = self._entry(workflow, initial, run_id, timeout)
        if entry.has_ended and entry.result is not None:
            return entry.result
        self._runs.take(entry)
        entry.execution.detach = detach
        shell = Shell(entry.execution)
        result: Result | None = None
        try:
            result = shell.drive(session.journey(entry.execution))
        finally:
            self._runs.release(entry, result)
        if shell.interrupted:
            raise KeyboardInterrupt
        return _finished(entry.execution, result)

    async def arun(
        self,
        workflow: Workflow,
        initial: Mapping[str, object] | None = None,
        run_id: str | None = None,
        timeout: timedelta | float | None = None,
        *,
        detach: bool = False,
    ) -> Result:
        """Run in the running event loop; plain functions are called in threads. See `run`."""
        import asyncio  # 40 ms: only async callers need it

        from gostage._run.adrive import AsyncShell

        entry = self._entry(workflow, initial, run_id, timeout)
        if entry.has_ended and entry.result is not None:
            return entry.result
        self._runs.take(entry)
        entry.execution.detach = detach
        result: Result | None = None
        try:
            result = await AsyncShell(entry.execution).drive(session.journey(entry.execution))
        finally:
            self._runs.release(entry, result)
        if entry.execution.loop_cancelled:
            raise asyncio.CancelledError
        return _finished(entry.execution, result)

    def start(
        self,
        workflow: Workflow,
        initial: Mapping[str, object] | None = None,
        run_id: str | None = None,
        timeout: timedelta | float | None = None,
        *,
        detach: bool = False,
    ) -> RunHandle:
        """Run in the background."""
        id_ = _new_id() if run_id is None else run_id
        self._entry(workflow, initial, id_, timeout)  # a mistake is raised here, not in the thread
        handle = RunHandle(
            id_,
            lambda: self.run(workflow, initial, run_id=id_, timeout=timeout, detach=detach),
            lambda: self._status(id_),
            lambda: self._cancel_soon(id_),
            lambda: self._runs.spare(id_),
        )
        self._handles = [each for each in self._handles if not each.is_over]
        self._handles.append(handle)
        return handle

    def run_all(
        self,
        workflows: Sequence[Workflow],
        initial: Mapping[str, object] | None = None,
        *,
        ignore_errors: bool = False,
    ) -> list[Result]:
        """Run one after the other; stops after the first that is not ok, unless told otherwise."""
        results = []
        for workflow in workflows:
            results.append(self.run(workflow, initial))
            if not results[-1].ok and not ignore_errors:
                break
        return results

    # ---------------------------------------------------------------- going on

    # Any: whatever the step that suspended expects.
    def resume(self, run_id: str, data: Any = None) -> Result:  # noqa: ANN401
        """Let a run that waits go on; the step that suspended first gets the data."""
        entry = self._runs.require(run_id)
        if not entry.has_ended and entry.status == "waiting":
            entry.execution.resume_with(data)
        return self.run(entry.workflow, run_id=run_id)

    # Any: whatever the `receive` expects.
    def signal(self, run_id: str, name: str, data: Any = None) -> Result:  # noqa: ANN401
        """Give a run the signal its `receive` waits for, and let it go on."""
        entry = self._runs.require(run_id)
        session.check_signal(entry.execution, name)
        if entry.has_ended and entry.result is not None:
            return entry.result
        entry.execution.deliver(name, data)
        if entry.owner is not None:
            return session.conclude(entry.execution, 0.0, status="running")
        return self.run(entry.workflow, run_id=run_id)

    def cancel(self, run_id: str) -> bool:
        """Tell a run to stop before its next step; false if it has ended."""
        entry = self._runs.require(run_id)
        if not entry.execution.cancel():
            return False
        if entry.owner is None:
            Runner.run(self, entry.workflow, run_id=run_id)
        return True

    # ---------------------------------------------------------------- looking

    def runs(
        self,
        *,
        status: Status | None = None,
        workflow: str | None = None,
        tag: str | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> list[RunInfo]:
        """Runs this runner knows, newest first; `after` is the last id seen."""
        infos = [entry.info() for entry in self._runs.newest_first()]
        if after is not None:
            ids = [info.run_id for info in infos]
            infos = infos[ids.index(self._runs.require(after).run_id) + 1 :]
        found = [
            info
            for info in infos
            if status in (None, info.status)
            and workflow in (None, info.workflow_id)
            and (tag is None or tag in info.tags)
        ]
        return found[:limit]

    def get(self, run_id: str) -> RunInfo:
        """One run."""
        return self._runs.require(run_id).info()

    def result(self, run_id: str) -> Result | None:
        """What became of a run so far, also after a Ctrl-C; None while nobody knows."""
        return self._runs.require(run_id).result

    def delete(self, run_id: str) -> None:
        """Forget a run that is not going on."""
        self._runs.drop(self._runs.require(run_id))

    def purge(self, older_than: timedelta | float) -> int:
        """Forget the runs that ended longer ago than this; gives how many."""
        limit = self._around.clock.now() - as_seconds(older_than, what="older_than of purge()")
        old = [e for e in self._runs.newest_first() if e.has_ended and e.updated <= limit]
        for entry in old:
            self._runs.drop(entry)
        return len(old)

    # ---------------------------------------------------------------- inside

    def _entry(
        self,
        workflow: Workflow,
        initial: Mapping[str, object] | None,
        run_id: str | None,
        timeout: timedelta | float | None,
    ) -> Entry:
        known = None if run_id is None else self._runs.find(run_id)
        if known is not None:
            _check_same(known, workflow)
            return known
        id_ = _new_id() if run_id is None else _checked_id(run_id)
        execution = self._new_execution(workflow, id_)
        if timeout is not None:
            execution.timeout = as_seconds(timeout, what=f"timeout of run {id_!r}")
        start_store(execution, initial)
        return Entry(id_, workflow, execution)

    def _new_execution(self, workflow: Workflow, run_id: str) -> Execution:
        if not isinstance(workflow, Workflow):
            raise DefinitionError(
                f"a runner runs workflows, not {workflow!r}",
                hint="Workflow('id').do(…), or Workflow.from_dict(…) for a definition as data",
            )
        execution = new_execution(workflow, self._around, run_id)
        execution.exit_first = self._exit_first
        return execution

    def _status(self, run_id: str) -> Status:
        entry = self._runs.find(run_id)
        return "pending" if entry is None else entry.status

    def _cancel_soon(self, run_id: str) -> bool:
        entry = self._runs.find(run_id)
        if entry is None:
            self._runs.doom(run_id)  # its thread has not come so far
            entry = self._runs.find(run_id)
        if entry is None:
            return True
        if entry.owner is None and entry.result is not None:
            return self.cancel(run_id)  # it waits, and nobody sits on it
        return entry.execution.cancel()


def _finished(execution: Execution, result: Result | None) -> Result:
    interrupt = session.interrupt_of(execution)
    if interrupt is not None:
        raise interrupt
    if result is None:
        raise AssertionError(f"run {execution.run_id!r} left no result")
    return result


def _new_id() -> str:
    return uuid.uuid4().hex


def _checked_id(run_id: object) -> str:
    if isinstance(run_id, str) and run_id:
        return run_id
    raise DefinitionError(f"a run's id is a text, not {run_id!r}", hint="run_id='order-17'")


def _checked_resource(value: object) -> Resource:
    if isinstance(value, Resource):
        return value
    raise DefinitionError(
        f"resources= takes resources, not {value!r}", hint="make it one with @resource"
    )


def _check_same(entry: Entry, workflow: Workflow) -> None:
    if entry.workflow.id != workflow.id:
        raise DefinitionError(
            f"run {entry.run_id!r} is of workflow {entry.workflow.id!r}, not of {workflow.id!r}",
            hint="take another run_id; it is the key of one run of one workflow",
        )
