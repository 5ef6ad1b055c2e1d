"""Traces: where an error of a child was raised, as data, and as a traceback again; it runs nothing.

A traceback needs frames, and a frame needs code. Both are made in the reading process: the code
of each is a `yield` that stands where the child says its own code stood, and does nothing.
"""

from __future__ import annotations

import ast
import builtins
import os
import stat
from collections.abc import Mapping
from functools import lru_cache
from itertools import islice
from types import CodeType, FunctionType, TracebackType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gostage._store.failures import decode_error, encode_error
from gostage.errors import ChildError, ItemsFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gostage._store.codec import Codec

    # Any: JSON-able data.
    Json = Any
    Record = dict[str, Any]

_MOST: Final = 100
"""Frames of one traceback, and errors with one: an error has causes, and a group its members."""
_LONGEST: Final = 4096
"""Characters of a name."""
_LAST_LINE: Final = 10_000_000
_LAST_COLUMN: Final = 30_000
_NEAR: Final = 8
"""Errors among which one that is told again is looked for."""
_LARGEST: Final = 10_000_000
"""Bytes of a file that somebody may read to show one line of it."""


class Place(NamedTuple):
    """Where a frame stands; columns are below nought where they are not known."""

    file: str
    name: str
    """The name of the function."""
    first: int
    """Its first line."""
    line: int
    last: int
    column: int
    end: int


# -------------------------------------------------------------------- from errors to data


def pack_error(error: BaseException, codec: Codec) -> Record:
    """An error as `encode_error` has it, with its traceback, and so all that led to it."""
    record = encode_error(error, codec=codec)
    _tell(record, error, codec, set())
    return record


def _tell(record: Record, error: BaseException, codec: Codec, told: set[int]) -> None:
    told.add(id(error))
    trace = list(_frames(error.__traceback__))
    if trace:
        record["trace"] = trace
    context = None if error.__suppress_context__ else error.__context__
    for name, each in (("cause", error.__cause__), ("context", context)):
        if each is not None and id(each) not in told and len(told) < _MOST:
            led = record[name] = record.get(name) or encode_error(each, codec=codec)
            _tell(led, each, codec, told)
    for inner, each in _inside(record, error):
        if id(each) not in told and len(told) < _MOST:
            _tell(inner, each, codec, told)


def _inside(record: Mapping[str, Json], error: BaseException) -> Iterator[tuple[Json, Any]]:
    """The members of a group and the failures of items, each beside its record."""
    if isinstance(error, ItemsFailed):
        for row, failure in zip(record.get("failures", ()), error.failures, strict=False):
            yield row[2], failure.error
    elif isinstance(error, getattr(builtins, "BaseExceptionGroup", ())):  # new in Python 3.11
        yield from zip(record.get("errors", ()), error.exceptions, strict=False)  # type: ignore[attr-defined]  # a group has them


def _frames(trace: TracebackType | None) -> Iterator[Json]:
    left = _MOST
    while trace is not None and left:
        code = trace.tb_frame.f_code
        spot = _spot(code, trace)
        yield list(Place(code.co_filename, code.co_name, code.co_firstlineno, *spot))
        trace, left = trace.tb_next, left - 1


def _spot(code: CodeType, trace: TracebackType) -> tuple[int, int, int, int]:
    """Lines from and to, columns from and to."""
    if hasattr(code, "co_positions"):  # new in Python 3.11
        found = next(islice(code.co_positions(), trace.tb_lasti // 2, None), None)
        if found is not None and None not in found:
            return found  # type: ignore[no-any-return]  # there is one
    line = trace.tb_lineno or code.co_firstlineno
    return line, line, -1, -1


# -------------------------------------------------------------------- from data to errors


def unpack_error(record: Mapping[str, Json], codec: Codec) -> BaseException:
    """An error as `decode_error` makes it, with what is said of its traceback; never raises."""
    error = decode_error(record, codec=codec)
    _dress(error, record, codec, iter(range(_MOST)))
    return error


def told_error(earlier: list[Json], record: Mapping[str, Json], codec: Codec) -> BaseException:
    """The same; what is told once more, of what is around, is the one that was made before.

    Those made before are in the list. One may have got more notes meanwhile.
    """
    for known, made in earlier:
        if _is_same(known, record):
            if "notes" in record:
                made.__dict__["__notes__"] = list(map(str, record["notes"]))
            return made  # type: ignore[no-any-return]  # each was put there here
    error = unpack_error(record, codec)
    earlier[:] = [*earlier[1 - _NEAR :], (record, error)]
    return error


def _is_same(known: Mapping[str, Json], record: Mapping[str, Json]) -> bool:
    earlier, notes = known.get("notes", []), record.get("notes", [])
    try:
        return notes[: len(earlier)] == earlier and {**known, "notes": notes} == {
            **record,
            "notes": notes,
        }
    except (TypeError, RecursionError):
        return False  # no list of notes, or one thing in the other without an end


def _dress(
    error: BaseException, record: Mapping[str, Json], codec: Codec, left: Iterator[int]
) -> None:
    trace = _traceback(record.get("trace"))
    if trace is not None:
        BaseException.with_traceback(error, trace)
        if isinstance(error, ChildError) and error.type_name and not error.child_traceback:
            import traceback  # 3 ms, for errors whose class is not known here

            error.child_traceback = "".join(traceback.format_tb(trace))
    for name in ("cause", "context"):
        told = record.get(name)
        if isinstance(told, Mapping) and next(left, None) is not None:
            made = (error.__cause__ if name == "cause" else None) or decode_error(told, codec=codec)
            _dress(made, told, codec, left)
            BaseException.__setattr__(error, f"__{name}__", made)  # past the one of its class
    for inner, each in _inside(record, error):
        if next(left, None) is not None:
            _dress(each, inner, codec, left)


def _traceback(trace: Json) -> TracebackType | None:
    made: TracebackType | None = None
    rows: list[Json] = trace[:_MOST] if type(trace) is list else []
    for row in reversed(rows):
        if not _is_frame(row):
            continue
        # Somebody may have cleared the frame of an earlier traceback, and with it this one.
        place = Place(*row)
        if _standing(place).gi_frame is None:
            _standing.cache_clear()
        frame = _standing(place).gi_frame
        made = TracebackType(made, frame, frame.f_lasti, place.line)
    return made


def _is_frame(row: Json) -> bool:
    if type(row) is not list or len(row) != 7:
        return False
    file, name, first, line, last, column, end = row
    return (
        all(type(each) is str and _is_fit(each) for each in (file, name))
        and all(type(each) is int for each in row[2:])
        and 0 <= first <= _LAST_LINE
        and 0 < line <= last <= _LAST_LINE
        and -1 <= column <= _LAST_COLUMN
        and -1 <= end <= _LAST_COLUMN
        and (column == end if column < 0 or end < 0 else line < last or column <= end)
    )


def _is_fit(text: str) -> bool:
    # Printable: the terminal is for whoever prints a traceback, and not for the child.
    return 0 < len(text) <= _LONGEST and text.isprintable()


@lru_cache(256)
def _standing(place: Place) -> Any:  # Any: a generator  # noqa: ANN401
    """A generator that stands there, and so has a frame; while it does, that frame holds nothing.

    The frame of one that ended may keep all that was called at that moment.
    """
    tree: Any = ast.parse("def here():\n yield")  # Any: these nodes are known
    function = tree.body[0]
    function.lineno = function.end_lineno = max(place.first, 1)
    for node in ast.walk(function.body[0]):
        node.lineno, node.end_lineno = place.line, place.last  # type: ignore[attr-defined]  # all have them
        node.col_offset, node.end_col_offset = place.column, place.end  # type: ignore[attr-defined]  # as above
    module = compile(tree, _shown(place.file), "exec", dont_inherit=True)
    code = next(each for each in module.co_consts if isinstance(each, CodeType))
    names: Any = {each: place.name for each in ("co_name", "co_qualname") if hasattr(code, each)}
    made = FunctionType(code.replace(**names), {})()
    next(made)
    return made


def _shown(file: str) -> str:
    """The name of a file, in brackets if nobody should try to read it for a line of source."""
    try:
        found = os.stat(file)  # noqa: PTH116 - a name, which may be anything
        is_safe = stat.S_ISREG(found.st_mode) and found.st_size <= _LARGEST
    except OSError:
        is_safe = ".." not in file.split(os.sep)  # noqa: PTH206 - as above; it would be looked for in other folders
    return file if is_safe else f"<{file}>"
