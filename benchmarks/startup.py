"""What it costs to start: processes one after the other, with their bytecode compiled."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.measure import Subject, measure
from benchmarks.table import Row, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from benchmarks.effort import Effort

PASS: Final = "python -c pass"
IMPORT: Final = "import gostage"
HELP: Final = "gostage --help"
CLICK: Final = "a click program --help"
CLICK_PROGRAM: Final = '''\
import click

@click.command()
def hello():
    """Say hello."""

hello()
'''
ROOT: Final = Path(__file__).resolve().parents[1]


def startup_table(effort: Effort) -> Table:
    """Start each command in turn; the round that does not count writes the bytecode."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder, "program.py")
        program.write_text(CLICK_PROGRAM, encoding="utf-8")
        commands: Mapping[str, list[str]] = {
            PASS: ["-c", "pass"],
            IMPORT: ["-c", "import gostage"],
            CLICK: [str(program), "--help"],
            HELP: ["-m", "gostage", "--help"],
        }
        subjects = {name: Subject(starting(words)) for name, words in commands.items()}
        samples = measure(subjects, effort.starts)
    rows: tuple[Row, ...] = tuple(
        {
            "what": name,
            "median": sample.median * 1e3,
            "least": sample.least * 1e3,
            "ratio": sample.ratio(samples[PASS]),
        }
        for name, sample in samples.items()
    )
    notes = (f"median, least: ms. ratio: times `{PASS}` of the same interpreter.",)
    title = "What it costs to start"
    return Table("startup", title, ("what", "median", "least", "ratio"), rows, notes)


def starting(words: Sequence[str], *folders: Path) -> Callable[[], None]:
    """Start Python with these words, and these folders on its import path."""
    # Without its bytecode a program measures the compiler.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPATH"] = os.pathsep.join(map(str, (ROOT, *folders)))

    def start() -> None:
        subprocess.run(
            [sys.executable, *words],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=True,
        )

    return start
