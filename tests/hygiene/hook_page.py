"""The reference of hooks, made from `gostage/hookspecs.py`; `python -m tests.hygiene.hook_page`."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import Final

from gostage import _given, hookspecs

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "hooks.md"


GIVEN: Final = "what hooks are given"
"""The heading of the classes, which stand in a module of their own."""


def page() -> str:
    """Write the page: the module's text, then each hook under the heading it stands below."""
    source = Path(hookspecs.__file__).read_text(encoding="utf-8")
    parts = ["# Hooks", _text(hookspecs.__doc__ or "")]
    for line in source.splitlines():
        if line.startswith("# ----"):
            heading = line.strip("# -")
            parts.append(f"## {heading.capitalize()}")
            parts += [_class(name) for name in _classes()] if heading == GIVEN else []
        elif line.startswith("def ") and not line.startswith("def _"):
            parts.append(_hook(line.removeprefix("def ").partition("(")[0], source))
    return "\n\n".join(parts) + "\n"


def _classes() -> list[str]:
    """The protocols of what hooks are given, in order."""
    return [
        name
        for name, each in vars(_given).items()
        if isinstance(each, type) and each.__module__ == _given.__name__
    ]


def _hook(name: str, source: str) -> str:
    tree = ast.parse(source)
    found = next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == name)
    arguments = ", ".join(each.arg for each in found.args.args)
    return f"### `{name}({arguments})`\n\n{_text(inspect.getdoc(getattr(hookspecs, name)) or '')}"


def _class(name: str) -> str:
    found = getattr(hookspecs, name)
    parts = [f"### `{name}`", _text(inspect.getdoc(found) or "")]
    members = []
    for each, member in vars(found).items():
        is_property = isinstance(member, property)
        if not (is_property or inspect.isfunction(member)) or each.startswith(("__i", "_p", "__s")):
            continue
        function = member.fget if isinstance(member, property) else member
        if function is None:
            continue
        arguments = [a for a in inspect.signature(function).parameters if a != "self"]
        call = each if is_property else f"{each}({', '.join(arguments)})"
        members.append(f"- `{call}`: {inspect.getdoc(function)}")
    return "\n\n".join([*parts, "\n".join(members)])


def _text(doc: str) -> str:
    """Put what is indented in a docstring between fences."""
    lines: list[str] = []
    is_code = False
    for line in inspect.cleandoc(doc).splitlines():
        if line.startswith("    ") and not is_code:
            lines.append("```py")
            is_code = True
        elif line and not line.startswith("    ") and is_code:
            while lines[-1] == "":
                lines.pop()
            lines += ["```", ""]
            is_code = False
        lines.append(line.removeprefix("    ") if is_code else line)
    return "\n".join([*lines, "```"] if is_code else lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
