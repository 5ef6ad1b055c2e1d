"""Every example of a plugin is a script that does what its docstring says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hygiene.test_examples import expected_output, run_example
from tests.hygiene.wildcards import explain, matches

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "examples" / "plugins").glob("*.py"))
PLUGINS = sorted(each.stem for each in (ROOT / "gostage_plugins").glob("[!_]*.py"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_prints_what_it_says(example, tmp_path):
    """Run as a script, it succeeds and its output is the one in its docstring."""
    done = run_example(example, tmp_path)

    assert done.returncode == 0, done.stderr
    expected = expected_output(example)
    assert matches(expected, done.stdout), explain(expected, done.stdout)


def test_every_plugin_has_an_example_and_a_page():
    """One of each, by the name of the plugin, and the list of pages names them all."""
    listed = (ROOT / "docs" / "plugins" / "index.md").read_text(encoding="utf-8")

    assert len(PLUGINS) == 13
    assert [each.stem for each in EXAMPLES] == [f"use_{name}" for name in PLUGINS]
    for name in PLUGINS:
        page = ROOT / "docs" / "plugins" / f"{name}.md"
        assert f"({page.name})" in listed
        assert f"examples/plugins/use_{name}.py" in page.read_text(encoding="utf-8")
