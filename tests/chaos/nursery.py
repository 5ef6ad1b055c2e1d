"""A nursery: one process that forks others in a millisecond each, which do what they are told.

It reads lines of JSON: `{"start": name, "args": [...]}` forks a child that calls a function of
`tests.chaos.jobs`, and `{"wait": pid}` waits for its end. What the function gives, or the error it
ends with, stands in a file named after the child. It is run as a script, in the folder of a test.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any


def main() -> None:
    """Serve until there is nothing more to read."""
    sys.path.insert(0, sys.argv[1])
    sys.dont_write_bytecode = True
    from tests.chaos import jobs

    for line in sys.stdin:
        order = json.loads(line)
        if "start" in order:
            answer = _start(getattr(jobs, order["start"]), order["args"])
        else:
            answer = os.waitstatus_to_exitcode(os.waitpid(order["wait"], 0)[1])
        print(json.dumps(answer), flush=True)


def _start(job: Any, args: list[Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.close(0)
        os.dup2(2, 1)  # what it prints is no answer
        _tell({"gives": job(*args)})
        code = 0
    except BaseException as error:
        _tell({"error": "".join(traceback.format_exception(error))})
    finally:
        os._exit(code)


def _tell(what: dict[str, Any]) -> None:
    text = Path(f"{os.getpid()}.part")
    text.write_text(json.dumps(what), encoding="utf-8")
    text.rename(f"{os.getpid()}.json")


if __name__ == "__main__":
    main()
