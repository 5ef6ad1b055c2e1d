"""Expressions over tags or names, as `io and not (slow or net)`: evaluated, never executed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn, final

from gostage.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

DEEPEST: Final = 100
"""How deep parentheses may go."""

_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<paren>[()])|"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<word>[^\s()'"]+))"""
)
_OPERATORS: Final = frozenset({"and", "or", "not"})


@dataclass(frozen=True, slots=True)
class Word:
    """One tag or name; a `*` in a word without quotes stands for anything."""

    text: str
    is_quoted: bool = False

    def fits(self, tag: str) -> bool:
        """Whether this is the tag."""
        if self.is_quoted or "*" not in self.text:
            return tag == self.text
        pattern = ".*".join(re.escape(part) for part in self.text.split("*"))
        return re.fullmatch(pattern, tag, re.DOTALL) is not None


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of its part."""

    part: Part


@dataclass(frozen=True, slots=True)
class AllOf:
    """All parts hold."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple[Part, ...]


Part = Word | Not | AllOf | AnyOf


@final
@dataclass(frozen=True, slots=True)
class Expression:
    """An expression that was read; `text` is how it was written."""

    text: str
    root: Part

    @classmethod
    def parse(cls, text: str, noun: str = "tag") -> Expression:
        """Read an expression; the error points at the column that makes no sense."""
        if not isinstance(text, str):
            raise DefinitionError(
                f"a {noun} expression must be a text, not {text!r}",
                hint='for example "io and not slow"',
            )
        return cls(text, _Parser(text, noun).parse())

    def words(self) -> list[Word]:
        """Every word in it, in order."""
        return list(_words(self.root))

    def matches(self, tags: Iterable[str]) -> bool:
        """Whether it holds for something with these tags."""
        present: Collection[str] = tags if isinstance(tags, (list, tuple, set)) else list(tags)
        return self.evaluate(lambda word: any(word.fits(tag) for tag in present))

    def evaluate(self, holds: Callable[[Word], bool]) -> bool:
        """Whether it holds, given what holds of a word."""
        return _evaluate(self.root, holds)


def _evaluate(part: Part, holds: Callable[[Word], bool]) -> bool:
    if isinstance(part, Word):
        return holds(part)
    if isinstance(part, Not):
        return not _evaluate(part.part, holds)
    results = (_evaluate(each, holds) for each in part.parts)
    return all(results) if isinstance(part, AllOf) else any(results)


def _words(part: Part) -> Iterator[Word]:
    if isinstance(part, Word):
        yield part
        return
    for each in (part.part,) if isinstance(part, Not) else part.parts:
        yield from _words(each)


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    column: int
    is_quoted: bool = False


class _Parser:
    """Reads `or` of `and` of `not` of words and parentheses."""

    def __init__(self, text: str, noun: str) -> None:
        self._text = text
        self._noun = noun
        self._tokens = self._split(text)
        self._next = 0
        self._depth = 0

    def parse(self) -> Part:
        part = self._any_of()
        token = self._peek()
        if token is not None and token.text == ")" and not token.is_quoted:
            self._fail(token.column, "this ) closes nothing", "take it out, or open it before")
        if token is not None:
            self._fail(
                token.column,
                f"{token.text!r} follows without and, or",
                f"put and, or between; a {self._noun} with spaces goes into quotes",
            )
        return part

    def _any_of(self) -> Part:
        parts = [self._all_of()]
        while self._takes("or"):
            parts.append(self._all_of())
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _all_of(self) -> Part:
        parts = [self._not()]
        while self._takes("and"):
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _not(self) -> Part:
        is_opposite = False
        while self._takes("not"):
            is_opposite = not is_opposite
        part = self._word()
        return Not(part) if is_opposite else part

    def _word(self) -> Part:
        token = self._peek()
        if token is None:
            self._fail(len(self._text) + 1, f"a {self._noun} is missing at the end", "add one")
        self._next += 1
        if token.is_quoted:
            return Word(token.text, is_quoted=True)
        if token.text == "(":
            return self._inside(token)
        if token.text == ")" or token.text in _OPERATORS:
            self._fail(
                token.column,
                f"a {self._noun} is missing before {token.text!r}",
                f"a {self._noun} that is called and, or, not goes into quotes",
            )
        return Word(token.text)

    def _inside(self, opened: _Token) -> Part:
        self._depth += 1
        if self._depth > DEEPEST:
            self._fail(
                opened.column, f"more than {DEEPEST} ( inside each other", "write it flatter"
            )
        part = self._any_of()
        token = self._peek()
        if token is None:
            self._fail(opened.column, "this ( is never closed", "add a )")
        if token.is_quoted or token.text != ")":
            self._fail(
                token.column,
                f"{token.text!r} follows without and, or",
                f"put and, or between; a {self._noun} with spaces goes into quotes",
            )
        self._next += 1
        self._depth -= 1
        return part

    def _peek(self) -> _Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _takes(self, operator: str) -> bool:
        token = self._peek()
        if token is None or token.is_quoted or token.text != operator:
            return False
        self._next += 1
        return True

    def _split(self, text: str) -> list[_Token]:
        tokens: list[_Token] = []
        position = 0
        while text[position:].strip():
            match = _TOKEN.match(text, position)
            if match is None:
                column = position + len(text[position:]) - len(text[position:].lstrip()) + 1
                self._fail(column, "this quote is never closed", "close it")
            group = match.lastgroup or "word"
            is_quoted = group in {"double", "single"}
            start = match.start(group) + (0 if is_quoted else 1)
            tokens.append(_Token(match[group], start, is_quoted))
            position = match.end()
        return tokens

    def _fail(self, column: int, why: str, hint: str) -> NoReturn:
        raise DefinitionError(
            f"cannot read the {self._noun} expression {self._text!r} at column {column}: {why}",
            hint=hint,
        )
