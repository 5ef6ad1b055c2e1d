"""Scripts: what the file that is run defines is found by that file."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.folders import write
from tests.hygiene.pages import plain_environment

GUARD = '`if __name__ == "__main__":`'
HEAD = """
import json
from gostage import Workflow, action
from gostage._author.reference import find, reference_of, require_reference
from gostage.errors import NotImportable

def show(*things):
    found = []
    for thing in things:
        try:
            found.append(require_reference(thing, "it"))
        except NotImportable as error:
            found.append(error.message)
    print(json.dumps(found))
"""


def run_script(folder, *arguments, cwd=None):
    """What a script prints, as JSON."""
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd or folder,
        env=plain_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_what_a_script_defines_is_found_by_its_file(tmp_path) -> None:
    """Functions, actions and classes of the file itself, and of the modules beside it."""
    write(
        tmp_path,
        {
            "shop/parts.py": "def part(ctx): ...\n",
            "shop/pack/__init__.py": "",
            "shop/pack/deep.py": "def deep(ctx): ...\n",
            "shop/job.py": HEAD
            + """
from parts import part
from pack.deep import deep

@action
def act(ctx): ...

def plain(ctx): ...

class Error(Exception): ...

if __name__ == "__main__":
    show(act, plain, Error, part, deep, json.dumps)
""",
        },
    )
    folder = tmp_path / "shop"

    assert run_script(tmp_path, "shop/job.py") == [
        f"{folder}/job.py:act",
        f"{folder}/job.py:plain",
        f"{folder}/job.py:Error",
        f"{folder}/parts.py:part",
        f"{folder}/pack/deep.py:deep",
        "json:dumps",
    ]


def test_another_process_finds_what_a_script_defines(tmp_path) -> None:
    """It imports the file, and does not run what is for the script alone."""
    write(
        tmp_path,
        {
            "a/job.py": HEAD
            + """
from parts import part

def act(ctx): ...

if __name__ == "__main__":
    show(act, part)
""",
            "a/parts.py": "def part(ctx): ...\n",
            "b/other.py": """
import json, sys
from gostage._author.reference import find
print(json.dumps([find(each).__module__ for each in sys.argv[1:]]))
""",
        },
    )
    found = run_script(tmp_path, "a/job.py")

    assert run_script(tmp_path, tmp_path / "b/other.py", *found, cwd=tmp_path / "b") == [
        "job",
        "parts",
    ]


def test_the_script_itself_is_not_imported_once_more(tmp_path) -> None:
    """What it looks for by its own file is there already."""
    write(
        tmp_path,
        {
            "job.py": HEAD
            + """
print if __name__ == "__main__" else 1 / 0

def act(ctx): ...

show(find(reference_of(act)) is act and act)
"""
        },
    )
    (tmp_path / "link.py").symlink_to(tmp_path / "job.py")

    assert run_script(tmp_path, "job.py") == [f"{tmp_path}/job.py:act"]
    assert run_script(tmp_path, "link.py") == [f"{tmp_path}/link.py:act"]


def test_what_only_the_script_has_is_not_found_again(tmp_path) -> None:
    """The error says what keeps other processes from seeing it."""
    write(
        tmp_path,
        {
            "job.py": HEAD
            + """
def main():
    def inner(ctx): ...
    show(inner, late, both, lambda ctx: 1)

def both(ctx): ...

if __name__ == "__main__":
    def late(ctx): ...
    def both(ctx): ...
    main()
"""
        },
    )

    assert run_script(tmp_path, "job.py") == [
        "it cannot be found again by another process: it is defined inside the function 'main'",
        (
            f"it cannot be found again by another process: it is defined under {GUARD}, "
            "where other processes do not see it"
        ),
        f"{tmp_path}/job.py:both",
        "it cannot be found again by another process: it is a lambda",
    ]


@pytest.mark.parametrize(
    "guard",
    ["if '__main__' == __name__:", "if __name__:"],
)
def test_a_guard_is_known_by_what_it_says(tmp_path, guard) -> None:
    """Either way around; what is no guard hides nothing."""
    text = f"{HEAD}\n{guard}\n    def late(ctx): ...\n    show(late)\n"
    write(tmp_path, {"job.py": text})

    (found,) = run_script(tmp_path, "job.py")

    assert ("where other processes do not see it" in found) == guard.startswith("if '__main__'")


def test_a_module_that_is_run_is_found_by_its_file(tmp_path) -> None:
    """With -m, too."""
    write(
        tmp_path,
        {
            "pack/__init__.py": "",
            "pack/job.py": HEAD + "\ndef act(ctx): ...\n\nshow(act)\n",
        },
    )

    assert run_script(tmp_path, "-m", "pack.job") == [f"{tmp_path}/pack/job.py:act"]


def test_code_without_a_file_is_not_found_again(tmp_path) -> None:
    """As with -c, and as in a notebook."""
    (found,) = run_script(tmp_path, "-c", HEAD + "\ndef act(ctx): ...\n\nshow(act)\n")

    assert found.endswith("it is defined in a notebook, at a prompt, or in code without a file")


def test_a_folder_that_every_process_has_keeps_its_modules_names(tmp_path) -> None:
    """Though the script happens to stand there."""
    write(
        tmp_path,
        {
            "parts.py": "def part(ctx): ...\n",
            "job.py": f"import sys; sys.path.append({str(tmp_path)!r})\n{HEAD}\n"
            "from parts import part\nshow(part)\n",
        },
    )

    assert run_script(tmp_path, "job.py") == ["parts:part"]
