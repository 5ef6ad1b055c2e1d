"""Tag expressions: which items a plugin is about; it reads none itself, gostage does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gostage import Stage, Workflow
from gostage.errors import ConfigError, DefinitionError

if TYPE_CHECKING:
    from gostage_plugins._types import Tagged


class TagExpression:
    """A tag expression such as `io and not slow`; an empty one holds for everything."""

    __slots__ = ("_answers", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._answers: dict[frozenset[str], bool] = {}
        self.holds()  # a mistake in it is raised here

    @classmethod
    def setting(cls, name: str, key: str, text: str) -> TagExpression:
        """Make it from a setting; a mistake in it is one of the configuration."""
        try:
            return cls(text)
        except DefinitionError as error:
            raise ConfigError(
                f"{key!r} of [tool.gostage.{name}]: {error}", hint=error.hint
            ) from None

    def holds(self, *items: Tagged | None) -> bool:
        """Whether it holds for the tags of all these items together."""
        if not self.text:
            return True
        tags = frozenset(tag for item in items if item is not None for tag in item.tags)
        answer = self._answers.get(tags)
        if answer is None:
            found = Workflow("tags", Stage("tags", tags=list(tags))).find_stages(self.text)
            answer = self._answers[tags] = bool(found)
        return answer
