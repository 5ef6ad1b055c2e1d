"""Words: tags, stages and actions that somebody names and nothing has."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, Final

from gostage._app.check.findings import Finding
from gostage._app.check.near import misspelt
from gostage._app.check.source import UNKNOWN
from gostage._author.expression import Expression, Not, Word
from gostage._engine import nodes
from gostage.errors import DefinitionError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gostage._app.check.effects import Call
    from gostage._app.check.findings import Level
    from gostage._app.check.source import Code
    from gostage._app.check.subject import Subject
    from gostage._app.check.tour import Stop
    from gostage._author.expression import Part

_FINDING: Final = frozenset({"find_actions", "find_stages"})
_TAGS: Final = ("tag", "tags_all", "tags_any")
# Where a name is given by position: the method, and what the first argument is.
_FIRST: Final = {"add_action_to": "stage", "remove_stage": "stage", "remove_action": "action"}


class Vocabulary:
    """The words that a workflow has."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self.tags = _tags(subject)
        self.stages = {
            each.node.name for each in subject.stops if isinstance(each.node, nodes.Stage)
        }
        self.actions = _actions(subject)

    def unknown(self, expressions: Iterable[str]) -> Iterator[Finding]:
        """Find what expressions from the command line, and what code asks for, in vain."""
        for text in expressions:
            yield from self._in_expression(text)
        for stop, called in self._subject.callers:
            code = self._subject.code(called.fn)
            if stop is None or code is None:
                continue
            for call in self._subject.effects(called).calls:
                asked = _Asked(code, call, called.what, stop)
                yield from self._in_call(asked)

    def _in_expression(self, text: str) -> Iterator[Finding]:
        try:
            expression = Expression.parse(text)
        except DefinitionError as error:
            yield Finding(
                code="bad-expression", level="error", message=error.message, hint=error.hint
            )
            return
        for word, is_wanted in _words(expression.root, wanted=True):
            close = did_you_mean(word.text, self.tags)
            if not self._is_tag(word):
                yield Finding(
                    code="unknown-tag",
                    level="warning" if is_wanted or close else "note",
                    message=f"nothing has the tag {word.text!r} of the expression {text!r}",
                    about=word.text,
                    hint=close or _known("tag", self.tags),
                )

    def _is_tag(self, word: Word) -> bool:
        return any(word.fits(tag) for tag in self.tags)

    # ---------------------------------------------------------------- calls

    def _in_call(self, asked: _Asked) -> Iterator[Finding]:
        name = asked.call.name
        if name in _FINDING:
            yield from self._expression_in(asked)
        for word, tag in asked.texts(_TAGS):
            if tag not in self.tags:
                yield self._unknown(asked, "tag", tag, self.tags, word)
        for word, stage in asked.texts(("stage",)):
            if stage not in self.stages:
                yield self._unknown(asked, "stage", stage, self.stages, word)
        for word, action in asked.texts(("action",)):
            if action not in self.actions:
                yield self._unknown(asked, "action", action, self.actions, word)
        kind = _FIRST.get(name)
        first = asked.first()
        known = self.stages if kind == "stage" else self.actions
        if kind is not None and isinstance(first, str) and first not in known:
            yield self._unknown(asked, kind, first, known, "")

    def _expression_in(self, asked: _Asked) -> Iterator[Finding]:
        text = asked.first()
        if not isinstance(text, str):
            return
        try:
            expression = Expression.parse(text)
        except DefinitionError as error:
            yield asked.at(
                Finding(
                    code="bad-expression",
                    level="error" if asked.call.is_sure else "warning",
                    message=f"{asked.what}: {error.message}",
                    hint=error.hint,
                    about=text,
                )
            )
            return
        for word in expression.words():
            if not self._is_tag(word):
                yield self._unknown(asked, "tag", word.text, self.tags, "")

    def _unknown(self, asked: _Asked, kind: str, name: str, known: set[str], word: str) -> Finding:
        argument = f"{word}={name!r}" if word else repr(name)
        why = "nothing has that tag" if kind == "tag" else f"there is no such {kind}"
        level: Level = "warning"
        if asked.call.name == "add_action_to" and asked.call.is_sure:
            level = "error"  # the others match nothing; this one raises
        if self._subject.adds and misspelt(name, known) is None:
            level = "note"  # it may be there by then
        return asked.at(
            Finding(
                code=f"unknown-{kind}",
                level=level,
                message=f"{asked.what} calls {asked.call.name}({argument}), and {why}",
                hint=did_you_mean(name, known) or _known(kind, known),
                about=name,
            )
        )


class _Asked:
    """A call that names something."""

    def __init__(self, code: Code, call: Call, what: str, stop: Stop) -> None:
        self.call = call
        self.what = what
        self._code = code
        self._stop = stop

    def first(self) -> object:
        """The first argument, if that is certain."""
        node = self.call.node
        return self._code.value_of(node.args[0]) if node.args else UNKNOWN

    def texts(self, words: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """The texts given for these arguments, one by one."""
        for each in self.call.node.keywords:
            if each.arg is not None and each.arg in words:
                is_list = isinstance(each.value, ast.List | ast.Tuple | ast.Set)
                parts: Any = each.value.elts if is_list else [each.value]  # type: ignore[attr-defined]  # Any: it was just looked at
                values = [self._code.value_of(part) for part in parts]
                yield from ((each.arg, value) for value in values if isinstance(value, str))

    def at(self, finding: Finding) -> Finding:
        """A finding at the line of the call."""
        return finding.at(self._stop, self._code.file, self.call.node.lineno)


def _tags(subject: Subject) -> set[str]:
    found = set(subject.workflow.tags)
    for stop in subject.stops:
        node = stop.node
        about: object = stop.action
        if isinstance(node, nodes.Stage):
            about = node.stage
        elif isinstance(node, nodes.Sub):
            about = node.workflow
        found.update(getattr(about, "tags", ()))
    return found


def _actions(subject: Subject) -> set[str]:
    found = set()
    for stop in subject.stops:
        if stop.action is not None:
            found.update({stop.name, stop.node.name, stop.action.name})
    return found


def _words(part: Part, *, wanted: bool) -> Iterator[tuple[Word, bool]]:
    if isinstance(part, Word):
        yield part, wanted
    elif isinstance(part, Not):
        yield from _words(part.part, wanted=not wanted)
    else:
        for each in part.parts:
            yield from _words(each, wanted=wanted)


def _known(kind: str, known: set[str]) -> str:
    most = 8
    names = ", ".join(map(repr, sorted(known)[:most]))
    return f"its {kind}s are {names}" if names else f"it has no {kind}s"
