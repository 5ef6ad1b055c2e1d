"""What the command ends with and says, for good and for bad input."""

from __future__ import annotations

import pytest

from tests.cli.shell import gostage

RUNS = {
    "completed": ("run greet:hello", 0, "hello completed in"),
    "file": ("run greet.py:hello", 0, "hello completed in"),
    "attribute of an attribute": ("run greet:Holder.inner", 0, "hello completed in"),
    "module with one workflow": ("run one", 0, "only completed in"),
    "file with one workflow": ("run one.py", 0, "only completed in"),
    "file that imports what lies beside it": ("run flows/deep.py", 0, "near completed in"),
    "file of a package": ("run pack/inner/flow.py", 0, "packed completed in"),
    "module of a package": ("run pack.inner.flow:flow", 0, "packed completed in"),
    "failed": ("run greet:bad", 1, "reading/fail: ValueError: no such row"),
    "timed out": ("run greet:sleepy --timeout 0.01", 1, "TimedOut"),
    "exit in an action": ("run greet:hasty", 2, "SystemExit: enough"),
    "interrupt of the user's own": ("run greet:final", 2, "stop: Stop: for good"),
    "waiting for a signal": ("run greet:asks", 6, "approval waits for the signal 'approval'"),
    "suspended": ("run greet:paused", 6, "pause is suspended: needs a look (by='Ada')"),
    "sleeping": ("run greet:sleepy --detach", 6, "nap sleeps"),
    "a lambda": ("run own.py", 0, "own completed in"),
    "bailed": ("run greet:early", 8, "early bailed in"),
}
MISUSES = {
    "unknown command": ("runn greet:hello", 4, "no such command 'runn'", "did you mean 'run' or"),
    "unknown option": ("run greet:hello --jsn", 4, "no such option '--jsn'", "'--json'"),
    "unknown short option": (
        "run greet:hello -z",
        4,
        "no such option '-z'",
        "`gostage run --help`",
    ),
    "one target too many": ("run one two", 4, "unexpected extra argument (two)", "--help"),
    "option without its value": (
        "run one --run-id",
        4,
        "'--run-id' requires an argument",
        "--help",
    ),
    "timeout of no number": (
        "run one --timeout soon",
        4,
        "'soon' is not a number of sec",
        "--help",
    ),
    "timeout of zero": ("run one --timeout 0", 4, "'0' is not a number of seconds above", "--help"),
    "timeout of nan": ("run one --timeout nan", 4, "'nan' is not a number of seconds", "--help"),
    "setting without value": ("run one -s name", 4, "-s 'name' does not say which", "name=Ada"),
    "setting without key": ("run one -s =1", 4, "-s '=1' does not say which key", "name=Ada"),
    "setting of no file": (
        "run one -s a=@no.txt",
        4,
        "-s a=@no.txt cannot be read: No such",
        "quotes",
    ),
    "setting of a broken file": ("run one -s a=@bad.json", 4, "the file is not JSON", "mend it"),
    "setting of a file not in UTF-8": ("run one -s a=@latin.txt", 4, "it is not UTF-8", "quotes"),
    "no such module": ("run gret:hello", 4, "there is no module 'gret'", "did you mean 'greet'?"),
    "no such module, none close": ("run zzz:hello", 4, "no module 'zzz'", "path/file.py:attr"),
    "no such submodule": ("run pack.zzz:flow", 4, "there is no module 'pack.zzz'", "import path"),
    "point for a colon": ("run greet.hello", 4, "no module 'greet.hello'", "'greet:hello'?"),
    "no such file": (
        "run gret.py:hello",
        4,
        "there is no file 'gret.py'",
        "did you mean 'greet.py'",
    ),
    "no such folder": ("run no/greet.py", 4, "there is no file 'no/greet.py'", "looked up from"),
    "no Python file": ("run ./notes.txt", 4, "'notes.txt' is no Python file", "end in .py"),
    "no such attribute": ("run greet:helo", 4, "there is no 'helo' in 'greet'", "mean 'hello'?"),
    "no such attribute, none close": ("run one:zzz", 4, "there is no 'zzz'", "'one:flow'"),
    "nothing after the colon": ("run greet:", 4, "lacks the part after the colon", "module:attr"),
    "nothing before the colon": ("run :hello", 4, "lacks the part before the colon", "module:attr"),
    "several workflows": ("run greet.py", 4, "'greet.py' holds 13 workflows", "'greet.py:hello', "),
    "directory": ("run flows", 5, "the folder 'flows' holds no stage modules", "flows/beside.py"),
    "directory with a slash": (
        "run ./flows",
        5,
        "the folder './flows' holds no",
        "flows/beside.py",
    ),
    "no target": ("run", 5, "the folder '.' holds no stage modules", "'broken.py'"),
    "no workflow": ("run none.py", 5, "'none.py' holds no workflow", "flow = Workflow("),
    "something else": (
        "run greet:action",
        5,
        "'greet:action' is no workflow, stage or action but a function",
        "hello'",
    ),
    "nothing in it": ("run greet:empty", 5, "workflow 'empty' has nothing to run", ".stage('id'"),
    "syntax error": ("run broken.py", 5, "SyntaxError: '(' was never closed", "broken.py:2"),
    "missing import": (
        "run needy:flow",
        5,
        "No module named 'no_such_module_at_all'",
        "needy.py:1",
    ),
    "error on import": ("run guarded.py", 5, "RuntimeError: set the region first", "guarded.py:3"),
    "bad definition": ("run twice.py", 5, "DuplicateName: two items of", "twice.py:3"),
    "exit on import": ("run leaving.py", 5, "SystemExit: bye", "leaving.py:3"),
    "a bug of ours": ("run faulty.py", 3, "internal error: RuntimeError: not thought", "a bug in"),
}


@pytest.mark.parametrize(("line", "code", "text"), RUNS.values(), ids=RUNS)
def test_a_run_ends_with_the_code_of_its_status(flows, line, code, text) -> None:
    """What became of the run is on standard output and in the exit code."""
    done = gostage(*line.split(), "-q" if code else "-v", folder=flows)

    assert (done.code, text in done.out) == (code, True), done
    assert "Traceback" not in done.err


@pytest.mark.parametrize(("line", "code", "text", "hint"), MISUSES.values(), ids=MISUSES)
def test_what_cannot_be_run_is_explained(flows, line, code, text, hint) -> None:
    """Standard error says what is wrong and what to do, in a few lines without a traceback."""
    done = gostage(*line.split(), folder=flows)

    assert done.code == code, done
    assert done.out == ""
    assert done.err.startswith("gostage: ")
    assert text in done.err.splitlines()[0]
    assert hint in done.err
    assert len(done.err.splitlines()) <= 3


@pytest.mark.parametrize("target", ["guarded.py", "faulty.py"])
def test_verbose_shows_the_whole_traceback(flows, target) -> None:
    """With `-v`, nothing of what led to the error is left out."""
    done = gostage("run", target, "-v", folder=flows)

    assert "Traceback (most recent call last):" in done.err
    assert "RuntimeError" in done.err.splitlines()[-1]
