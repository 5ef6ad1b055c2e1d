"""Places: what a target is, found out without importing it."""

from __future__ import annotations

import sys

import pytest

from gostage._app.place import Target, locate
from gostage.errors import CollectionError, NotFound
from tests.folders import fresh_imports, write

FILES = {
    "greet.py": "hello = 1\n",
    "both.py": "",
    "both/x.py": "",
    "packed.py": "",
    "packed/__init__.py": "",
    "flows/deep.py": "",
    "flows/stage_1.py": "",
    "json/stage_1.py": "",
    "data/rows.csv": "",
    "pack/__init__.py": "",
    "pack/inner/__init__.py": "",
    "pack/inner/job.py": "raise RuntimeError('imported')",
    "bad/__init__.py": "\nraise RuntimeError('set the region first')",
    "bad/job.py": "",
    "needy/__init__.py": "import no_such_module_at_all",
    "leaving/__init__.py": "raise SystemExit('bye')",
    "page.yaml": "",
    "C/x.py": "",
}


@pytest.fixture(autouse=True)
def _fresh_imports(tmp_path):
    """Begin with a folder of files; forget what a test imported."""
    write(tmp_path, dict(FILES))
    with fresh_imports():
        yield


@pytest.mark.parametrize(
    ("text", "base", "attribute"),
    [
        ("greet", "greet", None),
        ("greet:hello", "greet", "hello"),
        ("a.b:c.d", "a.b", "c.d"),
        ("flows/greet.py", "flows/greet.py", None),
        ("flows/greet.py:hello", "flows/greet.py", "hello"),
        ("C:/flows/greet.py", "C:/flows/greet.py", None),
        ("C:/flows/greet.py:hello", "C:/flows/greet.py", "hello"),
        (".", ".", None),
        ("..", "..", None),
    ],
)
def test_a_target_has_a_base_and_perhaps_an_attribute(text, base, attribute) -> None:
    """The last colon parts them, unless it belongs to the path."""
    assert Target.of(text) == Target(text, base, attribute)


@pytest.mark.parametrize(
    ("text", "kind", "folder", "path"),
    [
        pytest.param("greet", "module", "", "greet.py", id="module"),
        pytest.param("greet:hello", "module", "", "greet.py", id="attribute"),
        pytest.param("greet.py", "file", "", "greet.py", id="file"),
        pytest.param("./greet.py:hello", "file", "", "greet.py", id="attribute of a file"),
        pytest.param("flows/deep.py", "file", "flows", "flows/deep.py", id="file below"),
        pytest.param("flows.deep", "module", "flows", "flows/deep.py", id="module below"),
        pytest.param("pack.inner.job:x", "module", "pack/inner", "pack/inner/job.py", id="deeper"),
        pytest.param(".", "folder", "", "", id="here"),
        pytest.param("flows", "folder", "flows", "flows", id="folder"),
        pytest.param("flows/", "folder", "flows", "flows", id="folder with a slash"),
        pytest.param("flows/../pack", "folder", "pack", "pack", id="folder by detours"),
        pytest.param("both", "module", "", "both.py", id="module beside a folder"),
        pytest.param("packed", "folder", "packed", "packed", id="package beside a module"),
        pytest.param("json", "folder", "json", "json", id="folder named as a module of Python"),
        pytest.param("pack", "folder", "pack", "pack", id="package"),
        pytest.param("pack.inner", "folder", "pack/inner", "pack/inner", id="package below"),
        pytest.param("pack:x", "file", "pack", "pack/__init__.py", id="attribute of a package"),
        pytest.param("./pack:x", "file", "pack", "pack/__init__.py", id="of a package's folder"),
        pytest.param("page.yaml", "file", "", "page.yaml", id="file of another kind"),
    ],
)
def test_a_target_is_a_file_a_module_or_a_folder(tmp_path, text, kind, folder, path) -> None:
    """Its folder is where configuration is looked for; the target itself is not imported."""
    before = set(sys.modules)

    place = locate(text, tmp_path)

    assert (place.kind, place.folder, place.path) == (kind, tmp_path / folder, tmp_path / path)
    assert place.target.text == text
    assert not any(name.endswith(("greet", "deep", "job")) for name in set(sys.modules) - before)


def test_a_module_without_a_file_counts_as_here(tmp_path) -> None:
    """As those that are built into Python."""
    place = locate("sys", tmp_path)

    assert (place.kind, place.folder, place.path) == ("module", tmp_path, None)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("", "target '' is empty", "a target is module:attr or"),
        ("greet:", "target 'greet:' lacks the part after the colon", "path/file.py:attr"),
        (":hello", "target ':hello' lacks the part before the colon", "path/file.py:attr"),
        (":", "target ':' lacks the part before the colon", "path/file.py:attr"),
        ("gret", "target 'gret': there is no module 'gret'", "did you mean 'greet'?"),
        ("flow", "target 'flow': there is no module 'flow'", "did you mean 'flows'?"),
        ("zzz:x", "target 'zzz:x': there is no module 'zzz'", "modules are looked up in"),
        ("pack.zzz:x", "target 'pack.zzz:x': there is no module 'pack.zzz'", "modules are"),
        ("pack.iner:x", "there is no module 'pack.iner'", "did you mean 'pack.inner'?"),
        ("zzz.pack:x", "target 'zzz.pack:x': there is no module 'zzz'", "modules are"),
        ("greet.hello", "there is no module 'greet.hello'", "did you mean 'greet:hello'?"),
        ("a..b", "target 'a..b': there is no module 'a'", "modules are"),
        ("gret.py", "target 'gret.py': there is no file 'gret.py'", "did you mean 'greet.py'?"),
        ("no/greet.py", "there is no file 'no/greet.py'", "paths are looked up from '{tmp}'"),
        ("./flow", "there is no file or folder 'flow'", "did you mean 'flows'?"),
        ("~no_such_user/x.py", "there is no file '~no_such_user/x.py'", "paths are looked up"),
        (
            "flows:flow",
            "target 'flows:flow': 'flows' is a folder, and no package with attributes",
            "name the file: 'flows/deep.py:flow', 'flows/stage_1.py:flow'",
        ),
        ("data:flow", "'data' is a folder, and no package", "there is no Python file in it"),
    ],
)
def test_what_is_nowhere_is_not_found(tmp_path, text, message, hint) -> None:
    """The error names what is missing and what is close to it."""
    with pytest.raises(NotFound) as caught:
        locate(text, tmp_path)

    assert message in str(caught.value)
    assert caught.value.hint.startswith(hint.format(tmp=tmp_path)) or hint in caught.value.hint


@pytest.mark.parametrize(
    ("text", "message", "file", "line"),
    [
        ("bad.job:x", "RuntimeError: set the region first", "bad/__init__.py", 2),
        ("needy.x", "ModuleNotFoundError: No module named 'no_such_m", "needy/__init__.py", 1),
        ("leaving.x", "SystemExit: bye", "leaving/__init__.py", 1),
    ],
)
def test_a_package_on_the_way_that_fails_is_explained(tmp_path, text, message, file, line) -> None:
    """Packages are imported to look into them."""
    with pytest.raises(CollectionError) as caught:
        locate(text, tmp_path)

    assert str(caught.value).startswith(f"{text.partition(':')[0]!r} cannot be imported: {message}")
    assert (caught.value.where.file, caught.value.where.line) == (str(tmp_path / file), line)


def test_the_current_directory_is_importable(tmp_path) -> None:
    """Also where the command itself lies elsewhere."""
    sys.path = [entry for entry in sys.path if entry]

    locate("flows/deep.py", tmp_path)

    assert __import__("greet").hello == 1
