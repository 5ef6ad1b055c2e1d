"""Tag expressions: what they mean, and what is said about those that mean nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gostage._author.expression import Expression
from gostage.errors import DefinitionError

TAGS = ["io", "slow", "a-b", "x.y", "team/one", "k:v", "two words", "and"]


@pytest.mark.parametrize(
    ("text", "tags", "holds"),
    [
        pytest.param("io", ["io"], True, id="there"),
        pytest.param("io", ["i", "o"], False, id="not there"),
        pytest.param("io and not slow", ["io"], True, id="and not"),
        pytest.param("io and not slow", ["io", "slow"], False, id="not and not"),
        pytest.param("a or b and c", ["a"], True, id="and binds closer"),
        pytest.param("(a or b) and c", ["a"], False, id="parentheses"),
        pytest.param("not not io", ["io"], True, id="not not"),
        pytest.param("not(a)or(b)", ["b", "a"], True, id="without spaces"),
        pytest.param("a-b and x.y and team/one and k:v", TAGS, True, id="signs in words"),
        pytest.param("'two words' and \"and\"", TAGS, True, id="quotes"),
        pytest.param("team/*", ["team/one"], True, id="star"),
        pytest.param("*ea*/*e", ["team/one"], True, id="stars"),
        pytest.param("'team/*'", ["team/one"], False, id="quoted star"),
        pytest.param("t.am", ["team"], False, id="a dot is a dot"),
        pytest.param("nothing", [], False, id="no tags"),
        pytest.param("android or order", ["order"], True, id="operators inside words"),
    ],
)
def test_an_expression_holds_or_not(text: str, tags: list[str], holds: bool) -> None:
    """And, or, not and parentheses, as in Python."""
    assert Expression.parse(text).matches(tags) is holds
    assert Expression.parse(text).matches(iter(tags)) is holds


@pytest.mark.parametrize(
    ("text", "column", "why"),
    [
        pytest.param("", 1, "a tag is missing at the end", id="empty"),
        pytest.param("   ", 4, "a tag is missing at the end", id="blank"),
        pytest.param("io and", 7, "a tag is missing at the end", id="nothing after and"),
        pytest.param("and io", 1, "a tag is missing before 'and'", id="nothing before and"),
        pytest.param("io or and x", 7, "a tag is missing before 'and'", id="two operators"),
        pytest.param("io slow", 4, "'slow' follows without and, or", id="two words"),
        pytest.param("(io slow)", 5, "'slow' follows without and, or", id="two words inside"),
        pytest.param("io 'x y'", 4, "'x y' follows without and, or", id="quoted"),
        pytest.param("(io", 1, "this ( is never closed", id="open"),
        pytest.param("io)", 3, "this ) closes nothing", id="closed"),
        pytest.param("()", 2, "a tag is missing before ')'", id="nothing inside"),
        pytest.param("io and  'x", 9, "this quote is never closed", id="quote"),
        pytest.param("(" * 101, 101, "more than 100 ( inside each other", id="too deep"),
    ],
)
def test_a_mistake_is_shown_with_its_column(text: str, column: int, why: str) -> None:
    """The error points at the place and says what is missing."""
    with pytest.raises(DefinitionError) as caught:
        Expression.parse(text)

    assert str(caught.value) == (
        f"cannot read the tag expression {text!r} at column {column}: {why}"
    )
    assert caught.value.hint


def test_an_expression_is_a_text() -> None:
    """Anything else is refused."""
    with pytest.raises(DefinitionError, match="a tag expression must be a text, not 3"):
        Expression.parse(3)  # type: ignore[arg-type]


WORDS = st.sampled_from(TAGS).map(lambda tag: ("word", tag))
TREES: st.SearchStrategy[Any] = st.recursive(
    WORDS,
    lambda inner: st.one_of(
        inner.map(lambda part: ("not", part)),
        st.tuples(st.sampled_from(["and", "or"]), st.lists(inner, min_size=1, max_size=3)),
    ),
    max_leaves=12,
)


def written(tree: Any) -> str:
    """A tree as text, every part in parentheses."""
    kind, part = tree
    if kind == "word":
        return f"'{part}'" if " " in part or part == "and" else str(part)
    if kind == "not":
        return f"not ({written(part)})"
    return "(" + f" {kind} ".join(written(each) for each in part) + ")"


def meaning(tree: Any, tags: set[str]) -> bool:
    """What a tree means, said a second time."""
    kind, part = tree
    if kind == "word":
        return part in tags
    if kind == "not":
        return not meaning(part, tags)
    results = [meaning(each, tags) for each in part]
    return all(results) if kind == "and" else any(results)


@given(TREES, st.sets(st.sampled_from(TAGS)))
def test_what_is_read_means_what_was_written(tree: Any, tags: set[str]) -> None:
    """For any tree and any tags."""
    assert Expression.parse(written(tree)).matches(tags) is meaning(tree, tags)


@given(
    st.lists(st.lists(st.sampled_from(["a", "b", "not a", "not b"]), min_size=1), min_size=1),
    st.sets(st.sampled_from("ab")),
)
def test_and_binds_closer_than_or(groups: list[list[str]], tags: set[str]) -> None:
    """Without parentheses an expression is an or of ands."""
    text = " or ".join(" and ".join(group) for group in groups)

    expected = any(
        all((word[-1] in tags) != word.startswith("not") for word in group) for group in groups
    )
    assert Expression.parse(text).matches(tags) is expected


def answer_to(text: str) -> bool | str:
    """What an expression says of a tag, or the error."""
    try:
        return Expression.parse(text).matches(["a"])
    except DefinitionError as error:
        return str(error)


@given(st.text(alphabet="ab ()'\"*andortn", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever is typed, the answer is a bool or an error that teaches."""
    answer = answer_to(text)

    assert isinstance(answer, bool) or "at column" in answer


def test_a_word_can_be_looked_up_in_another_way() -> None:
    """What holds of a word is the caller's business."""
    expression = Expression.parse("load and not save")

    assert expression.evaluate(lambda word: word.text in "preload")
    assert not expression.evaluate(lambda word: True)
