"""Imports point down."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hygiene.imports import Tree
from tests.hygiene.layers import complaints

ROOT = Path(__file__).resolve().parents[2]


def judge(folder: Path, **modules: str) -> list[str]:
    """Write a small tree (`a__b` is `a/b.py`) and say what is wrong with it."""
    for name, source in modules.items():
        file = folder / (name.replace("__", "/") + ".py")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source, encoding="utf-8")
    return complaints(Tree(folder, ["gostage", "gostage_plugins", "examples"]))


def test_imports_point_down() -> None:
    """No module of the two packages, the examples or the benchmarks breaks a layer."""
    tree = Tree(ROOT, ["gostage", "gostage_plugins", "examples", "benchmarks"])

    assert "gostage.errors" in tree.files
    assert complaints(tree) == []


@pytest.mark.parametrize(
    ("module", "source", "complaint"),
    [
        pytest.param(
            "gostage___author__flow",
            "from gostage._run import drive",
            "gostage._author.flow:1 imports gostage._run.drive: floor 2 may not look up to floor 3",
            id="a lower floor looks up",
        ),
        pytest.param(
            "gostage___run__drive",
            "def go():\n    import gostage._spawn.host",
            "gostage._run.drive:2 imports gostage._spawn.host: floor 3 may not look up to floor 4",
            id="a lazy import looks up",
        ),
        pytest.param(
            "gostage___run__drive",
            "import gostage",
            "gostage._run.drive:1 imports gostage: floor 3 may not look up to floor 6",
            id="a part imports the whole",
        ),
        pytest.param(
            "gostage___author__flow",
            "from gostage._plugins import manager",
            "gostage._author.flow:1 imports gostage._plugins.manager: "
            "gostage._author and gostage._plugins do not know each other",
            id="strangers on one floor",
        ),
        pytest.param(
            "gostage___app__runner",
            "import gostage_plugins.timing",
            "gostage._app.runner:1 imports gostage_plugins.timing: "
            "gostage does not know its plugins",
            id="a plugin is known by name",
        ),
        pytest.param(
            "gostage___engine__machine",
            "import pluggy",
            "gostage._engine.machine:1 imports pluggy: "
            "gostage._engine uses the standard library and gostage.errors alone",
            id="a dependency in the engine",
        ),
        pytest.param(
            "gostage___engine__machine",
            "from gostage._store import keys",
            "gostage._engine.machine:1 imports gostage._store.keys: "
            "gostage._engine uses the standard library and gostage.errors alone",
            id="the engine knows the store",
        ),
        pytest.param(
            "gostage___engine__machine",
            "from time import monotonic",
            "gostage._engine.machine:1 imports time.monotonic: "
            "gostage._engine decides and never acts",
            id="a clock in the engine",
        ),
        pytest.param(
            "gostage_plugins__timing",
            "from gostage._run import drive",
            "gostage_plugins.timing:1 imports gostage._run.drive: "
            "only public names of gostage are for use outside",
            id="a plugin reaches into a private package",
        ),
        pytest.param(
            "examples__hello",
            "from gostage import _engine",
            "examples.hello:1 imports gostage._engine: "
            "only public names of gostage are for use outside",
            id="an example takes a private name",
        ),
        pytest.param(
            "gostage__extra",
            "",
            "gostage.extra has no floor",
            id="a module without a floor",
        ),
    ],
)
def test_an_import_that_breaks_a_layer_is_named(
    tmp_path: Path, module: str, source: str, complaint: str
) -> None:
    """The complaint has the module, the line and the rule."""
    assert judge(tmp_path, **{module: source}) == [complaint]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        pytest.param("gostage___run__drive", "import gostage._engine.machine", id="down"),
        pytest.param("gostage___run__drive", "import gostage._db.memory", id="beside"),
        pytest.param(
            "gostage___store__store", "from gostage.errors import KeyMissing", id="errors"
        ),
        pytest.param("gostage___store__store", "import time", id="the default clock"),
        pytest.param("gostage_plugins__timing", "from gostage import hookimpl", id="public name"),
        pytest.param(
            "gostage__hookspecs",
            "from typing import TYPE_CHECKING\n"
            "if TYPE_CHECKING:\n    from gostage._run import Context",
            id="up, for types alone",
        ),
    ],
)
def test_an_import_that_keeps_to_its_layer_is_fine(
    tmp_path: Path, module: str, source: str
) -> None:
    """What the house allows brings no complaint."""
    assert judge(tmp_path, **{module: source}) == []


def test_a_cycle_between_modules_is_named(tmp_path: Path) -> None:
    """Each module of the cycle is in the complaint."""
    found = judge(
        tmp_path,
        gostage___run__a="from gostage._run import b",
        gostage___run__b="from gostage._run.a import x",
    )

    assert len(found) == 1
    assert found[0].startswith("a cycle of imports: ")
    assert {"gostage._run.a", "gostage._run.b"} < set(found[0].replace("->", " ").split())


def test_packages_of_one_floor_do_not_import_each_other(tmp_path: Path) -> None:
    """One of two neighbours may know the other, not both."""
    found = judge(
        tmp_path,
        gostage___run__drive="import gostage._db.memory",
        gostage___db__lease="import gostage._run.clock",
    )

    assert found == ["gostage._run and gostage._db import each other"]
