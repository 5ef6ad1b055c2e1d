"""Text: JSON as it is saved, readable and in one line; it knows no types but JSON's own."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    # Any: JSON-able data of any shape.
    Writer = Callable[[Any], str]


def _writer(*, is_ascii: bool) -> Writer:
    encoder = json.JSONEncoder(ensure_ascii=is_ascii, check_circular=False, separators=(",", ":"))
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:  # there is none but in CPython
        return encoder.encode
    # What writes is made once: `encode` makes one for each text, which takes as long as the text.
    escape = json.encoder.encode_basestring_ascii if is_ascii else json.encoder.encode_basestring
    chunks = make(None, encoder.default, escape, None, ":", ",", False, False, True)
    return lambda data: "".join(chunks(data, 0))


_readable: Final = _writer(is_ascii=False)
_escaped: Final = _writer(is_ascii=True)


def to_text(data: Any) -> str:  # noqa: ANN401 - JSON-able data of any shape
    """Write data down; a text that UTF-8 cannot hold is escaped."""
    text = _readable(data)
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return _escaped(data)
    return text


quoted = lru_cache(maxsize=1024)(to_text)
"""Writes a name down, as `to_text` does; the names in one commit are those in the next."""


def from_text(text: str) -> Any:  # noqa: ANN401 - as above
    """Read what was written."""
    return json.loads(text)
