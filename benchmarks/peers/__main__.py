"""The child: one peer beside loops or gostage, in one process; `python -m benchmarks.peers …`.

It writes what it found to the file named last, because an engine may print.
"""

from __future__ import annotations

import json
import sys
import tempfile
import warnings
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import children, durable
from benchmarks.limits import Limits
from benchmarks.measure import Sample, Subject, measure
from benchmarks.peers.rows import GOSTAGE

if TYPE_CHECKING:
    from benchmarks.peers.peer import Peer


def main(module: str, name: str, rounds: str, file: str) -> None:
    """Measure one peer, or say why it cannot be; `PEER` is the name of it beside loops."""
    warnings.simplefilter("ignore")  # of an engine, about itself
    peer: Peer = getattr(import_module(f"benchmarks.peers.{module}"), name)
    try:
        found = _items(peer, int(rounds)) if module == "pools" else _steps(peer, name, int(rounds))
    except ImportError as error:
        found = {"reason": str(error)}
    Path(file).write_text(json.dumps(found), encoding="utf-8")


def _steps(peer: Peer, name: str, rounds: int) -> dict[str, object]:
    is_beside_loops = name == "PEER"
    others = Limits(peer.steps).subjects() if is_beside_loops else {}
    with peer.prepare(peer.steps) as run, tempfile.TemporaryDirectory() as folder:
        if not is_beside_loops:
            files = (Path(folder, f"{number}.db") for number in count())
            workflow = durable.staged(durable.noop, peer.steps)
            ours = durable.running(files, peer.synchronous, workflow)
            others = {GOSTAGE: Subject(ours, peer.steps)}
        samples = measure({**others, peer.name: Subject(run, peer.steps)}, rounds)
    return _told(peer, samples)


def _items(peer: Peer, rounds: int) -> dict[str, object]:
    with peer.prepare(peer.steps) as run:
        samples = measure(children.item_subjects(peer.name, run, peer.steps), rounds)
    return _told(peer, samples)


def _told(peer: Peer, samples: dict[str, Sample]) -> dict[str, object]:
    return {
        "version": peer.version,
        "times": {name: sample.times for name, sample in samples.items()},
    }


if __name__ == "__main__":  # a pool may import this once more
    main(*sys.argv[1:])
