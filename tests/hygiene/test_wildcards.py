"""Expected output with wildcards."""

from __future__ import annotations

import pytest

from tests.hygiene.wildcards import explain, matches


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        pytest.param("one\ntwo\n", "one\ntwo\n", id="the same text"),
        pytest.param("\none  \n\n", "one\n", id="blank edges do not count"),
        pytest.param("took …s", "took 0.12s", id="a wildcard in a line"),
        pytest.param("took ...s", "took 0.12s", id="three dots are one too"),
        pytest.param("one\n…\nfour", "one\ntwo\nthree\nfour", id="a wildcard for lines"),
        pytest.param("one\n…\nfour", "one\nfour", id="a wildcard for no line"),
        pytest.param("a.b*", "a.b*", id="the rest is literal"),
    ],
)
def test_output_that_fits_matches(expected: str, actual: str) -> None:
    """A wildcard stands for any text, everything else for itself."""
    assert matches(expected, actual)


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        pytest.param("one", "two", id="another text"),
        pytest.param("one", "one\ntwo", id="more lines"),
        pytest.param("took …s", "took 1\ns", id="a wildcard in a line stays in it"),
        pytest.param("a.b", "axb", id="a dot is a dot"),
    ],
)
def test_output_that_does_not_fit_is_refused(expected: str, actual: str) -> None:
    """What the expectation does not say is a difference."""
    assert not matches(expected, actual)


def test_a_difference_is_shown_line_by_line() -> None:
    """The explanation has the lines of both sides, marked."""
    assert explain("one\ntwo", "one\nthree").splitlines()[1:] == ["  one", "- two", "+ three"]
