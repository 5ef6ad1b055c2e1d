"""Workflows with children, as a user of the command meets them."""

from __future__ import annotations

import json
import re
import signal
import sys

import pytest

from tests.cli.apart import STAGES, project
from tests.cli.durable import noted, of_kind, read_until, status
from tests.cli.shell import gostage, started
from tests.folders import write
from tests.spawn.table import is_alive, processes_below, until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no children")


@pytest.fixture
def folder(tmp_path):
    return project(tmp_path)


def store(done) -> dict:
    return json.loads(done.out)["store"]


# -------------------------------------------------------------------- running


@pytest.mark.parametrize(
    "target", ["flows:whole", "flows.py:whole", "./flows.py:whole"], ids=["module", "file", "path"]
)
def test_a_target_is_found_in_a_child_too(folder, target) -> None:
    """However it was named."""
    done = gostage("run", target, "--json", folder=folder)

    assert done.code == 0, done.err
    parent, child = store(done)["pids"][:1], json.loads(done.out)["steps"][2]
    assert child["path"] == "far/say"
    assert len(parent) == 1


def test_a_stage_of_a_folder_runs_in_a_child(folder) -> None:
    """With the plugins of the project around it, and events told once, in the parent."""
    write(folder, STAGES)

    done = gostage("run", "steps", "--json", folder=folder)

    pids = store(done)
    assert pids["child"] != pids["parent"]
    assert [line for line in done.err.splitlines() if line.startswith("around")] == [
        "around one",
        "around two",
    ]
    told = [line.split() for line in (folder / "events.txt").read_text().splitlines()]
    assert {pid for pid, *_ in told} == {str(pids["parent"])}
    assert told.count([str(pids["parent"]), "step_ended", "first/one"]) == 1


def test_a_plugin_that_is_asked_for_runs_in_a_child_too(folder) -> None:
    """`-p` is for the child as well."""
    write(folder, {"extra.py": STAGES["extra.py"]})

    done = gostage("run", "flows:loud", "-p", "extra", "--run-id", "r1", "-q", folder=folder)

    assert done.out.splitlines() == ["a child for far", "in the child of r1"]


def test_an_action_in_a_function_is_given_to_the_child(folder) -> None:
    """As it is, since no import leads to it."""
    flow = """
from gostage import Workflow, action


def make(word):
    @action(isolate=True)
    def inner(ctx):
        ctx.store["word"] = word

    return inner


flow = Workflow("w").do(make("given"))
"""
    write(folder, {"made.py": flow})

    assert store(gostage("run", "made:flow", "--json", folder=folder)) == {"word": "given"}


def test_the_first_failure_ends_it_with_x(folder) -> None:
    """In children as well."""
    done = gostage("run", "flows:items", "-x", "-s", 'names=["bad", "z"]', folder=folder)

    assert done.code == 1
    assert re.search(r"^each(/count)?: ValueError: bad$", done.out, re.MULTILINE)
    assert "ItemsFailed" not in done.out


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["run", "flows:whole", "--collect-only"], "■ far  in a child"),
        (["run", "flows:whole", "--dry-run"], "■ far  in a child"),
        (["list", "flows.py:items"], "2 at a time  goes on after errors  in a child"),
        (["graph", "flows:waits"], "far     in a child"),
    ],
    ids=["collect-only", "dry-run", "list", "graph"],
)
def test_what_runs_in_a_child_is_told(folder, words, text) -> None:
    """Without starting any."""
    done = gostage(*words, folder=folder)

    assert done.code == 0, done.err
    assert text in done.out


def test_a_run_that_takes_too_long_ends_in_the_child(folder) -> None:
    """Which has its time to clean up."""
    done = gostage("run", "flows:hung", "--timeout", "1", folder=folder)

    assert done.code == 1
    assert done.out.splitlines()[:2] == ["started", "cleaned up"]
    assert "far/hang: TimedOut: run of 'hung' ran out of time" in done.out


def test_the_view_shows_steps_of_a_child(folder) -> None:
    """When they have ended there, like any other."""
    done = gostage("run", "flows:whole", "--progress", "-q", folder=folder)

    shown = [re.sub(r"  .*", "", line) for line in done.err.splitlines() if "✓" in line]
    assert shown == ["✓ begin", "✓ far/say", "✓ far", "✓ end"]


# -------------------------------------------------------------------- the default backend


@pytest.mark.parametrize(
    ("settings", "words", "env", "origin"),
    [
        ("", ["--spawner", "proces"], {}, "--spawner"),
        ('spawner = "proces"', [], {}, "pyproject.toml:2"),
        ("", [], {"GOSTAGE_SPAWNER": "proces"}, "GOSTAGE_SPAWNER"),
    ],
    ids=["option", "configuration", "environment"],
)
def test_a_default_backend_that_is_not_there_is_refused(
    tmp_path, settings, words, env, origin
) -> None:
    """Before anything runs."""
    done = gostage("run", "flows:whole", *words, folder=project(tmp_path, settings), env=env)

    assert done.code == 4
    assert done.out == ""
    assert done.err == (
        f"gostage: there is no backend 'proces' for children; spawner is set by: {origin}\n"
        "  hint: did you mean 'process'?\n"
    )


BACKEND = """
from gostage import hookimpl
from gostage._spawn.process import ProcessBackend


class Noisy(ProcessBackend):
    name = "noisy"

    def start(self, placement, *, depth):
        print("noisy", placement.backend, flush=True)
        return super().start(placement, depth=depth)


@hookimpl
def gostage_spawner(name, options):
    return Noisy() if name == "noisy" else None
"""


@pytest.mark.parametrize(
    ("settings", "words"),
    [("", ["--spawner", "noisy"]), ('spawner = "noisy"', [])],
    ids=["option", "configuration"],
)
def test_a_backend_of_a_plugin_may_be_the_default(tmp_path, settings, words) -> None:
    """For all that only says that it runs elsewhere."""
    project(tmp_path, settings, **{"stageconf.py": BACKEND})

    done = gostage("run", "flows:loud", "-q", *words, folder=tmp_path)

    assert (done.code, done.out) == (0, "noisy noisy\n")


# -------------------------------------------------------------------- output


def test_what_a_child_prints_is_shown(folder) -> None:
    """Both streams, what programs print, and lines that have no end."""
    done = gostage("run", "flows:whole", folder=folder)

    said, program, half, first = done.out.splitlines()[:4]
    assert (said, program, half) == ("said by far/say", "from a program", "half a line")
    assert first.startswith("✓ begin")
    assert done.err == "an error\n"


def test_it_is_shown_while_the_child_works(folder) -> None:
    """And not only at its end."""
    with started(folder, "run", "flows:hung") as process:
        read_until(process.stdout, "started")


def test_with_json_it_goes_to_standard_error(folder) -> None:
    """Standard output is for data alone."""
    done = gostage("run", "flows:whole", "--json", folder=folder)

    assert json.loads(done.out)["ok"] is True
    lines = {"said by far/say", "from a program", "half a line", "an error"}
    assert set(done.err.splitlines()) == lines


def test_what_a_child_printed_is_told_with_its_failure(folder) -> None:
    """All that it printed for the stage, as any step of it may explain the error."""
    done = gostage("run", "flows:bad", folder=folder)

    assert done.code == 1
    told = done.out.partition("far/fail: ValueError: no such row")[2]
    assert "captured output:\n" in told
    assert "    said by far/say\n    from a program\n" in told
    assert "last words\n" in told


def test_what_a_child_printed_last_is_told_with_its_crash(folder) -> None:
    """The first that one wants to know."""
    done = gostage("run", "flows:dead", folder=folder)

    assert done.code == 1
    told = done.out.partition("far/die: ChildCrashed: ")[2]
    assert "was killed by signal 9 (SIGKILL)" in told
    assert "captured output:\n" in told
    assert "dying\n" in told


def test_children_side_by_side_print_whole_lines(folder) -> None:
    """And what one that failed has printed is its own."""
    done = gostage("run", "flows:items", folder=folder)

    lines = done.out.partition("✗ each")[0].splitlines()
    for name in ("a", "b", "bad", "c"):
        own = [line for line in lines if line.startswith(f"{name} ")]
        assert own == [f"{name} {number}" for number in range(200)]
    assert len(lines) == 800
    done = gostage("run", "flows:items", "-x", "-s", 'names=["bad"]', folder=folder)
    told = done.out.partition(": ValueError: bad")[2]
    captured = told.partition("captured output")[2].splitlines()[1:21]
    assert captured == [f"    bad {number}" for number in range(180, 200)]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], ["INFO    by the way"]),
        (["-v"], ["DEBUG   looking closely", "INFO    by the way"]),
        (["-q"], []),
    ],
    ids=["usual", "verbose", "quiet"],
)
def test_the_log_of_a_child_is_that_of_the_run(folder, words, expected) -> None:
    """As much of it as is asked for."""
    done = gostage("run", "flows:loud", *words, folder=folder)

    lines = done.err.splitlines()
    assert [line for line in lines if line.startswith(("INFO", "DEBUG"))] == expected
    assert "nearly empty" in lines


def test_own_handlers_get_what_is_logged_in_a_child_once(folder) -> None:
    """A program that sets up logging does so in every process."""
    write(
        folder,
        {
            "own.py": "import logging\nfrom flows import loud\n"
            'logging.basicConfig(level=logging.INFO, format="own %(name)s %(message)s")\n'
        },
    )

    done = gostage("run", "own:loud", folder=folder)

    assert done.err.splitlines() == ["own gostage by the way", "own shop.stock nearly empty"]


# -------------------------------------------------------------------- stopping


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_the_first_ctrl_c_has_the_child_clean_up(folder, number) -> None:
    """Nothing is left, and the run can be resumed."""
    with started(folder, "run", "flows:hung", "--run-id", "r1") as process:
        read_until(process.stdout, "started")
        left = set(processes_below(process.pid))
        process.send_signal(number)
        out, err = process.communicate()

        assert process.returncode == 2
        assert out.startswith("cleaned up\n")
        assert "✗ hang" in out
        assert "gostage: interrupted, cleaning up; another Ctrl-C kills" in err
        until(lambda: not any(map(is_alive, left)), "the children are gone")
    assert status(folder, "r1") == "cancelled"


def test_the_second_ctrl_c_kills_the_child_as_well(folder) -> None:
    """One that swallows interrupts."""
    with started(folder, "run", "flows:deaf") as process:
        read_until(process.stdout, "started")
        left = set(processes_below(process.pid))
        process.send_signal(signal.SIGINT)
        read_until(process.stdout, "no")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()

        assert process.returncode == 2
        assert err.endswith("gostage: killed\n")
        until(lambda: not any(map(is_alive, left)), "the children are gone")


def test_a_run_is_cancelled_from_another_process(folder) -> None:
    """The child is told at once, and does not finish its step."""
    with started(folder, "run", "flows:hung", "--run-id", "r1") as process:
        read_until(process.stdout, "started")
        assert gostage("cancel", "r1", folder=folder).code == 0
        out, _ = process.communicate()

    assert process.returncode == 2
    assert out.startswith("cleaned up\n")
    assert status(folder, "r1") == "cancelled"


# -------------------------------------------------------------------- stored runs


def test_a_failed_run_goes_on_inside_the_child(folder) -> None:
    """What was done there is not done again."""
    assert gostage("run", "flows:bad", "--run-id", "r1", folder=folder).code == 1
    write(folder, {"mended": ""})

    done = gostage("resume", "r1", folder=folder)

    assert done.code == 0, done.err
    assert "said by" not in done.out
    assert "last words" in done.out


def test_a_killed_run_goes_on_inside_the_child(folder) -> None:
    """With the step that was interrupted."""
    with started(folder, "run", "flows:hung", "--run-id", "r1") as process:
        read_until(process.stdout, "started")
        left = set(processes_below(process.pid))
        process.kill()
        process.wait()
        until(lambda: not any(map(is_alive, left)), "the children are gone")

    shown = gostage("show", "r1", folder=folder).out

    assert "✓ log" in shown
    assert re.search(r"· hang +interrupted", shown)
    with started(folder, "resume", "r1") as process:
        assert read_until(process.stdout, "started") == ["started\n"]


def test_a_run_that_waits_in_a_child_says_for_what(folder) -> None:
    """Wherever one looks."""
    done = gostage("run", "flows:waits", "--run-id", "r1", folder=folder)

    assert done.code == 6
    assert "far/go waits for the signal 'go'" in done.out
    shown = gostage("show", "r1", folder=folder).out
    assert "· go   waiting" in shown
    assert "far/go waits for the signal 'go'" in shown
    assert "it waits for the signal 'go'" in gostage("runs", folder=folder).out
    steps = json.loads(gostage("show", "r1", "--json", folder=folder).out)["steps"]
    assert {each["path"]: each["status"] for each in steps} == {
        "begin": "completed",
        "far": "waiting",
        "far/one": "completed",
        "far/go": "waiting",
        "far/two": "pending",
        "end": "pending",
    }
    done = gostage("signal", "r1", "go", "--data", "5", "--json", folder=folder)
    assert store(done)["got"] == 5


def test_a_sleep_in_a_child_is_one_of_the_run(folder) -> None:
    """It is told until when it sleeps."""
    done = gostage("run", "flows:sleeps", "--detach", "--run-id", "r1", folder=folder)

    assert done.code == 6
    assert "far/rest sleeps until" in gostage("show", "r1", folder=folder).out


def test_a_step_that_suspended_in_a_child_gets_the_answer(folder) -> None:
    """Like one of the run's own process."""
    assert gostage("run", "flows:asks", "--run-id", "r1", folder=folder).code == 6

    done = gostage("resume", "r1", "--data", "7", "--json", folder=folder)

    assert done.code == 0, done.err
    assert store(done)["answer"] == 7


def test_the_past_of_a_child_is_that_of_the_run(folder) -> None:
    """Its steps, and the store after each."""
    gostage("run", "flows:waits", "--run-id", "r1", folder=folder)

    tail = gostage("tail", "r1", folder=folder).out
    assert "✓ far/one" in tail
    at = json.loads(gostage("show", "r1", "--at", "far/one", "--json", folder=folder).out)
    assert len(at["store"]["pids"]) == 2


@pytest.mark.parametrize(
    ("step", "done", "code"),
    [("far/one", {"far/one"}, 6), ("far/go", set(), 6), ("end", {"end"}, 0)],
    ids=["first", "waiting", "after"],
)
def test_a_fork_begins_inside_a_child(folder, step, done, code) -> None:
    """Before any step there."""
    gostage("run", "flows:waits", "--run-id", "r1", folder=folder)
    gostage("signal", "r1", "go", folder=folder)

    forked = gostage("fork", "r1", "--from", step, "--json", folder=folder)

    steps = json.loads(forked.out)["steps"]
    assert forked.code == code, forked.err
    assert {
        each["path"] for each in steps if each["kind"] == "action" and each["status"] == "completed"
    } == done
    assert [e["status"] for e in steps if e["path"] == "far/go"] == [
        "running" if code == 6 else "skipped"
    ]


def test_a_worker_goes_on_with_runs_that_have_children(folder) -> None:
    """Its log says which run a line is from."""
    gostage("run", "flows:waits", "--run-id", "r1", "-q", folder=folder)
    gostage("signal", "r1", "go", "--no-run", folder=folder)

    done = gostage("worker", "--once", "--json", folder=folder)

    assert of_kind(noted(done.out), "left") == ["r1"]
    assert status(folder, "r1") == "completed"
    assert "[waits r1] by the way" in done.err


def test_a_crash_test_finds_nothing_wrong(folder) -> None:
    """Killed at every write, the run ends as it would have."""
    done = gostage("crashtest", "flows:loud", folder=folder)

    assert done.code == 0, done.out + done.err


# -------------------------------------------------------------------- changes of the code


def moved(folder, old: str, new: str) -> None:
    text = (folder / "flows.py").read_text(encoding="utf-8")
    assert old in text
    write(folder, {"flows.py": text.replace(old, new)})


def test_a_stage_that_leaves_its_child_blocks_a_run(folder) -> None:
    """It stands inside, where nobody else finds its place; a fork starts over."""
    gostage("run", "flows:bad", "--run-id", "r1", folder=folder)
    moved(folder, "say, fail, isolate=True", "say, fail")

    done = gostage("resume", "r1", folder=folder)

    assert done.code == 7
    assert "'far' is done in another way" in done.err
    assert "was stage (in a child)" in done.err
    assert gostage("resume", "r1", "--accept-changes", folder=folder).code == 7
    assert "`gostage fork r1 --from begin`" in done.err


def test_a_stage_ahead_may_get_a_child(folder) -> None:
    """Once somebody has accepted that."""
    gostage("run", "flows:asks", "--run-id", "r1", folder=folder)
    moved(
        folder, 'stage("far", ask, isolate=True)', 'stage("far", ask, isolate=True).stage("s", log)'
    )
    assert gostage("resume", "r1", folder=folder).code == 7
    gostage("resume", "r1", "--accept-changes", "--data", "1", folder=folder)

    assert status(folder, "r1") == "completed"


def test_an_action_may_get_a_child_at_any_time(folder) -> None:
    """It is one call, wherever that is made."""
    gostage("run", "flows:bad", "--run-id", "r1", folder=folder)
    moved(folder, "@action\ndef fail(", "@action(isolate=True)\ndef fail(")
    write(folder, {"mended": ""})

    assert gostage("resume", "r1", folder=folder).code == 0
