"""Values: what no module holds, sent to a child as it is; a parent packs, and only its child loads.

Modules are never sent, and neither is what can be imported from them. What belongs to a script, a
notebook or a prompt is sent with the names that its functions use. It all lands in one module: the
imported script if its guard makes that safe, else one that stands in for it.
"""

from __future__ import annotations

import base64
import dis
import io
import re
import sys
import types
from importlib import import_module
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar

import dill

from gostage._author.function import Function, restored
from gostage._author.loading import address_of, load_file, loaded
from gostage._author.resource import Resource
from gostage._author.script import MAIN, file_of, is_found, is_guarded
from gostage._plugins.notes import text_of
from gostage._spawn.heritage import HERITAGE
from gostage._spawn.reducing import at, is_of, reduced
from gostage._spawn.thing import Thing
from gostage.errors import NotImportable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import CodeType, FunctionType, ModuleType

    # Any: JSON-able data.
    Json = Any

_READS: Final = frozenset(("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"))
_WORD: Final = re.compile(r"[^\W\d]\w*")
_HINT: Final = (
    "keep it in a module that can be imported, make it where it is used, or make it a @resource"
)


# ---------------------------------------------------------------------- in the parent


def pack_values(things: Iterable[Thing], names: Iterable[str]) -> dict[str, Json]:
    """Pack things, and these names of the script, with all that they use."""
    return _Sender().pack(list(things), names)


class _Sender:
    """Finds out what is to be sent with something."""

    def __init__(self) -> None:
        self._main = sys.modules[MAIN]
        self._space = self._main.__dict__
        self._imports = is_guarded()
        self._taken: dict[str, object] = {}

    def pack(self, things: list[Thing], names: Iterable[str]) -> dict[str, Json]:
        for name in names:
            self._take(name, f"{name!r} of the script")
        for thing in things:
            self._follow(self._try(thing))
        if not self._imports:
            self._take_classes()
        stream = io.BytesIO()
        pickler = _Pickler(stream, self._main, imports=self._imports)
        pickler.dump(self._taken)
        pickler.dump([thing.value for thing in things])
        found = stream.getvalue()
        return {
            "pickle": base64.b64encode(found).decode("ascii"),
            "files": _files(found),
            "main": self._home() if self._taken or pickler.refers else None,
        }

    def _home(self) -> Json:
        """What the child has to know of the script to have its names."""
        spec = getattr(self._main, "__spec__", None)
        return {
            "file": getattr(self._main, "__file__", None),
            "name": None if spec is None else spec.name,
            "imports": file_of(self._main) if self._imports else None,
        }

    def _take(self, name: str, what: str) -> None:
        """Send a name of the script, and what it uses."""
        if name in self._taken or name not in self._space or self._is_there(name):
            return
        self._taken[name] = value = self._space[name]
        self._follow(self._try(Thing(what, value)))

    def _follow(self, pickler: _Pickler) -> None:
        """Send what functions of the script use, and the resources that they ask for."""
        for function in pickler.functions:
            for name in _used(function.__code__):
                self._take(name, f"{name!r}, which {function.__qualname__!r} uses,")
            pickler.asked.update(_parameters(function.__code__))
            self._wish(_annotated(function))
        for name in sorted(pickler.asked):
            if isinstance(self._space.get(name), Resource):
                self._take(name, f"resource {name!r} of the script")

    def _take_classes(self) -> None:
        """Send the script's classes too: values in the store may be of them."""
        self._wish(
            name
            for name, each in list(self._space.items())
            if isinstance(each, type) and each.__module__ == MAIN
        )

    def _wish(self, names: Iterable[str]) -> None:
        """Send names if it is possible; an annotation need not be known."""
        for name in names:
            before = dict(self._taken)
            try:
                self._take(name, repr(name))
            except NotImportable:
                self._taken = before

    def _is_there(self, name: str) -> bool:
        return self._imports and is_found(name)

    def _try(self, thing: Thing) -> _Pickler:
        """Pack one thing for nothing, to see whether it works, and what is in it."""
        pickler = _Pickler(io.BytesIO(), self._main, imports=self._imports)
        try:
            pickler.dump(thing.value)
        except Exception as error:
            error.__traceback__ = None  # where in the pickler that was tells nobody anything
            raise self._refused(thing, error) from error
        return pickler

    def _refused(self, thing: Thing, error: Exception) -> NotImportable:
        for what, part in thing.parts:
            try:
                self._try(Thing(what, part))
            except NotImportable as found:
                return found
        return NotImportable(
            f"{thing.what} cannot be given to a child process: {text_of(error)}", hint=_HINT
        )


# Any, and the untyped base: dill has no types.
class _Pickler(dill.Pickler):  # type: ignore[misc]
    """Refers to what the child has, and keeps in mind which functions it sends."""

    def __init__(self, stream: io.BytesIO, main: ModuleType, *, imports: bool) -> None:
        super().__init__(stream, protocol=4, byref=False, recurse=False)
        self.functions: list[FunctionType] = []
        self.asked: set[str] = set()
        """The names by which they ask for what is theirs in a run."""
        self.refers = False
        """Whether anything is the script's."""
        self._script = main
        self._imports = imports

    def persistent_id(self, thing: Any) -> object:  # noqa: ANN401
        """Name what the child has itself: modules' names, and what it finds in the script's."""
        said = self._said(thing)
        self.refers = self.refers or (said is not None and said[0] != "of")
        return said

    def _said(self, thing: Any) -> tuple[str, ...] | None:  # noqa: ANN401
        if thing is self._script:
            return ("module",)
        if type(thing) is dict:
            return ("names",) if thing is self._script.__dict__ else _module_of(thing)
        if self._imports and isinstance(thing, (type, types.FunctionType, TypeVar, ParamSpec)):
            path = getattr(thing, "__qualname__", thing.__name__)
            if thing.__module__ == MAIN and is_found(path) and at(self._script, path) is thing:
                return ("name", path)
        return None

    def reducer_override(self, thing: Any) -> Any:  # noqa: ANN401
        """Say how to send what dill sends in another way than is meant here."""
        kind = type(thing)
        if kind is Function:
            self.asked.update(thing.inputs.values())
        if kind is types.FunctionType and thing.__globals__ is self._script.__dict__:
            self.functions.append(thing)
        elif kind is Function and not self._imports and is_of(thing.fn, MAIN):
            return restored, (thing.fn, dict(thing.params), dict(thing.inputs), thing.name)
        return reduced(thing)


def _module_of(space: dict[str, Any]) -> tuple[str, ...] | None:
    """Of a module's names, how the child finds them; they are never sent."""
    name = space.get("__name__")
    if not isinstance(name, str) or getattr(sys.modules.get(name), "__dict__", None) is not space:
        return None
    return "of", name


def _used(code: CodeType) -> Iterator[str]:
    """The global names that a function reads, and what is defined inside it."""
    todo = [code]
    while todo:
        each = todo.pop()
        todo += [const for const in each.co_consts if isinstance(const, types.CodeType)]
        for step in dis.get_instructions(each):
            if step.opname in _READS:
                yield step.argval


def _parameters(code: CodeType) -> tuple[str, ...]:
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def _annotated(function: FunctionType) -> set[str]:
    """The names in annotations that are texts; any other kind is sent with the function."""
    texts = (each for each in function.__annotations__.values() if isinstance(each, str))
    return {word for text in texts for word in _WORD.findall(text)}


def _files(pickled: bytes) -> dict[str, str]:
    """The files of the modules in a pickle that no import statement of the child would find."""
    places = {name: address_of(name) for name in loaded() if name.encode() in pickled}
    return {name: place for name, place in places.items() if name not in (place, MAIN)}


# ---------------------------------------------------------------------- in the child


def unpack_values(data: Mapping[str, Json]) -> list[object]:
    """Load what the parent has packed."""
    try:
        things: list[object] = _named(data).load()
    except Exception as error:
        raise NotImportable(
            f"what its parent sent does not load in the child: {type(error).__name__}: {error}",
            hint="is everything that it imports installed where the child runs?",
        ) from error
    return things


def inherit(sent: Iterable[Mapping[str, Json]]) -> None:
    """Have the names of the script that the parent was sent itself."""
    for each in sent:
        if each not in HERITAGE:
            _named(each)


def _named(data: Mapping[str, Json]) -> _Unpickler:
    """Load the names of the script; what is left to load is the things."""
    for name, file in data["files"].items():
        sys.modules.setdefault(name, load_file(Path(file)))
    main = data["main"]
    home = sys.modules[MAIN] if main is None else _home_of(main)
    unpickler = _Unpickler(io.BytesIO(base64.b64decode(data["pickle"])), home)
    home.__dict__.update(unpickler.load())  # before what may look for them
    if main is not None and main["imports"] is not None and data not in HERITAGE:
        HERITAGE.append(data)
    return unpickler


def _home_of(main: Mapping[str, Json]) -> ModuleType:
    """The module that has the script's names here."""
    if main["imports"] is not None:
        return load_file(Path(main["imports"]))
    known = sys.modules.get(MAIN)
    if isinstance(known, _StandIn):
        return known
    made = sys.modules[MAIN] = _StandIn(MAIN)
    made.__builtins__ = __builtins__  # type: ignore[attr-defined]  # as every module has it
    if main["file"] is not None:
        made.__file__ = main["file"]
    if main["name"] is not None:
        made.__spec__ = ModuleSpec(main["name"], None, origin=main["file"])
    return made


class _StandIn(types.ModuleType):
    """Has the names of a script that was not run here."""


# The untyped base: as above.
class _Unpickler(dill.Unpickler):  # type: ignore[misc]
    """Finds what its parent refers to in the module that has the script's names."""

    def __init__(self, stream: io.BytesIO, home: ModuleType) -> None:
        super().__init__(stream, ignore=True)
        self._home = home

    def persistent_load(self, said: tuple[str, ...]) -> object:
        """Give what a reference of the parent means here."""
        kind, *path = said
        if kind == "of":
            return import_module(*path).__dict__
        if kind == "module":
            return self._home
        return self._home.__dict__ if kind == "names" else at(self._home, *path)
