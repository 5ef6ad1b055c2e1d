"""`gostage init`: write a project that runs and whose tests pass; it never overwrites a file."""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from gostage._cli.common import Common, common_options
from gostage.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Each file of a project, and the template it is made from.
FILES: Final = {
    ".gitignore": "gitignore.txt",
    "README.md": "README.md.txt",
    "orders.csv": "orders.csv.txt",
    "pyproject.toml": "pyproject.toml.txt",
    "stage_1_extract.py": "stage_1_extract.py.txt",
    "stage_2_transform.py": "stage_2_transform.py.txt",
    "stage_3_load.py": "stage_3_load.py.txt",
    "stageconf.py": "stageconf.py.txt",
    "tests/test_flow.py": "test_flow.py.txt",
}
_TEMPLATES: Final = Path(__file__).with_name("template")
_NEEDED: Final = ("gostage", "pytest")  # a project of such a name would depend on itself


@dataclass(frozen=True, slots=True)
class Project:
    """A project that is to be written: its folder, and the names it has in its files."""

    folder: Path
    name: str
    package: str

    @classmethod
    def of(cls, folder: Path) -> Project:
        """Name a project after its folder."""
        name = Path(os.path.abspath(folder)).name  # noqa: PTH100  # a link keeps its own name
        package = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        if not (package and name.isprintable()):
            raise ConfigError(
                f"the folder {str(folder)!r} cannot give a project its name",
                hint="a name has letters from a to z or digits in it, as in `gostage init my-flow`",
            )
        if package in _NEEDED:
            raise ConfigError(
                f"a project cannot be called {name!r}: it needs the package of that name",
                hint=f"choose another folder, as in `gostage init {package}-flow`",
            )
        return cls(folder, name, package)

    def files(self) -> dict[str, str]:
        """What is to be written, by its path in the folder."""
        words = {"id": _literal(self.name), "title": self.name, "package": self.package}
        return {name: _filled(template, words) for name, template in FILES.items()}


@click.command("init", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(file_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
@common_options
@click.pass_obj
def command(common: Common, *, folder: str, as_json: bool) -> int:
    """Begin a project that runs.

    Its files, with tests that pass, go to DIR, by default the current directory, and it is named
    after that. A file that is there already is never overwritten: then nothing is written at all.
    """
    project = Project.of(Path(folder))
    files = project.files()
    write(project.folder, files)
    if as_json:
        _write_json(project, files)
    elif not common.is_quiet:
        for line in _told(project, files):
            click.echo(line)
    return 0


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write all the files, or none of them if one is there already."""
    _refuse_to_overwrite(folder, files)
    written: list[Path] = []
    try:
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8", newline="\n") as file:
                written.append(path)
                file.write(text)
    except OSError as error:
        for path in written:
            path.unlink(missing_ok=True)
        about = "" if error.filename is None else f": {str(error.filename)!r}"
        raise ConfigError(
            f"the project cannot be written to {str(folder)!r}: {error.strerror}{about}",
            hint="no file was left behind; choose a folder that can be written to",
        ) from error


def _refuse_to_overwrite(folder: Path, files: Mapping[str, str]) -> None:
    there = [str(folder / name) for name in files if os.path.lexists(folder / name)]
    if there:
        raise ConfigError(
            f"{', '.join(map(repr, there))} {'exists' if len(there) == 1 else 'exist'} already, "
            "and nothing was written",
            hint="choose a new folder, as in `gostage init my-flow`, or move away what is there",
        )


def _told(project: Project, files: Mapping[str, str]) -> Iterator[str]:
    yield f"{project.name}: {len(files)} files in {str(project.folder)!r}"
    yield from (f"  {name}" for name in files)
    yield ""
    yield "what to type next:"
    if project.folder != Path():
        yield f"  cd {shlex.quote(str(project.folder))}"
    yield "  gostage run ."
    yield "  pytest"


def _write_json(project: Project, files: Mapping[str, str]) -> None:
    import json  # 2 ms: only --json needs it

    data = {
        "folder": os.path.abspath(project.folder),  # noqa: PTH100  # a link keeps its own name
        "workflow": project.name,
        "files": list(files),
    }
    click.echo(json.dumps(data, indent=2))


def _filled(template: str, words: Mapping[str, str]) -> str:
    text = (_TEMPLATES / template).read_text(encoding="utf-8")
    return re.sub(rf"\{{({'|'.join(words)})\}}", lambda found: words[found[1]], text)


def _literal(text: str) -> str:
    """A text as the code of a style that everybody has: in double quotes."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
