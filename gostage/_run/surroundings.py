"""Surroundings: what a runner gives every run it begins; they do nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gostage._plugins.hooks import NO_HOOKS
from gostage._store.codec import STANDARD

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Sequence

    from gostage._author.middleware import Layer
    from gostage._author.resource import Resource
    from gostage._plugins.hooks import Hooks
    from gostage._run.clock import Clock
    from gostage._run.messages import Hub
    from gostage._store.codec import Codec


class Surroundings:
    """What all runs of one runner share."""

    __slots__ = (
        "clock",
        "codec",
        "hooks",
        "hub",
        "log",
        "middleware",
        "resources",
        "root",
        "source",
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
        self.source: str | None = None
        """What finds the workflow again in another process, if somebody knows better than it."""
        self.root: str | None = None
        """The project that this counts from."""
