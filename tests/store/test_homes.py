"""Classes of a script: stored under the name that other processes import it by."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.folders import write
from tests.hygiene.pages import plain_environment

SCRIPT = """
import json, sys
from dataclasses import dataclass
from enum import Enum
from gostage import Store
from gostage._store.failures import decode_error, encode_error

@dataclass
class Order:
    id: str

class Color(Enum):
    RED = 1

class Late(Exception): ...

if __name__ == "__main__":
    data = sys.stdin.read()
    if data:
        data = json.loads(data)
        store = Store.load(data["store"])
        assert store["order"] == Order("o-1") and store["color"] is Color.RED, store
        assert type(decode_error(data["error"])) is Late
    store = Store()
    store["order"], store["color"] = Order("o-1"), Color.RED
    print(json.dumps({"store": store.export(), "error": encode_error(Late("x"))}))
"""
READER = """
import json, sys
from pathlib import Path
from gostage import Store
from gostage._author.loading import load_file
from gostage._store.failures import decode_error, encode_error
job = load_file(Path(sys.argv[1]))
data = json.loads(sys.stdin.read())
store = Store.load(data["store"])
assert store["order"] == job.Order("o-1") and store["color"] is job.Color.RED, store
assert type(decode_error(data["error"])) is job.Late
print(json.dumps({"store": store.export(), "error": encode_error(job.Late("x"))}))
"""


def output(folder, *arguments, given="") -> str:
    """What a process prints."""
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        input=given,
        cwd=folder,
        env=plain_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("file", "start"),
    [
        pytest.param("job.py", ["job.py"], id="a script"),
        pytest.param("pack/job.py", ["-m", "pack.job"], id="a module that is run"),
    ],
)
def test_what_a_script_stores_is_read_by_every_process(tmp_path, file, start) -> None:
    """By the script itself when it is run again, too, whoever wrote it."""
    write(tmp_path, {file: SCRIPT, "read.py": READER, "elsewhere/x.txt": ""})
    if file != "job.py":
        write(tmp_path, {"pack/__init__.py": ""})
    elsewhere = tmp_path / "elsewhere"

    of_script = output(tmp_path, *start)
    of_reader = output(elsewhere, tmp_path / "read.py", tmp_path / file, given=of_script)

    assert '"__main__:' not in of_script
    assert values(of_script) == values(of_reader)
    assert values(output(tmp_path, *start, given=of_reader)) == values(of_script)


def values(text: str) -> object:
    """What was stored, without its times."""
    data = json.loads(text)
    return [each["value"] for each in data["store"]["entries"]], data["error"]["class"]


def test_a_class_without_a_file_stays_in_its_process(tmp_path) -> None:
    """It is called what it is, and found there."""
    text = output(tmp_path, "-c", SCRIPT)

    assert '"__main__:Order"' in text
