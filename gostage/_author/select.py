"""Selection: what `find_…`, `disable` and `enable` look for, as predicates over one item."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, final, get_args

from gostage._author.tags import holds_tags, tag_list
from gostage.errors import DefinitionError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from typing_extensions import Self

    from gostage._author.expression import Expression

Kind = Literal["action", "stage"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
Types: TypeAlias = type | tuple[type, ...]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What `find_actions` and `find_stages` look for; everything given must hold."""

    expr: Expression | None = None
    name: str | None = None
    contains: str | None = None
    description: str | None = None
    tag: str | None = None
    tags_all: tuple[str, ...] | None = None
    tags_any: tuple[str, ...] | None = None
    type: Types | None = None
    stage: str | None = None
    where: Callable[..., object] | None = None

    @classmethod
    def of(
        cls,
        expr: str | Expression | None = None,
        *,
        name: str | None = None,
        contains: str | None = None,
        description: str | None = None,
        tag: str | None = None,
        tags_all: Iterable[str] | None = None,
        tags_any: Iterable[str] | None = None,
        type: Types | None = None,
        stage: object = None,
        where: Callable[..., object] | None = None,
    ) -> Self:
        """Check what is asked for; a mistake raises before anything is looked at."""
        return cls(
            expr=_parsed(expr) if isinstance(expr, str) else expr,
            name=_text(name, "name"),
            contains=_text(contains, "contains"),
            description=_text(description, "description"),
            tag=_text(tag, "tag"),
            tags_all=None if tags_all is None else tuple(tag_list(tags_all, "tags_all=")),
            tags_any=None if tags_any is None else tuple(tag_list(tags_any, "tags_any=")),
            type=_types(type),
            stage=_stage_id(stage),
            where=_where(where),
        )

    def matches(self, item: object, *, stage: object = None, id: str | None = None) -> bool:
        """Whether an item is looked for; `stage` is the one it stands in, `id` its step's name."""
        tags = getattr(item, "tags", ())
        return (
            (self.stage is None or _id_of(stage) == self.stage)
            and self._fits_names(_names(item, id))
            and self._fits_description(item)
            and (self.expr is None or self.expr.matches(tags))
            and (self.tag is None or self.tag in tags)
            and holds_tags(tags, all=self.tags_all, any=self.tags_any)
            and (self.type is None or isinstance(item, self.type))
            and (self.where is None or bool(self.where(item)))
        )

    def _fits_names(self, names: set[str]) -> bool:
        if self.name is not None and self.name not in names:
            return False
        if self.contains is None:
            return True
        part = self.contains.casefold()
        return any(part in name.casefold() for name in names)

    def _fits_description(self, item: object) -> bool:
        if self.description is None:
            return True
        text = getattr(item, "description", "") or ""
        return self.description.casefold() in text.casefold()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What `disable`, `enable` and `is_enabled` are about; everything given must hold."""

    action: str | None = None
    stage: str | None = None
    tag: str | None = None
    type: Types | None = None
    where: Callable[..., object] | None = None
    kind: Kind | None = None

    @classmethod
    def of(
        cls,
        *,
        action: str | None = None,
        stage: object = None,
        tag: str | None = None,
        type: Types | None = None,
        where: Callable[..., object] | None = None,
        kind: Kind | None = None,
    ) -> Self:
        """Check what is meant; to mean nothing is a mistake."""
        made = cls(
            action=_text(action, "action"),
            stage=_stage_id(stage),
            tag=_text(tag, "tag"),
            type=_types(type),
            where=_where(where),
            kind=_kind(kind),
        )
        if all(getattr(made, each.name) is None for each in fields(made)):
            raise DefinitionError(
                "it is not said which actions or stages are meant",
                hint='give action="load", stage="extract", tag="slow", type=…, where=… or kind=…',
            )
        if made.action is not None and made.kind == "stage":
            raise DefinitionError(
                f"action={made.action!r} and kind='stage' exclude each other",
                hint="take one of them out",
            )
        return made

    def matches(
        self, item: object, kind: str, *, stage: object = None, id: str | None = None
    ) -> bool:
        """Whether an action or a stage is meant; `stage` is the one an action stands in."""
        if kind == "action":
            fits = self._fits_action(item, stage, id)
        else:
            fits = kind == "stage" and self._fits_stage(item)
        return (
            fits
            and (self.tag is None or self.tag in getattr(item, "tags", ()))
            and (self.type is None or isinstance(item, self.type))
            and (self.where is None or bool(self.where(item)))
        )

    def _fits_action(self, item: object, stage: object, id_: str | None) -> bool:
        if self.kind == "stage" or self._means_one_stage():
            return False
        if self.action is not None and self.action not in _names(item, id_):
            return False
        return self.stage is None or _id_of(stage) == self.stage

    def _fits_stage(self, item: object) -> bool:
        if self.kind == "action" or self.action is not None:
            return False
        return self.stage is None or _id_of(item) == self.stage

    def _means_one_stage(self) -> bool:
        """A stage alone means the stage, and not each of its actions."""
        others = (self.action, self.tag, self.type, self.where, self.kind)
        return self.stage is not None and all(each is None for each in others)


def _parsed(text: str) -> Expression:
    from gostage._author.expression import Expression  # 3 ms, where one is given

    return Expression.parse(text)


def _names(item: object, id_: str | None) -> set[str]:
    names = {id_, getattr(item, "id", None), getattr(item, "name", None)}
    return {each for each in names if isinstance(each, str)}


def _id_of(stage: object) -> object:
    return getattr(stage, "id", stage)


def _text(value: object, word: str) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise DefinitionError(
        f"{word}= must be a text, not {value!r}",
        hint='tags_all=["a", "b"] and tags_any=["a", "b"] look for several tags'
        if word == "tag"
        else f'for example {word}="load"; where= takes a function of the item',
    )


def _stage_id(stage: object) -> str | None:
    return _text(_id_of(stage), "stage")


def _types(value: object) -> Types | None:
    each = value if isinstance(value, tuple) else (value,)
    if value is None or all(isinstance(one, type) for one in each):
        return value  # type: ignore[return-value]  # every one was just checked
    raise DefinitionError(
        f"type= must be a class or a tuple of classes, not {value!r}",
        hint="it is used as in isinstance(item, type)",
    )


def _where(where: object) -> Callable[..., object] | None:
    if where is None or callable(where):
        return where
    raise DefinitionError(
        f"where= must be a function of the item, not {where!r}",
        hint="for example where=lambda item: item.timeout is None",
    )


def _kind(kind: object) -> Kind | None:
    for known in KINDS:
        if kind == known:
            return known
    if kind is None:
        return None
    raise DefinitionError(
        f"kind= cannot be {kind!r}",
        hint=(did_you_mean(kind, KINDS) if isinstance(kind, str) else "")
        or 'it is "action" or "stage"',
    )
