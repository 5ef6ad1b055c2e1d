"""Shows a pair of middleware for messages: one packs and one hides what a child tells its parent.

Outbound goes in the order of registration, inbound the other way round, so what is packed and then
hidden is found and then unpacked.

Output:

    on the way: … bytes, readable: False
    received: 2000 lines, the first is 'line 1 is fine'
"""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import replace

from gostage import Context, Message, Runner, Workflow, action, hookimpl


class Compress:
    """Any data as few bytes, and back."""

    def outbound(self, message: Message) -> Message:
        """Pack, in the child."""
        return replace(message, payload=zlib.compress(json.dumps(message.payload).encode()))

    def inbound(self, message: Message) -> Message:
        """Unpack, in the parent."""
        return replace(message, payload=json.loads(zlib.decompress(message.payload)))


class ToyCipher:
    """A toy that keeps no secret: it only shows where a cipher of a real library belongs."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def outbound(self, message: Message) -> Message:
        """Hide, in the child; the object came there with its key."""
        return replace(message, payload=self._mixed(message.payload))

    def inbound(self, message: Message) -> Message:
        """Find again, in the parent."""
        return replace(message, payload=self._mixed(message.payload))

    def _mixed(self, data: bytes) -> bytes:
        noise = hashlib.shake_256(self._key).digest(len(data))
        return bytes(one ^ other for one, other in zip(data, noise, strict=True))


class Watch:
    """A plugin that sees each message of a child as it arrives, before the middleware does."""

    @hookimpl
    def gostage_child_message(self, message: Message) -> None:
        """Look at what was on the way."""
        size, readable = len(message.payload), b"fine" in message.payload
        print(f"on the way: {size} bytes, readable: {readable}")


@action(isolate=True)
def report(ctx: Context) -> None:
    """Send something large from a child."""
    ctx.send("report", [f"line {number} is fine" for number in range(1, 2001)])


def receive(message: Message) -> None:
    """Get the payload as it was sent."""
    print(f"received: {len(message.payload)} lines, the first is {message.payload[0]!r}")


reporting = Workflow("reporting").do(report)

if __name__ == "__main__":
    with Runner(plugins=[Watch()]) as runner:
        runner.use_ipc(Compress()).use_ipc(ToyCipher(b"not a secret"))
        runner.on_message("report", receive)
        runner.run(reporting).raise_for_error()
