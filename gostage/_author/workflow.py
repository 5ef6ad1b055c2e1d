"""The workflow as a definition: stages and steps in order; it cannot be run from here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from gostage._author.flow import Stage, Steps, as_item
from gostage._author.header import Headed
from gostage._author.views import View
from gostage._author.walk import walk
from gostage.errors import DefinitionError, NotFound, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from typing_extensions import Self

    from gostage._author.action import Action
    from gostage._author.flow import BodyLike
    from gostage._author.middleware import Level
    from gostage._author.options import AnyKey
    from gostage._author.select import Kind, Types
    from gostage._engine.nodes import Item


class WorkflowDefinition(Headed, Steps):
    """Stages and steps in order, with initial data, middleware and what is switched off."""

    kind: ClassVar = "workflow"
    level: ClassVar[Level] = "workflow"

    _compiled: object = None
    """What was made of it to be run, kept here by what runs it."""

    def __init__(
        self,
        id: str,
        *stages: BodyLike | Item,
        name: str | None = None,
        description: str = "",
        tags: Iterable[str] = (),
        initial: Mapping[AnyKey, object] | Mapping[str, object] | None = None,
        version: str | int | None = None,
    ) -> None:
        Headed.__init__(self, id, name=name, description=description, tags=tags, initial=initial)
        self.version = _check_version(version, self.label)
        self._disabled: set[str] = set()
        self.add(*stages)

    @property
    def stages(self) -> Stages:
        """Its stages, as a list that may be changed."""
        return Stages(self)

    @stages.setter
    def stages(self, values: Iterable[Stage]) -> None:
        Stages(self)[:] = values

    @property
    def disabled(self) -> frozenset[str]:
        """The paths of what is switched off: `stage`, or `stage/action`."""
        return frozenset(self._disabled)

    def switch_off(self, paths: Iterable[str]) -> None:
        """Switch off what stands at these paths, and nothing else."""
        self._disabled = set(paths)

    def to_dict(self) -> dict[str, Any]:  # Any: JSON-able data of any shape
        """Give the definition as JSON-able data: actions by reference plus bound parameters."""
        from gostage._author.dump import dump_workflow  # 4 ms: it knows every kind of value

        return dump_workflow(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> Self:
        """Make the workflow again from `to_dict()`; the modules it names are imported."""
        from gostage._author.load import load_workflow  # 4 ms, as above

        return load_workflow(data, cls)

    def find_stage(self, id: str) -> Stage:
        """Give the stage of that id, wherever it stands."""
        stages = [found for found in walk(self) if found.kind == "stage"]
        for found in stages:
            if found.id == id:
                return cast("Stage", found.item)
        known = [found.id for found in stages]
        raise NotFound(
            f"{self.label} has no stage {id!r}",
            hint=(did_you_mean(id, known) if isinstance(id, str) else "")
            or (f"its stages are {', '.join(map(repr, known))}" if known else "it has no stages"),
        )

    # Any: whatever the actions return.
    def find_actions(
        self,
        expr: str | None = None,
        *,
        name: str | None = None,
        contains: str | None = None,
        description: str | None = None,
        tag: str | None = None,
        tags_all: Iterable[str] | None = None,
        tags_any: Iterable[str] | None = None,
        type: Types | None = None,
        stage: str | Stage | None = None,
        where: Callable[..., object] | None = None,
    ) -> list[Action[..., Any]]:
        """List the actions that fit, in order; without arguments all of them."""
        found = self._find(
            "action",
            expr,
            name=name,
            contains=contains,
            description=description,
            tag=tag,
            tags_all=tags_all,
            tags_any=tags_any,
            type=type,
            stage=stage,
            where=where,
        )
        return [cast("Action[..., Any]", item) for item in found]

    def find_stages(
        self,
        expr: str | None = None,
        *,
        name: str | None = None,
        contains: str | None = None,
        description: str | None = None,
        tag: str | None = None,
        tags_all: Iterable[str] | None = None,
        tags_any: Iterable[str] | None = None,
        type: Types | None = None,
        stage: str | Stage | None = None,
        where: Callable[..., object] | None = None,
    ) -> list[Stage]:
        """List the stages that fit, in order; `stage` is one that they stand in."""
        found = self._find(
            "stage",
            expr,
            name=name,
            contains=contains,
            description=description,
            tag=tag,
            tags_all=tags_all,
            tags_any=tags_any,
            type=type,
            stage=stage,
            where=where,
        )
        return [cast("Stage", item) for item in found]

    def disable(
        self,
        *,
        action: str | None = None,
        stage: str | Stage | None = None,
        tag: str | None = None,
        type: Types | None = None,
        where: Callable[..., object] | None = None,
        kind: Kind | None = None,
    ) -> int:
        """Switch actions and stages off: they are skipped; gives how many matched."""
        paths = self._matching(
            action=action, stage=stage, tag=tag, type=type, where=where, kind=kind
        )
        self._disabled.update(paths)
        return len(paths)

    def enable(
        self,
        *,
        action: str | None = None,
        stage: str | Stage | None = None,
        tag: str | None = None,
        type: Types | None = None,
        where: Callable[..., object] | None = None,
        kind: Kind | None = None,
    ) -> int:
        """Switch actions and stages on again; gives how many matched."""
        paths = self._matching(
            action=action, stage=stage, tag=tag, type=type, where=where, kind=kind
        )
        self._disabled.difference_update(paths)
        return len(paths)

    # Any, here and below: what the public methods were asked, and what checks it.
    def _find(self, kind: Kind, expr: str | None, **asked: Any) -> list[object]:  # noqa: ANN401
        from gostage._author.select import Query  # 1 ms, for those who look

        query = Query.of(expr, **asked)
        return [
            found.item
            for found in walk(self)
            if found.kind == kind and query.matches(found.item, stage=found.stage, id=found.id)
        ]

    def _matching(self, **asked: Any) -> list[str]:  # noqa: ANN401
        from gostage._author.select import Target  # 1 ms, as above

        target = Target.of(**asked)
        return [
            found.path
            for found in walk(self)
            if target.matches(found.item, found.kind, stage=found.stage, id=found.id)
        ]


class Stages(View[Stage]):
    """The stages of a workflow."""

    __slots__ = ()

    def shown(self, item: Item) -> Stage | None:
        """Give the item if it is a stage."""
        return item if isinstance(item, Stage) else None

    def made(self, value: object) -> Item:
        """Let a stage pass."""
        if isinstance(value, Stage):
            return as_item(value, self._flow.label)
        raise DefinitionError(
            f"the stages of {self._flow.label} must be stages, not {value!r}",
            hint="write Stage(id, action, …)",
        )


def _check_version(version: object, owner: str) -> str | int | None:
    if isinstance(version, bool) or not (version is None or isinstance(version, (str, int))):
        raise DefinitionError(
            f"version= of {owner} must be a text or a number, not {version!r}",
            hint='for example version="2"',
        )
    return version
