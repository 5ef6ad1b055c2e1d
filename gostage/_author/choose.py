"""Choosing a part of a workflow: what an expression or a name leaves out; it switches off nothing.

Leaves decide: actions, waits, sleeps, receives, and whatever holds nothing. What holds others is
left out when all of them are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gostage._author.expression import Expression, Word
from gostage._author.walk import walk
from gostage._engine import nodes
from gostage.errors import CollectionError, ConfigError, DefinitionError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from gostage._author.walk import Found
    from gostage._author.workflow import WorkflowDefinition

_MOST: Final = 8  # names in one hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What is chosen; everything given must hold, and of several stages any."""

    names: Expression | None = None
    tags: Expression | None = None
    stages: tuple[str, ...] = ()
    from_: str | None = None
    until: str | None = None

    @classmethod
    def of(
        cls,
        names: str | None = None,
        tags: str | None = None,
        stages: Iterable[str] = (),
        from_: str | None = None,
        until: str | None = None,
    ) -> Choice:
        """Read what `-k`, `-t`, `--stage`, `--from` and `--until` say."""
        return cls(
            names=_expression(names, "-k", "name"),
            tags=_expression(tags, "-t", "tag"),
            stages=tuple(stages),
            from_=from_ or None,
            until=until or None,
        )

    def __str__(self) -> str:
        """As it would be typed: `-k 'load' --from 'extract'`."""
        given = [("-k", self.names and self.names.text), ("-t", self.tags and self.tags.text)]
        given += [("--stage", each) for each in self.stages]
        given += [("--from", self.from_), ("--until", self.until)]
        return " ".join(f"{option} {value!r}" for option, value in given if value is not None)


@dataclass(frozen=True, slots=True)
class Leaf:
    """One thing that is run by itself, and what it is chosen by."""

    found: Found
    number: int
    names: frozenset[str]
    tags: frozenset[str]


def left_out(workflow: WorkflowDefinition, choice: Choice) -> frozenset[str]:
    """The paths of all that is not chosen; to choose nothing at all is an error."""
    items = list(walk(workflow))
    leaves = list(_leaves(items))
    tests = list(_tests(workflow, choice, items, leaves))
    chosen = [leaf for leaf in leaves if all(holds(leaf) for holds in tests)]
    if not chosen:
        raise _nothing(workflow, choice, leaves)
    kept = {each.path for leaf in chosen for each in _way_to(leaf.found)}
    return frozenset(item.path for item in items if item.path not in kept)


def _expression(text: str | None, option: str, noun: str) -> Expression | None:
    if not text:
        return None
    try:
        return Expression.parse(text, noun)
    except DefinitionError as error:
        raise ConfigError(f"{option}: {error.message}", hint=error.hint) from None


# -------------------------------------------------------------------- leaves


def _leaves(items: Sequence[Found]) -> Iterator[Leaf]:
    holders = {id(item.parent) for item in items}
    number = 0
    for item in items:
        if id(item) not in holders:
            way = list(_way_to(item))
            names = {name for each in way for name in _names_of(each)}
            tags = {tag for each in way for tag in _tags_of(each)}
            yield Leaf(item, number, frozenset(names), frozenset(tags))
            number += 1


def _way_to(item: Found | None) -> Iterator[Found]:
    """The item and all that it stands in, innermost first."""
    while item is not None:
        yield item
        item = item.parent


def _names_of(item: Found) -> Iterator[str]:
    yield from (item.id, item.path)
    if item.branch:
        yield item.branch
    if item.kind != "step":  # a title of a stage, or what an action calls itself
        yield str(getattr(item.item, "name", item.id))


def _tags_of(item: Found) -> Iterable[str]:
    about = item.item
    if isinstance(about, nodes.Sub):
        about = about.workflow
    elif isinstance(about, nodes.Spawn):
        about = about.body
    tags: Iterable[str] = getattr(about, "tags", ())
    return tags


# -------------------------------------------------------------------- what must hold


def _tests(
    workflow: WorkflowDefinition, choice: Choice, items: Sequence[Found], leaves: Sequence[Leaf]
) -> Iterator[Callable[[Leaf], bool]]:
    names, tags = choice.names, choice.tags
    if names is not None:
        yield lambda leaf: names.evaluate(lambda word: _names_hold(word, leaf.names))
    if tags is not None:
        yield lambda leaf: tags.matches(leaf.tags)
    if choice.stages:
        stages = {
            id(item) for name in choice.stages for item in _called(workflow, items, name, "--stage")
        }
        yield lambda leaf: any(id(each) in stages for each in _way_to(leaf.found))
    if choice.from_ is not None:
        first, _ = _span(workflow, items, leaves, choice.from_, "--from")
        yield lambda leaf: leaf.number >= first
    if choice.until is not None:
        _, last = _span(workflow, items, leaves, choice.until, "--until")
        yield lambda leaf: leaf.number <= last


def _names_hold(word: Word, names: Iterable[str]) -> bool:
    """A plain word is a part of a name, a quoted one is the name, a `*` is anything."""
    if word.is_quoted:
        return word.text in names
    text = word.text.casefold()
    if "*" in text:
        return any(Word(text).fits(name.casefold()) for name in names)
    return any(text in name.casefold() for name in names)


def _span(
    workflow: WorkflowDefinition,
    items: Sequence[Found],
    leaves: Sequence[Leaf],
    name: str,
    option: str,
) -> tuple[int, int]:
    """The numbers of the first and the last leaf of what has this name."""
    found = _called(workflow, items, name, option)
    if len(found) > 1:
        raise ConfigError(
            f"{option} {name!r}: {len(found)} items of {workflow.label} are called that",
            hint=f"give the path of one: {_listed(each.path for each in found)}",
        )
    # By identity, since items of the user's own may be equal to anything.
    numbers = [leaf.number for leaf in leaves if any(e is found[0] for e in _way_to(leaf.found))]
    return numbers[0], numbers[-1]


def _called(
    workflow: WorkflowDefinition, items: Sequence[Found], name: str, option: str
) -> list[Found]:
    """What has this name: a stage rather than a step, and a path rather than an id."""
    stages = [item for item in items if item.kind == "stage"]
    for candidates in (stages, items):
        for attribute in ("path", "id"):
            found = [item for item in candidates if getattr(item, attribute) == name]
            if found:
                return found
    known = [item.id for item in stages] or [item.id for item in items]
    close = did_you_mean(name, [item.id for item in items])
    close = close or did_you_mean(name, [item.path for item in items])
    raise CollectionError(
        f"{option} {name!r}: {workflow.label} has no stage or step of that name",
        hint=close
        or (f"it has {_listed(dict.fromkeys(known))}" if known else "there is nothing in it"),
    )


# -------------------------------------------------------------------- nothing is chosen


def _nothing(
    workflow: WorkflowDefinition, choice: Choice, leaves: Sequence[Leaf]
) -> CollectionError:
    return CollectionError(
        f"nothing in {workflow.label} is chosen by {choice}",
        hint=next(_hints(choice, leaves), "each of these chooses something, but all must hold"),
    )


def _hints(choice: Choice, leaves: Sequence[Leaf]) -> Iterator[str]:
    if not leaves:
        yield "there is nothing in it"
    tags = sorted({tag for leaf in leaves for tag in leaf.tags})
    names = [text for leaf in leaves for each in _way_to(leaf.found) for text in _names_of(each)]
    for word in choice.tags.words() if choice.tags else ():
        if not any(word.fits(tag) for tag in tags):
            yield did_you_mean(word.text, tags) or (
                f"the tags are {_listed(tags)}" if tags else "nothing in it has a tag"
            )
    for word in choice.names.words() if choice.names else ():
        if not _names_hold(word, names):
            yield did_you_mean(word.text, names) or f"the names are {_listed(_ids(leaves))}"


def _ids(leaves: Sequence[Leaf]) -> dict[str, None]:
    return dict.fromkeys(each.id for leaf in leaves for each in reversed([*_way_to(leaf.found)]))


def _listed(names: Iterable[str]) -> str:
    quoted = [repr(name) for name in names]
    return ", ".join(quoted if len(quoted) <= _MOST else [*quoted[:_MOST], "…"])
