"""Values as JSON-able data and back, without loss; decoding imports nothing and executes nothing.

Plain JSON stays itself. Everything else is a dict whose first key starts with `$`, so that state
is readable and no ordinary dict can be mistaken for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gostage._store import models, scalars
from gostage._store.types import type_name
from gostage.errors import NotStorable, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    Data = Any  # Any: JSON
    ToData = Callable[[Any], object]  # Any: a value of the registered type
    FromData = Callable[[Any], object]  # Any: what the other direction made

__all__ = ["STANDARD", "Codec", "decode", "encode"]

MAX_DEPTH: Final = 200
_SMALL: Final = 63  # bits: what every JSON reader with 64-bit integers keeps


class _Refused(Exception):
    """A value in the way, and on the way out the path to it."""

    def __init__(self, value: object, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.kind = type_name(type(value))
        self.reason = reason
        self.hint = hint
        self.path: list[tuple[str, int]] = []

    def inside(self, step: str, container: object) -> None:
        """Add one step of the path, from the inside out."""
        self.path.append((step, id(container)))


class _TooDeep(_Refused):
    """A value that is nested too deeply, or without end."""


class Codec:
    """Turns values into JSON-able data and back; `register` teaches it further types."""

    def __init__(self) -> None:
        self._encoders: dict[type, Callable[[Any, int], Data]] = {
            type(None): _itself,
            bool: _itself,
            int: _encode_int,
            float: _encode_float,
            str: _encode_text,
            list: self._encode_list,
            dict: self._encode_dict,
            tuple: self._encode_tuple,
            set: self._encode_set,
            frozenset: self._encode_set,
        }
        self._decoders: dict[str, Callable[[Any, int], object]] = {
            "$dict": self._decode_pairs,
            "$object": self._decode_object,
            "$tuple": lambda data, depth: tuple(self._decode_items(data, depth)),
            "$set": lambda data, depth: self._decode_set(set, data, depth),
            "$frozenset": lambda data, depth: self._decode_set(frozenset, data, depth),
        }
        for scalar in scalars.SCALARS:
            self._add(scalar.kind, scalar.tag, scalar.to_data, scalar.from_data)
        self._is_sealed = False

    # -- the public face -----------------------------------------------------------------------

    def register(self, type: type, tag: str, to_data: ToData, from_data: FromData) -> None:
        """Teach the codec one more type: exactly this class, its subclasses apart.

        `to_data` gives anything that can be encoded, and `from_data` makes the value of it again.
        `tag` names the type in the data for ever.
        """
        if self._is_sealed:
            raise StoreError(
                f"the standard codec takes no more types, not {type_name(type)} either",
                hint="register it on a Codec of your own",
            )
        if not isinstance(tag, str) or not tag or tag.startswith("$"):
            raise StoreError(f"a tag is a text such as 'money', not {tag!r}", hint="choose a name")
        is_late = scalars.late_scalar(type) or scalars.late_scalar_by_tag(tag)
        if is_late or type in self._encoders or f"${tag}" in self._decoders:
            raise StoreError(
                f"{type_name(type)} or the tag {tag!r} is registered already",
                hint="register every type once, under a tag of its own",
            )
        self._add(type, tag, to_data, from_data)

    def encode(self, value: object, *, name: str | None = None) -> Data:
        """Turn a value into JSON-able data; raises NotStorable naming the path inside the value.

        The path starts with `name`, the key the value is stored under.
        """
        try:
            return self._encode(value, 0)
        except _Refused as refused:
            error = _not_storable(refused, name)
        except RecursionError:
            error = _not_storable(_TooDeep(value, "is nested too deeply"), name)
        raise error

    def decode(self, data: Data) -> Any:  # noqa: ANN401 - whatever was encoded
        """Turn data back into the value; raises StoreError for data that `encode` did not make."""
        try:
            return self._decode(data, 0)
        except RecursionError:
            raise _bad_data("it is nested too deeply") from None

    def seal(self) -> Codec:
        """Take no more types; for a codec that several owners share."""
        self._is_sealed = True
        return self

    # -- encoding ------------------------------------------------------------------------------

    def _add(self, kind: type | None, tag: str, to_data: ToData, from_data: FromData) -> None:
        name = f"${tag}"

        def encode(value: Any, depth: int) -> Data:  # noqa: ANN401 - a value of the registered type
            try:
                data = to_data(value)
            except Exception as error:
                raise _Refused(value, f"cannot be encoded: {error}") from error
            return {name: self._encode(data, depth + 1)}

        def decode(data: Data, depth: int) -> object:
            inner = self._decode(data, depth + 1)
            try:
                return from_data(inner)
            except StoreError:
                raise
            except Exception as error:  # the data may hold anything
                raise _bad_data(f"{name} does not take this {type(inner).__name__}") from error

        if kind is not None:
            self._encoders[kind] = encode
        self._decoders[name] = decode

    def _encode(self, value: object, depth: int) -> Data:
        encoder = self._encoders.get(type(value))
        if encoder is None:
            encoder = self._find_encoder(value)
        if depth > MAX_DEPTH:
            raise _TooDeep(value, f"is nested more than {MAX_DEPTH} levels deep")
        return encoder(value, depth)

    def _find_encoder(self, value: object) -> Callable[[Any, int], Data]:  # Any: as in the table
        late = scalars.late_scalar(type(value))
        if late is not None:
            self._add(late.kind, late.tag, late.to_data, late.from_data)
            return self._encoders[type(value)]
        model = models.model_of(type(value))
        if model is None:
            raise _Refused(
                value,
                "cannot leave the process",
                "store plain data instead",
            )
        problem = model.problem()
        if problem:
            raise _Refused(value, *problem)

        def encode(value: Any, depth: int) -> Data:  # noqa: ANN401 - a value of the model's class
            return self._encode_object(model, value, depth)

        return encode

    def _encode_list(self, items: list[Any], depth: int) -> Data:
        data = []
        for index, item in enumerate(items):
            try:
                data.append(self._encode(item, depth + 1))
            except _Refused as refused:
                refused.inside(f"[{index}]", items)
                raise
        return data

    def _encode_tuple(self, items: tuple[Any, ...], depth: int) -> Data:
        return {"$tuple": self._encode_list(list(items), depth)}

    def _encode_set(self, items: set[Any] | frozenset[Any], depth: int) -> Data:
        data = []
        for item in items:
            try:
                data.append(self._encode(item, depth + 1))
            except _Refused as refused:
                refused.inside(f"{{{type(item).__name__}}}", items)
                raise
        # Sorted, so that equal sets are equal data; repr is fit for it, as this is plain data.
        return {f"${type(items).__name__}": sorted(data, key=repr)}

    def _encode_dict(self, items: dict[Any, Any], depth: int) -> Data:
        data = {}
        for key, item in items.items():
            if type(key) is not str or key[:1] == "$" or not scalars.is_clean(key):
                return {"$dict": self._encode_pairs(items, depth)}
            try:
                data[key] = self._encode(item, depth + 1)
            except _Refused as refused:
                refused.inside(f"[{key!r}]", items)
                raise
        return data

    def _encode_pairs(self, items: dict[Any, Any], depth: int) -> Data:
        pairs = []
        for key, item in items.items():
            try:
                pairs.append([self._encode(key, depth + 1), self._encode(item, depth + 1)])
            except _Refused as refused:
                refused.inside(f"[{key!r}]", items)
                raise
        return pairs

    def _encode_object(self, model: models.Model, value: object, depth: int) -> Data:
        fields = {}
        try:
            state = model.take_apart(value)
        except ValueError as error:
            raise _Refused(value, str(error)) from error
        for name, item in state.items():
            try:
                fields[name] = self._encode(item, depth + 1)
            except _Refused as refused:
                refused.inside(f".{name}", value)
                raise
        return {"$object": model.reference, "fields": fields}

    # -- decoding ------------------------------------------------------------------------------

    def _decode(self, data: Data, depth: int) -> object:
        if depth > MAX_DEPTH + 1:
            raise _bad_data(f"it is nested more than {MAX_DEPTH} levels deep")
        kind = type(data)
        if kind is list:
            return [self._decode(item, depth + 1) for item in data]
        if kind is dict:
            return self._decode_dict(data, depth)
        if kind is str or kind is int or kind is float or kind is bool or data is None:
            return data
        raise _bad_data(f"{kind.__name__} is not JSON")

    def _decode_dict(self, data: dict[Any, Any], depth: int) -> object:
        first = next(iter(data), "")
        if isinstance(first, str) and first[:1] == "$":
            return self._decode_tagged(first, data, depth)
        for key in data:
            if type(key) is not str or key[:1] == "$":
                raise _bad_data("a plain object has texts without $ as keys")
        return {key: self._decode(item, depth + 1) for key, item in data.items()}

    def _decode_tagged(self, tag: str, data: dict[str, Any], depth: int) -> object:
        decoder = self._decoders.get(tag)
        if decoder is None:
            late = scalars.late_scalar_by_tag(tag[1:])
            if late is None:
                raise StoreError(
                    f"the data holds a value of the unknown kind {tag[1:]!r}",
                    hint="load what registers it first",
                )
            self._add(late.kind, late.tag, late.to_data, late.from_data)
            decoder = self._decoders[tag]
        if tag == "$object":
            return decoder(data, depth)
        if len(data) != 1:
            raise _bad_data(f"{tag} stands alone")
        return decoder(data[tag], depth)

    def _decode_items(self, data: Data, depth: int) -> list[object]:
        if type(data) is not list:
            raise _bad_data(f"expected a list, found {type(data).__name__}")
        return [self._decode(item, depth + 1) for item in data]

    def _decode_set(self, kind: Callable[[list[object]], object], data: Data, depth: int) -> object:
        items = self._decode_items(data, depth)
        try:
            return kind(items)
        except TypeError as error:
            raise _bad_data("something in it cannot be in a set") from error

    def _decode_pairs(self, data: Data, depth: int) -> object:
        items: dict[object, object] = {}
        for pair in data if type(data) is list else [data]:
            if type(pair) is not list or len(pair) != 2:
                raise _bad_data("$dict holds pairs of key and value")
            key, item = (self._decode(each, depth + 1) for each in pair)
            try:
                items[key] = item
            except TypeError as error:
                raise _bad_data(f"a {type(key).__name__} cannot be a key") from error
        return items

    def _decode_object(self, data: dict[str, Any], depth: int) -> object:
        fields = data.get("fields")
        if type(fields) is not dict or len(data) != 2:
            raise _bad_data("an object has a class and fields")
        model = models.find_model(data["$object"])
        state = {name: self._decode(item, depth + 1) for name, item in fields.items()}
        try:
            return model.put_together(state)
        except StoreError:
            raise
        except Exception as error:  # the data may hold anything
            raise _bad_data(f"it does not fit {model.reference!r}") from error


def _itself(value: Any, _depth: int) -> Data:  # noqa: ANN401 - any plain value
    return value


def _encode_int(value: int, _depth: int) -> Data:
    # Hexadecimal, because decimal digits are limited in number and slow for huge values.
    return value if value.bit_length() <= _SMALL else {"$int": hex(value)}


def _encode_float(value: float, _depth: int) -> Data:
    return value if value - value == 0 else {"$float": repr(value)}


def _encode_text(value: str, _depth: int) -> Data:
    return value if scalars.is_clean(value) else {"$str": scalars.escaped(value)}


def _bad_data(reason: str) -> StoreError:
    return StoreError(
        f"the data cannot be decoded: {reason}",
        hint="it was not made by encode(), or was changed since",
    )


def _not_storable(refused: _Refused, name: str | None) -> NotStorable:
    steps = list(reversed(refused.path))
    reason = refused.reason
    if isinstance(refused, _TooDeep):
        seen = [container for _, container in steps]
        again = next((i for i, container in enumerate(seen) if container in seen[:i]), None)
        reason = "is nested too deeply" if again is None else "contains itself"
        steps = steps[: 3 if again is None else again]
    path = "".join(step for step, _ in steps)
    where = path if name is None else f"{name!r}{path}"
    subject = f"{where} of type {refused.kind}" if where else f"a value of type {refused.kind}"
    return NotStorable(f"{subject} {reason}", hint=refused.hint)


# Sealed, so that two runs in one process cannot teach each other types.
STANDARD: Final = Codec().seal()


def encode(value: object) -> Data:
    """Turn a value into JSON-able data with the standard codec."""
    return STANDARD.encode(value)


def decode(data: Data) -> Any:  # noqa: ANN401 - whatever was encoded
    """Turn data back into the value with the standard codec."""
    return STANDARD.decode(data)
