"""Shows messages: actions send, handlers of the runner receive, middleware stands in between.

Output:

    copy: 50 %
    copy: 100 %
    other: finished from copy, message 3
"""

from __future__ import annotations

from dataclasses import replace

from gostage import Context, Message, Runner, Workflow, action


@action
def copy(ctx: Context) -> None:
    """Say how far it is; whoever listens is called before send() returns."""
    for part in (0.5, 1.0):
        ctx.send("progress", {"part": part})
    ctx.send("finished")


class Percent:
    """Middleware for messages: changes them, or drops them by returning None."""

    def outbound(self, message: Message) -> Message | None:
        """Turn parts into percent where the message is sent."""
        if message.type != "progress":
            return message
        return replace(message, payload=f"{message.payload['part']:.0%}".replace("%", " %"))


def show(message: Message) -> None:
    """Handle one type."""
    print(f"{message.sender.action}: {message.payload}")


def show_other(message: Message) -> None:
    """Handle what no other handler took."""
    print(f"other: {message.type} from {message.sender.action}, message {message.seq}")


backup = Workflow("backup").stage("files", copy)

if __name__ == "__main__":
    runner = Runner().use_ipc(Percent())
    runner.on_message("progress", show, stage="files").on_message("*", show_other)
    runner.run(backup).raise_for_error()
