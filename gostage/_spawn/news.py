"""News: what a child does, as messages to those who asked for these types; it changes nothing."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any, Final

from gostage._run.messages import Message, Sender
from gostage._spawn.letters import refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gostage._run.messages import Hub
    from gostage._spawn.letters import Known
    from gostage._store.codec import Codec

    # Any: JSON of any shape.
    Json = Any


TYPES: Final = ("workflow_start", "workflow_result", "store_put", "store_delete")
"""The types of messages that are news."""


class News:
    """Tells of one piece of a child's work.

    What a handler, or the middleware on the way to it, raises is raised as MessageError.
    """

    def __init__(self, hub: Hub, codec: Codec, *, run: str, workflow: str, child: Known) -> None:
        self._hub = hub
        self._codec = codec
        self._workflow = workflow
        self._sender = Sender(
            run=run,
            workflow=workflow,
            stage=None,
            action=None,
            child_id=child.child_id,
            pid=child.pid,
            is_child=True,
            depth=child.depth,
        )
        self._numbers = count(1)

    def began(self, path: str) -> None:
        """The child begins; the path is that of the step, empty for a whole workflow."""
        self._tell("workflow_start", {"workflow": self._workflow, "step": path})

    def ended(self, path: str, status: str, error: str | None = None) -> None:
        """The child has done its work, or died of it."""
        told = {"workflow": self._workflow, "step": path, "status": status, "error": error}
        self._tell("workflow_result", told)

    def changed(self, changes: Iterable[Sequence[Json]]) -> None:
        """The rows `[branch, key, entry]` of a commit; only those of the store itself are told."""
        has_puts = self._hub.has_handlers("store_put")
        has_deletes = self._hub.has_handlers("store_delete")
        if not has_puts and not has_deletes:
            return
        for branch, key, entry in changes:
            if branch != 0:
                continue  # of a branch side by side: what comes of it is told when it is joined
            if entry is None or "gone" in entry:
                self._tell("store_delete", {"key": key})
            elif has_puts:
                self._tell("store_put", self._put(key, entry))

    def _put(self, key: str, entry: Json) -> dict[str, Json]:
        expires = entry.get("expires")
        return {
            "key": key,
            "value": self._codec.decode(entry["value"]),
            "ttl": None if expires is None else max(expires - entry["updated"], 0.0),
            "tags": list(entry.get("tags", ())),
            "props": self._codec.decode(entry.get("props", {})),
        }

    def _tell(self, type_: str, payload: dict[str, Json]) -> None:
        if not self._hub.has_handlers(type_):
            return
        message = Message(type_, payload, self._sender, next(self._numbers))
        try:
            self._hub.post(message)
        except Exception as error:
            raise refusal(message, error) from error
