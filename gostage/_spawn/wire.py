"""The wire: frames as lines of text and back; it reads nothing, writes nothing and trusts nobody.

A frame is its kind, a blank, its data as JSON, and the end of the line. JSON has no line ends of
its own, so a batch of frames is their lines one after the other.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from gostage._run.text import quoted, to_text
from gostage._spawn import shapes
from gostage._spawn.shapes import WireError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    # Any: JSON of any shape.
    Json = Any
    Frame = tuple[str, dict[str, Any]]

__all__ = ["FROM_CHILD", "FROM_PARENT", "KINDS", "PROTOCOL", "Text", "WireError", "decode"]

PROTOCOL: Final = 1
FROM_PARENT: Final = frozenset({"define", "task", "ack", "reply"})
FROM_CHILD: Final = frozenset({"hello", "message", "commit", "ended"})
KINDS: Final = FROM_PARENT | FROM_CHILD

_LONGEST: Final = max(len(kind) for kind in KINDS)
_MAY_HAVE_TEXTS: Final = frozenset({"commit", "ended"})
_read: Final = json.JSONDecoder().raw_decode


class Text(str):
    """JSON that is written down already; in a commit or an `ended` it is taken over as it is."""

    __slots__ = ()


def _written(value: Json) -> str:
    """JSON of which some fields, and of an object in it too, may be written down already."""
    if type(value) is Text:
        return value
    if type(value) is dict and Text in map(type, value.values()):
        return _object(value)
    return to_text(value)


def _has_texts(data: Mapping[str, Json]) -> bool:
    commit = data.get("commit", data)
    return type(commit) is dict and Text in map(type, commit.values())


def _object(data: Mapping[str, Json]) -> str:
    fields = [f"{quoted(name)}:{_written(value)}" for name, value in data.items()]
    return f"{{{','.join(fields)}}}"


def encode(kind: str, data: Mapping[str, Json]) -> bytes:
    """Write a frame down, as one line; what JSON does not have is refused with WireError."""
    try:
        text = _object(data) if kind in _MAY_HAVE_TEXTS and _has_texts(data) else to_text(data)
        # One text of all of it, end of line included: a frame may be large.
        return f"{kind} {text}\n".encode()
    except RecursionError:
        problem = "it is nested too deeply"
    except (TypeError, ValueError) as error:
        problem = str(error)
    raise WireError(f"the frame {kind!r} cannot be written: {problem}")


def decode(payload: bytes, kinds: Collection[str] = KINDS) -> Frame:
    """Read a frame; whatever is none of these kinds, or not of its shape, raises WireError."""
    kind, data = _parsed(payload)
    if kind not in kinds:
        raise WireError(f"{kind!r} is no kind of frame that is expected here")
    if type(data) is not dict:
        raise WireError(f"the data of a {kind!r} is no object")
    shapes.check(kind, data)
    return kind, data


def _parsed(payload: bytes) -> tuple[str, Json]:
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        raise WireError("it is no text in UTF-8") from None
    blank = text.find(" ", 0, _LONGEST + 1)
    if blank < 1:
        raise WireError(f"it begins with no kind of frame: {shapes.shown(text)}")
    try:
        data, end = _read(text, blank + 1)
    except RecursionError:
        raise WireError("it is nested too deeply") from None
    except ValueError as error:
        raise WireError(f"it is no JSON: {shapes.shown(str(error))}") from None
    if end != len(text) and text[end:] != "\n":
        raise WireError("something follows the end of its data")
    return text[:blank], data
