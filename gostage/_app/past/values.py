"""Values as they are saved, as a line for people; nothing of a user's is made for it."""

from __future__ import annotations

from binascii import a2b_base64
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from gostage._store.entry import SENSITIVE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    # Any: JSON of any shape, here and wherever this alias stands.
    Json = Any

HIDDEN: Final = "***"
_CUT: Final = "…"
_LITTLE: Final = 10_000  # characters; of a longer text only the beginning is looked at


def value_text(entry: Mapping[str, Any], width: int | None = None) -> str:
    """The value of an entry on one line; a sensitive one is never shown."""
    return HIDDEN if is_secret(entry) else readable(entry["value"], width)


def is_secret(entry: Mapping[str, Any]) -> bool:
    """Whether the value of an entry must not be shown."""
    tags = entry.get("tags")
    return tags is not None and (not isinstance(tags, list) or SENSITIVE in tags)


def shown_value(entry: Mapping[str, Any]) -> Json:
    """The value of an entry as JSON has it; a sensitive one is never shown."""
    return HIDDEN if is_secret(entry) else entry["value"]


def readable(data: Json, width: int | None = None) -> str:
    """A saved value much as Python would write it, cut to so many characters."""
    if width is None:
        return "".join(_pieces(data, None))
    found: list[str] = []
    length = 0
    for piece in _pieces(data, max(width, 1)):
        found.append(piece)
        length += len(piece)
        if length > width:
            break
    return cut("".join(found), width)


def cut(text: str, width: int | None) -> str:
    """A text no longer than so many characters."""
    return text if width is None or len(text) <= width else text[: max(width - 1, 0)] + _CUT


def _pieces(data: Json, width: int | None) -> Iterator[str]:
    if isinstance(data, str):
        yield repr(data if width is None else data[: width + 1])
    elif isinstance(data, list):
        yield from _list("[", data, "]", width)
    elif isinstance(data, dict):
        tag = next(iter(data), "")
        if tag.startswith("$"):
            yield from _tagged(tag[1:], data, width)
        else:
            yield from _pairs(data.items(), width)
    else:
        yield repr(data)


def _list(before: str, items: Iterable[Json], after: str, width: int | None) -> Iterator[str]:
    yield before
    for number, each in enumerate(items):
        if number:
            yield ", "
        yield from _pieces(each, width)
    yield after


def _pairs(pairs: Iterable[tuple[Json, Json]], width: int | None) -> Iterator[str]:
    yield "{"
    for number, (key, value) in enumerate(pairs):
        if number:
            yield ", "
        yield from _pieces(key, width)
        yield ": "
        yield from _pieces(value, width)
    yield "}"


# Any: JSON.
def _tagged(tag: str, data: dict[str, Any], width: int | None) -> Iterator[str]:
    inner = data[f"${tag}"]
    if tag == "object":
        yield from _object(inner, data.get("fields"), width)
    elif tag in _BRACKETS and isinstance(inner, list):
        before, after = _BRACKETS[tag]
        after = ",)" if tag == "tuple" and len(inner) == 1 else after
        yield from ["set()"] if tag == "set" and not inner else _list(before, inner, after, width)
    elif tag == "dict" and _are_pairs(inner):
        yield from _pairs(inner, width)
    else:
        try:
            yield _TEXTS[tag](inner)
        except (KeyError, ValueError, TypeError, OverflowError):
            yield from _list(f"{tag}(", [inner], ")", width)


def _object(reference: Json, fields: Json, width: int | None) -> Iterator[str]:
    yield f"{str(reference).rpartition(':')[2]}("
    for number, (name, value) in enumerate(fields.items() if isinstance(fields, dict) else ()):
        yield f"{', ' if number else ''}{name}="
        yield from _pieces(value, width)
    yield ")"


def _are_pairs(items: Json) -> bool:
    return isinstance(items, list) and all(isinstance(e, list) and len(e) == 2 for e in items)


def _bare(data: Json) -> str:
    if not isinstance(data, str) or not data.isprintable():
        raise TypeError("no plain text")
    return data


def _bytes(data: Json) -> str:
    return repr(a2b_base64(data[: _LITTLE // 4 * 4]))


_BRACKETS: Final = {
    "tuple": ("(", ")"),
    "set": ("{", "}"),
    "frozenset": ("frozenset({", "})"),
}
_TEXTS: Final[Mapping[str, Callable[[Any], str]]] = {
    **dict.fromkeys(("date", "datetime", "time", "decimal", "uuid", "zoneinfo", "float"), _bare),
    "int": lambda data: data if len(data) > _LITTLE else str(int(data, 16)),
    "str": lambda data: repr(bytes.fromhex(data).decode("utf-8", "surrogatepass")),
    "bytes": _bytes,
    "complex": lambda data: repr(complex(*data)),
    "timedelta": lambda data: str(timedelta(*data)),
}
"""The types that are shown by a text; others are shown by their name and what they hold."""
