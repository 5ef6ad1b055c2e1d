"""Letters: messages as frames and back; what a child says of itself counts as far as it can."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from gostage._plugins.notes import text_of
from gostage._run.messages import Message, Sender
from gostage._spawn.wire import WireError
from gostage.errors import MessageError, StoreError, Where

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gostage._store.codec import Codec

    # Any: JSON of any shape.
    Json = Any


class Known(NamedTuple):
    """What the parent knows of a child by itself."""

    child_id: str
    pid: int
    depth: int


def to_frame(message: Message, codec: Codec, number: int | None) -> dict[str, Json]:
    """The data of a frame; raises NotStorable for what is no data.

    The number is that of the task whose sender waits for a reply, or None.
    """
    sender = message.sender
    return {
        "n": number,
        "type": message.type,
        "payload": codec.encode(message.payload),
        "sender": {
            "run": sender.run,
            "workflow": sender.workflow,
            "stage": sender.stage,
            "action": sender.action,
            "child_id": sender.child_id,
            "pid": sender.pid,
            "depth": sender.depth,
        },
        "seq": message.seq,
    }


def from_frame(data: Mapping[str, Json], codec: Codec, known: Known) -> Message:
    """The message of a frame that a child sent, or handed on from a child of its own.

    Who is nobody that child could speak for is refused with WireError, and data that nothing can
    be made of with MessageError.
    """
    told = data["sender"]
    if told["depth"] < known.depth:
        raise WireError(f"a message of depth {told['depth']} came from depth {known.depth}")
    is_own = told["depth"] == known.depth
    sender = Sender(
        run=told["run"],
        workflow=told["workflow"],
        stage=told["stage"],
        action=told["action"],
        child_id=known.child_id if is_own else told["child_id"],
        pid=known.pid if is_own else told["pid"],
        is_child=True,
        depth=told["depth"],
    )
    message = Message(data["type"], None, sender, data["seq"])
    try:
        payload = codec.decode(data["payload"])
    except StoreError as error:
        raise refusal(message, error) from error
    return Message(message.type, payload, sender, message.seq)


def refusal(message: Message, error: BaseException) -> MessageError:
    """What the sender of a message is told of it; the error is its cause.

    The parent makes it for the step that sent it, and the child for who waits for a reply; one
    that comes from further up stays what it is.
    """
    if isinstance(error, MessageError):
        return error
    sender = message.sender
    who = "" if sender.action is None else f" of {sender.action!r}"
    refused = MessageError(
        f"message {message.type!r}{who} (number {message.seq}) was not taken: {text_of(error)}",
        hint="that is what the handler raised, or the middleware on its way; see the cause",
        where=Where(run=sender.run, stage=sender.stage, action=sender.action),
    )
    refused.__cause__ = error
    return refused
