"""`gostage init`: a project that runs, whose tests pass, and that overwrites nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gostage._cli.init import FILES
from tests.cli.shell import environment, gostage

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Path:
    """A project as `gostage init demo` makes it; nobody changes it."""
    folder = tmp_path_factory.mktemp("init")
    done = gostage("init", "demo", folder=folder)
    assert (done.code, done.err) == (0, "")
    return folder / "demo"


@pytest.fixture
def copy(demo, tmp_path) -> Path:
    """A project of one's own."""
    return shutil.copytree(demo, tmp_path / "demo")


def tool(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a module of Python as a command, in a project."""
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def files_of(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def test_it_says_what_it_made_and_what_to_type_next(tmp_path) -> None:
    """Every file, and the commands that try it."""
    done = gostage("init", "demo", folder=tmp_path)

    assert done.code == 0
    assert files_of(tmp_path / "demo") == set(FILES)
    assert [line.strip() for line in done.out.splitlines()] == [
        "demo: 9 files in 'demo'",
        *FILES,
        "",
        "what to type next:",
        "cd demo",
        "gostage run .",
        "pytest",
    ]


def test_the_project_runs(copy) -> None:
    """As it stands, with all its stages, its middleware and its resource."""
    done = gostage("run", ".", folder=copy)

    assert done.code == 0, done.err
    for word in ("extract", "read_orders", "transform", "keep_paid", "load", "write_totals"):
        assert word in done.out
    assert "demo completed" in done.out
    assert "load took" in done.err
    assert (copy / "totals.db").is_file()


def test_the_project_runs_without_a_target_from_anywhere_in_it(copy) -> None:
    """Its configuration says what is to be run."""
    done = gostage("run", "--json", folder=copy / "tests")

    assert done.code == 0, done.err
    assert json.loads(done.out)["store"]["totals"] == {"tea": 42, "coffee": 12}


def test_the_tests_of_the_project_pass(copy, tmp_path) -> None:
    """With nothing but gostage and pytest."""
    done = tool("pytest", "-q", f"--basetemp={tmp_path / 'base'}", folder=copy)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout


@pytest.mark.parametrize(
    "words",
    [
        ("ruff", "check", "--isolated", "--no-cache"),
        ("ruff", "format", "--isolated", "--no-cache", "--check"),
        ("mypy", "--strict", "--cache-dir", os.devnull, "."),
    ],
    ids=["ruff check", "ruff format", "mypy"],
)
def test_the_project_is_clean(demo, words) -> None:
    """The linters have nothing to say as they come."""
    done = tool(*words, folder=demo)

    assert done.returncode == 0, done.stdout + done.stderr


def test_check_finds_nothing(demo) -> None:
    """`gostage check` agrees with what `gostage init` writes."""
    done = gostage("check", ".", "--strict", folder=demo)

    assert done.code == 0, done.out + done.err


def test_list_shows_it(demo) -> None:
    """The stages are found, in their order."""
    done = gostage("list", "--json", folder=demo)

    (listed,) = json.loads(done.out)
    assert [stage["id"] for stage in listed["stages"]] == ["extract", "transform", "load"]


def test_here_is_the_default(tmp_path) -> None:
    """Without DIR the files go to the current directory, and there is nowhere to go to."""
    folder = tmp_path / "My Flow"
    folder.mkdir()

    done = gostage("init", folder=folder)

    assert done.code == 0
    assert files_of(folder) == set(FILES)
    assert "cd " not in done.out
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["name"] == "my-flow"


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("My Flow", "my-flow"),
        ("etl_2024", "etl-2024"),
        ("día d", "d-a-d"),
        ('say "hi"\\', "say-hi"),
        ("a/b/deep", "deep"),
        ("{package} a:b*#2", "package-a-b-2"),
    ],
    ids=["a space", "an underscore", "an accent", "quotes", "a path", "other signs"],
)
def test_the_workflow_has_the_name_of_the_folder(tmp_path, name, package) -> None:
    """Whatever it is; the package is called what packages may be called."""
    done = gostage("init", name, folder=tmp_path)
    assert done.code == 0, done.err

    ran = gostage("run", ".", "--json", folder=tmp_path / name)
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["workflow"] == Path(name).name
    text = (tmp_path / name / "pyproject.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text)["project"]["name"] == package


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("---", "cannot give a project its name"),
        ("a\nb", "cannot give a project its name"),
        ("データ", "cannot give a project its name"),
        ("gostage", "it needs the package of that name"),
        ("PyTest", "it needs the package of that name"),
    ],
    ids=["no letter", "a line break", "no letter of a package", "gostage", "pytest"],
)
def test_a_name_that_cannot_work_is_refused(tmp_path, name, told) -> None:
    """The error says why, and shows a name that works."""
    done = gostage("init", "--", name, folder=tmp_path)

    assert (done.code, done.out) == (4, "")
    assert told in done.err
    assert "gostage init " in done.err
    assert files_of(tmp_path) == set()


@pytest.mark.parametrize("name", ["README.md", "tests/test_flow.py", ".gitignore"])
def test_nothing_is_overwritten(tmp_path, name) -> None:
    """One file that is there is named, stays as it is, and no other is written."""
    (tmp_path / "tests").mkdir()
    (tmp_path / name).write_text("mine\n", encoding="utf-8")

    done = gostage("init", ".", folder=tmp_path)

    assert (done.code, done.out) == (4, "")
    assert repr(name) in done.err
    assert "exists already, and nothing was written" in done.err
    assert files_of(tmp_path) == {name}
    assert (tmp_path / name).read_text(encoding="utf-8") == "mine\n"


def test_a_second_init_names_every_file(copy) -> None:
    """All that is in the way is said at once, and the project is as it was."""
    done = gostage("init", "demo", folder=copy.parent)

    assert done.code == 4
    assert all(repr(str(Path("demo", name))) in done.err for name in FILES)
    assert files_of(copy) == set(FILES)


def test_a_link_that_leads_nowhere_is_in_the_way_too(tmp_path) -> None:
    """What the link would lead to is not made."""
    (tmp_path / "README.md").symlink_to("elsewhere.md")

    done = gostage("init", ".", folder=tmp_path)

    assert done.code == 4
    assert not (tmp_path / "elsewhere.md").exists()


def test_a_file_is_no_folder(tmp_path) -> None:
    """DIR names a file, or leads through one."""
    (tmp_path / "notes").write_text("", encoding="utf-8")

    assert gostage("init", "notes", folder=tmp_path).code == 4
    through = gostage("init", "notes/demo", folder=tmp_path)
    assert through.code == 4
    assert "cannot be written to" in through.err


def test_a_project_that_cannot_be_finished_leaves_no_file(tmp_path) -> None:
    """A file where a folder has to be stops it half way, and what was written is taken back."""
    (tmp_path / "tests").write_text("in the way\n", encoding="utf-8")

    done = gostage("init", ".", folder=tmp_path)

    assert (done.code, done.out) == (4, "")
    assert files_of(tmp_path) == {"tests"}


def test_json_lists_the_files(tmp_path) -> None:
    """The folder, the workflow's id and the files, as data."""
    done = gostage("init", "demo", "--json", folder=tmp_path)

    assert json.loads(done.out) == {
        "folder": str(tmp_path / "demo"),
        "workflow": "demo",
        "files": list(FILES),
    }


def test_quiet_says_nothing(tmp_path) -> None:
    """With `-q` only errors are shown."""
    done = gostage("init", "demo", "-q", folder=tmp_path)

    assert (done.code, done.out, done.err) == (0, "", "")
    assert files_of(tmp_path / "demo") == set(FILES)
