"""Shows a batch of files, read in children: what brings its process down costs one item.

Output:

    good-1.csv  3
    crash.csv   the child of item 1 of 'read' was killed by signal 6 (SIGABRT)
    good-2.csv  7
    odd.csv     ValueError: invalid literal for int() with base 10: 'five'
    good-3.csv  11
    failed: 2 of 5 items of 'read' failed
"""

from __future__ import annotations

import os
from pathlib import Path

from gostage import Context, Runner, Workflow, action, errors

FOLDER = Path("inbox")
FILES = {
    "good-1.csv": "1,2",
    "crash.csv": "",
    "good-2.csv": "3,4",
    "odd.csv": "five",
    "good-3.csv": "5,6",
}


def write_files() -> None:
    """Have something to read."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in FILES.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


def find_files(ctx: Context) -> list[Path]:
    """Say which files there are, in the order in which they are expected."""
    files = [FOLDER / name for name in FILES]
    return [file for file in files if file.exists()]


@action
def read(item: Path) -> int:
    """Add a file up; an empty one brings the reader down, as a bad library might."""
    text = item.read_text(encoding="utf-8")
    if not text:
        os.abort()
    return sum(int(number) for number in text.split(","))


batch = Workflow("batch").for_each(
    "read", find_files, read, into="sums", concurrency=2, isolate=True, on_error="continue"
)

if __name__ == "__main__":
    write_files()
    with Runner() as runner:
        result = runner.run(batch)
    assert isinstance(result.error, errors.ItemsFailed)
    failures = {failure.index: failure.error for failure in result.error.failures}
    for index, (name, total) in enumerate(zip(FILES, result.store["sums"], strict=True)):
        error = failures.get(index)
        named = "" if isinstance(error, errors.ChildCrashed) else f"{type(error).__name__}: "
        print(f"{name:10}  {total if error is None else f'{named}{error}'}")
    print(f"{result.status}: {str(result.error).partition(';')[0]}")
