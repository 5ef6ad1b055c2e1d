"""Missing keys: what is to be said of a function that takes what nobody provides before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gostage._app.check.findings import Finding
from gostage._app.check.near import misspelt
from gostage._app.check.tour import parting
from gostage._author.resource import Resource
from gostage._engine import nodes
from gostage._store.keys import name_of
from gostage.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gostage._app.check.findings import Level
    from gostage._app.check.held import Held, Offer
    from gostage._app.check.subject import Subject
    from gostage._app.check.tour import Stop

CODE: Final = "missing-input"
_OF_CONTEXT: Final = ("store", "log", "run", "workflow", "stage", "action", "attempt")
_OF_ITEM: Final = ("item", "index")


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A function that takes a key."""

    what: str
    key: str
    name: str
    """What the parameter is called, which may be another name than the key's."""
    is_required: bool
    file: str | None
    line: int | None
    type: Any = Any  # Any: annotations have no static type
    fn: object = None

    @property
    def shown(self) -> str:
        """The key in messages."""
        return repr(self.key) if self.key == self.name else f"{self.name!r} (the key {self.key!r})"


@dataclass(frozen=True, slots=True)
class _Said:
    """What there is to say, and whether it is a mistake in any case."""

    text: str
    hint: str
    is_likely: bool


class Explainer:
    """Explains why a key is missing, and how sure it is that this is a mistake."""

    def __init__(self, subject: Subject, index: dict[str, list[Offer]]) -> None:
        self._subject = subject
        self._index = index

    def missing(self, need: Need, stop: Stop, *, is_sure: bool) -> Finding:
        """Nothing provides it; `is_sure` if it is needed in every run."""
        said = next(self._reasons(need, stop))
        level: Level = "warning" if said.is_likely else "note"
        if self._subject.is_all:
            level = "error" if is_sure else "warning"
        message = f"{need.what} needs {need.shown}, {said.text}"
        return _finding(need, stop, level, message, said.hint)

    def doubtful(self, need: Need, stop: Stop, held: Held) -> Finding:
        """It is provided in some ways through an item only."""
        doubt = held.doubt
        who = ", ".join(dict.fromkeys(offer.who for offer in held.offers))
        if doubt is not None and isinstance(doubt.node, nodes.Choice):
            text = f"which only some ways through {doubt.what} provide: those with {who}"
            hint = "provide it on every way, or give the parameter a default"
        else:
            condition = "" if doubt is None else f", and {doubt.what} runs only if its when= holds"
            text = f"which only {who} provides{condition}"
            hint = "give the parameter a default, or this one the same condition"
        return _finding(need, stop, "warning", f"{need.what} needs {need.shown}, {text}", hint)

    def gone(self, need: Need, stop: Stop, by: Offer, *, is_sure: bool) -> Finding:
        """Somebody has deleted it."""
        text = f"{need.what} needs {need.shown}, which {by.who} deletes before"
        hint = "delete it later, or provide it again; values from outside come before both"
        return _finding(need, stop, "error" if is_sure else "warning", text, hint)

    # ---------------------------------------------------------------- why it is missing

    def _reasons(self, need: Need, stop: Stop) -> Iterator[_Said]:
        others = [o for o in self._index.get(need.key, ()) if o.stop is not stop and not o.updates]
        creating = [offer for offer in others if offer.is_sure and offer.stop is not None]
        for offer in creating:
            yield from self._elsewhere(need, stop, offer)
        known = [*self._index, *self._resources(need), *self._given()]
        meant = misspelt(need.key, known) or self._one_of_many(need)
        if meant is not None:
            text = f"which nothing provides; {meant!r} is provided"
            yield _Said(text, f"did you mean {meant!r}?", is_likely=True)
        yield from self._of_item(need, stop)
        yield self._from_outside(need, stop)

    def _elsewhere(self, need: Need, stop: Stop, offer: Offer) -> Iterator[_Said]:
        there = offer.stop
        if there is None:
            return
        if there.is_off:
            hint = f"switch it on, or {self._outside(need)}"
            yield _Said(f"which only {offer.who} provides, and that is switched off", hint, True)
            return
        owner, mine, theirs = parting(stop, there)
        if mine is theirs:
            if there.number > stop.number:
                yield self._later(need, stop, offer, there)
        elif owner is not None and isinstance(owner.node, nodes.Parallel):
            text = f"which only branch {theirs.label!r} of {owner.what} provides, at the same time"
            hint = f"provide it before {owner.what}: branches do not see each other's values"
            yield _Said(text, hint, True)

    def _later(self, need: Need, stop: Stop, offer: Offer, there: Stop) -> _Said:
        text = f"which only {offer.who} provides, and that comes later"
        around = {id(each) for each in there.way() if isinstance(each.node, nodes.Loop)}
        if any(id(each) in around for each in stop.way()):
            # Every pass but the first has it; that one may well have it from outside.
            return _Said(f"{text} in the loop", f"for the first pass, {self._outside(need)}", False)
        return _Said(text, f"move it before this one, or {self._outside(need)}", True)

    def _of_item(self, need: Need, stop: Stop) -> Iterator[_Said]:
        around = [each.node for each in stop.way() if isinstance(each.node, nodes.ForEach)]
        over = [name_of(each.over) for each in around if not callable(each.over)]
        if any(each == f"{need.key}s" for each in over):
            hint = f"the item is called 'item': @action(inputs={{{need.name!r}: 'item'}})"
            yield _Said("which nothing provides", hint, is_likely=True)
        elif need.key in _OF_ITEM and not around:
            hint = f"{need.key!r} is the current one inside a for_each, and this is outside of any"
            yield _Said("which nothing provides", hint, is_likely=False)

    def _from_outside(self, need: Need, stop: Stop) -> _Said:
        if need.key in _OF_CONTEXT:
            module = getattr(need.type, "__module__", "")
            hint = f"take the context, `ctx: Context`, and use ctx.{need.key}"
            is_ours = isinstance(module, str) and module.split(".")[0] in {"gostage", "logging"}
            is_likely = is_ours or (need.type is Any and need.key in {"store", "log"})
            return _Said("which nothing provides", hint, is_likely)
        close = did_you_mean(need.key, [*self._index, *self._given()])
        hint = f"{close} If not, {self._outside(need)}" if close else self._outside(need)
        if self._subject.is_all:
            return _Said("which nothing provides", hint, is_likely=True)
        return _Said("which comes from outside: nothing in the workflow provides it", hint, False)

    def _one_of_many(self, need: Need) -> str | None:
        """`order` for `orders`, where it is taken as what `orders` is, and not as one of them."""
        plural = f"{need.key}s"
        kinds = [offer.type for offer in self._index.get(plural, ()) if offer.type is not Any]
        return plural if kinds and all(kind == need.type for kind in kinds) else None

    @staticmethod
    def _outside(need: Need) -> str:
        return f"give it from outside: -s {need.key}=…, or initial={{{need.key!r}: …}}"

    def _given(self) -> list[str]:
        workflow = list(self._subject.workflow.initial)
        return [*workflow, *self._subject.initial]

    def _resources(self, need: Need) -> list[str]:
        space = getattr(need.fn, "__globals__", {})
        own = [name for name, value in list(space.items()) if isinstance(value, Resource)]
        return [*own, *(each.name for each in self._subject.resources)]


def _finding(need: Need, stop: Stop, level: Level, message: str, hint: str) -> Finding:
    made = Finding(code=CODE, level=level, message=message, hint=hint, about=need.key)
    return made.at(stop, need.file, need.line)
