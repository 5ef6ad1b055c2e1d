"""Values given with `-s key=value`: JSON if it parses, else text; `@name` is a file's content."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from gostage.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable


def values_of(settings: Iterable[str]) -> dict[str, object]:
    """Read every `key=value`; of two for one key the later one counts."""
    return dict(_pair(setting) for setting in settings)


def value_of(text: str, option: str = "--data") -> object:
    """Read the one value that an option gives."""
    return _value(option, "", text)


def _pair(setting: str) -> tuple[str, object]:
    key, equals, text = setting.partition("=")
    if not equals or not key:
        raise ConfigError(
            f"-s {setting!r} does not say which key has which value",
            hint="write -s key=value, as in -s name=Ada or -s 'rows=[1, 2]'",
        )
    return key, _value("-s", f"{key}=", text)


def _value(option: str, key: str, text: str) -> object:
    if text.startswith("@"):
        return _from_file(option, key, Path(text[1:]))
    return _json_or_text(text)


def _json_or_text(text: str) -> object:
    try:
        return _parsed(text)
    except (ValueError, RecursionError):
        return text


def _from_file(option: str, key: str, path: Path) -> object:
    text = _read(option, key, path)
    if path.suffix != ".json":
        return text
    try:
        return _parsed(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(
            f"{option} {key}@{path}: the file is not JSON: {error}",
            hint="mend it, or give it another ending than .json to take it as text",
        ) from error


def _read(option: str, key: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else f"it is not UTF-8: {error}"
        raise ConfigError(
            f"{option} {key}@{path} cannot be read: {reason}",
            hint=f"""a text that begins with @ stands in quotes: {option} '{key}"@{path}"'""",
        ) from error


def _parsed(text: str) -> object:
    value: object = json.loads(text, parse_constant=_refuse)
    return value


def _refuse(word: str) -> object:
    """Leave `NaN` and `Infinity`, which Python reads and JSON does not have, as text."""
    raise ValueError(f"{word} is not JSON")
