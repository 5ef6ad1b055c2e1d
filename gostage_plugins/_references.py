"""References: things of the project by name, `module:name`; importing is all it does."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

from gostage.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def found(reference: str, owner: str, root: Path | None = None) -> object:
    """Import what `module:name` names; modules beside the root of the project are found too."""
    module_name, colon, path = reference.partition(":")
    if not (module_name and colon and path):
        raise ConfigError(
            f"{reference!r}, in {owner}, names nothing", hint="write it as module:name"
        )
    try:
        with _importing_from(root):
            thing: object = import_module(module_name)
    except Exception as error:
        raise ConfigError(
            f"module {module_name!r}, in {owner}, cannot be imported: "
            f"{type(error).__name__}: {error}",
            hint="modules are looked for beside pyproject.toml, and where Python looks",
        ) from error
    for name in path.split("."):
        if not hasattr(thing, name):
            raise ConfigError(
                f"{reference!r}, in {owner}: {module_name!r} has no {name!r}",
                hint=did_you_mean(name, dir(thing)) or "it has to stand at the top of the module",
            )
        thing = getattr(thing, name)
    return thing


@contextmanager
def _importing_from(root: Path | None) -> Iterator[None]:
    if root is None or str(root) in sys.path:
        yield
        return
    sys.path.append(str(root))
    try:
        yield
    finally:
        sys.path.remove(str(root))
