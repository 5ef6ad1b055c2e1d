"""Every example that can run durably, killed at each of its writes, comes to the same end."""

from __future__ import annotations

import asyncio
from importlib import import_module
from pathlib import Path

import pytest

from gostage import Runner, Workflow
from gostage._author.loading import load_file
from gostage.testing import crash_everywhere
from tests.testing.tried import TRIED

ROOT = Path(__file__).resolve().parents[2]
# What a run of an example is given from outside.
GIVEN = {
    "approval:purchase": {
        "initial": {"thing": "chair"},
        "resume_data": 3,
        "signals": {"approval": {"by": "Grace"}},
    },
    "expense:expense": {"signals": {"approval": {"by": "Grace"}}},
    "parallel_and_for_each:shopping": {"initial": {"items": ["tea", "jam", "oil"]}},
}
# What an example finds in the folder where it runs.
PREPARED = {"isolated_batch:batch": "write_files"}
# Endless, but for the middleware of its runner, by a clock that goes by itself.
ENDLESS = "middleware_time_limit:endless"
# What keeps something outside of its store that goes with the process.
UNSAFE = {
    "action_wrapping:wrapped": "OSError: the line is busy",
    "file_operations:files": "FileNotFoundError",
    "middleware_retry:upload": "how often step 'upload/connect' was finished",
}


def workflows():
    """Every workflow of every example."""
    found = []
    for file in sorted((ROOT / "examples").glob("*.py")):
        module = load_file(file)
        names = [name for name, value in vars(module).items() if isinstance(value, Workflow)]
        found += [
            pytest.param(module.__name__, name, id=f"{file.stem}:{name}")
            for name in names
            if f"{file.stem}:{name}" not in UNSAFE
        ]
    return found


def example(name):
    """A workflow by the name it has in the lists above."""
    stem, _, attribute = name.partition(":")
    return getattr(load_file(ROOT / "examples" / f"{stem}.py"), attribute)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("module", "name"), workflows())
def test_an_example_comes_to_the_same_end_wherever_it_is_killed(
    module, name, tmp_path, monkeypatch
):
    """At every write, before and after it."""
    holder = import_module(module)
    label = f"{module.rpartition('.')[2]}:{name}"
    monkeypatch.chdir(tmp_path)
    if label in PREPARED:
        getattr(holder, PREPARED[label])()
    given = GIVEN.get(label, {})
    if label == ENDLESS:
        given = {"middleware": [holder.time_limit(0.05)], "skip_time": False}

    report = crash_everywhere(getattr(holder, name), **given)

    assert report.points == 2 * report.writes + 1
    TRIED.points += report.points
    TRIED.runs += 1


class AsyncRunner(Runner):
    """A runner that runs everything in an event loop."""

    def run(self, workflow, initial=None, run_id=None, timeout=None, **more):
        return asyncio.run(self.arun(workflow, initial, run_id, timeout, **more))


@pytest.mark.parametrize(
    "name",
    [
        "approval:purchase",
        "async_actions:pages",
        "dynamic_stages:provision",
        "error_recovery:patiently",
        "parallel_and_for_each:shopping",
        "step_flow:flow",
    ],
)
def test_it_makes_no_difference_when_it_runs_in_an_event_loop(name):
    """`arun` writes what `run` writes."""
    report = crash_everywhere(example(name), runner=AsyncRunner, points=5, **GIVEN.get(name, {}))

    TRIED.points += report.points
    TRIED.runs += 1


@pytest.mark.parametrize("name", UNSAFE)
def test_what_goes_with_its_process_is_found(name):
    """A file in a folder of its own, or a count in a list, is not there in the next process."""
    with pytest.raises(AssertionError, match=UNSAFE[name]):
        crash_everywhere(example(name))
