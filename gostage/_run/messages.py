"""Messages: from an action to the handlers, through the middleware of both directions."""

from __future__ import annotations

import inspect
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from gostage._store.copies import own_copy
from gostage.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from gostage._run.context import Context

    # Any: a handler may return what it likes; nobody looks at it.
    Handler = Callable[["Message"], Any]
    Change = Callable[["Message"], "Message | None"]


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

    __slots__ = ("_inbound", "_ipc", "_outbound", "_subscriptions")

    def __init__(self) -> None:
        self._subscriptions: list[Subscription] = []
        self._ipc: list[Any] = []  # Any: objects with outbound and/or inbound
        self._outbound: list[Change] = []
        self._inbound: list[Change] = []

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

    def use_hooks(self, outbound: Iterable[Change], inbound: Iterable[Change]) -> None:
        """Put the hooks of plugins around the middleware; each in the order they are called."""
        self._outbound.extend(outbound)
        self._inbound.extend(inbound)

    # Any: a payload is data of any shape.
    def send(self, ctx: Context, type_: str, payload: Any) -> None:  # noqa: ANN401
        """Send from an action of this process: everything happens before it returns."""
        if not isinstance(type_, str) or not type_:
            raise DefinitionError(
                f"a message's type is a word, not {type_!r}", hint="ctx.send('progress', {…})"
            )
        ctx.execution.around.codec.encode(payload)  # data only, as it would have to be from a child
        sent = self._message(ctx, type_, own_copy(payload))
        teller = ctx.execution.teller
        if teller is not None:
            teller.tell("message", ctx.op.id, type=type_, seq=sent.seq)
        message: Message | None = sent
        for change in self._chain():
            message = None if message is None else change(message)
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

    def _chain(self) -> Iterator[Change]:
        """Everything a message goes through, the way out and the way in."""
        yield from self._outbound
        yield from _having("outbound", self._ipc)
        yield from _having("inbound", reversed(self._ipc))
        yield from self._inbound


# Any: objects with outbound and/or inbound.
def _having(direction: str, middleware: Iterable[Any]) -> Iterator[Change]:
    changes = (getattr(each, direction, None) for each in middleware)
    return (change for change in changes if change is not None)
