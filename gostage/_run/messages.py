"""Messages: from an action to the handlers, through the middleware of both directions."""

from __future__ import annotations

import inspect
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from gostage._store.codec import STANDARD
from gostage._store.copies import own_copy
from gostage.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gostage._run.context import Context

    # Any: a handler may return what it likes; nobody looks at it.
    Handler = Callable[["Message"], Any]


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent a message."""

    run: str
    workflow: str
    stage: str | None
    action: str | None
    child_id: str | None = None
    pid: int = 0
    is_child: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """One message: its type, its payload, who sent it and which of the sender's it is."""

    type: str
    payload: Any  # Any: data of any shape
    sender: Sender
    seq: int


class IpcMiddleware(Protocol):
    """Changes or drops (by returning None) messages where they are sent and where they arrive."""

    def outbound(self, message: Message) -> Message | None:
        """What leaves the sender."""

    def inbound(self, message: Message) -> Message | None:
        """What reaches the handlers."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """One handler and the messages it is for; None stands for any."""

    type: str
    handler: Handler
    run: str | None = None
    workflow: str | None = None
    stage: str | None = None
    action: str | None = None

    @property
    def rank(self) -> int:
        """The narrowest scope it names: action, stage, workflow, run, or none."""
        scopes = (self.action, self.stage, self.workflow, self.run)
        return next((i for i, scope in enumerate(scopes) if scope is not None), len(scopes))

    def takes(self, sender: Sender) -> bool:
        """Whether the sender is in its scope."""
        wanted = (self.run, self.workflow, self.stage, self.action)
        actual = (sender.run, sender.workflow, sender.stage, sender.action)
        return all(want in (None, is_) for want, is_ in zip(wanted, actual, strict=True))


class Hub:
    """Where messages of one runner come together."""

    __slots__ = ("_ipc", "_subscriptions")

    def __init__(self) -> None:
        self._subscriptions: list[Subscription] = []
        self._ipc: list[Any] = []  # Any: objects with outbound and/or inbound

    def subscribe(self, subscription: Subscription) -> None:
        """Add a handler."""
        if not callable(subscription.handler):
            raise DefinitionError(
                f"{subscription.handler!r} is no handler: it cannot be called",
                hint="give a function that takes the message: def handler(message): …",
            )
        if inspect.iscoroutinefunction(subscription.handler):
            raise DefinitionError(
                f"handler {subscription.handler.__name__!r} is async, and nobody would await it",
                hint="give a plain function; it is called where the message arrives",
            )
        self._subscriptions.append(subscription)
        self._subscriptions.sort(key=lambda each: each.rank)

    # Any: as above.
    def use(self, middleware: Any) -> None:  # noqa: ANN401
        """Add middleware for messages."""
        if not any(callable(getattr(middleware, n, None)) for n in ("outbound", "inbound")):
            raise DefinitionError(
                f"{middleware!r} is no message middleware",
                hint="give it a method outbound(message), inbound(message), or both",
            )
        self._ipc.append(middleware)

    # Any: a payload is data of any shape.
    def send(self, ctx: Context, type_: str, payload: Any) -> None:  # noqa: ANN401
        """Send from an action of this process: everything happens before it returns."""
        if not isinstance(type_, str) or not type_:
            raise DefinitionError(
                f"a message's type is a word, not {type_!r}", hint="ctx.send('progress', {…})"
            )
        STANDARD.encode(payload)  # data only, as it would have to be from a child
        message: Message | None = self._message(ctx, type_, own_copy(payload))
        message = self._through("outbound", self._ipc, message)
        message = self._through("inbound", list(reversed(self._ipc)), message)
        if message is not None:
            self.deliver(message)

    def deliver(self, message: Message) -> None:
        """Call every handler in scope, narrowest first; the first error is raised at the end."""
        fitting = [s for s in self._subscriptions if s.takes(message.sender)]
        chosen = [s for s in fitting if s.type == message.type]
        first: Exception | None = None
        for subscription in chosen or [s for s in fitting if s.type == "*"]:
            try:
                subscription.handler(message)
            except Exception as error:  # noqa: BLE001  # the others are called as well
                first = error if first is None else first
        if first is not None:
            raise first

    @staticmethod
    # Any: as above.
    def _message(ctx: Context, type_: str, payload: Any) -> Message:  # noqa: ANN401
        stage = ctx.stage
        sender = Sender(
            run=ctx.execution.run_id,
            workflow=ctx.workflow.id,
            stage=None if stage is None else stage.id,
            action=ctx.op.name,
            pid=os.getpid(),
        )
        return Message(type_, payload, sender, ctx.execution.next_seq(ctx.op))

    @staticmethod
    # Any: objects with outbound and/or inbound.
    def _through(direction: str, chain: list[Any], message: Message | None) -> Message | None:
        for middleware in chain:
            change = getattr(middleware, direction, None)
            if message is not None and change is not None:
                message = change(message)
        return message
