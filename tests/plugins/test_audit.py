"""The plugin `audit`, its `AuditFile`, and the middleware `auditing`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from gostage import Retry, Runner, Stage, Workflow, action, run
from gostage.errors import ConfigError
from gostage_plugins.audit import AuditFile, auditing
from tests.hygiene.pages import plain_environment
from tests.plugins.samples import Flaky, failing, one, run_with


def entries(path: Path) -> list[dict]:
    """The lines of an audit file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_file_says_what_happened_in_order(tmp_path):
    """Each line has the run, the step, its status, and who ran it where and when."""
    path = tmp_path / "audit.jsonl"
    flow = Workflow("w", Stage("s", action(lambda: None, name="a", tags=["io"]), tags=["big"]))
    result = run_with("audit", flow, {"path": str(path)})

    found = entries(path)
    assert [(each["event"], each.get("path"), each.get("status")) for each in found] == [
        ("run_started", None, None),
        ("step_started", "s", None),
        ("step_started", "s/a", None),
        ("step_ended", "s/a", "completed"),
        ("step_ended", "s", "completed"),
        ("run_ended", None, "completed"),
    ]
    assert {each["run"] for each in found} == {result.run_id}
    assert {each["pid"] for each in found} == {os.getpid()}
    assert all(each["host"] and each["user"] for each in found)
    assert [each.get("tags") for each in found[3:5]] == [["io"], ["big"]]
    assert all(datetime.fromisoformat(each["at"]).tzinfo is not None for each in found)


def test_skipped_steps_and_retries_are_written_down(tmp_path):
    """The file shows what was not done, and what was done again."""
    path = tmp_path / "audit.jsonl"
    flow = one(Flaky(1), retry=Retry(attempts=2)).stage("shut", lambda: None)
    flow.disable(stage="shut")
    run_with("audit", flow, {"path": str(path)})

    found = [(each["event"], each.get("path"), each.get("status")) for each in entries(path)]
    assert ("step_retried", "s/work", None) in found
    assert ("step_ended", "shut", "skipped") in found
    ended = [each for each in entries(path) if each["event"] == "step_ended"]
    assert [each["attempts"] for each in ended if each["path"] == "s/work"] == [1, 2]


def test_values_are_never_written(tmp_path):
    """Not from the store, and not from what errors say unless that is asked for."""
    path = tmp_path / "audit.jsonl"
    flow = one(failing(ValueError("password hush-hush is wrong")))
    run_with("audit", flow, {"path": str(path)}, token="hush-hush")

    assert "hush" not in path.read_text(encoding="utf-8")
    assert entries(path)[-1]["error"] == "ValueError"

    run_with("audit", flow, {"path": str(path), "messages": True})
    assert entries(path)[-1]["error"] == {
        "type": "ValueError",
        "message": "password hush-hush is wrong",
    }


def test_the_file_only_grows(tmp_path):
    """A second run adds to what the first has written; each line may be forced to the disk."""
    path = tmp_path / "audit.jsonl"
    run_with("audit", one(lambda: None), {"path": str(path)})
    first = path.read_text(encoding="utf-8")
    run_with("audit", one(lambda: None), {"path": str(path), "fsync": True})

    assert path.read_text(encoding="utf-8").startswith(first)
    assert len(entries(path)) == 2 * len(first.splitlines())


def test_a_run_that_waits_and_goes_on_is_one_story(tmp_path):
    """Paused and resumed have lines of their own."""
    path = tmp_path / "audit.jsonl"
    flow = Workflow("w").receive("approval").do("go", lambda: None)
    config = {"audit": {"path": str(path)}}
    with Runner(plugins=["gostage_plugins.audit"], config=config) as runner:
        waiting = runner.run(flow)
        runner.signal(waiting.run_id, "approval")

    kinds = [each["event"] for each in entries(path) if each["event"].startswith("run_")]
    assert kinds == ["run_started", "run_paused", "run_resumed", "run_ended"]


def test_processes_do_not_write_into_each_others_lines(tmp_path):
    """Several processes that run at the same time leave whole lines, and all of them."""
    path = tmp_path / "audit.jsonl"
    program = (
        "import sys\n"
        "from gostage import Workflow, run\n"
        "from gostage_plugins.audit import auditing\n"
        "used = auditing(sys.argv[1])\n"
        "flow = Workflow('w')\n"
        "for number in range(50):\n"
        "    flow.stage(f's{number}-' + 'x' * 2000, lambda: None)\n"
        "run(flow.use(used)).raise_for_error()\n"
    )
    words = [sys.executable, "-c", program, str(path)]
    running = [subprocess.Popen(words, env=plain_environment()) for _ in range(3)]

    assert [each.wait() for each in running] == [0, 0, 0]
    assert len(entries(path)) == 150
    assert len({each["pid"] for each in entries(path)}) == 3


@pytest.mark.parametrize(
    ("level", "event", "step"),
    [
        pytest.param("run", "run_ended", None, id="run"),
        pytest.param("workflow", "step_ended", "s", id="workflow"),
        pytest.param("stage", "step_ended", "s", id="stage"),
        pytest.param("action", "step_ended", "s/work", id="action"),
    ],
)
def test_the_middleware_works_at_every_level(tmp_path, level, event, step):
    """One line when the inside has ended."""
    used = [auditing(AuditFile(tmp_path / "audit.jsonl"))]
    flow = one(failing(ValueError("x")), use=used if level == "action" else [], tags=["io"])
    flow.use(*(used if level == "workflow" else []))
    flow.stages[0].use(*(used if level == "stage" else []))
    run(flow, middleware=used if level == "run" else [])

    (entry,) = entries(tmp_path / "audit.jsonl")
    assert (entry["event"], entry.get("path"), entry["status"]) == (event, step, "failed")
    assert entry["error"] == "ValueError"
    assert entry.get("tags") == (["io"] if level == "action" else None)


@pytest.mark.parametrize(
    ("fn", "status"),
    [
        pytest.param(lambda: None, "completed", id="completed"),
        pytest.param(lambda ctx: ctx.bail("enough"), "bailed", id="bailed"),
        pytest.param(lambda ctx: ctx.suspend("later"), "waiting", id="waiting"),
    ],
)
def test_the_middleware_knows_how_an_action_has_ended(tmp_path, fn, status):
    """Interrupts are no failures."""
    path = tmp_path / "audit.jsonl"
    run(one(fn, use=[auditing(path)]))

    assert entries(path)[0]["status"] == status


def test_a_file_that_cannot_be_opened_is_refused(tmp_path):
    """Before anything runs, with the path and the reason."""
    settings = {"path": str(tmp_path / "no" / "audit.jsonl")}
    with pytest.raises(ConfigError, match="cannot be opened: No such file or directory"):
        run_with("audit", one(lambda: None), settings)


def test_only_its_owner_and_group_may_read_the_file(tmp_path):
    """Who did what is not for everybody."""
    path = tmp_path / "audit.jsonl"
    AuditFile(path).write({"event": "x"})

    assert path.stat().st_mode & 0o007 == 0
