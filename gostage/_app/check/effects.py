"""Effects: what the code of a function does to the store and the plan, as far as it can be read.

What cannot be followed (the context handed on, a key that is computed) makes a function open: it
may do anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    import ast

Role = Literal["ctx", "store", "run"]
TouchKind = Literal["read", "write", "drop", "clear"]

ADDING: Final = frozenset({"add_action", "add_stage", "add_action_to"})
"""The methods of the context that put something into the plan."""

REMOVING: Final = frozenset({"remove_action", "remove_actions", "remove_stage", "disable"})
"""The methods of the context that keep something from running."""


@dataclass(frozen=True, slots=True)
class Touch:
    """One place where code reads, writes or deletes a key; to clear is to delete all of them."""

    kind: TouchKind
    key: str
    line: int
    is_sure: bool
    """Whether it happens whenever the function completes, and nothing makes up for a missing key.

    A write that is not sure may leave an earlier value where it is.
    """
    type: Any = Any  # Any: annotations have no static type


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a method of the context."""

    name: str
    node: ast.Call
    is_sure: bool


@dataclass(slots=True)
class Effects:
    """What a function does."""

    touches: list[Touch] = field(default_factory=list)
    """In the order of the code."""
    patterns: list[tuple[str, str]] = field(default_factory=list)
    """How keys begin and end that are put together of parts."""
    calls: list[Call] = field(default_factory=list)
    is_open: bool = False
    """Whether it may do anything else to the store and the plan."""
    looks_at_time: bool = False

    @property
    def writes(self) -> list[Touch]:
        """Where it writes."""
        return [each for each in self.touches if each.kind == "write"]

    @property
    def reads(self) -> list[Touch]:
        """Where it reads."""
        return [each for each in self.touches if each.kind == "read"]

    @property
    def adds(self) -> bool:
        """Whether it may put something into the plan."""
        return self.is_open or any(each.name in ADDING for each in self.calls)

    @property
    def removes(self) -> bool:
        """Whether it may take something out of the plan, or switch it off."""
        return self.is_open or any(each.name in REMOVING for each in self.calls)

    @property
    def enables(self) -> bool:
        """Whether it may switch on what is switched off."""
        return self.is_open or any(each.name == "enable" for each in self.calls)

    def open(self) -> None:
        """Say that it may do anything."""
        self.is_open = self.looks_at_time = True
