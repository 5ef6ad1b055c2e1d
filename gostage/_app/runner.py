"""The runner: where runs are started, resumed, signalled and cancelled."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from os import PathLike
from typing import TYPE_CHECKING, Any

from gostage._app import project
from gostage._app.books import check_workflow, checked_id, new_id
from gostage._app.given import checked_resources, given_spawner
from gostage._app.handle import RunHandle
from gostage._app.memory import Memory
from gostage._app.shelf import Shelf
from gostage._author.middleware import Layer
from gostage._engine.policy import as_seconds
from gostage._run import provided, session
from gostage._run.beginning import default_log
from gostage._run.clock import SystemClock
from gostage._run.drive import Shell
from gostage._run.messages import Hub, Subscription
from gostage._run.result import Result
from gostage._run.surroundings import Surroundings
from gostage._spawn.carrier import Carrier
from gostage._spawn.whole import alone
from gostage.errors import DatabaseError

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import timedelta
    from pathlib import Path

    from typing_extensions import Self

    from gostage._app.books import Books
    from gostage._app.ledger import Ledger
    from gostage._app.runs import Entry
    from gostage._author.isolate import Isolate
    from gostage._author.middleware import Middleware
    from gostage._author.resource import Resource
    from gostage._db.protocol import Database
    from gostage._plugins.manager import Plugins
    from gostage._run.clock import Clock
    from gostage._run.execution import Execution
    from gostage._run.messages import Handler
    from gostage._run.workflow import Workflow


class Runner(Shelf):
    """Runs workflows; what is given to it surrounds every run.

    `plugins` are objects, modules or names. Installed plugins are loaded as well. `config` is the
    folder of a project, whose configuration and `stageconf.py` then count, or a mapping of
    settings.

    It may be subclassed: whoever overrides `run` changes `run_all`, `start`, `resume` and `signal`
    as well.
    """

    def __init__(
        self,
        db: Database | str | PathLike[str] | None = None,
        *,
        plugins: Iterable[object] | Plugins = (),
        middleware: Iterable[Middleware] = (),
        resources: Iterable[Resource] = (),
        spawner: str | Isolate | None = None,
        log: logging.Logger | None = None,
        clock: Clock | None = None,
        config: Mapping[str, object] | str | PathLike[str] | None = None,
        lease: timedelta | float = 30.0,
    ) -> None:
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
            provided.surround(self._around, self._plugins)
        self.use(*middleware)
        own = self._around.own_resources = checked_resources(resources)
        self._around.resources = (*self._around.resources, *own)
        self._around.spawner = given_spawner(spawner, self._plugins)
        self._around.carrier = Carrier(self._around)
        self._owns_database = isinstance(db, (str, PathLike))
        self._db: Database | None = None
        self._books: Books = Memory(self._around) if db is None else self._opened(db, lease)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Cancel what still goes on in the background and wait for it to clean up."""
        for handle in self._handles:
            with suppress(DatabaseError):  # a run that cannot be written any more ends by itself
                handle.cancel()
        for handle in self._handles:
            handle._thread.join()  # noqa: SLF001  # a handle is the runner's own
        if self._around.carrier is not None:
            self._around.carrier.close()
        self._books.close()
        if self._db is not None and self._owns_database:
            self._db.close()
        if self._plugins is not None and self._owns_plugins:
            self._plugins.close()

    # ---------------------------------------------------------------- surroundings

    def use(self, *middleware: Middleware) -> Self:
        """Put middleware around whole runs; the first is the outermost."""
        layers = (Layer.of(each, "run") for each in middleware)
        self._around.middleware = (*self._around.middleware, *layers)
        return self

    def use_spawn(self, middleware: Middleware) -> Self:
        """Put a generator function around the life of every child: `def m(spawn): … yield …`."""
        layer = Layer.of(middleware, "spawn")
        self._around.spawn_middleware = (*self._around.spawn_middleware, layer)
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
        wait: bool = False,
    ) -> Result:
        """Run until the workflow has ended, or can only go on with the outside world's help.

        `run_id` is an idempotency key: a run that ended gives its result again, one that waits goes
        on. With `detach` the run comes back instead of sitting out a sleep; with `wait` it sits out
        a `receive` too, until another process sends the signal.
        """
        while True:
            entry = self._opened_run(workflow, initial, run_id, timeout)
            if isinstance(entry, Result):
                return entry
            run_id = entry.run_id
            with self._at_work(entry, detach=detach, wait=wait) as execution:
                shell = Shell(execution)
                entry.result = shell.drive(session.journey(execution))
            if shell.interrupted:
                raise KeyboardInterrupt
            result = _finished(execution, entry.result)
            if not self._books.is_called_for(result):
                return result

    async def arun(
        self,
        workflow: Workflow,
        initial: Mapping[str, object] | None = None,
        run_id: str | None = None,
        timeout: timedelta | float | None = None,
        *,
        detach: bool = False,
        wait: bool = False,
    ) -> Result:
        """Run in the running event loop; plain functions are called in threads. See `run`."""
        import asyncio  # 40 ms: only async callers need it

        from gostage._run.adrive import AsyncShell  # 21 ms, with asyncio

        while True:
            entry = self._opened_run(workflow, initial, run_id, timeout)
            if isinstance(entry, Result):
                return entry
            run_id = entry.run_id
            with self._at_work(entry, detach=detach, wait=wait) as execution:
                entry.result = await AsyncShell(execution).drive(session.journey(execution))
            if execution.loop_cancelled:
                raise asyncio.CancelledError
            result = _finished(execution, entry.result)
            if not self._books.is_called_for(result):
                return result

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
        id_ = new_id() if run_id is None else checked_id(run_id)
        self._books.announce(workflow, initial, id_, timeout)
        handle = RunHandle(
            id_,
            lambda: self.run(workflow, initial, run_id=id_, timeout=timeout, detach=detach),
            lambda: self._books.status(id_),
            lambda: self._books.doom(id_) or self.cancel(id_),
            lambda: self._books.spare(id_),
        )
        self._handles = [each for each in self._handles if not each.is_over]
        self._handles.append(handle)
        return handle

    def spawn(
        self,
        workflow: Workflow | Mapping[str, Any],
        initial: Mapping[str, object] | None = None,
        timeout: timedelta | float | None = None,
        *,
        backend: str | Isolate | None = None,
        run_id: str | None = None,
    ) -> Result:
        """Run a whole workflow, or a definition as `to_dict` gives it, in a child."""
        return self.run(alone(workflow, backend, timeout), initial, run_id)

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
    def resume(
        self,
        run_id: str,
        data: Any = None,  # noqa: ANN401
        *,
        detach: bool = False,
        wait: bool = False,
        accept_changes: bool = False,
        timeout: timedelta | float | None = None,
    ) -> Result:
        """Let a run go on where it stands; the step that suspended first gets the data.

        In a database that may be any run which nobody else has: one that waits or sleeps, one that
        was interrupted, one that failed or was cancelled. `accept_changes` goes on although the
        steps of the workflow are not what they were, if those where the run stands still are. A
        `timeout` takes the place of the one that the run had, from now on.
        """
        entry = self._books.resume(run_id, data, accepts=accept_changes, timeout=timeout)
        return self._go_on(entry, detach=detach, wait=wait)

    # Any: whatever the `receive` expects.
    def signal(
        self,
        run_id: str,
        name: str,
        data: Any = None,  # noqa: ANN401
        *,
        detach: bool = False,
        wait: bool = False,
        run: bool = True,
    ) -> Result:
        """Give a run the signal its `receive` waits for, and let it go on.

        A run that a live process sits on is woken there; the status is then "running". With
        `run=False` going on is left to others: to a worker, or to `resume`.
        """
        entry = self._books.signal(run_id, name, data, run=run)
        return self._go_on(entry, detach=detach, wait=wait)

    def cancel(self, run_id: str) -> bool:
        """Tell a run to stop before its next step; false if it has ended."""
        entry = self._books.cancel(run_id)
        if isinstance(entry, bool):
            return entry
        Runner.run(self, entry.workflow, run_id=run_id)
        return True

    def go_on(self, run_id: str) -> Result:
        """Go on with a run that nobody has until it has ended or has to wait, for time as well."""
        return self._go_on(self._books.wake(run_id), detach=True, wait=False)

    def let_go(self) -> None:
        """Have every run of this runner come back after its current step; it keeps its place."""
        self._books.let_go()

    def fork(self, run_id: str, step: str) -> str:
        """Make a new run that stands where this one stood before a step; gives its id.

        It is `pending`: `resume` runs it.
        """
        return self._books.fork(run_id, step)

    # ---------------------------------------------------------------- inside

    def _opened_run(
        self,
        workflow: Workflow,
        initial: Mapping[str, object] | None,
        run_id: str | None,
        timeout: timedelta | float | None,
    ) -> Entry | Result:
        """Begin a run, or go on with it; what asks for what is not there is refused before."""
        check_workflow(workflow)
        if self._around.carrier is not None:
            self._around.carrier.check(workflow)
        return self._books.open(workflow, initial, run_id, timeout)

    def _opened(self, db: Database | str | PathLike[str], lease: timedelta | float) -> Ledger:
        from gostage._app.ledger import Ledger  # 20 ms for this and SQLite: where runs are kept
        from gostage._app.opening import given_database

        seconds = as_seconds(lease, what="lease of a runner")
        self._db = given_database(db, self._plugins)
        return Ledger(self._db, self._around, seconds, self._plugins)

    def found_by(self, source: str, root: Path) -> None:
        """Say what finds the workflow again, for a command that has collected it."""
        self._around.source, self._around.root = source, str(root)

    @contextmanager
    def _at_work(self, entry: Entry, *, detach: bool, wait: bool) -> Iterator[Execution]:
        """Have a run for as long as it goes on here."""
        self._books.take(entry)
        execution = entry.execution
        execution.exit_first = self._exit_first
        execution.detach, execution.waits = detach, wait
        try:
            yield execution
        finally:
            if self._around.carrier is not None:
                self._around.carrier.release(execution)
            self._books.release(entry)

    def _go_on(self, entry: Entry | Result, *, detach: bool, wait: bool) -> Result:
        if isinstance(entry, Result):
            return entry
        # Any: given on only if it is asked for, as whoever overrides `run` may not know it.
        more: dict[str, Any] = {"detach": True} if detach else {}
        more |= {"wait": True} if wait else {}
        try:
            return self.run(entry.workflow, run_id=entry.run_id, **more)
        finally:
            if entry.owner is None and entry.result is None:
                self._books.release(entry)  # whoever overrides `run` did not come so far


def _finished(execution: Execution, result: Result | None) -> Result:
    if execution.journal is not None and execution.journal.broken is not None:
        raise execution.journal.broken
    interrupt = session.interrupt_of(execution)
    if interrupt is not None:
        raise interrupt
    if result is None:
        raise AssertionError(f"run {execution.run_id!r} left no result")
    return result
