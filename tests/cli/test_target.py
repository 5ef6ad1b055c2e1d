"""Targets: which module a file becomes, and that its code is found again."""

from __future__ import annotations

import sys

import pytest

from gostage._author.reference import find, reference_of
from gostage._cli.target import Target, find_workflow, load_file
from tests.cli.conftest import write

FLOW = """
from gostage import Workflow, action

@action
def step(): ...

flow = Workflow('{0}').do(step)
"""


@pytest.fixture(autouse=True)
def _fresh_imports(monkeypatch, tmp_path):
    """Stand in the temporary folder; forget what a test imported, and from where."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    known = set(sys.modules)
    yield
    for name in set(sys.modules) - known:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("text", "place", "attribute"),
    [
        ("greet", "greet", None),
        ("greet:hello", "greet", "hello"),
        ("a.b:c.d", "a.b", "c.d"),
        ("flows/greet.py", "flows/greet.py", None),
        ("flows/greet.py:hello", "flows/greet.py", "hello"),
        ("C:/flows/greet.py", "C:/flows/greet.py", None),
        ("C:/flows/greet.py:hello", "C:/flows/greet.py", "hello"),
    ],
)
def test_a_target_has_a_place_and_perhaps_an_attribute(text, place, attribute) -> None:
    """The last colon parts them, unless it belongs to the path."""
    assert Target.of(text) == Target(text, place, attribute)


def test_a_file_gets_the_name_that_an_import_gives_it(tmp_path) -> None:
    """A file that is loaded and imported is one module, so its actions are the same."""
    write(tmp_path, {"shop/orders.py": FLOW.format("orders")})

    module = load_file(tmp_path / "shop/orders.py")

    assert module.__name__ == "orders"
    assert __import__("orders") is module


def test_a_file_of_a_package_gets_its_full_name(tmp_path) -> None:
    """Relative imports work, and the package's folder is not on the path itself."""
    write(
        tmp_path,
        {"top/__init__.py": "", "top/sub/__init__.py": "", "top/sub/job.py": FLOW.format("job")},
    )

    module = load_file(tmp_path / "top/sub/job.py")

    assert module.__name__ == "top.sub.job"
    assert str(tmp_path) in sys.path
    assert str(tmp_path / "top") not in sys.path


@pytest.mark.parametrize("name", ["job.py", "my-job.v2.py", "json.py", "sys.py"])
def test_files_of_one_name_do_not_collide(tmp_path, name) -> None:
    """Two files of one name, or one named like a module that is loaded, stay apart."""
    write(tmp_path, {f"a/{name}": FLOW.format("one"), f"b/{name}": FLOW.format("two")})

    one, two = load_file(tmp_path / "a" / name), load_file(tmp_path / "b" / name)

    assert (one.flow.id, two.flow.id) == ("one", "two")
    assert one.step is not two.step
    for module in (one, two):
        reference = reference_of(module.step)
        assert reference is not None
        assert find(reference) is module.step


def test_a_file_is_loaded_once(tmp_path) -> None:
    """The second look at a file with a name of its own gives the same module."""
    write(tmp_path, {"my-job.v2.py": FLOW.format("w")})
    path = tmp_path / "my-job.v2.py"

    assert load_file(path) is load_file(path)


def test_a_file_that_fails_leaves_no_half_module(tmp_path) -> None:
    """What could not be loaded is not found under its name later."""
    write(tmp_path, {"json.py": "x = 1\nraise RuntimeError('no')\n"})
    before = set(sys.modules)

    with pytest.raises(RuntimeError, match="no"):
        load_file(tmp_path / "json.py")

    assert set(sys.modules) == before


def test_the_current_directory_is_importable(tmp_path) -> None:
    """Also where the command itself lies elsewhere."""
    sys.path = [entry for entry in sys.path if entry]
    write(tmp_path, {"here.py": FLOW.format("near")})

    assert find_workflow("here").id == "near"
