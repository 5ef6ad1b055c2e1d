"""Members: the actions and workflows that a module makes itself; it only looks, and runs nothing.

What a module makes and what it imports are told apart by its functions' home where that says it,
and by the module's import statements where it does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from gostage._author.action import Action
from gostage._author.workflow import WorkflowDefinition

if TYPE_CHECKING:
    from types import ModuleType

    T = TypeVar("T")


def own_actions(module: ModuleType) -> list[Action[..., Any]]:  # Any: whatever they return
    """The public actions that a module makes itself, each once, in the order of their definition.

    `bind` and `options` make an action of one's own from an imported one.
    """
    found = public(module, Action)
    certain = {name: each for name, each in found.items() if _home(each) == module.__name__}
    lines = [each.function.line or 0 for each in certain.values()]
    if len(certain) == len(found) and lines == sorted(lines):
        return list(found.values())
    from gostage._author.text import Text  # 3 ms, where the functions do not say it all

    text = Text(module)
    own = [name for name in found if name in certain or not text.imports(found[name])]
    return [found[name] for name in text.in_order(own)]


def own_workflows(module: ModuleType) -> dict[str, WorkflowDefinition]:
    """The public workflows that a module makes itself, by the first name each has there."""
    from gostage._author.text import Text  # 3 ms, as above

    text = Text(module)
    found = public(module, WorkflowDefinition)
    return {name: each for name, each in found.items() if not text.imports(each)}


def public(module: ModuleType, kind: type[T]) -> dict[str, T]:
    """Everything of a kind in a module, by the first public name each has there."""
    found: dict[int, tuple[str, T]] = {}
    for name, value in list(vars(module).items()):
        if isinstance(value, kind) and not name.startswith("_"):
            found.setdefault(id(value), (name, value))
    return dict(found.values())


def _home(action: Action[..., Any]) -> str | None:  # Any: as above
    """The module where the action's code is."""
    code: object = action.function.fn if type(action) is Action else type(action)
    return getattr(code, "__module__", None)
