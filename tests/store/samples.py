"""Classes and a clock that the tests of the store share."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

import attrs
import msgspec
import pydantic

T = TypeVar("T")


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def tick(self, seconds: float) -> None:
        self.now += seconds


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Access(enum.Flag):
    READ = 1
    WRITE = 2


@dataclass
class Address:
    city: str
    zip: int = 0


@dataclass
class User:
    name: str
    address: Address
    tags: list[str] = field(default_factory=list)
    nick: str | None = None


@dataclass(frozen=True)
class Frozen:
    x: int
    y: float = 0.5


@dataclass(frozen=True, slots=True)
class FrozenSlots:
    x: int
    parts: tuple[int, ...] = ()


@dataclass(slots=True)
class Derived:
    base: int
    double: int = field(init=False)

    def __post_init__(self) -> None:
        self.double = self.base * 2


@dataclass
class Unset:
    base: int
    later: int = field(init=False)


@dataclass
class Extra:
    base: int

    def __post_init__(self) -> None:
        self.note = f"made of {self.base}"

    @cached_property
    def square(self) -> int:
        return self.base**2


@dataclass
class Box(Generic[T]):
    item: T


@dataclass
class Node:
    name: str
    next: Node | None = None


class Point(NamedTuple):
    x: int
    y: int = 0


@attrs.define
class Pet:
    name: str
    age: int = 0


@attrs.frozen(cache_hash=True)
class Stone:
    weight: int


@attrs.define(slots=False)
class Loose:
    name: str
    _secret: int = 1


class Account(pydantic.BaseModel):
    owner: str
    balance: int = pydantic.Field(default=0, ge=0)
    limits: dict[str, int] = {}
    _touched: int = pydantic.PrivateAttr(default=0)


class Open(pydantic.BaseModel, extra="allow"):
    name: str


class Sealed(pydantic.BaseModel, frozen=True):
    name: str


class Row(msgspec.Struct):
    id: int
    label: str = ""


class FrozenRow(msgspec.Struct, frozen=True, kw_only=True):
    id: int


class Doubling(msgspec.Struct):
    n: int

    def __post_init__(self) -> None:
        self.n *= 2


class Plain:
    """A class that no codec knows."""

    def __init__(self, value: Any = None) -> None:
        self.value = value


class Loud:
    """A class that says so when its code is called from data."""

    calls: ClassVar[list[str]] = []

    def __init__(self) -> None:
        self.calls.append("init")


@dataclass
class Trap:
    """A dataclass whose own code must not be called when it comes from data."""

    x: int
    calls: list[str] = field(default_factory=list)

    def __new__(cls, *args: Any, **named: Any) -> Trap:  # noqa: PYI034 - needs Python 3.11
        TRIGGERED.append("new")
        return super().__new__(cls)

    def __post_init__(self) -> None:
        TRIGGERED.append("post_init")

    def __setstate__(self, state: Any) -> None:
        TRIGGERED.append("setstate")


TRIGGERED: list[str] = []

make_nothing: Callable[[], None] = lambda: None  # noqa: E731 - a function that is no class
