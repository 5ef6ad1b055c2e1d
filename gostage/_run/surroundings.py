"""Surroundings: what a runner gives every run it begins; they do nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gostage._plugins.hooks import NO_HOOKS
from gostage._run.printing import Printer
from gostage._store.codec import STANDARD

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Sequence

    from gostage._author.isolate import Isolate
    from gostage._author.middleware import Layer
    from gostage._author.resource import Resource
    from gostage._plugins.hooks import Hooks
    from gostage._plugins.manager import Plugins
    from gostage._run.carrying import Carrier
    from gostage._run.clock import Clock
    from gostage._run.messages import Hub
    from gostage._store.codec import Codec


class Surroundings:
    """What all runs of one runner share."""

    __slots__ = (
        "carrier",
        "clock",
        "codec",
        "hooks",
        "hub",
        "log",
        "middleware",
        "own_resources",
        "plugins",
        "printer",
        "resources",
        "root",
        "source",
        "spawn_middleware",
        "spawner",
    )

    def __init__(  # noqa: PLR0917 - made in two places
        self,
        clock: Clock,
        hub: Hub,
        log: Callable[[], logging.Logger],
        middleware: Sequence[Layer] = (),
        resources: Sequence[Resource] = (),
        hooks: Hooks = NO_HOOKS,
        codec: Codec = STANDARD,
    ) -> None:
        self.clock = clock
        self.codec = codec
        self.hooks = hooks
        self.hub = hub
        self.log = log
        self.middleware = middleware
        self.resources = resources
        self.own_resources: Sequence[Resource] = ()
        """The resources that no plugin provides; they are among the others."""
        self.plugins: Plugins | None = None
        """What provides the hooks, for a child to load them again."""
        self.printer = Printer()
        """Shows what children print."""
        self.spawn_middleware: Sequence[Layer] = ()
        """What is around the life of a child, inside the hooks."""
        self.spawner: str | Isolate = "process"
        """Where something runs of which only is said that it is not here."""
        self.carrier: Carrier | None = None
        """Has parts carried out in children, if that is possible."""
        self.source: str | None = None
        """What finds the workflow again in another process, if somebody knows better than it."""
        self.root: str | None = None
        """The project that this counts from."""
