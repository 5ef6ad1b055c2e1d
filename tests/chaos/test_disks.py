"""Disks that fail: a clear sentence, an exit code, no traceback, and what was committed is there.

With the API and with the command, before a run begins and in the middle of one.
"""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gostage import Runner, Workflow, action
from gostage._db.sqlite import SQLite
from gostage.errors import DatabaseError
from tests.chaos import jobs
from tests.chaos.processes import notes, until
from tests.cli.shell import Done, environment, gostage
from tests.folders import write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FLOWS = """
import os
from pathlib import Path

from gostage import Workflow, action


@action
def begin(ctx):
    ctx.store["begun"] = True


@action
def fill(ctx):
    with open("filled.txt", "a", encoding="utf-8") as file:
        file.write(ctx.step_key.split(":")[1] + "\\n")
    ctx.store[ctx.step_key] = "x" * 100_000


@action
def strike(ctx):
    if Path("strike.py").exists():
        exec(Path("strike.py").read_text())


big = Workflow("big").do(begin)
for number in range(20):
    big.do(f"fill{number}", fill)
small = Workflow("small").do(begin).do(strike).do("end", begin)
asks = Workflow("asks").do(begin).receive("go").do("end", begin)
"""
RUNS = Path(".gostage/runs.db")


@pytest.fixture
def project(folder) -> Path:
    """A project with flows that need a disk."""
    write(folder, {"flows.py": FLOWS, "pyproject.toml": "[tool.gostage]\n"})
    return folder


def check_complaint(done: Done, code: int, sentence: str) -> None:
    """One sentence with a hint, and no traceback."""
    assert done.code == code, done.err
    assert sentence in done.err
    assert "\n  hint: " in done.err
    assert "Traceback" not in done.err
    assert "internal error" not in done.err


def check_goes_on(folder: Path, run_id: str, *words: str) -> None:
    """The run is found where it stood, or as what was left in the middle, and comes to its end."""
    listed = gostage("runs", *words, folder=folder)
    assert "1 run: 1 interrupted" in listed.out or "1 run: 1 pending" in listed.out, listed
    done = gostage("resume", run_id, "-q", *words, folder=folder)
    assert (done.code, done.err) == (0, "")


def limited(*words: str, size: int, folder: Path) -> Done:
    """Run the command where no file may become larger than this, as with a quota."""
    done = subprocess.run(
        [sys.executable, "-m", "gostage", *words],
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
    )
    return Done(done.returncode, done.stdout, done.stderr)


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Callable[[str], None]]:
    """Mount a disk of this size; gives what makes it larger."""
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)],
        check=False,
        capture_output=True,
    )
    if made.returncode:
        pytest.skip("nothing can be mounted here")
    try:
        yield lambda size: mount_again(folder, f"size={size}")
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def mount_again(folder: Path, how: str) -> None:
    """Mount the same disk in another way."""
    subprocess.run(["mount", "-o", f"remount,{how}", str(folder)], check=True)


# -------------------------------------------------------------------- full


def test_a_run_that_fills_the_disk_goes_on_when_there_is_room(project) -> None:
    """It ends with the code of a failure, and names the run to go on with."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("nobody but root can mount a disk")
    with small_disk(project / "disk", "700k") as enlarge:
        where = ("--db", "disk/runs.db")
        done = gostage("run", "flows:big", "--run-id", "b1", *where, folder=project)
        check_complaint(done, 1, "there is no room left for the database")
        assert "run 'b1'" in done.err
        done = gostage("resume", "b1", *where, folder=project)
        assert done.code in {1, 4}  # there may be room enough to take the run, and no more
        check_complaint(done, done.code, "there is no room left for the database")
        filled = (project / "filled.txt").read_text(encoding="utf-8").split()

        enlarge("40m")

        check_goes_on(project, "b1", *where)
        check_filled(project, filled)


def check_filled(folder: Path, before: list[str]) -> None:
    """What was finished was not done again: only the step that could not be written was."""
    after = (folder / "filled.txt").read_text(encoding="utf-8").split()
    assert list(dict.fromkeys(after)) == [f"fill{number}" for number in range(20)]
    assert {step for step in after if after.count(step) > 1} <= {before[-1]}


def test_a_run_that_fills_its_quota_goes_on_without_one(project) -> None:
    """The disk would not take more; what it took is there."""
    done = limited("run", "flows:big", "--run-id", "b1", size=600_000, folder=project)
    check_complaint(done, 1, "the disk failed under the database")
    filled = (project / "filled.txt").read_text(encoding="utf-8").split()
    assert len(filled) > 2

    check_goes_on(project, "b1")

    check_filled(project, filled)


def test_a_disk_that_was_full_before_begins_nothing(project) -> None:
    """The code is that of a wrong use; nothing has run."""
    done = limited("run", "flows:small", size=0, folder=project)

    check_complaint(done, 4, "the disk failed under the database")


@action
def large(ctx) -> None:
    """Need room."""
    ctx.store[ctx.step_key] = "x" * 100_000


@action
def mend(ctx) -> None:
    """Write nothing much."""
    ctx.store["mended"] = True


larger = Workflow("larger").do("a", large).do("b", large).do("c", large).do("d", large).do(mend)


def pages(database: SQLite, count: int) -> None:
    """Let the file have no more pages than this."""
    with closing(database._here().writing.connection.execute(f"PRAGMA max_page_count = {count}")):
        pass


@pytest.mark.parametrize("way", ["the same runner", "another runner", "another process"])
def test_a_run_goes_on_as_soon_as_there_is_room(folder, way) -> None:
    """Nobody has to wait for a lease that could not be given back."""
    database = SQLite(folder / "runs.db")
    with closing(database), Runner(database) as runner:
        pages(database, 90)
        with pytest.raises(DatabaseError, match="no room left") as raised:
            runner.run(larger, run_id="l1")
        assert raised.value.where.run == "l1"
        assert runner.get("l1").status in {"running", "pending"}
        with pytest.raises(DatabaseError, match="no room left"):
            runner.resume("l1")
        pages(database, 1_000_000)

        if way == "the same runner":
            assert runner.resume("l1").ok
    if way != "the same runner":
        with Runner(folder / "runs.db") as runner:
            assert runner.resume("l1").ok
            assert list(runner.result("l1").store)[-1] == "mended"
    with closing(SQLite(folder / "runs.db")) as database:
        assert database.check() == []


# -------------------------------------------------------------------- not to be used at all


def a_folder(path: Path) -> None:
    """Put a folder there."""
    path.mkdir()


def a_text(path: Path) -> None:
    """Put a text there that is longer than what SQLite looks at."""
    path.write_text("this is no database\n" * 100, encoding="utf-8")


def another_program(path: Path) -> None:
    """Put the database of another program there."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE songs (name TEXT)")
        connection.commit()


def a_newer_schema(path: Path) -> None:
    """Put a database of a later version there."""
    SQLite(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")


def damaged_pages(path: Path) -> None:
    """Overwrite every page but the first."""
    database = SQLite(path)
    with closing(database), Runner(database) as runner:
        runner.run(larger, run_id="l1")
    with path.open("r+b") as file:
        for at in range(4096, path.stat().st_size, 4096):
            file.seek(at)
            file.write(b"\xff" * 200)


def cut_off(path: Path) -> None:
    """Lose the second half of the file."""
    damaged_pages(path)
    os.truncate(path, path.stat().st_size // 2)


UNUSABLE = [
    pytest.param(a_folder, "is a folder", id="a folder"),
    pytest.param(a_text, "is not an SQLite database", id="not a database"),
    pytest.param(another_program, "is a database of another program", id="another program's"),
    pytest.param(a_newer_schema, "has schema 99", id="a newer schema"),
    pytest.param(damaged_pages, "is damaged", id="damaged pages"),
    pytest.param(cut_off, "is damaged", id="cut off"),
]
COMMANDS = [
    pytest.param(("runs",), id="runs"),
    pytest.param(("show", "l1"), id="show"),
    pytest.param(("resume", "l1"), id="resume"),
    pytest.param(("signal", "l1", "go"), id="signal"),
    pytest.param(("worker", "--once"), id="worker"),
]


@pytest.mark.parametrize(("put", "sentence"), UNUSABLE)
def test_nothing_runs_with_a_file_that_is_no_database(project, put, sentence) -> None:
    """The file stays as it was."""
    put(project / "odd.db")
    before = content(project / "odd.db")

    done = gostage("run", "flows:small", "--db", "odd.db", folder=project)

    check_complaint(done, 4, sentence)
    assert content(project / "odd.db") == before


@pytest.mark.parametrize("words", COMMANDS)
@pytest.mark.parametrize(("put", "sentence"), [UNUSABLE[1], UNUSABLE[4]])
def test_every_command_says_what_is_wrong_with_the_file(project, put, sentence, words) -> None:
    """The file stays as it was."""
    put(project / "odd.db")
    before = content(project / "odd.db")

    done = gostage(*words, "--db", "odd.db", folder=project)

    check_complaint(done, 4, sentence)
    assert content(project / "odd.db") == before


@pytest.mark.parametrize(("put", "sentence"), UNUSABLE)
def test_a_runner_says_what_is_wrong_with_the_file(folder, put, sentence) -> None:
    """As soon as it is opened, or as soon as it is used."""
    put(folder / "odd.db")
    before = content(folder / "odd.db")

    with pytest.raises(DatabaseError, match=sentence) as raised, Runner("odd.db") as runner:
        runner.run(larger)

    assert raised.value.hint
    assert content(folder / "odd.db") == before


def content(path: Path) -> bytes | list[str]:
    """What is there."""
    return path.read_bytes() if path.is_file() else sorted(map(str, path.iterdir()))


# -------------------------------------------------------------------- not allowed


def without_rights() -> list[str]:
    """Make a command obey the rights of files, which root need not."""
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("root may do everything, and nothing here takes that away")
    caps = "-dac_override,-dac_read_search"
    return ["setpriv", f"--bounding-set={caps}", f"--inh-caps={caps}"]


def restricted(*words: str, folder: Path) -> Done:
    """Run the command as somebody for whom the rights of files count."""
    done = subprocess.run(
        [*without_rights(), sys.executable, "-m", "gostage", *words],
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


@contextmanager
def rights(path: Path, mode: int) -> Iterator[None]:
    """Have other rights for a while."""
    before = path.stat().st_mode
    path.chmod(mode)
    try:
        yield
    finally:
        path.chmod(before)


def test_a_file_that_is_for_reading_can_be_read(project) -> None:
    """Whatever would write says that it cannot."""
    assert gostage("run", "flows:asks", "--run-id", "a1", folder=project).code == 6
    with rights(project / RUNS, 0o444):
        assert restricted("runs", "-q", folder=project).out == "a1\n"
        for words in (("run", "flows:small"), ("signal", "a1", "go"), ("cancel", "a1")):
            done = restricted(*words, folder=project)
            check_complaint(done, 4, "cannot be written")

    assert gostage("signal", "a1", "go", "-q", folder=project).code == 0


def test_a_file_that_is_for_nobody_cannot_be_opened(project) -> None:
    """It is not taken for a missing one."""
    assert gostage("run", "flows:asks", "--run-id", "a1", folder=project).code == 6
    with rights(project / RUNS, 0o000):
        for words in (("run", "flows:small"), ("runs",)):
            check_complaint(restricted(*words, folder=project), 4, "cannot be opened")

    assert gostage("signal", "a1", "go", "-q", folder=project).code == 0


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        pytest.param("shut/runs.db", "cannot be opened", id="a new file"),
        pytest.param("shut/deep/runs.db", "cannot be made", id="a new folder"),
        pytest.param("shut/old.db", "cannot be written", id="a file that is there"),
    ],
)
def test_a_folder_that_is_for_reading_takes_no_database(project, place, sentence) -> None:
    """A database needs room beside its file, too."""
    (project / "shut").mkdir()
    SQLite(project / "shut" / "old.db").close()
    with rights(project / "shut", 0o555):
        done = restricted("run", "flows:small", "--db", place, folder=project)

        check_complaint(done, 4, sentence)


# -------------------------------------------------------------------- in the middle of a run


STRIKES = [
    pytest.param(
        'os.rename(".gostage/runs.db", ".gostage/away.db")', "is gone", id="the file is moved"
    ),
    pytest.param('os.rename(".gostage", "away")', "is gone", id="the folder is moved"),
    pytest.param(
        'import shutil; shutil.copy(".gostage/runs.db", "copy.db");'
        'os.rename(".gostage/runs.db", ".gostage/away.db");'
        'os.rename("copy.db", ".gostage/runs.db")',
        "was replaced by another file",
        id="another file",
    ),
    pytest.param(
        'os.rename(".gostage/runs.db", ".gostage/away.db"); os.mkdir(".gostage/runs.db")',
        "was replaced by another file",
        id="a folder",
    ),
]


@pytest.mark.parametrize(("strike", "sentence"), STRIKES)
def test_a_file_that_goes_away_is_missed_at_once(project, strike, sentence) -> None:
    """No new one is made in its place; put back, it has the run."""
    (project / "strike.py").write_text(strike, encoding="utf-8")

    done = gostage("run", "flows:small", "--run-id", "s1", folder=project)

    check_complaint(done, 1, sentence)
    (project / "strike.py").unlink()
    if (project / "away").exists():
        (project / "away").rename(project / ".gostage")
    else:
        with suppress(OSError):
            (project / RUNS).rmdir()
        (project / ".gostage" / "away.db").replace(project / RUNS)
    check_goes_on(project, "s1")


def test_a_runner_without_its_file_can_be_closed(folder) -> None:
    """What still goes on in the background is told to stop, and the run is free afterwards."""
    runner = Runner("runs.db", lease=1)
    handle = runner.start(jobs.hung, run_id="h1")
    until(lambda: any(note.step == "h1:hang" for note in notes(folder)), "the action hangs")
    (folder / "runs.db").rename("away.db")

    runner.close()

    with pytest.raises(DatabaseError, match="is gone"):
        handle.wait()
    assert notes(folder)[-1].what == "cancelled"
    (folder / "away.db").rename("runs.db")
    (folder / "go").touch()
    with Runner("runs.db", lease=0.1) as runner:
        until(lambda: runner.get("h1").status == "interrupted", "its lease is over")
        assert runner.resume("h1").ok


def test_no_new_file_takes_the_place_of_one_that_is_gone(project) -> None:
    """Its last commits are in its log, which SQLite would throw away for a new file."""
    (project / "strike.py").write_text(
        'os.rename(".gostage/runs.db", ".gostage/away.db")', encoding="utf-8"
    )
    gostage("run", "flows:small", "--run-id", "s1", folder=project)

    done = gostage("run", "flows:small", folder=project)

    check_complaint(done, 4, "and its last commits are in 'runs.db-wal'")
    assert not (project / RUNS).exists()
    (project / ".gostage" / "away.db").rename(project / RUNS)
    (project / "strike.py").unlink()
    check_goes_on(project, "s1")


def test_who_loses_its_file_does_no_harm_to_the_new_one(folder) -> None:
    """The log of the new file has the name that the log of the old one had."""
    old = SQLite(folder / "runs.db")
    with Runner(old) as runner:
        runner.run(larger, run_id="old")
    for name in ("runs.db", "runs.db-wal", "runs.db-shm"):
        (folder / name).rename(folder / f"away-{name}")
    new = SQLite(folder / "runs.db")
    with Runner(new) as runner:
        runner.run(larger, run_id="new")

        old.close()

        assert runner.run(larger, run_id="newer").ok
        assert new.check() == []
    new.close()
    with Runner(folder / "runs.db") as runner:
        assert {each.run_id for each in runner.runs()} == {"new", "newer"}


def test_pages_that_break_under_a_run_are_told_of(project) -> None:
    """The run ends there; the complaint is that of the damage."""
    (project / "strike.py").write_text(
        """
import sqlite3
connection = sqlite3.connect(".gostage/runs.db")
connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
connection.close()
with open(".gostage/runs.db", "r+b") as file:
    for at in range(4096, os.path.getsize(".gostage/runs.db"), 4096):
        file.seek(at)
        file.write(b"\\xff" * 200)
""",
        encoding="utf-8",
    )

    done = gostage("run", "flows:small", "--run-id", "s1", folder=project)

    check_complaint(done, 1, "is damaged")
