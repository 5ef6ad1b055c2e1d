"""Exceptions as JSON-able data and back; making one again calls none of its class's code."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from gostage._store.codec import STANDARD, Codec
from gostage._store.models import find_class, reference_of
from gostage.errors import ChildError, ItemFailure, ItemsFailed, NotStorable, StoreError

Record = dict[str, Any]  # Any: JSON

__all__ = ["decode_error", "encode_error"]

# Built-in exceptions keep these beside their arguments, out of the instance dictionary.
_MEMBERS: Final = (
    ("OSError", ("errno", "strerror", "filename", "filename2")),
    ("ImportError", ("name", "path")),
    ("NameError", ("name",)),
    ("AttributeError", ("name",)),
)


def encode_error(error: BaseException, *, codec: Codec = STANDARD) -> Record:
    """Class, message, arguments, attributes, notes and cause (one level) of an exception.

    Never raises: what of it cannot be encoded is left out, the message always stays.
    """
    record = _encode_one(error, codec)
    if error.__cause__ is not None:
        record["cause"] = _encode_one(error.__cause__, codec)
    return record


def _encode_one(error: BaseException, codec: Codec) -> Record:
    record: Record = {"class": reference_of(type(error)), "message": _message_of(error)}
    is_group = isinstance(error, _group_class())
    args = _encoded([error.args[0]] if is_group else list(error.args), codec)
    if args is not None:
        record["args"] = args
    state = {**vars(error), **_members_of(error)}
    if isinstance(error, ItemsFailed):
        failures = state.pop("failures", [])
        record["failures"] = [_encode_failure(failure, codec) for failure in failures]
    if is_group:
        record["errors"] = [_encode_one(each, codec) for each in _members_of_group(error)]
    notes = [str(note) for note in state.pop("__notes__", ())]
    encoded = {name: _encoded([item], codec) for name, item in state.items()}
    record["state"] = {name: item[0] for name, item in encoded.items() if item is not None}
    if notes:
        record["notes"] = notes
    return record


def _message_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - a class of the user's may do anything in __str__
        return f"<{type(error).__name__} whose message cannot be shown>"


def _encoded(items: list[object], codec: Codec) -> list[Any] | None:  # Any: JSON
    try:
        data: list[Any] = codec.encode(items)
    except NotStorable:
        return None
    return data


def _members_of(error: BaseException) -> dict[str, object]:
    return {
        name: getattr(error, name)
        for base, names in _MEMBERS
        if isinstance(error, getattr(builtins, base))
        for name in names
        if getattr(error, name, None) is not None
    }


def _members_of_group(error: Any) -> tuple[BaseException, ...]:  # noqa: ANN401 - a group
    members: tuple[BaseException, ...] = error.exceptions
    return members


def _group_class() -> Any:  # noqa: ANN401 - a class, or none of them
    return getattr(builtins, "BaseExceptionGroup", ())  # new in Python 3.11


def _encode_failure(failure: ItemFailure, codec: Codec) -> list[Any]:  # Any: JSON
    item = _encoded([failure.item], codec) or [None]
    return [failure.index, item[0], _encode_one(failure.error, codec)]


def decode_error(data: Mapping[str, Any], *, codec: Codec = STANDARD) -> BaseException:
    """Make the exception again, of its own class if that is loaded here, else a ChildError."""
    error = _decode_one(data, codec)
    cause = data.get("cause")
    if isinstance(cause, Mapping):
        _assign(error, "__cause__", _decode_one(cause, codec))
    return error


def _decode_one(data: Mapping[str, Any], codec: Codec) -> BaseException:
    try:
        error = _of_own_class(data, codec)
    except Exception:  # noqa: BLE001 - the class is unknown, or the data does not fit it
        error = _stand_in(data)
    notes = data.get("notes", ())
    if notes:
        error.__dict__["__notes__"] = [str(note) for note in notes]
    return error


def _of_own_class(data: Mapping[str, Any], codec: Codec) -> BaseException:
    cls = find_class(data["class"])
    if not issubclass(cls, BaseException):
        raise StoreError(f"{data['class']!r} is no exception", hint="nothing else is made here")
    args = tuple(codec.decode(data["args"])) if "args" in data else (str(data["message"]),)
    if "errors" in data:
        args = (args[0], [_decode_one(each, codec) for each in data["errors"]])
    error = _bare(cls, args)
    for name, item in data.get("state", {}).items():
        _set(error, str(name), codec.decode(item))
    if isinstance(error, ItemsFailed):
        error.failures = [
            ItemFailure(int(index), codec.decode(item), _decode_one(each, codec))
            for index, item, each in data.get("failures", ())
        ]
    return error


def _bare(cls: type[BaseException], args: tuple[Any, ...]) -> BaseException:  # Any: any arguments
    # The built-in class below a user's class makes the object and reads the arguments, so that
    # OSError has its errno; of the user's own __new__ and __init__ nothing is called.
    base: Any = next(each for each in cls.__mro__ if each.__module__ == "builtins")
    error: BaseException = base.__new__(cls, *args)
    if base is not BaseException and base.__init__ is not BaseException.__init__:
        with suppress(TypeError):  # arguments of the user's class may mean nothing to it
            base.__init__(error, *args)
    _assign(error, "args", args)
    return error


def _assign(error: BaseException, name: str, value: object) -> None:
    # Past the class of the error, which may have a __setattr__.
    vars(BaseException)[name].__set__(error, value)


def _set(error: BaseException, name: str, value: object) -> None:
    for base, names in _MEMBERS:
        cls = getattr(builtins, base)
        if name in names and isinstance(error, cls):
            vars(cls)[name].__set__(error, value)
            return
    if name[:2] != "__":
        error.__dict__[name] = value


def _stand_in(data: Mapping[str, Any]) -> ChildError:
    reference = str(data.get("class", "an error"))
    module, _, name = reference.rpartition(":")
    message = str(data.get("message", ""))
    text = f"{name}: {message}" if message else name
    hint = f"import {module} in this process to get the error as it was" if module else ""
    return ChildError(text, type_name=name, hint=hint)
