"""The layers of the house and what each may import; it may only judge, from import statements."""

from __future__ import annotations

import sys
from itertools import combinations
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.hygiene.imports import Import, Tree

# A module stands on the floor of its longest prefix here, and imports from its floor or below.
FLOORS: Final[dict[str, int]] = {
    "gostage.errors": 0,
    "gostage._engine": 1,
    "gostage._store": 1,
    "gostage._given": 2,  # the protocols that are a part of the next
    "gostage.hookspecs": 2,
    "gostage._plugins": 2,
    "gostage._author": 2,
    "gostage._run": 3,
    "gostage._db.protocol": 1,  # plain values, which the hooks show to plugins
    "gostage._db": 3,
    "gostage._spawn.backend": 2,  # protocols, as above
    "gostage._spawn": 4,
    "gostage._app": 5,
    "gostage._cli": 5,
    "gostage.__main__": 6,
    "gostage.testing": 6,
    "gostage": 6,
    "gostage._cli.crashtest": 7,  # the command line of `gostage.testing`
}
# Neighbours that do not know each other, though they stand on one floor; the pure packages know
# nobody, see below.
STRANGERS: Final = (frozenset({"gostage._plugins", "gostage._author"}),)
# Pure packages: the standard library, the errors, and nothing that acts on the world outside.
ACTS: Final = frozenset(
    {
        "asyncio",
        "concurrent",
        "ctypes",
        "http",
        "importlib.metadata",
        "io",
        "logging",
        "multiprocessing",
        "os",
        "select",
        "selectors",
        "shutil",
        "signal",
        "socket",
        "sqlite3",
        "subprocess",
        "tempfile",
        "urllib",
    }
)
PURE: Final = {
    "gostage._engine": ACTS | {"time", "threading"},
    "gostage._store": ACTS,  # its default clock is `time.time`, and branches may need a lock
}
PUBLIC: Final = frozenset({"gostage", "gostage.errors", "gostage.hookspecs", "gostage.testing"})


def complaints(tree: Tree) -> list[str]:
    """Say everything that is wrong with the imports of a tree."""
    found = [text for each in tree.imports for text in _judge(each)]
    found += [f"{name} has no floor" for name in tree.files if _is_homeless(name)]
    found += list(_mutual(tree))
    cycle = tree.cycles()
    if cycle:
        found.append("a cycle of imports: " + " -> ".join(cycle))
    return found


def home(module: str) -> str | None:
    """Find the package (or module) on a floor that a module belongs to."""
    parts = module.split(".")
    prefixes = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((prefix for prefix in prefixes if prefix in FLOORS), None)


def _is_homeless(module: str) -> bool:
    # Below `gostage` itself, a floor must be stated: the root stands above all of them.
    return module.startswith("gostage.") and home(module) == "gostage"


def _judge(each: Import) -> Iterator[str]:
    importer, target = home(each.importer), home(each.target)
    if importer is None:
        yield from _judge_outsider(each)
    elif importer in PURE:
        yield from _judge_pure(each, importer)
    elif each.target.split(".")[0] == "gostage_plugins":
        yield f"{each}: gostage does not know its plugins"
    elif target is not None and not each.is_for_types and FLOORS[target] > FLOORS[importer]:
        yield f"{each}: floor {FLOORS[importer]} may not look up to floor {FLOORS[target]}"
    elif frozenset({importer, target}) in STRANGERS:
        yield f"{each}: {importer} and {target} do not know each other"


def _judge_outsider(each: Import) -> Iterator[str]:
    """Hold plugins, examples and benchmarks to the public names."""
    is_ours = each.target.split(".")[0] == "gostage"
    is_private = (each.name or "").startswith("_") and each.name != "__version__"
    if is_ours and (each.target not in PUBLIC or is_private):
        yield f"{each}: only public names of gostage are for use outside"


def _judge_pure(each: Import, package: str) -> Iterator[str]:
    if home(each.target) in {package, "gostage.errors"}:
        return
    root = each.target.split(".")[0]
    if root not in sys.stdlib_module_names:
        yield f"{each}: {package} uses the standard library and gostage.errors alone"
    elif {root, each.target} & PURE[package] and not each.is_for_types:
        yield f"{each}: {package} decides and never acts"


def _mutual(tree: Tree) -> Iterator[str]:
    """Find packages of one floor that import each other."""
    edges = {
        (home(each.importer), home(each.target)) for each in tree.imports if not each.is_for_types
    }
    for one, other in combinations(FLOORS, 2):
        if (one, other) in edges and (other, one) in edges:
            yield f"{one} and {other} import each other"
