"""The page about writing plugins names what there is."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from gostage import hookspecs

DOCS = Path(__file__).resolve().parents[2] / "docs"
ROW = re.compile(r"^\| \[`(gostage_\w+)\((.*?)\)`\]\(hooks\.md#(\S+)\) \|", re.MULTILINE)


def anchor(heading: str) -> str:
    """Make the anchor of a heading, as the sites that show Markdown do."""
    return re.sub(r"[^\w\- ]", "", heading).replace(" ", "-").lower()


def test_the_table_of_hooks_is_complete() -> None:
    """Every hook is there with its arguments, and no other."""
    rows = ROW.findall((DOCS / "writing-plugins.md").read_text(encoding="utf-8"))

    specified = {
        name: ", ".join(inspect.signature(getattr(hookspecs, name)).parameters)
        for name in hookspecs.__all__
        if name.startswith("gostage_")
    }
    assert {name: arguments for name, arguments, _ in rows} == specified


def test_each_hook_leads_to_its_description() -> None:
    """The anchors are those of the headings of the page about hooks."""
    rows = ROW.findall((DOCS / "writing-plugins.md").read_text(encoding="utf-8"))
    headings = re.findall(
        r"^#+ (.+)$", (DOCS / "hooks.md").read_text(encoding="utf-8"), flags=re.MULTILINE
    )

    assert {link for _, _, link in rows} <= {anchor(heading) for heading in headings}
