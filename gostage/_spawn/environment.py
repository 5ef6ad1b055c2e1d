"""Which environment variables a child has; it reads the parent's and changes none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

ALWAYS: Final = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "TZ", "TMPDIR", "TEMP", "TMP"),
        *("LANG", "LANGUAGE"),  # and LC_*
        *("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"),
        "SYSTEMROOT",
    }
)
"""What a child of an allow-list has as well: without these, programs are not found or differ."""


def environment(
    env: Iterable[str] | Mapping[str, str] | None, around: Mapping[str, str]
) -> dict[str, str]:
    """The environment of a child whose parent has `around`.

    `None` is all of it, a mapping is all of it with these values on top, and names are an
    allow-list: these of the parent's and what no program does without (`ALWAYS`).
    """
    if env is None:
        return dict(around)
    if isinstance(env, Mapping):
        return {**around, **env}
    names = ALWAYS | set(env)
    return {
        name: value for name, value in around.items() if name in names or name.startswith("LC_")
    }
