"""Validation: which keys a stage needs in the store, and which it leaves there; it reads only."""

from __future__ import annotations

import builtins
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from gostage import Key, hookimpl
from gostage.errors import (
    ConfigError,
    DefinitionError,
    KeyMissing,
    MissingInput,
    TypeMismatch,
    Where,
    did_you_mean,
)
from gostage_plugins._places import place_of
from gostage_plugins._references import found
from gostage_plugins._settings import read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from gostage import Context, Stage, Store
    from gostage.errors import GostageError
    from gostage.hookspecs import Config, Run
    from gostage_plugins._types import Middleware, Wrapper

    # Any: a key of any type.
    AnyKey = str | Key[Any]

__all__ = ["GOSTAGE_API", "Settings", "Validation", "ensures", "gostage_plugin", "requires"]

GOSTAGE_API = 1
NAME = "validation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a project may set in `[tool.gostage.validation]`: keys by the id of a stage.

    `*` stands for anything in an id. Keys are a list, or a table of keys and their types.
    """

    require: dict[str, tuple[str, ...] | dict[str, str]] = field(default_factory=dict)
    ensure: dict[str, tuple[str, ...] | dict[str, str]] = field(default_factory=dict)


def gostage_plugin(config: Config) -> Validation:
    """Make the plugin of one project."""
    return Validation(read(Settings, NAME, config), config.root)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A key that is to be in the store, and the type of its value if that matters."""

    key: AnyKey
    # Any: types may be generic, such as list[int].
    type: Any = None

    @property
    def name(self) -> str:
        """The key as text."""
        return self.key.name if isinstance(self.key, Key) else self.key

    def look(self, store: Store) -> None:
        """Raise what the store raises when it is read."""
        if self.type is None:
            store.get(self.key)
        else:
            store.get(self.name, self.type)


class Validation:
    """Checks the store before and after the actions of a stage."""

    def __init__(self, settings: Settings | None = None, root: Path | None = None) -> None:
        given = settings or Settings()
        self._require = _by_stage("require", given.require, root)
        self._ensure = _by_stage("ensure", given.ensure, root)

    @hookimpl(wrapper=True)
    def gostage_stage(self, run: Run, stage: Stage) -> Wrapper:
        """Check what the stage needs once its initial data is there, and what it leaves."""
        if not run.resuming:  # what the stage has used up before it waited need not be there
            _check(_of(self._require, stage.id), run, run.store, stage, error=_not_there)
        value = yield
        _check(_of(self._ensure, stage.id), run, run.store, stage, error=_not_left)
        return value


# Any: types may be generic.
def requires(*keys: AnyKey, **types: Any) -> Middleware:  # noqa: ANN401
    """Make middleware that fails unless the store has these keys: `requires("rows", count=int)`."""
    wanted = _wanted("requires", keys, types)

    def require(
        run: Run, store: Store, stage: Stage | None = None, ctx: Context | None = None
    ) -> Wrapper:
        if not run.resuming:
            _check(wanted, run, store, stage, ctx, error=_not_there)
        return (yield)

    return require


# Any: as above.
def ensures(*keys: AnyKey, **types: Any) -> Middleware:  # noqa: ANN401
    """Make middleware that fails unless what it is around leaves these keys in the store."""
    wanted = _wanted("ensures", keys, types)

    def ensure(
        run: Run, store: Store, stage: Stage | None = None, ctx: Context | None = None
    ) -> Wrapper:
        value = yield
        _check(wanted, run, store, stage, ctx, error=_not_left)
        return value

    return ensure


# Any: as above.
def _wanted(what: str, keys: tuple[AnyKey, ...], types: Mapping[str, Any]) -> tuple[Wanted, ...]:
    wrong = next((each for each in keys if not isinstance(each, (str, Key))), None)
    if wrong is not None or not (keys or types):
        raise DefinitionError(
            f"{what}() takes keys" + ("" if wrong is None else f", not {wrong!r}"),
            hint=f'{what}("rows"), {what}(count=int), or a Key',
        )
    return (*map(Wanted, keys), *(Wanted(name, type_) for name, type_ in types.items()))


def _check(
    wanted: Iterable[Wanted],
    run: Run,
    store: Store,
    stage: Stage | None,
    ctx: Context | None = None,
    *,
    error: Callable[[str, list[str], str, Where], GostageError],
) -> None:
    missing: list[str] = []
    for each in wanted:
        try:
            each.look(store)
        except KeyMissing:
            missing.append(each.name)
        except TypeMismatch as mismatch:
            mismatch.where = _where(run, stage, ctx)
            raise
    if missing:
        close = next(filter(None, (did_you_mean(each, store.keys()) for each in missing)), "")
        raise error(place_of(run, stage, ctx), missing, close, _where(run, stage, ctx))


def _not_there(place: str, missing: list[str], close: str, where: Where) -> GostageError:
    return MissingInput(
        f"{place} needs {_listed(missing)}, and the store does not have it",
        hint=close or "put it there before: initial=…, `-s key=value`, or a stage that provides it",
        where=where,
    )


def _not_left(place: str, missing: list[str], close: str, where: Where) -> GostageError:
    return KeyMissing(
        f"{place} was to leave {_listed(missing)} in the store, and has not",
        hint=close or "ctx.store[…] = …, or @action(provides=…)",
        where=where,
    )


def _listed(names: list[str]) -> str:
    return " and ".join(map(repr, names))


def _where(run: Run, stage: Stage | None, ctx: Context | None) -> Where:
    action = None if ctx is None or ctx.action is None else ctx.action.name
    return Where(run=run.id, stage=None if stage is None else stage.id, action=action)


ByStage = tuple[tuple[str, tuple[Wanted, ...]], ...]


def _by_stage(
    key: str, given: Mapping[str, tuple[str, ...] | dict[str, str]], root: Path | None
) -> ByStage:
    return tuple(
        (
            glob,
            tuple(Wanted(name, _type(text, f"{key}.{glob}", root)) for name, text in keys.items())
            if isinstance(keys, dict)
            else tuple(map(Wanted, keys)),
        )
        for glob, keys in given.items()
    )


def _of(rules: ByStage, stage_id: str) -> Iterable[Wanted]:
    return (each for glob, wanted in rules if fnmatchcase(stage_id, glob) for each in wanted)


def _type(text: str, key: str, root: Path | None) -> type:
    owner = f"{key!r} of [tool.gostage.{NAME}]"
    if ":" in text:
        named = found(text, owner, root)
        if not isinstance(named, type):
            raise ConfigError(f"{text!r}, in {owner}, is no type", hint="name a class")
        return named
    known = {name: each for name, each in vars(builtins).items() if isinstance(each, type)}
    if text not in known:
        raise ConfigError(
            f"{text!r}, in {owner}, is no type",
            hint=did_you_mean(text, known) or "a builtin such as int, or module:Class",
        )
    return known[text]
