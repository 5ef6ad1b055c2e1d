"""Plans: what a run carries out, as the text that a database keeps; it reads no database."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gostage._author.dump import dump_workflow
from gostage._author.fingerprint import digest, fingerprints_of
from gostage._author.header import Headed
from gostage._author.mentions import mentions
from gostage._author.reference import HELD, Held
from gostage._author.workflow import WorkflowDefinition
from gostage._db.protocol import Plan
from gostage._run.compiled import compiled
from gostage._run.difference import Difference, difference
from gostage._run.structure import Structure, structure_of
from gostage._run.text import from_text, to_text
from gostage._store.codec import STANDARD
from gostage.errors import DatabaseError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gostage._author.tree import Flow
    from gostage._store.codec import Codec

PYTHON: Final = f"{sys.version_info.major}.{sys.version_info.minor}"
_DIGITS: Final = 24  # two plans of one digest would be taken for one


@dataclass(frozen=True, slots=True)
class Changes:
    """What is not as it was between a stored plan and the one there is now."""

    structure: Difference
    code: tuple[str, ...]
    """The paths of the steps whose code is another; the empty path is the workflow itself."""


def plan_of(
    workflow: WorkflowDefinition, codec: Codec = STANDARD, *, is_held: bool = False
) -> Plan:
    """The plan of a workflow, made once while it stays as it is; `codec` is for its values.

    What another process could not find again, or could not be given, is an error that names it:
    `NotImportable` or `NotStorable`. A workflow that is found again as a whole (`is_held`) may have
    code inside that is nowhere else.
    """
    made = compiled(workflow)
    heads = [is_held, codec, *(each for flow in made.flows() for each in _head(flow))]
    is_same = len(heads) == len(made.heads) and all(map(_is, heads, made.heads))
    if made.plan is None or not is_same:
        held = Held()
        token = HELD.set(held if is_held else None)
        try:
            definition = dump_workflow(workflow, codec)
        finally:
            HELD.reset(token)
        data = {
            "definition": definition,
            **structure_of(made.program).to_data(),
            "code": fingerprints_of(definition, held.things),
            "python": PYTHON,
        }
        text = to_text(data)
        made.plan, made.heads = Plan(digest(text, _DIGITS), text), heads
    return made.plan


# Any: JSON.
def changes(stored: Mapping[str, Any], now: Plan) -> Changes:
    """Compare a plan as it was stored with the one there is now."""
    new = from_text(now.json)
    after = Structure.from_data(new)
    try:
        before = Structure.from_data(stored)
        was, code = _code_by_path(stored, before), _code_by_path(new, after)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DatabaseError(
            f"the stored plan does not read as one: {error!r}",
            hint="was the database changed by hand? a backup may help",
        ) from error
    found = difference(before, after)
    if stored.get("python") != new["python"]:  # then it is compiled to something else anyway
        return Changes(found, ())
    return Changes(found, tuple(path for path in was if path in code and was[path] != code[path]))


# Any: as above.
def _code_by_path(data: Mapping[str, Any], structure: Structure) -> dict[str, list[str]]:
    """The fingerprints of all code at each step; what has moved has the same ones."""
    paths = ["", *(row.path for row in structure.rows)]
    code = data["code"]
    named = mentions(data["definition"])
    return {
        path: [code.get(each, each) for each in step]
        for path, step in zip(paths, named, strict=False)
    }


def _head(flow: Flow) -> Iterator[object]:
    """What a plan says of a flow beside its steps, as objects that stay while it does."""
    if isinstance(flow, Headed):
        yield from (flow.name, flow.description, *flow.tags, *flow.middleware)
        yield from (*flow.initial, *flow.initial.values())
    if isinstance(flow, WorkflowDefinition):
        yield from (flow.version, *sorted(flow.disabled))


def _is(one: object, other: object) -> bool:
    return one is other
