"""Wrappers: a plugin's generator around a run, a stage, a call or a child, as scopes drive it."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    # Any: a user's generator function; what goes through it is the user's business.
    Make = Callable[..., Any]

WRAPPERS: Final = (
    "gostage_runner",
    "gostage_workflow",
    "gostage_stage",
    "gostage_action",
    "gostage_spawn",
    "gostage_child",
)
"""The hooks that are wrappers: from the widest to the narrowest, and those of children."""


class Wrapper:
    """One implementation of a wrapper hook."""

    __slots__ = ("hook", "make", "plugin")

    def __init__(self, hook: str, plugin: str, fn: Make, names: Sequence[str]) -> None:
        self.hook = hook
        self.plugin = plugin
        self.make = _maker(fn, tuple(names))
        """Makes its generator for what has the names it asks for; `ctx` is the given itself."""

    # Any: as above.
    def blame(self, given: Any) -> str:  # noqa: ANN401
        """Say where an error was raised that comes from this wrapper."""
        return f"in hook {self.hook} of plugin {self.plugin!r}{_around(self.hook, given)}"

    def __repr__(self) -> str:
        return f"<{self.hook} of plugin {self.plugin!r}>"


def _maker(fn: Make, names: tuple[str, ...]) -> Make:
    """Make the call, once; the commonest are cheap, since some are made for every action."""
    if names == ("ctx",):
        return fn
    if names == ("ctx", "action"):
        return lambda ctx: fn(ctx, ctx.action)
    getters = [_itself if name == "ctx" else attrgetter(name) for name in names]
    return lambda given: fn(*[get(given) for get in getters])


# Any: what a hook is given, and what it returns.
def taking(fn: Make, wanted: Sequence[str], given: Sequence[str]) -> Make:
    """Make a function that is called with all that is given, and passes on what is wanted."""
    if tuple(wanted) == tuple(given):
        return fn
    places = [given.index(name) for name in wanted]
    return lambda *values: fn(*[values[place] for place in places])


# Any: as above.
def _itself(given: Any) -> Any:  # noqa: ANN401
    return given


# Any: as above.
def _around(hook: str, given: Any) -> str:  # noqa: ANN401
    if hook == "gostage_action":
        return ""  # the action says it itself
    if hook == "gostage_spawn":
        return f", around child {given.spawn.id!r}"
    if hook in ("gostage_runner", "gostage_child"):
        return f", around run {given.run.id!r}"
    return f", around stage {given.stage.id!r}"
