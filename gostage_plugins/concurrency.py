"""Concurrency: how many actions of a kind are at work at the same time; it starts none itself."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future, wait
from contextlib import ExitStack
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, final

from gostage import hookimpl
from gostage.errors import Cancelled, ConfigError, DefinitionError, PluginError
from gostage_plugins._places import place_of
from gostage_plugins._settings import wrong
from gostage_plugins._waiting import LOOK, in_event_loop, stopper

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gostage import Action, Context, Stage
    from gostage.hookspecs import Config, Run
    from gostage_plugins._types import Middleware, Wrapper

    Held = tuple["Hold", ...]

__all__ = ["GOSTAGE_API", "Concurrency", "Limit", "at_most", "gostage_plugin"]

GOSTAGE_API = 1
NAME = "concurrency"


def gostage_plugin(config: Config) -> Concurrency:
    """Make the plugin of one project: each setting is a tag, and how many actions with it."""
    section = config.section(NAME)
    for tag, places in section.items():
        if not _is_count(places):
            raise wrong(NAME, tag, places, "a whole number above zero")
    if not section:
        raise ConfigError(
            f"the plugin {NAME!r} is loaded and limits nothing",
            hint=f"write [tool.gostage.{NAME}] with a tag and a number, such as io = 2",
        )
    return Concurrency({tag: Limit(places) for tag, places in section.items()})


@final
class Limit:
    """So many places; who wants one waits in line. Use it with `with`, or with `async with`.

    Threads and event loops may share it. What is called while a place is held takes no other.
    """

    def __init__(self, places: int) -> None:
        if not _is_count(places):
            raise DefinitionError(
                f"a limit is a whole number above zero, not {places!r}", hint="Limit(2)"
            )
        self.places = places
        self._free = places
        self._line: deque[Future[None]] = deque()
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        self.enter(lambda: False)

    def __exit__(self, *exc: object) -> None:
        self.leave(_youngest(self))

    async def __aenter__(self) -> None:
        import asyncio  # 40 ms, and whoever is here has it

        if _is_held(self):
            _pushed(Hold(self, None))
            return
        place = self._ask()
        try:
            await asyncio.wrap_future(place)
        except BaseException:
            self._give_back(place)
            raise
        _pushed(Hold(self, place))

    async def __aexit__(self, *exc: object) -> None:
        self.leave(_youngest(self))

    def enter(self, stop: Callable[[], bool]) -> Hold | None:
        """Wait for a place in this thread; none if it was told to stop before there was one."""
        if in_event_loop():
            raise PluginError(
                "a limit cannot be waited for here: that would stop the event loop of this thread",
                hint="in an async function write `async with limit:`; "
                "`run` takes what `arun` cannot",
            )
        if _is_held(self):
            return _pushed(Hold(self, None))
        place = self._ask()
        try:
            while not wait([place], LOOK).done:
                if stop():
                    self._give_back(place)
                    return None
        except BaseException:  # Ctrl-C
            self._give_back(place)
            raise
        return _pushed(Hold(self, place))

    def leave(self, hold: Hold) -> None:
        """Leave a place."""
        _held.set(tuple(each for each in _held.get() if each is not hold))
        if hold.place is not None:
            self._give_back(hold.place)

    def _ask(self) -> Future[None]:
        """Get in line; the future is done when the place is there."""
        place: Future[None] = Future()
        with self._lock:
            if self._free:
                self._free -= 1
                place.set_result(None)
            else:
                self._line.append(place)
        return place

    def _give_back(self, place: Future[None]) -> None:
        """Leave the place to the next one, or only the line."""
        if place.cancel():
            return
        with self._lock:
            while self._line:
                following = self._line.popleft()
                if following.set_running_or_notify_cancel():
                    following.set_result(None)
                    return
            self._free += 1


@final
class Hold:
    """A place that is held here, or none where the caller had one before."""

    __slots__ = ("limit", "place")

    def __init__(self, limit: Limit, place: Future[None] | None) -> None:
        self.limit = limit
        self.place = place


_held: ContextVar[Held] = ContextVar("gostage_plugins.concurrency", default=())
"""What is held around here, youngest last."""


def _is_held(limit: Limit) -> bool:
    return any(each.limit is limit for each in _held.get())


def _youngest(limit: Limit) -> Hold:
    return next(each for each in reversed(_held.get()) if each.limit is limit)


def _pushed(hold: Hold) -> Hold:
    _held.set((*_held.get(), hold))
    return hold


class Concurrency:
    """Limits actions by their tags, across all runs that this plugin is part of."""

    def __init__(self, limits: Mapping[str, Limit]) -> None:
        self._limits = dict(limits)

    # Any: whatever the action takes and returns.
    @hookimpl(wrapper=True)
    def gostage_action(self, ctx: Context, action: Action[..., Any]) -> Wrapper:
        """Wait for a place with each tag of the action or its stage, always in the same order."""
        tags = {*action.tags, *(() if ctx.stage is None else ctx.stage.tags)}
        limits = [limit for tag, limit in self._limits.items() if tag in tags]
        if not limits:
            return (yield)
        with ExitStack() as stack:
            for limit in limits:
                hold = _enter(limit, ctx.run, ctx.stage, ctx)
                stack.callback(limit.leave, hold)
            return (yield)


def at_most(limit: int | Limit) -> Middleware:
    """Make middleware that lets only so many in; who uses this very one shares its places."""
    shared = limit if isinstance(limit, Limit) else Limit(limit)

    def concurrency(run: Run, stage: Stage | None = None, ctx: Context | None = None) -> Wrapper:
        hold = _enter(shared, run, stage, ctx)
        try:
            return (yield)
        finally:
            shared.leave(hold)

    return concurrency


def _enter(limit: Limit, run: Run, stage: Stage | None, ctx: Context | None) -> Hold:
    hold = limit.enter(stopper(run, ctx))
    if hold is not None:
        return hold
    if ctx is not None:
        ctx.check()  # it knows better than we do: cancelled, or out of time
    raise Cancelled(f"{place_of(run, stage, ctx)} was cancelled while it waited for its turn")


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
