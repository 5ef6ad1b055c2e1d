"""The child: one peer beside the loops, in one process; `python -m benchmarks.peers NAME ROUNDS`.

It writes what it found to the file named last, because an engine may print.
"""

from __future__ import annotations

import json
import sys
import warnings
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.limits import Limits
from benchmarks.measure import Subject, measure

if TYPE_CHECKING:
    from benchmarks.peers.peer import Peer


def main(module: str, rounds: str, file: str) -> None:
    """Measure one peer, or say why it cannot be."""
    warnings.simplefilter("ignore")  # of an engine, about itself
    peer: Peer = import_module(f"benchmarks.peers.{module}").PEER
    try:
        found = _figures(peer, int(rounds))
    except ImportError as error:
        found = {"reason": str(error)}
    Path(file).write_text(json.dumps(found), encoding="utf-8")


def _figures(peer: Peer, rounds: int) -> dict[str, object]:
    with peer.prepare(peer.steps) as run:
        subjects = {**Limits(peer.steps).subjects(), peer.name: Subject(run, peer.steps)}
        samples = measure(subjects, rounds)
    return {
        "version": peer.version,
        "times": {name: sample.times for name, sample in samples.items()},
    }


main(*sys.argv[1:])
