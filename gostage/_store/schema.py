"""The JSON Schema of a stored value's type, and whether a schema has what a partial one names."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from enum import EnumMeta
from typing import Any, Final, Union

from gostage._store.models import model_of
from gostage._store.types import hints_of

Schema = dict[str, Any]  # Any: JSON

__all__ = ["Schema", "matches", "schema_of"]

_SIMPLE: Final[Mapping[str, Schema]] = {
    "builtins.NoneType": {"type": "null"},
    "builtins.bool": {"type": "boolean"},
    "builtins.int": {"type": "integer"},
    "builtins.float": {"type": "number"},
    "builtins.str": {"type": "string"},
    "builtins.bytes": {"type": "string", "contentEncoding": "base64"},
    "builtins.bytearray": {"type": "string", "contentEncoding": "base64"},
    "builtins.complex": {"type": "array", "items": {"type": "number"}},
    "datetime.datetime": {"type": "string", "format": "date-time"},
    "datetime.date": {"type": "string", "format": "date"},
    "datetime.time": {"type": "string", "format": "time"},
    "datetime.timedelta": {"type": "string", "format": "duration"},
    "decimal.Decimal": {"type": "string", "format": "decimal"},
    "uuid.UUID": {"type": "string", "format": "uuid"},
    "pathlib.Path": {"type": "string", "format": "path"},
    "pathlib.PosixPath": {"type": "string", "format": "path"},
    "pathlib.WindowsPath": {"type": "string", "format": "path"},
}
_DEEPEST: Final = 50


def schema_of(value: object) -> Schema:
    """The JSON Schema of a value: of its class where that declares fields, else of its items."""
    return _of_value(value, 0)


def _of_value(value: object, depth: int) -> Schema:
    if depth > _DEEPEST:
        return {}
    if isinstance(value, dict):
        return _of_dict(value, depth)
    if type(value) is tuple:
        items = [_of_value(item, depth + 1) for item in value]
        return {"type": "array", "prefixItems": items, "items": False}
    if isinstance(value, (list, set, frozenset)):
        return _array(value, _one_of([_of_value(item, depth + 1) for item in value]))
    return _of_class(type(value))


def _of_dict(value: dict[Any, Any], depth: int) -> Schema:  # Any: keys and values of all types
    if not all(isinstance(key, str) for key in value):
        return {"type": "object"}
    properties = {key: _of_value(item, depth + 1) for key, item in value.items()}
    return {"type": "object", "properties": properties, "required": list(properties)}


def _array(value: object, items: Schema) -> Schema:
    unique = {"uniqueItems": True} if isinstance(value, (set, frozenset)) else {}
    return {"type": "array", **({"items": items} if items else {}), **unique}


def _one_of(schemas: list[Schema]) -> Schema:
    different: list[Schema] = []
    for schema in schemas:
        if schema not in different:
            different.append(schema)
    if not different:
        return {}
    return different[0] if len(different) == 1 else {"anyOf": different}


def _of_class(cls: type) -> Schema:
    builder = _Builder()
    schema = builder.of(cls)
    return {**schema, "$defs": builder.definitions} if builder.definitions else schema


class _Builder:
    """Builds the schema of annotations; a class that contains itself becomes a definition."""

    def __init__(self) -> None:
        self.definitions: dict[str, Schema] = {}
        self._open: list[type] = []

    def of(self, annotation: Any) -> Schema:  # noqa: ANN401 - an annotation has no static type
        if annotation is None or annotation is Any:
            return {"type": "null"} if annotation is None else {}
        origin = typing.get_origin(annotation)
        if origin is not None:
            return self._generic(origin, typing.get_args(annotation))
        if hasattr(annotation, "__supertype__"):
            return self.of(annotation.__supertype__)
        return self._class(annotation) if isinstance(annotation, type) else {}

    def _generic(self, origin: Any, args: tuple[Any, ...]) -> Schema:  # noqa: ANN401, PLR0911 - one return for each kind
        if origin in (Union, types.UnionType):
            return _one_of([self.of(arg) for arg in args])
        if origin is typing.Annotated:
            return self.of(args[0])
        if origin is typing.Literal:
            return {"enum": list(args)}
        if origin is tuple:
            if args[-1:] == (...,):
                return {"type": "array", "items": self.of(args[0])}
            items = [self.of(arg) for arg in args if arg != ()]
            return {"type": "array", "prefixItems": items, "items": False}
        if isinstance(origin, type):
            return self._container(origin, args)
        return self.of(args[0]) if args else {}

    def _container(self, origin: type, args: tuple[Any, ...]) -> Schema:
        if issubclass(origin, Mapping):
            values = self.of(args[1]) if len(args) == 2 else {}
            return {"type": "object", **({"additionalProperties": values} if values else {})}
        if len(args) == 1 and model_of(origin) is None:
            unique = {"uniqueItems": True} if issubclass(origin, (set, frozenset)) else {}
            items = self.of(args[0])
            return {"type": "array", **({"items": items} if items else {}), **unique}
        return self._class(origin)

    def _class(self, cls: Any) -> Schema:  # noqa: ANN401, PLR0911 - one return for each kind
        # From Python 3.13 on, Path is at home in a private module of pathlib.
        name = f"{cls.__module__.removesuffix('._local')}.{cls.__qualname__}"
        if name in _SIMPLE:
            return dict(_SIMPLE[name])
        if isinstance(cls, EnumMeta):
            members: Mapping[str, Any] = cls.__members__
            return {"title": cls.__name__, "enum": list(members)}
        if issubclass(cls, dict) and hasattr(cls, "__required_keys__"):
            return self._object(cls, hints_of(cls), sorted(cls.__required_keys__))
        if issubclass(cls, dict):
            return {"type": "object"}
        if issubclass(cls, (list, set, frozenset)) or cls is tuple:
            return _array(cls(), {})
        model = model_of(cls)
        if model is None:
            return {} if cls is object else {"title": cls.__name__}
        return self._model(cls)

    def _model(self, cls: Any) -> Schema:  # noqa: ANN401 - any class
        model = model_of(cls)
        if model is None or cls in self._open:
            self.definitions.setdefault(cls.__name__, {})
            return {"$ref": f"#/$defs/{cls.__name__}"}
        hints = hints_of(cls)
        names = model.field_names()
        fields = {name: hints.get(name, Any) for name in names}
        self._open.append(cls)
        schema = self._object(cls, fields, list(names))
        self._open.pop()
        if cls.__name__ in self.definitions:
            self.definitions[cls.__name__] = schema
        return schema

    def _object(self, cls: type, fields: Mapping[str, object], required: list[str]) -> Schema:
        properties = {name: self.of(hint) for name, hint in fields.items()}
        return {
            "title": cls.__name__,
            "type": "object",
            "properties": properties,
            "required": required,
        }


def matches(schema: Mapping[str, Any], pattern: object) -> bool:
    """Whether a schema has all that a partial one names: properties by name, the rest exactly."""
    if not isinstance(pattern, Mapping):
        return False
    return _matches(schema, pattern, schema.get("$defs", {}))


def _matches(schema: Any, pattern: Any, definitions: Mapping[str, Any]) -> bool:  # noqa: ANN401 - JSON
    if not isinstance(schema, Mapping) or not isinstance(pattern, Mapping):
        return bool(schema == pattern)
    if "$ref" in schema and "$ref" not in pattern:
        schema = definitions.get(str(schema["$ref"]).rpartition("/")[2], {})
    if "anyOf" in schema and "anyOf" not in pattern:
        return any(_matches(option, pattern, definitions) for option in schema["anyOf"])
    return all(_has(schema, word, wanted, definitions) for word, wanted in pattern.items())


def _has(
    schema: Mapping[str, Any],
    word: str,
    wanted: Any,  # noqa: ANN401 - JSON
    definitions: Mapping[str, Any],
) -> bool:
    if word == "properties" and isinstance(wanted, Mapping):
        found = schema.get("properties", {})
        return all(
            name in found and _matches(found[name], each, definitions)
            for name, each in wanted.items()
        )
    if word == "required" and isinstance(wanted, (list, tuple)):
        return set(wanted) <= set(schema.get("required", ()))
    if word == "type" and isinstance(wanted, (list, tuple)):
        return schema.get("type") in wanted
    if word not in schema:
        return False
    return _matches(schema[word], wanted, definitions)
