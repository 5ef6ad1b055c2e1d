"""Discovery: a module becomes a stage, a folder is a list of stage modules; it imports nothing."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any, Final, TypeVar

from gostage._author.action import Action
from gostage._author.flow import Stage
from gostage._author.members import own_actions
from gostage._author.signature import first_line
from gostage._author.workflow import WorkflowDefinition

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from gostage._author.header import Headed

    H = TypeVar("H", bound=Headed)

CONF: Final = "stageconf.py"
INIT: Final = "__init__.py"


def is_stage_file(path: Path) -> bool:
    """Whether a file of a folder is one of its stages: `stage_*.py`."""
    return path.name.startswith("stage_") and path.suffix == ".py"


def files_of(folder: Path) -> list[Path]:
    """The files of a folder that may hold stages, in natural order; hidden ones never do."""
    found = [
        path
        for path in folder.iterdir()
        if not path.name.startswith(".") and path.name not in (CONF, INIT) and _is_there(path)
    ]
    return sorted(found, key=lambda path: (natural(path.stem), path.suffix))


def _is_there(path: Path) -> bool:
    """Whether it is a file; a stage whose link leads nowhere is missed where it is imported."""
    return path.is_file() or (is_stage_file(path) and path.is_symlink() and not path.exists())


def natural(text: str) -> list[tuple[int, str]]:
    """A key to sort by as people do: `stage_2` comes before `stage_10`."""
    parts = re.split(r"(\d+)", text.casefold())
    # Every other part is a number, so that numbers are only compared with numbers.
    return [(int(part) if place % 2 else 0, part) for place, part in enumerate(parts)]


def stage_of(module: ModuleType, name: str) -> Stage | None:
    """Make the stage that a module is; nothing if it has neither actions nor a `stage`.

    A `stage` without actions is the card: it says everything about the stage but its actions. What
    is made is a copy, so the module stays as it is.
    """
    card = vars(module).get("stage")
    if isinstance(card, Stage) and card.items:
        return copy_of(card)
    actions = own_actions(module)
    if isinstance(card, Stage):
        made = copy_of(card)
    elif actions:
        made = Stage(name)
    else:
        return None
    made.description = made.description or first_line(module.__doc__)
    return made.add(*actions)


def card_of(module: ModuleType) -> WorkflowDefinition | None:
    """The `workflow` of a folder's `stageconf.py` or `__init__.py`."""
    found = vars(module).get("workflow")
    return found if isinstance(found, WorkflowDefinition) else None


def action_classes(module: ModuleType) -> list[str]:
    """The names of the action classes that a module defines."""
    return [
        name
        for name, value in vars(module).items()
        if isinstance(value, type)
        and issubclass(value, Action)
        and value.__module__ == module.__name__
    ]


def copy_of(flow: H) -> H:
    """Copy a stage or a workflow, with its stages, so that changing the copy changes nothing else.

    What stands in it (actions, steps, middleware) is not copied.
    """
    made = copy.copy(flow)
    # Any: whatever a subclass keeps; what can be changed in place must be its own.
    own: dict[str, Any] = made.__dict__
    own.update({k: v.copy() for k, v in own.items() if isinstance(v, (list, dict, set))})
    made.items = [copy_of(item) if isinstance(item, Stage) else item for item in flow.items]
    return made
