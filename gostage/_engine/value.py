"""Values: small classes that compare and print by their fields; nothing may change them.

A frozen dataclass takes 400 µs to define, and three times as long to make as one of these. The
engine has dozens of them, defines them wherever a workflow is imported, and makes some for every
step. Their fields are `Final`: it is the type checker that keeps them as they are.
"""

from __future__ import annotations

from typing import ClassVar


class Value:
    """What is equal when its fields are; the fields are its slots."""

    __slots__: ClassVar[tuple[str, ...]] = ()

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    def __hash__(self) -> int:
        return hash((type(self), *(getattr(self, name) for name in self.__slots__)))

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__)
        return f"{type(self).__name__}({fields})"
