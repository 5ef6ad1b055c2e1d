"""Shows work on files: a resource makes a temporary folder, actions fill and read it.

Output:

    words.txt: 2 lines, 5 words
    notes.txt: 1 lines, 3 words
    the folder is gone: True
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import gostage
from gostage import Context, Workflow, action, resource

TEXTS = {"words.txt": "one two\nthree four five\n", "notes.txt": "buy more milk\n"}


@resource
def folder() -> Iterator[Path]:
    """Give a folder that is removed when the run ends, whatever happened."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@action(provides="files")
def write(folder: Path, texts: dict[str, str]) -> list[str]:
    """Write each text to a file of its own."""
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return list(texts)


@action
def count(ctx: Context, folder: Path, item: str) -> str:
    """Count what one file holds; the returned values are collected in `into`."""
    ctx.store[f"path.{item}"] = str(folder / item)
    text = (folder / item).read_text(encoding="utf-8")
    return f"{item}: {len(text.splitlines())} lines, {len(text.split())} words"


files = (
    Workflow("files", initial={"texts": TEXTS})
    .stage("prepare", write)
    .for_each("count", "files", count, into="summary")
)

if __name__ == "__main__":
    result = gostage.run(files).raise_for_error()
    print("\n".join(result.store.get("summary", list[str])))
    print("the folder is gone:", not Path(result.store.get("path.words.txt", str)).exists())
