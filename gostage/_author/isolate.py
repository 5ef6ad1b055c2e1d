"""Placements: where something runs if not here, and within which limits; they start nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from os import PathLike, fspath
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from gostage._author.record import Record
from gostage._engine.policy import as_seconds
from gostage._store.keys import Key, name_of
from gostage.errors import DefinitionError, did_you_mean

if TYPE_CHECKING:
    from datetime import timedelta

Method = Literal["forkserver", "spawn", "fork"]
METHODS: Final[tuple[Method, ...]] = get_args(Method)
"""The ways to start a process."""
PROCESS: Final = "process"
"""The backend that is always there."""

_UNITS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "": 1,
        "b": 1,
        **{f"{letter}b": 1000**power for power, letter in enumerate("kmgt", 1)},
        **{f"{letter}ib": 1024**power for power, letter in enumerate("kmgt", 1)},
    }
)
_SIZE: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*")


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Limits:
    """What a child may use: bytes of memory, seconds of processor time, open files.

    `memory` is a number of bytes, or a text such as `"512MB"` (a thousand thousands) or `"512MiB"`.
    What is `None` is not limited.
    """

    memory: int | None
    cpu: float | None
    files: int | None

    def __init__(
        self,
        memory: int | str | None = None,
        cpu: float | timedelta | None = None,
        files: int | None = None,
    ) -> None:
        _set(
            self,
            memory=None if memory is None else _bytes(memory),
            cpu=None if cpu is None else as_seconds(cpu, what="cpu= of a Limits", above_zero=True),
            files=None if files is None else _count(files),
        )

    def __repr__(self) -> str:
        return _repr(self)

    # Any, here and below: JSON-able data.
    def to_dict(self) -> dict[str, Any]:
        """Give what `from_dict` reads."""
        return _given(self)

    @classmethod
    def from_dict(cls, data: object, place: str = "the limits") -> Limits:
        """Read what `to_dict` gave; `place` says where the data stands."""
        return cls(**_taken(cls, Record(data, place)))


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Isolate:
    """Where something runs: in a child of a backend, and what that child is given.

    `keys` are those of the store that cross; `None` stands for all of them. `env` is `None` for all
    variables of this process, a list of names for these alone, a dict for values on top of them.
    `grace` is how many seconds a child has to clean up when it is told to end; `fresh` starts a
    child for every task instead of keeping some warm.
    """

    backend: str
    method: Method | None
    keys: tuple[str, ...] | None
    limits: Limits | None
    env: tuple[str, ...] | Mapping[str, str] | None
    cwd: str | None
    grace: float
    fresh: bool

    def __init__(
        self,
        backend: str = PROCESS,
        method: Method | None = None,
        keys: Iterable[str | Key[Any]] | None = None,  # Any: keys of any type
        limits: Limits | None = None,
        *,
        env: Iterable[str] | Mapping[str, str] | None = None,
        cwd: str | PathLike[str] | None = None,
        grace: float | timedelta = 5.0,
        fresh: bool = False,
    ) -> None:
        _check_backend(backend)
        _check_method(method)
        _check_limits(limits)
        _check_fresh(fresh)
        _set(
            self,
            backend=backend,
            method=method,
            keys=None if keys is None else _keys(keys),
            limits=limits,
            env=None if env is None else _environment(env),
            cwd=None if cwd is None else _folder(cwd),
            grace=as_seconds(grace, what="grace= of an Isolate"),
            fresh=fresh,
        )

    @classmethod
    def of(cls, value: bool | str | Isolate, default: Isolate | None = None) -> Isolate | None:
        """Read what stands where `isolate=` does; `True` is the default, and nothing is here."""
        if isinstance(value, Isolate):
            return value
        if isinstance(value, str):
            return cls(value)
        return (default or cls()) if value else None

    def __hash__(self) -> int:
        env = self.env
        plain = tuple(sorted(env.items())) if isinstance(env, Mapping) else env
        return hash((self.backend, self.method, self.keys, self.limits, plain, self.cwd))

    def __repr__(self) -> str:
        return _repr(self)

    # Any: what the pickle protocol says; copies are made with it as well.
    def __reduce__(self) -> tuple[Any, ...]:
        return Isolate.from_dict, (self.to_dict(),)

    def to_dict(self) -> dict[str, Any]:
        """Give what `from_dict` reads."""
        data = _given(self)
        if self.keys is not None:
            data["keys"] = list(self.keys)
        if self.limits is not None:
            data["limits"] = self.limits.to_dict()
        if self.env is not None:
            data["env"] = dict(self.env) if isinstance(self.env, Mapping) else list(self.env)
        return data

    @classmethod
    def from_dict(cls, data: object, place: str = "the placement") -> Isolate:
        """Read what `to_dict` gave; any other data is refused with a sentence."""
        taken = _taken(cls, Record(data, place))
        if taken.get("limits") is not None:
            taken["limits"] = Limits.from_dict(taken["limits"], f"the limits of {place}")
        return cls(**taken)


# ---------------------------------------------------------------------- data and text


def _names(cls: type[Limits | Isolate]) -> list[str]:
    return [each.name for each in fields(cls)]


def _taken(cls: type[Limits | Isolate], record: Record) -> dict[str, Any]:
    """What a record says of each field; what else it says is refused."""
    taken = {name: record.take(name, None) for name in _names(cls)}
    record.close(cls.__name__)
    return {name: value for name, value in taken.items() if value is not None}


def _given(value: Limits | Isolate) -> dict[str, Any]:
    """What differs from the default, so that a definition stays readable."""
    default, names = type(value)(), _names(type(value))
    return {n: getattr(value, n) for n in names if getattr(value, n) != getattr(default, n)}


def _set(value: Limits | Isolate, **parts: object) -> None:
    """Give a frozen value its parts, once."""
    for name, part in parts.items():
        object.__setattr__(value, name, part)


def _repr(value: Limits | Isolate) -> str:
    given = _given(value)
    if isinstance(given.get("env"), Mapping):
        given["env"] = dict.fromkeys(given["env"], ...)  # a password may stand there
    said = ", ".join(f"{name}={found!r}" for name, found in given.items())
    return f"{type(value).__name__}({said.replace('Ellipsis', '…')})"


# ---------------------------------------------------------------------- checks


def _refused(name: str, value: object, hint: str, owner: str = "an Isolate") -> DefinitionError:
    return DefinitionError(f"{name}= of {owner} cannot be {value!r}", hint=hint)


def _check_backend(value: object) -> None:
    if not isinstance(value, str) or not value.strip():
        raise _refused("backend", value, f'it is the name of a backend, such as "{PROCESS}"')


def _check_method(value: object) -> None:
    if value is None or value in METHODS:
        return
    close = did_you_mean(value, METHODS) if isinstance(value, str) else ""
    raise _refused("method", value, close or f"it is {', '.join(map(repr, METHODS))} or None")


def _check_limits(value: object) -> None:
    if value is not None and not isinstance(value, Limits):
        raise _refused("limits", value, 'write limits=Limits(memory="512MB", cpu=60)')


def _check_fresh(value: object) -> None:
    if not isinstance(value, bool):
        raise _refused("fresh", value, "it is true or false")


def _keys(value: object) -> tuple[str, ...]:
    if isinstance(value, (str, Key)) or not isinstance(value, Iterable):
        raise _refused("keys", value, 'it is a list of store keys: keys=["rows"]')
    return tuple(dict.fromkeys(map(_key, value)))


def _key(value: object) -> str:
    if isinstance(value, Key) or (isinstance(value, str) and value):
        return name_of(value)
    raise _refused("keys", value, 'each is the name of a store key: keys=["rows"]')


def _environment(value: object) -> tuple[str, ...] | Mapping[str, str]:
    hint = 'it is a list of names, ["HOME"], or a dict of values, {"LEVEL": "3"}'
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise _refused("env", value, hint)
    if not isinstance(value, Mapping):
        return tuple(dict.fromkeys(_variable(each) for each in value))
    for name, text in value.items():
        if not isinstance(text, str):
            raise _refused(f"env[{name!r}]", text, f'variables are texts: "{text}"')
    return MappingProxyType({_variable(name): text for name, text in value.items()})


def _variable(name: object) -> str:
    if isinstance(name, str) and name and "=" not in name and "\0" not in name:
        return name
    raise _refused("env", name, "the name of a variable is a text without =")


def _folder(value: object) -> str:
    path = fspath(value) if isinstance(value, (str, PathLike)) else value
    if isinstance(path, str) and path:
        return path
    raise _refused("cwd", value, "it is the path of a folder")


def _bytes(value: object) -> int:
    hint = 'it is a number of bytes above zero, or a text such as "512MB"'
    if isinstance(value, str):
        found = _SIZE.fullmatch(value)
        unit = _UNITS.get(found[2].lower()) if found else None
        if found is not None and unit is None:
            hint = did_you_mean(found[2].lower(), _UNITS) or "units are kB, MB, GB, KiB, MiB, GiB"
        size = 0 if found is None or unit is None else int(float(found[1]) * unit)
    else:
        size = value if isinstance(value, int) and not isinstance(value, bool) else 0
    if size <= 0:
        raise _refused("memory", value, hint, "a Limits")
    return size


def _count(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    raise _refused("files", value, "it is how many files may be open, above zero", "a Limits")
