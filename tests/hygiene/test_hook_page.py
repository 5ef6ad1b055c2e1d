"""The page that documents the hooks says what the specifications say."""

from __future__ import annotations

from gostage import hookspecs
from tests.hygiene.hook_page import PAGE, page


def test_the_page_is_made_from_the_specifications() -> None:
    """Who changes a specification writes the page again: `python -m tests.hygiene.hook_page`."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_hook_is_on_the_page() -> None:
    """Each specification has its heading, once."""
    headings = [line for line in page().splitlines() if line.startswith("### `gostage_")]
    names = {name for name in hookspecs.__all__ if name.startswith("gostage_")}

    assert len(headings) == len(names)
    assert all(any(f"`{name}(" in line for line in headings) for name in names)
