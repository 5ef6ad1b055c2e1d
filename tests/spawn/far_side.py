"""The far side of a crossing: a process that is given a pack, and runs what is in it."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

from gostage import Runner
from gostage._spawn import crossing
from tests.hygiene.pages import plain_environment

ROOT = Path(__file__).resolve().parents[2]
NEAR = """
def cross(workflow, runner=None, **options):
    import json
    from gostage import Runner
    from gostage._spawn import crossing
    from gostage.errors import GostageError
    runner = runner or Runner()
    around = runner._around
    options = {"by_value": True, **options}
    try:
        pack = crossing.pack(workflow, around, around.plugins, **options)
    except GostageError as error:
        print(json.dumps({"error": type(error).__name__, "message": error.message}))
    else:
        print(json.dumps(pack))
"""
FAR = "from tests.spawn.far_side import main; main()"


# Any: whatever the script prints last, as JSON.
def packed(script: Path, *words: str, text: str = "") -> Any:
    """Run a script that packs a workflow; gives what it packed."""
    command = [sys.executable, *words, str(script)] if not text else [sys.executable, *words]
    done = subprocess.run(
        command,
        input=text or None,
        cwd=script.parent,
        env={**plain_environment(), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def written(folder: Path, text: str, name: str = "script.py") -> Path:
    """Write a script that can call `cross(workflow, runner)`."""
    path = folder / name
    path.write_text("from __future__ import annotations\n" + NEAR + textwrap.dedent(text))
    return path


def arrived(pack: dict, *paths: Path) -> dict:
    """Unpack in a process of its own and run what is there; gives how that ended."""
    folders = [str(each) for each in (ROOT, *paths)]
    done = subprocess.run(
        [sys.executable, "-c", FAR],
        input=json.dumps(pack),
        env={**plain_environment(), "PYTHONPATH": ":".join(folders)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Be the child."""
    here = crossing.unpack(json.load(sys.stdin))
    with Runner(plugins=[] if here.plugins is None else here.plugins) as runner:
        own = runner._around
        for name in ("own_resources", "resources", "middleware", "hub", "spawn_middleware", "log"):
            setattr(own, name, getattr(here.around, name))
        result = runner.run(here.workflow)
    here.close()
    told = {
        "status": result.status,
        "error": str(result.error) if result.error else None,
        "store": result.store.export()["entries"],
        "heavy": sorted({"rich", "click", "gostage._cli"} & set(sys.modules)),
    }
    told["store"] = {each["key"]: each["value"] for each in told["store"]}
    print(json.dumps(told))
