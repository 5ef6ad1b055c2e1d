"""Hooks of a run: what the plugins put around it, looked up once; nothing here calls any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from gostage._plugins.wrappers import Wrapper

    # Any: a listener may return what it likes; nobody looks at it.
    Listener = Callable[[Any], Any]
    ChildListener = Callable[[Any, Any], Any]


@dataclass(frozen=True, slots=True)
class Hooks:
    """The wrappers of each level, outermost first, and who is told what happens."""

    run: tuple[Wrapper, ...] = ()
    workflow: tuple[Wrapper, ...] = ()
    stage: tuple[Wrapper, ...] = ()
    action: tuple[Wrapper, ...] = ()
    spawn: tuple[Wrapper, ...] = ()
    """Around the life of a child, in its parent."""
    child: tuple[Wrapper, ...] = ()
    """Around the work of a child, in the child."""
    listeners: tuple[tuple[str, Listener], ...] = ()
    """Each with the name of its plugin."""
    child_messages: tuple[tuple[str, ChildListener], ...] = ()
    """Who is told the messages of children, each with the name of its plugin."""


NO_HOOKS: Final = Hooks()
