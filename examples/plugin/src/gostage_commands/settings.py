"""The settings of the plugin, `[tool.gostage.commands]`; what makes no sense is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gostage.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMES = ("dry", "timeout")


@dataclass(frozen=True)
class Settings:
    """What a project may set."""

    dry: bool = False
    timeout: float = 60.0

    @classmethod
    def of(cls, section: Mapping[str, object]) -> Settings:
        """Read the table of a project."""
        for name in section:
            if name not in _NAMES:
                raise ConfigError(
                    f"[tool.gostage.commands] has no setting {name!r}",
                    hint=did_you_mean(name, _NAMES) or f"its settings are {', '.join(_NAMES)}",
                )
        dry, timeout = section.get("dry", cls.dry), section.get("timeout", cls.timeout)
        if not isinstance(dry, bool):
            raise _wrong("dry", dry, "true or false")
        if isinstance(timeout, bool) or not isinstance(timeout, int | float) or timeout <= 0:
            raise _wrong("timeout", timeout, "a number of seconds above zero")
        return cls(dry, float(timeout))


def _wrong(name: str, value: object, expected: str) -> ConfigError:
    return ConfigError(
        f"{name!r} of [tool.gostage.commands] is {value!r}", hint=f"it has to be {expected}"
    )
