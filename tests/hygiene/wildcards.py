"""Expected output, in which `…` or `...` stands for anything; it may not run what it compares."""

from __future__ import annotations

import difflib
import re

_WILDCARD = re.compile(r"…|\.\.\.")


def matches(expected: str, actual: str) -> bool:
    """Say whether the text fits: a wildcard line is any lines, a wildcard in a line any text."""
    return re.fullmatch(_pattern(_lines(expected)), _joined(_lines(actual))) is not None


def explain(expected: str, actual: str) -> str:
    """Show expected and actual text as a diff, for the message of a failing test."""
    lines = difflib.ndiff(_lines(expected), _lines(actual))
    return "expected (-) and actual (+) output differ:\n" + "\n".join(lines)


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip("\n").splitlines()]


def _joined(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _pattern(lines: list[str]) -> str:
    return "".join(_line_pattern(line) for line in lines)


def _line_pattern(line: str) -> str:
    if _WILDCARD.fullmatch(line.strip()):
        return r"(?:.*\n)*?"
    return ".*?".join(re.escape(part) for part in _WILDCARD.split(line)) + r"\n"
