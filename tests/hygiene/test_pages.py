"""Documentation pages as tests."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import pytest

from tests.hygiene import leaks
from tests.hygiene.pages import Block, PageError, blocks, commands

RunPage = Callable[..., pytest.RunResult]


@pytest.fixture
def run_page(pytester: pytest.Pytester) -> RunPage:
    """Run pytest over one page and give back what it reports."""

    def run(text: str, *options: str) -> pytest.RunResult:
        pytester.path.joinpath("page.md").write_text(dedent(text), encoding="utf-8")
        return pytester.runpytest_inprocess(
            "-p", "tests.hygiene.leaks", "-p", "tests.hygiene.pages", "page.md", *options
        )

    return run


def test_blocks_of_a_page_share_a_namespace_and_run_in_order(run_page: RunPage) -> None:
    """The second block sees what the first one made."""
    page = """
        ```python
        x = 1
        ```
        then
        ```python
        assert x == 1
        ```
        """

    run_page(page).assert_outcomes(passed=2)


def test_a_block_selected_alone_runs_the_ones_before_it(run_page: RunPage) -> None:
    """A story can be read up to any of its blocks."""
    page = """
        ```python
        x = 1
        ```
        ```python
        assert x == 1
        ```
        """

    run_page(page, "-k", "line-6").assert_outcomes(passed=1, deselected=1)


def test_a_failing_block_fails_with_the_line_of_the_page(run_page: RunPage) -> None:
    """The traceback points into the Markdown file."""
    page = """
        ```python
        x = 1
        assert x == 2
        ```
        """

    result = run_page(page)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*page.md:4: AssertionError*"])


def test_blocks_after_a_failing_one_say_which_one_failed(run_page: RunPage) -> None:
    """What builds on a failure is not run, and says so."""
    page = """
        ```python
        raise ValueError("boom")
        ```
        ```python
        y = 1
        ```
        """

    result = run_page(page)

    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*the block at line 3 failed, so this one was not run*"])


def test_a_titled_block_is_a_file_that_can_be_imported(run_page: RunPage) -> None:
    """A page may show a file, show it again changed, and import it each time."""
    page = """
        ```python title="shown.py"
        answer = 41
        ```
        ```python
        import shown
        assert shown.answer == 41
        ```
        ```python title="shown.py"
        answer = 42
        ```
        ```python
        import shown
        assert shown.answer == 42
        ```
        """

    run_page(page).assert_outcomes(passed=4)


def test_classes_of_a_page_can_be_found_by_their_module(run_page: RunPage) -> None:
    """What looks a class up by module and name finds a page's as any other."""
    page = """
        ```python
        import pickle

        class Order:
            pass

        assert type(pickle.loads(pickle.dumps(Order()))) is Order
        ```
        """

    run_page(page).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    "fence",
    [
        pytest.param("```python no-run", id="marked python"),
        pytest.param("```text", id="text"),
        pytest.param("```sh", id="shell"),
        pytest.param("```", id="no language"),
    ],
)
def test_other_blocks_are_not_run(fence: str) -> None:
    """Only python and console blocks are tests, unless they are marked."""
    (block,) = blocks(f"{fence}\nraise SystemExit\n```\n")

    assert not block.is_runnable


def test_a_block_in_a_list_loses_its_indentation() -> None:
    """Blocks may stand inside list items, and a longer fence may hold a shorter one."""
    page = "1. do\n\n   ````python\n   if True:\n       '```'\n   ````\n"

    assert blocks(page) == [Block("python", "if True:\n    '```'\n", 4)]


def test_a_console_block_is_commands_with_their_output() -> None:
    """Each `$` line is a command, what follows is its output."""
    block = Block("console", "$ gostage --version\ngostage …\n$ gostage -s 'a=b c'\n", 1)

    assert [(each.words, each.output) for each in commands(block)] == [
        (("--version",), "gostage …\n"),
        (("-s", "a=b c"), ""),
    ]


def test_a_foreign_command_in_a_run_block_is_refused() -> None:
    """A block is run whole or not at all."""
    block = Block("console", "$ gostage --version\n$ rm x\n", 1)

    with pytest.raises(PageError, match=r"'rm x' stands in a block that is run"):
        commands(block)


def test_a_command_with_another_exit_code_fails(run_page: RunPage) -> None:
    """A command must end as the page says."""
    page = """
        ```console exit=77
        $ gostage no-such-command
        ```
        """

    result = run_page(page)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*'gostage no-such-command' ended with * instead of 77*"])


def test_a_command_with_other_output_fails(run_page: RunPage) -> None:
    """What the page shows is what the command prints."""
    page = """
        ```console
        $ gostage --version
        something else
        ```
        """

    result = run_page(page)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*expected (-) and actual (+) output differ*"])


def test_a_leak_in_a_page_is_found(run_page: RunPage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are held to what tests are held to."""
    monkeypatch.setattr(leaks, "TRIES", 1)
    page = """
        ```python
        import tempfile
        handle, name = tempfile.mkstemp(prefix="gostage-")
        ```
        """

    result = run_page(page)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*temporary file 'gostage-*"])
