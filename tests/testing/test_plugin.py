"""The pytest plugin: fixtures that are there once gostage is installed, and cost nothing unused."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.hygiene.pages import plain_environment

FLOW = """
from gostage import Runner, Workflow, action

@action
def put(ctx):
    ctx.store.put("token", "t", ttl=60)

@action
def greet(ctx, name="World"):
    ctx.store["greeting"] = f"Hello, {name}!"

hello = Workflow("hello").do(greet)
asks = Workflow("asks").receive("approval", into="by").do(greet)
naps = Workflow("naps").do(put).sleep("night", 86_400).do(greet)
"""


@pytest.fixture
def run_tests(pytester):
    """Run a test file beside a module with flows, as somebody who has gostage installed."""
    pytester.makepyfile(flows=FLOW)

    def run(text, *words):
        pytester.makepyfile(test_flows=f"from flows import *\n{text}")
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", *words)

    return run


def test_a_test_is_given_a_runner_with_a_database_and_a_clock(run_tests):
    """A run stays in the database, in the folder of the test, and sleeps take no time."""
    done = run_tests(
        """
        def test_it(gostage_runner, gostage_db, gostage_clock, tmp_path):
            before = gostage_clock.now()
            result = gostage_runner.run(naps, run_id="r")
            assert result.ok and gostage_clock.now() - before == 86_400
            assert "token" not in result.store
            assert gostage_db.parent == tmp_path and gostage_db.exists()
            assert gostage_runner.get("r").status == "completed"

        def test_every_test_has_its_own(gostage_runner):
            assert gostage_runner.runs() == []
        """.replace("\n        ", "\n")
    )

    done.assert_outcomes(passed=2)


def test_a_process_that_begins_anew_is_another_runner_on_the_same_file(run_tests):
    """What waits in one goes on in the other."""
    done = run_tests(
        """
        def test_it(gostage_runner, gostage_db):
            result = gostage_runner.run(asks, run_id="r")
            assert result.status == "waiting"
            with Runner(db=gostage_db) as other:
                assert other.signal("r", "approval", "Grace").store["by"] == "Grace"
        """.replace("\n        ", "\n")
    )

    done.assert_outcomes(passed=1)


def test_more_arguments_of_the_runner_are_a_fixture_to_override(run_tests):
    """`gostage_options` in a test file or a conftest.py counts for its tests."""
    done = run_tests(
        """
        import pytest

        def shout(run):
            run.store["name"] = "ADA"
            return (yield)

        @pytest.fixture
        def gostage_options():
            return {"middleware": [shout]}

        def test_it(gostage_runner):
            assert gostage_runner.run(hello).store["greeting"] == "Hello, ADA!"
        """.replace("\n        ", "\n")
    )

    done.assert_outcomes(passed=1)


def test_names_of_a_project_are_not_taken(run_tests):
    """A fixture `runner` or `clock` of somebody's own has nothing to do with gostage's."""
    done = run_tests(
        """
        import pytest

        @pytest.fixture
        def runner():
            return "mine"

        def test_it(runner, gostage_runner):
            assert runner == "mine" and gostage_runner.run(hello).ok
        """.replace("\n        ", "\n")
    )

    done.assert_outcomes(passed=1)


def test_the_fixtures_are_listed(run_tests):
    """`pytest --fixtures` shows each with a sentence."""
    done = run_tests("", "--fixtures")

    done.stdout.fnmatch_lines(
        [
            "gostage_clock -- *",
            "    A clock that skips:*",
            "gostage_db -- *",
            "gostage_options -- *",
            "gostage_runner -- *",
        ]
    )


def test_a_test_run_that_uses_nothing_imports_nothing(tmp_path):
    """Neither what runs workflows, nor a database, nor pluggy's manager of ours."""
    tmp_path.joinpath("test_nothing.py").write_text(
        "import sys\n\n"
        "def test_nothing():\n"
        '    assert "gostage.testing._plugin" in sys.modules\n'
        '    ours = [name for name in sys.modules if name.startswith("gostage")]\n'
        '    assert ours == ["gostage", "gostage.testing", "gostage.testing._plugin"]\n',
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env=plain_environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout
