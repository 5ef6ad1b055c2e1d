"""Small modules with and without mistakes; a comment at a line says what is to be found there.

`# error missing-input` stands at the line of an error of that code. Notes that are not announced
are let through, errors and warnings are not.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gostage._app.check.compiler import check
from gostage._author.loading import load_file
from tests.folders import write

if TYPE_CHECKING:
    from pathlib import Path

    from gostage._app.check.findings import Finding

HEAD = """\
from __future__ import annotations

from typing import Any

from gostage import (
    Action, Context, Key, Retry, Stage, Store, Workflow, action, fixed, resource, steps
)
"""
_MARK = re.compile(r"# (error|warning|note) ([a-z-]+)")


class Seen(NamedTuple):
    """A finding without its words."""

    line: int | None
    level: str
    code: str


def announced(text: str) -> list[Seen]:
    """What the comments of a module say."""
    return [
        Seen(number, *mark)
        for number, line in enumerate(text.splitlines(), start=1)
        for mark in _MARK.findall(line)
    ]


def found_in(folder: Path, text: str, **how) -> tuple[list[Finding], list[Seen], list[Seen]]:
    """Check the `flow` of a module; gives the findings, what is seen and what is announced."""
    text = HEAD + text
    write(folder, {"planted.py": text})
    module = load_file(folder / "planted.py")
    findings = check(module.flow, **how)
    expected = announced(text)
    seen = [Seen(each.line, each.level, each.code) for each in findings]
    counted = [each for each in seen if each.level != "note" or each in expected]
    return findings, sorted(set(counted), key=str), sorted(set(expected), key=str)
