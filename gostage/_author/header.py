"""The header that stages and workflows share: title, tags, middleware and initial data."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from gostage._author import options
from gostage._author.tags import Tagged
from gostage._author.tree import Flow
from gostage.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import timedelta

    from typing_extensions import Self

    from gostage._author.initial import InitialValue
    from gostage._author.middleware import Layer, Level, Middleware
    from gostage._author.options import AnyKey


class Headed(Tagged, Flow):
    """A flow with an id, a title, tags, middleware of its own and initial data."""

    level: ClassVar[Level]
    """The level of its middleware."""

    def __init__(
        self,
        id: str,
        *,
        name: str | None,
        description: str,
        tags: Iterable[str],
        initial: Mapping[AnyKey, object] | Mapping[str, object] | None,
    ) -> None:
        super().__init__()
        if isinstance(id, Flow):
            raise DefinitionError(
                f"the id of a {self.kind} must be a text, not {id!r}",
                hint="add(…) takes what is already made",
            )
        self._id = options.check_name(id, f"a {self.kind}", "id")
        self.name = self._id if name is None else options.check_name(name, self.label)
        self.description = options.check_description(description, self.label)
        self.tags = options.check_tags(tags, self.label)
        self._layers: list[Layer] = []
        self._initial: dict[str, InitialValue] = {}
        if initial is not None:
            from gostage._author.initial import initial_values  # 2 ms, and many have none

            self._initial = dict(initial_values(initial, self.label))

    @property
    def id(self) -> str:
        """What it is called among its siblings, and in paths."""
        return self._id

    @property
    def label(self) -> str:
        """What it is called in messages: `stage 'load'`."""
        return f"{self.kind} {self._id!r}"

    @property
    def middleware(self) -> tuple[Layer, ...]:
        """The middleware given to `use`, outermost first."""
        return tuple(self._layers)

    @property
    def initial(self) -> Mapping[str, InitialValue]:
        """The initial data, by key."""
        return MappingProxyType(self._initial)

    def use(self, *middleware: Middleware) -> Self:
        """Put middleware around: of a stage around its actions, of a workflow around each stage."""
        from gostage._author.middleware import Layer  # 1 ms, and many have none

        self._layers.extend([Layer.of(each, self.level) for each in middleware])
        return self

    def set_initial(
        self,
        key: AnyKey,
        value: object,
        *,
        ttl: timedelta | float | None = None,
        tags: Iterable[str] | None = None,
        props: Mapping[str, object] | None = None,
        description: str | None = None,
    ) -> Self:
        """Put a value into the store when this starts; it is copied in, and in again each time."""
        from gostage._author.initial import initial_value  # 2 ms, as above

        given = {"ttl": ttl, "tags": tags, "props": props, "description": description}
        name, checked = initial_value(key, value, given, self.label)
        self._initial[name] = checked
        return self

    def __repr__(self) -> str:
        return f"<{self.label}>"
