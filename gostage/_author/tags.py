"""Tags: the words that actions, stages and workflows are found by; nothing else about them."""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from typing import TYPE_CHECKING

from gostage.errors import DefinitionError

if TYPE_CHECKING:
    from typing_extensions import Self


class Tagged:
    """What has tags; `tags` is a list and may be changed."""

    __slots__ = ()

    tags: list[str]

    def add_tag(self, tag: str) -> Self:
        """Add a tag if it is not there yet."""
        (checked,) = tag_list([tag], repr(self))
        if checked not in self.tags:
            self.tags.append(checked)
        return self

    def has_tag(self, tag: str) -> bool:
        """Whether it has this tag."""
        return tag in self.tags

    def has_tags(
        self, *, all: Iterable[str] | None = None, any: Iterable[str] | None = None
    ) -> bool:
        """Whether it has all of these tags, or any of them; both must hold if both are given."""
        if all is None and any is None:
            raise DefinitionError(
                "has_tags() needs to be told which tags to look for",
                hint='write has_tags(all=["a", "b"]) or has_tags(any=["a", "b"])',
            )
        return holds_tags(self.tags, all=all, any=any)


def holds_tags(
    tags: Iterable[str], *, all: Iterable[str] | None = None, any: Iterable[str] | None = None
) -> bool:
    """Whether all, or any, of the tags are there; none to look for is true for all, not for any."""
    present = set(tags)
    wanted = None if all is None else tag_list(all, "all=")
    welcome = None if any is None else tag_list(any, "any=")
    has_all = wanted is None or present.issuperset(wanted)
    return has_all and (welcome is None or not present.isdisjoint(welcome))


def tag_list(tags: object, owner: str) -> list[str]:
    """Copy tags into a list, each once; a bare text and an empty tag are refused."""
    if isinstance(tags, str) or not isinstance(tags, Iterable):
        raise DefinitionError(
            f"tags of {owner} must be a list of texts, not {tags!r}",
            hint=f"write tags=[{tags!r}]"
            if isinstance(tags, str) and tags
            else 'write tags=["io"]',
        )
    given = list(tags)
    if not builtins.all(isinstance(tag, str) and tag for tag in given):
        raise DefinitionError(
            f"tags of {owner} must be texts that are not empty, not {given!r}",
            hint='write tags=["io"]',
        )
    return list(dict.fromkeys(given))
