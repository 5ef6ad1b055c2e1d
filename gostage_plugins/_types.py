"""Types that the plugins share; they only name what gostage hands to hooks and middleware."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, Protocol

# Any: what goes through a wrapper belongs to the user.
Wrapper = Generator[None, Any, Any]
"""What a wrapper hook or a middleware makes: `yield` runs what is inside."""

Middleware = Callable[..., Wrapper]
"""What `use(…)` takes."""


class Tagged(Protocol):
    """What has tags: an action, a stage, a workflow."""

    tags: list[str]


class Identified(Tagged, Protocol):
    """What has an id too: a stage, a workflow."""

    @property
    def id(self) -> str:
        """Its id."""


class Console(Protocol):
    """The terminal, as far as a summary needs it."""

    # Any: whatever rich can show.
    def print(self, *objects: Any, markup: bool | None, highlight: bool | None) -> None:  # noqa: ANN401
        """Show something; brackets are text without markup, numbers plain without highlights."""
