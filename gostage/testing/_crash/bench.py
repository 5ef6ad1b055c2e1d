"""The bench: what a crash test needs to know of a workflow, and the runners it makes; no process.

A bench can go to another process: by being forked, or by being pickled where that is possible.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from gostage.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from gostage import Action, Context, Runner, Workflow
    from gostage._db.protocol import Database
    from gostage._run.clock import Clock
    from gostage.testing._crash.diary import Diary

RUN: Final = "crash"
"""The id of the run: the same in every database, so that nothing differs by it."""


class _Nothing:
    """Stands for data that nobody has given; the same in every process."""

    def __reduce__(self) -> str:
        return "NOTHING"

    def __repr__(self) -> str:
        return "NOTHING"


NOTHING: Final = _Nothing()


class Bench(Protocol):
    """What is put to the test."""

    @property
    def workflow(self) -> Workflow:
        """What runs."""

    @property
    def outside(self) -> Outside:
        """What comes from outside while it runs."""

    @property
    def skips_time(self) -> bool:
        """Whether sleeps are skipped."""

    def runner(self, database: Database, clock: Clock, witness: Witness) -> Runner:
        """Make the runner of one process; the witness is a plugin of it."""


@dataclass(frozen=True, slots=True)
class Outside:
    """What a run is given: when it begins, and when it waits."""

    initial: Mapping[str, object] | None = None
    signals: Mapping[str, object] = field(default_factory=dict)
    """The data of each signal, sent whenever the run waits for it."""
    resume_data: object = NOTHING
    """What a step that suspends is resumed with."""


@dataclass(frozen=True, slots=True)
class Given:
    """A workflow as an object, with what its runner is to be given."""

    workflow: Workflow
    outside: Outside
    make: Callable[..., Runner]
    # Any: the arguments of `Runner`.
    options: Mapping[str, Any]
    skips_time: bool = True

    def runner(self, database: Database, clock: Clock, witness: Witness) -> Runner:
        """Make the runner of one process."""
        options = dict(self.options)
        plugins = [witness, *options.pop("plugins", ())]
        return self.make(db=database, clock=clock, plugins=plugins, **options)

    # Any: what pickle takes.
    def __reduce__(self) -> tuple[Any, ...]:
        """Go to another process as a definition, whose code is found again there."""
        workflow = self.workflow
        rest = self.outside, self.make, dict(self.options), self.skips_time
        return _given_again, (type(workflow), workflow.to_dict(), rest)


def _given_again(kind: type[Workflow], definition: dict[str, Any], rest: tuple[Any, ...]) -> Given:
    return Given(kind.from_dict(definition), *rest)


class Witness:
    """A plugin that enters every call of a step into the diary of its process, outside of all."""

    def __init__(self) -> None:
        self.diary: Diary | None = None

    # Any: what goes through a wrapper.
    @hookimpl(wrapper=True, tryfirst=True)
    def gostage_action(self, ctx: Context, action: Action[..., Any]) -> Generator[None, Any, Any]:
        """Enter the call, and let it go on."""
        if self.diary is None:
            return (yield)
        key = ctx.step_key.partition(":")[2]
        self.diary.call(ctx.path, key, ctx.branch.key)
        try:
            return (yield)
        except Exception:
            self.diary.failed(ctx.path)
            raise
