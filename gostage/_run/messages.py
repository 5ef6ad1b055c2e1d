"""Messages: from an action to the handlers, through the middleware of both directions.

In a child the way in and the handlers are the parent's: here a message goes as far as the uplink.
"""

from __future__ import annotations

import inspect
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from gostage._store.copies import own_copy
from gostage.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gostage._run.context import Context

    # Any: a handler may return what it likes; nobody looks at it.
    Handler = Callable[["Message"], Any]
    Change = Callable[["Message"], "Message | None"]
    # It is given the message, and whether the sender waits until the handlers have been called.
    Uplink = Callable[["Message", bool], object]


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
    depth: int = 0
    """How many processes there are above the sender's."""


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
    """Where messages of one runner come together; in a child, where they set out."""

    __slots__ = ("_child_id", "_depth", "_in", "_out", "_subscriptions", "ipc", "uplink")

    def __init__(self) -> None:
        self._subscriptions: list[Subscription] = []
        # The hooks on the way out, those on the way in, and what stands between them.
        self._out: list[Change] = []
        self._in: list[Change] = []
        self.ipc: list[Any] = []  # Any: objects with outbound and/or inbound
        self.uplink: Uplink | None = None
        """What takes messages to the parent, in a child."""
        self._child_id: str | None = None
        self._depth = 0

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
        self.ipc.append(middleware)

    def use_hooks(self, outbound: Iterable[Change], inbound: Iterable[Change]) -> None:
        """Put the hooks of plugins around the middleware; each in the order they are called."""
        self._out.extend(outbound)
        self._in.extend(inbound)

    def connect(self, uplink: Uplink, *, child_id: str, depth: int) -> None:
        """Be the hub of a child, from here on."""
        self.uplink, self._child_id, self._depth = uplink, child_id, depth

    def has_handlers(self, *types: str) -> bool:
        """Whether anybody here asked for these very types; `*` only takes what somebody sends."""
        return bool(self._subscriptions) and any(s.type in types for s in self._subscriptions)

    # ---------------------------------------------------------------- sending

    # Any: a payload is data of any shape.
    def send(self, ctx: Context, type_: str, payload: Any, *, wait: bool = False) -> None:  # noqa: ANN401
        """Send from an action of this process.

        Without an uplink everything happens before it returns, whether it waits or not.
        """
        if not isinstance(type_, str) or not type_:
            raise DefinitionError(
                f"a message's type is a word, not {type_!r}", hint="ctx.send('progress', {…})"
            )
        if self.uplink is None or self._out or self.ipc:  # else it is written down at once
            ctx.execution.around.codec.encode(payload)  # data only, as it would have to be there
            payload = own_copy(payload)
        sent = self._message(ctx, type_, payload)
        teller = ctx.execution.teller
        if teller is not None:
            teller.tell("message", ctx.op.id, type=type_, seq=sent.seq)
        self.post(sent, wait=wait)

    def post(self, message: Message, *, wait: bool = False) -> None:
        """Send a message that no action sends, and of which no run tells."""
        changed = _through([*self._out, *_having("outbound", self.ipc)], message)
        if changed is None:
            return
        if self.uplink is None:
            self.arrive(changed)
        else:
            self.uplink(changed, wait)

    def arrive(self, message: Message, *, wait: bool = False) -> None:
        """Take a message that was sent elsewhere; in a child, one of a child of its own."""
        if self.uplink is not None:
            self.uplink(message, wait)
            return
        changed = _through([*_having("inbound", reversed(self.ipc)), *self._in], message)
        if changed is not None:
            self.deliver(changed)

    def deliver(self, message: Message) -> None:
        """Call every handler in scope, narrowest first; the first error is raised at the end.

        What is logged in a child is logged here, unless there is a handler for it.
        """
        fitting = [s for s in self._subscriptions if s.takes(message.sender)]
        chosen = [s for s in fitting if s.type == message.type]
        if not chosen and message.type == "log":
            from gostage._run import logs  # 6 ms, with logging: few runs have such a message

            if logs.take(message.payload):
                return
        first: Exception | None = None
        for subscription in chosen or [s for s in fitting if s.type == "*"]:
            try:
                subscription.handler(message)
            except Exception as error:  # noqa: BLE001  # the others are called as well
                first = error if first is None else first
        if first is not None:
            raise first

    # Any: as above.
    def _message(self, ctx: Context, type_: str, payload: Any) -> Message:  # noqa: ANN401
        stage = ctx.stage
        sender = Sender(
            run=ctx.execution.run_id,
            workflow=ctx.workflow.id,
            stage=None if stage is None else stage.id,
            action=ctx.op.name,
            child_id=self._child_id,
            pid=os.getpid(),
            is_child=self._child_id is not None,
            depth=self._depth,
        )
        return Message(type_, payload, sender, ctx.execution.next_seq(ctx.op))


def _through(changes: Iterable[Change], message: Message) -> Message | None:
    """What is left of a message when all of them have had it."""
    changed: Message | None = message
    for change in changes:
        if changed is None:
            return None
        changed = change(changed)
    return changed


# Any: objects with outbound and/or inbound.
def _having(direction: str, middleware: Iterable[Any]) -> list[Change]:
    changes = (getattr(each, direction, None) for each in middleware)
    return [change for change in changes if change is not None]
