"""Loading: which module a file becomes, and that its code is found again."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from gostage._author.loading import address_of, being_loaded, load_file, make_importable
from gostage._author.reference import find, reference_of
from gostage.errors import NotFound, NotImportable
from tests.folders import fresh_imports, write
from tests.hygiene.pages import plain_environment

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
    with fresh_imports():
        yield


def test_a_file_gets_the_name_that_an_import_gives_it(tmp_path) -> None:
    """A file that is loaded and imported is one module, so its actions are the same."""
    write(tmp_path, {"shop/orders.py": FLOW.format("orders")})

    module = load_file(tmp_path / "shop/orders.py")

    assert module.__name__ == "orders"
    assert __import__("orders") is module


def test_a_file_that_was_imported_already_is_that_module(tmp_path, monkeypatch) -> None:
    """Also under another name than its path gives it."""
    monkeypatch.syspath_prepend(tmp_path)
    write(tmp_path, {"flows/deep.py": FLOW.format("deep")})
    module = __import__("flows.deep").deep

    assert load_file(tmp_path / "flows/deep.py") is module


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


@pytest.mark.parametrize("name", ["job.py", "my-job.v2.py", "json.py", "sys.py", "__main__.py"])
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


def test_packages_of_one_name_do_not_collide(tmp_path) -> None:
    """Relative imports of each find its own modules."""
    for folder in ("a", "b"):
        write(
            tmp_path / folder,
            {
                "flows/__init__.py": "",
                "flows/parts.py": FLOW.format(folder),
                "flows/job.py": "from .parts import flow, step\nfrom . import parts\n",
                "flows/my.job.py": "from .parts import flow\n",
            },
        )

    one, two = (load_file(tmp_path / folder / "flows/job.py") for folder in ("a", "b"))
    odd = [load_file(tmp_path / folder / "flows/my.job.py") for folder in ("a", "b")]

    assert (one.flow.id, two.flow.id) == ("a", "b")
    assert [each.flow.id for each in odd] == ["a", "b"]
    assert reference_of(two.step) == f"{tmp_path / 'b/flows/parts.py'}:step"
    assert find(f"{tmp_path / 'b/flows/job.py'}:flow") is two.flow
    assert load_file(tmp_path / "b/flows/__init__.py").parts is two.parts


def test_a_file_is_loaded_once(tmp_path) -> None:
    """The second look at a file with a name of its own gives the same module."""
    write(tmp_path, {"my-job.v2.py": FLOW.format("w")})
    path = tmp_path / "my-job.v2.py"

    assert load_file(path) is load_file(path)


def test_links_to_one_file_are_modules_of_their_own(tmp_path) -> None:
    """A link has the name and the folder where it stands."""
    write(tmp_path, {"shared/load.py": FLOW.format("w")})
    for name in ("stage_1.py", "stage_2.py"):
        (tmp_path / name).symlink_to(tmp_path / "shared/load.py")

    one, two = load_file(tmp_path / "stage_1.py"), load_file(tmp_path / "stage_2.py")

    assert (one.__name__, two.__name__) == ("stage_1", "stage_2")
    assert one.step is not two.step


def test_a_file_that_fails_leaves_no_half_module(tmp_path) -> None:
    """What could not be loaded is not found under its name later."""
    write(tmp_path, {"json.py": "x = 1\nraise RuntimeError('no')\n"})
    before = set(sys.modules)

    with pytest.raises(RuntimeError, match="no"):
        load_file(tmp_path / "json.py")

    assert set(sys.modules) == before


def test_what_an_error_of_a_package_says_is_not_lost(tmp_path) -> None:
    """A package that fails to import is no reason to look elsewhere."""
    write(tmp_path, {"pack/__init__.py": "raise LookupError('broken')", "pack/job.py": ""})

    with pytest.raises(LookupError, match="broken"):
        load_file(tmp_path / "pack/job.py")


def test_a_module_can_tell_that_it_is_being_loaded(tmp_path) -> None:
    """So that a run it starts by mistake can be refused; afterwards nothing is being loaded."""
    text = "from gostage._author.loading import being_loaded\nfound = being_loaded()\n"
    write(tmp_path, {"job.py": text, "bad.py": text + "1 / 0\n"})

    assert load_file(tmp_path / "job.py").found == str(tmp_path / "job.py")
    with pytest.raises(ZeroDivisionError):
        load_file(tmp_path / "bad.py")
    assert being_loaded() is None


# -------------------------------------------------------------------- from another process


def test_code_is_found_by_its_file_where_no_import_would_find_it(tmp_path) -> None:
    """The file's folder is on the import path of this process only."""
    write(tmp_path, {"flows/job.py": FLOW.format("w")})
    module = load_file(tmp_path / "flows/job.py")

    assert reference_of(module.step) == f"{tmp_path / 'flows/job.py'}:step"
    assert address_of("json.decoder") == "json.decoder"
    assert address_of("sys") == "sys"


def test_code_is_found_by_its_name_where_every_process_has_its_folder(
    tmp_path, monkeypatch
) -> None:
    """A folder further down on the import path is there for good."""
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    write(tmp_path, {"lasting.py": FLOW.format("w")})
    module = load_file(tmp_path / "lasting.py")

    assert reference_of(module.step) == "lasting:step"


def test_the_folder_that_python_was_started_in_is_not_everywhere(tmp_path, monkeypatch) -> None:
    """`python -m gostage` puts it first; the next process may be started elsewhere."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    write(tmp_path, {"started.py": FLOW.format("w"), "beside.py": "from started import step\n"})
    make_importable(tmp_path)
    module = __import__("started")

    assert sys.path.count(str(tmp_path)) == 1
    assert reference_of(module.step) == f"{tmp_path / 'started.py'}:step"


MADE = """
import functools
from parts import Send, make

class Own(Send): ...

def add(ctx, n): ...

from gostage import action

here = Own("own")
there = Send("there")
made = make("closure")
part = action(functools.partial(add, n=3), name="part")
late = there.options(name="late")
"""
PARTS = """
from gostage import Action, action

class Send(Action):
    def __init__(self, target):
        super().__init__()
        self.target = target
    def run(self, ctx): ...

def make(text):
    @action(name=text)
    def inner(ctx): ...
    return inner
"""


@pytest.mark.parametrize("name", ["here", "there", "made", "part"])
def test_an_action_is_found_where_it_was_made(tmp_path, name) -> None:
    """Though its class, or the function around it, is of another module."""
    write(tmp_path, {"job.py": MADE, "parts.py": PARTS})
    module = load_file(tmp_path / "job.py")

    reference = reference_of(getattr(module, name))

    assert reference == f"{tmp_path / 'job.py'}:{name}"
    assert find(reference) is getattr(module, name)


def test_a_definition_is_read_in_a_process_that_stands_elsewhere(tmp_path) -> None:
    """Everything in it is found by file, helpers too."""
    write(tmp_path, {"flows/job.py": MADE, "flows/parts.py": PARTS, "elsewhere/x.txt": ""})
    module = load_file(tmp_path / "flows/job.py")
    from gostage import Workflow

    names = ("here", "there", "made", "part", "late")
    flow = Workflow("w").stage("s", *(getattr(module, name) for name in names))
    code = (
        "import json, sys; from gostage import Workflow; "
        "print([a.name for a in Workflow.from_dict(json.load(sys.stdin)).find_actions()])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps(flow.to_dict()),
        cwd=tmp_path / "elsewhere",
        env=plain_environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout.strip() == "['Own', 'Send', 'closure', 'part', 'late']", done.stderr


@pytest.mark.parametrize(
    ("reference", "error", "message", "hint"),
    [
        pytest.param(
            "{tmp}/gone.py:x",
            NotImportable,
            "there is no file '{tmp}/gone.py', which '{tmp}/gone.py:x' names",
            "was it moved or removed?",
            id="no file",
        ),
        pytest.param(
            "flows/job.py:x",
            NotImportable,
            "there is no file 'flows/job.py'",
            "its whole path",
            id="relative",
        ),
        pytest.param(
            "{tmp}/job.py:stop",
            NotFound,
            "there is no 'stop' in '{tmp}/job.py'",
            "did you mean 'step'?",
            id="no name",
        ),
        pytest.param(
            "{tmp}/bad.py:x",
            NotImportable,
            "file '{tmp}/bad.py', which '{tmp}/bad.py:x' names, cannot be imported: "
            "SystemExit: bye",
            "is everything that it imports installed here?",
            id="leaves",
        ),
    ],
)
def test_a_reference_by_file_that_leads_nowhere(tmp_path, reference, error, message, hint) -> None:
    """The error says which part of it is not there."""
    write(tmp_path, {"job.py": FLOW.format("w"), "bad.py": "raise SystemExit('bye')"})

    with pytest.raises(error) as caught:
        find(reference.format(tmp=tmp_path))

    assert str(caught.value).startswith(message.format(tmp=tmp_path))
    assert hint in caught.value.hint
