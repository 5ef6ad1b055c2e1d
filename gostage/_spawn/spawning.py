"""Spawning: what is around the life of one child in its parent; it starts and ends none."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from gostage._plugins.notes import add_note, text_of
from gostage._plugins.scopes import INSIDE, Layers
from gostage.errors import GostageError, PluginError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gostage._plugins.scopes import Maker
    from gostage._run.messages import Message
    from gostage._run.surroundings import Surroundings


class Spawn:
    """One child, as hooks and middleware see it; the host fills in what becomes known."""

    __slots__ = (
        "_began",
        "_ended",
        "_now",
        "backend",
        "depth",
        "error",
        "exit_code",
        "id",
        "is_up",
        "path",
        "pid",
        "run_id",
        "workflow",
    )

    def __init__(
        self,
        run_id: str,
        workflow: str,
        path: str = "",
        *,
        backend: str,
        depth: int,
        now: Callable[[], float] = monotonic,
    ) -> None:
        self.id = ""
        self.run_id = run_id
        self.workflow = workflow
        self.path = path
        self.backend = backend
        self.depth = depth
        self.pid: int | None = None
        self.exit_code: int | None = None
        self.error: BaseException | None = None
        self._now = now
        self.is_up = False
        """Whether the child has said hello."""
        self._began: float | None = None
        self._ended: float | None = None

    @property
    def duration(self) -> float:
        """How many seconds it has lived; none before it is started."""
        if self._began is None:
            return 0.0
        return (self._now() if self._ended is None else self._ended) - self._began

    def began(self, id_: str, pid: int | None) -> None:
        """Say that a child is started."""
        self.id, self.pid = id_, pid
        self.exit_code, self.error, self._ended, self.is_up = None, None, None, False
        self._began = self._now()

    def ended(self, exit_code: int | None, error: BaseException | None) -> None:
        """Say how it ended, and what went wrong in it or with it."""
        self.exit_code, self.error = exit_code, error
        self._ended = self._now()

    def __repr__(self) -> str:
        return f"<child {self.id!r} of {self.backend!r}, pid {self.pid}>"


class Left(NamedTuple):
    """How the middleware around a child was left for good."""

    error: BaseException | None
    """What counts as its error: the child's own, or that of a middleware; none if it was held."""
    skipped: bool
    """Whether a middleware wanted no child at all."""


class Life:
    """The middleware around one child, hooks outermost: entered in order, left in reverse.

    Whatever was entered is left, whoever fails. The rules are those of the middleware of a stage:
    no yield skips the child, another yield starts one again, who catches the error holds it.
    """

    __slots__ = ("_layers", "spawn")

    def __init__(self, spawn: Spawn, around: Surroundings) -> None:
        self.spawn = spawn
        """Middleware asks for it by this name."""
        makers: tuple[Maker, ...] = (*around.hooks.spawn, *around.spawn_middleware)
        self._layers = Layers(makers, self) if makers else None

    def enter(self) -> Left | None:
        """Enter them before a child is started; `None` says that one is to be started now."""
        state = INSIDE if self._layers is None else self._layers.open()
        return None if state is INSIDE else Left(state[1], state[2])

    def leave(self) -> Left | None:
        """Leave them when the child has ended; `None` says that another one is to be started."""
        if self._layers is None:
            return Left(self.spawn.error, skipped=False)
        state = self._layers.close(self.spawn.exit_code, self.spawn.error)
        return None if state is INSIDE else Left(state[1], state[2])


def tell(around: Surroundings, spawn: Spawn, message: Message) -> None:
    """Tell the plugins one message of a child; all are told, and the first error is raised then."""
    first: GostageError | None = None
    for plugin, listener in around.hooks.child_messages:
        try:
            listener(spawn, message)
        except Exception as error:  # noqa: BLE001  # the others are told as well
            first = first or _blamed(error, plugin)
    if first is not None:
        raise first


def _blamed(error: Exception, plugin: str) -> GostageError:
    hook = "gostage_child_message"
    if isinstance(error, GostageError):
        add_note(error, f"in hook {hook} of plugin {plugin!r}")
        return error
    made = PluginError(
        f"plugin {plugin!r} failed in hook {hook}: {type(error).__name__}: {text_of(error)}",
        hint="`-v` shows the whole traceback, and `-p no:NAME` switches a plugin off",
    )
    made.__cause__ = error
    return made
