"""How the types of the standard library that JSON does not have stand in the data."""

from __future__ import annotations

import binascii
import sys
from collections import Counter, OrderedDict, deque
from datetime import date, datetime, time, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["SCALARS", "Scalar", "escaped", "is_clean", "late_scalar", "late_scalar_by_tag"]


class Scalar(NamedTuple):
    """One type: its class (absent where encoding is done elsewhere), its tag, and both ways."""

    kind: type | None
    tag: str
    to_data: Callable[[Any], object]  # Any: a value of that class
    from_data: Callable[[Any], object]  # Any: the data, which may hold anything


def is_clean(text: str) -> bool:
    """Whether a text comes through JSON as it is, which lone surrogates do not."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def escaped(text: str) -> str:
    """A text with lone surrogates as a plain one."""
    return text.encode("utf-8", "surrogatepass").hex()


def _unescape(data: str) -> str:
    return bytes.fromhex(data).decode("utf-8", "surrogatepass")


def _to_base64(value: bytes | bytearray) -> str:
    return binascii.b2a_base64(value, newline=False).decode("ascii")


def _from_base64(data: str) -> bytes:
    return binascii.a2b_base64(data)


def _int_of(data: str) -> int:
    return int(data, 16)


def _special_float(data: str) -> float:
    if data not in {"inf", "-inf", "nan"}:
        raise ValueError(data)
    return float(data)


def _from_datetime(value: datetime) -> object:
    if value.fold == 0 and (value.tzinfo is None or value.tzinfo is timezone.utc):
        return value.isoformat()
    return [value.replace(tzinfo=None, fold=0).isoformat(), value.tzinfo, value.fold]


def _to_datetime(data: Any) -> datetime:  # noqa: ANN401 - what the other direction made
    if isinstance(data, str):
        return datetime.fromisoformat(data)
    text, zone, fold = data
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold)


def _from_time(value: time) -> object:
    if value.fold == 0 and (value.tzinfo is None or value.tzinfo is timezone.utc):
        return value.isoformat()
    return [value.replace(tzinfo=None, fold=0).isoformat(), value.tzinfo, value.fold]


def _to_time(data: Any) -> time:  # noqa: ANN401 - what the other direction made
    if isinstance(data, str):
        return time.fromisoformat(data)
    text, zone, fold = data
    return time.fromisoformat(text).replace(tzinfo=zone, fold=fold)


def _from_timezone(value: Any) -> list[object]:  # noqa: ANN401 - a timezone, whose parts are not typed
    return list(value.__getinitargs__())


def _pairs(value: dict[object, object]) -> list[tuple[object, object]]:
    return list(value.items())


def _to_counter(data: list[tuple[object, int]]) -> Counter[object]:
    counter: Counter[object] = Counter()
    for key, count in data:
        counter[key] = count
    return counter


SCALARS: Final = (
    Scalar(None, "int", hex, _int_of),
    Scalar(None, "float", repr, _special_float),
    Scalar(None, "str", escaped, _unescape),
    Scalar(bytes, "bytes", _to_base64, _from_base64),
    Scalar(bytearray, "bytearray", _to_base64, lambda data: bytearray(_from_base64(data))),
    Scalar(complex, "complex", lambda v: [v.real, v.imag], lambda data: complex(*data)),
    Scalar(range, "range", lambda v: [v.start, v.stop, v.step], lambda data: range(*data)),
    Scalar(date, "date", date.isoformat, date.fromisoformat),
    Scalar(datetime, "datetime", _from_datetime, _to_datetime),
    Scalar(time, "time", _from_time, _to_time),
    Scalar(
        timedelta,
        "timedelta",
        lambda v: [v.days, v.seconds, v.microseconds],
        lambda data: timedelta(*data),
    ),
    Scalar(timezone, "timezone", _from_timezone, lambda data: timezone(*data)),
    Scalar(OrderedDict, "ordereddict", _pairs, OrderedDict),
    Scalar(Counter, "counter", _pairs, _to_counter),
    Scalar(deque, "deque", lambda v: [list(v), v.maxlen], lambda data: deque(*data)),
)


# The rest live in modules that are only imported once such a value turns up (decimal 6 ms,
# zoneinfo 6 ms, pathlib 6 ms, uuid 4 ms, fractions 1 ms).


def _decimal() -> tuple[Scalar, ...]:
    from decimal import Decimal  # 1 ms

    return (Scalar(Decimal, "decimal", str, _exactly(str, Decimal)),)


def _fractions() -> tuple[Scalar, ...]:
    from fractions import Fraction  # 5 ms: where it is used

    return (
        Scalar(
            Fraction,
            "fraction",
            lambda v: [v.numerator, v.denominator],
            lambda data: Fraction(*data),
        ),
    )


def _uuid() -> tuple[Scalar, ...]:
    from uuid import UUID  # 2 ms: where it is used

    return (Scalar(UUID, "uuid", str, _exactly(str, UUID)),)


def _zoneinfo() -> tuple[Scalar, ...]:
    from zoneinfo import ZoneInfo  # 2 ms

    def key_of(zone: ZoneInfo) -> str:
        if zone.key is None:
            raise ValueError("this time zone has no name to find it by again")
        return zone.key

    return (Scalar(ZoneInfo, "zoneinfo", key_of, _exactly(str, ZoneInfo)),)


def _pathlib() -> tuple[Scalar, ...]:
    from pathlib import Path, PurePosixPath, PureWindowsPath  # 3 ms: where it is used

    return (
        Scalar(type(Path()), "path", str, _exactly(str, Path)),
        Scalar(PurePosixPath, "pureposixpath", str, _exactly(str, PurePosixPath)),
        Scalar(PureWindowsPath, "purewindowspath", str, _exactly(str, PureWindowsPath)),
    )


def _exactly(kind: type, make: Callable[[Any], object]) -> Callable[[Any], object]:
    # Any: data, which may hold anything; these constructors would take more than they should.
    def from_data(data: Any) -> object:  # noqa: ANN401
        if type(data) is not kind:
            raise TypeError(type(data).__name__)
        return make(data)

    return from_data


# Module, what it gives, and the tags of that: data names a tag, and only its module is imported.
_LATE: Final = (
    ("decimal", _decimal, ("decimal",)),
    ("fractions", _fractions, ("fraction",)),
    ("uuid", _uuid, ("uuid",)),
    ("zoneinfo", _zoneinfo, ("zoneinfo",)),
    ("pathlib", _pathlib, ("path", "pureposixpath", "purewindowspath")),
)


def late_scalar(kind: type) -> Scalar | None:
    """The scalar of a class, if its module is loaded, as it must be for there to be a value."""
    for module, scalars, _ in _LATE:
        if module in sys.modules:
            for scalar in scalars():
                if scalar.kind is kind:
                    return scalar
    return None


def late_scalar_by_tag(tag: str) -> Scalar | None:
    """The scalar of that tag."""
    for _, scalars, tags in _LATE:
        if tag in tags:
            return next(scalar for scalar in scalars() if scalar.tag == tag)
    return None
