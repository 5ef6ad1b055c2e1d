"""Requests: what a flow asks of the shell that drives it.

A flow is a generator that decides and keeps the books; it never blocks and never awaits. What must
be waited for it yields, and the shell (threads or an event loop) sends back the reply.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from gostage._engine.branch import Branch

    # Any: replies differ by request; each flow knows what it asked for.
    Flow = Generator["Request", Any, Any]
    Reply = tuple[object, "BaseException | None"]


class Request(Protocol):
    """Any of the requests below."""


@dataclass(slots=True)
class Invoke:
    """Call a user's function; the reply is `(value, error)`, one of them None."""

    fn: Callable[..., object]
    args: Sequence[object] = ()
    kwargs: Mapping[str, object] | None = None
    is_async: bool = False
    timeout: float | None = None
    branch: Branch | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait so many seconds (None: however long), or until `wake` holds."""

    seconds: float | None
    wake: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Together:
    """Drive these flows side by side until all have come to an end."""

    flows: Sequence[Flow]


class OutOfTime(Exception):  # noqa: N818  # a marker between shell and flow, never shown
    """The shell stopped a function because its time was up."""
