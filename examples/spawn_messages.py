"""Shows an action that works in a child process and talks to its parent while it works.

Output:

    child: 1 of 4
    child: 2 of 4
    child: 3 of 4
    stopped: two have room, and dog.png is too many
    completed: ['CAT.PNG', 'OWL.PNG']
"""

from __future__ import annotations

import os

from gostage import Context, Message, Runner, Workflow, action, errors

ROOM = 2


@action(isolate=True, provides="converted")
def convert(ctx: Context, pictures: list[str]) -> list[str]:
    """Work in a child: `progress` is on its way and forgotten, for `store` it waits."""
    converted = []
    for number, picture in enumerate(pictures, 1):
        ctx.send("progress", {"done": number, "of": len(pictures)})
        try:
            ctx.send("store", {"number": number, "picture": picture}, wait=True)
        except errors.MessageError as refused:
            ctx.send("stopped", str(refused.__cause__))
            break
        converted.append(picture.upper())
    return converted


def show_progress(message: Message) -> None:
    """Handle what needs no answer."""
    where = "parent" if message.sender.pid == os.getpid() else "child"
    print(f"{where}: {message.payload['done']} of {message.payload['of']}")


def check_room(message: Message) -> None:
    """Handle what the child waits for: what is raised here is raised there."""
    if message.payload["number"] > ROOM:
        raise ValueError(f"two have room, and {message.payload['picture']} is too many")


def show_end(message: Message) -> None:
    """Handle a text."""
    print(f"{message.type}: {message.payload}")


PICTURES = ["cat.png", "owl.png", "dog.png", "fox.png"]
album = Workflow("album", initial={"pictures": PICTURES}).do(convert)

if __name__ == "__main__":
    with Runner() as runner:
        runner.on_message("progress", show_progress).on_message("stopped", show_end)
        runner.on_message("store", check_room, action="convert")
        result = runner.run(album).raise_for_error()
    print(f"{result.status}: {result.store['converted']}")
