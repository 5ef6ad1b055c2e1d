"""The plugin `injection`, and the middleware `injecting`."""

from __future__ import annotations

import pytest

from gostage import Runner, Workflow, run
from gostage.errors import ConfigError, DefinitionError
from gostage_plugins.injection import injecting
from tests.plugins.samples import one, run_with


def test_values_are_in_the_store_when_the_run_begins():
    """An action asks for them by name, as for any key."""
    flow = one(lambda batch, hosts: batch * len(hosts), provides="n")
    result = run_with("injection", flow, {"values": {"batch": 10, "hosts": ["a", "b"]}})

    assert result.store["n"] == 20


def test_a_secret_from_the_environment_is_never_shown(monkeypatch):
    """It is tagged sensitive: the store shows three stars, and the action gets the value."""
    monkeypatch.setenv("THE_KEY", "hush-hush")
    flow = one(lambda api_key: f"{len(api_key)} signs", provides="n")
    result = run_with("injection", flow, {"environ": {"api_key": "THE_KEY"}})

    assert result.store["n"] == "9 signs"
    assert result.store.has_tag("api_key", "sensitive")
    assert "hush" not in repr(result.store)


def test_what_is_no_secret_is_shown(monkeypatch):
    """With `secret` off it is a value like any other."""
    monkeypatch.setenv("REGION", "eu")
    settings = {"environ": {"region": "REGION"}, "secret": False}

    assert not run_with("injection", one(lambda: None), settings).store.has_tag(
        "region", "sensitive"
    )


def test_a_variable_that_is_missing_fails_the_run(monkeypatch):
    """The error names the variable and the key; an optional one is left out."""
    monkeypatch.delenv("NO_SUCH_VARIABLE", raising=False)
    settings = {"environ": {"key": "NO_SUCH_VARIABLE"}}
    result = run_with("injection", one(lambda: None), settings)

    assert isinstance(result.error, ConfigError)
    assert str(result.error).startswith("the environment has no 'NO_SUCH_VARIABLE'")
    assert (
        "key" not in run_with("injection", one(lambda: None), {**settings, "optional": True}).store
    )


def test_what_the_caller_gives_counts():
    """Configured values are defaults, unless they are told to overwrite."""
    settings = {"values": {"batch": 10}}

    assert run_with("injection", one(lambda: None), settings, batch=1).store["batch"] == 1
    settings["overwrite"] = True
    assert run_with("injection", one(lambda: None), settings, batch=1).store["batch"] == 10


def test_runs_do_not_share_values():
    """What one run changes in place, the next does not see."""

    def grow(ctx):
        ctx.store["rows"].append(1)

    config = {"injection": {"values": {"rows": []}}}
    with Runner(plugins=["gostage_plugins.injection"], config=config) as runner:
        assert runner.run(one(grow)).store["rows"] == [1]
        assert runner.run(one(grow)).store["rows"] == [1]


@pytest.mark.parametrize("level", ["run", "workflow", "stage", "action"])
def test_the_middleware_works_at_every_level(level):
    """What it puts is seen by the inside."""
    used = [injecting({"db.url": "here"}, batch=10)]
    flow = one(lambda ctx: (ctx.store["db.url"], ctx.store["batch"]), provides="seen")
    work = flow.stages[0].actions[0]
    work.use = used if level == "action" else []
    flow.use(*(used if level == "workflow" else []))
    flow.stages[0].use(*(used if level == "stage" else []))

    result = run(flow, middleware=used if level == "run" else [], initial={"batch": 1})
    assert result.store["seen"] == ("here", 10)


@pytest.mark.parametrize("level", ["run", "stage", "action"])
def test_a_run_that_waits_keeps_what_it_has_changed(level):
    """When it goes on its levels are entered again, and nothing is put there again."""

    def grow(ctx):
        ctx.store["count"] += 1
        if not ctx.resuming:
            ctx.suspend("later")

    used = [injecting(count=0)]
    flow = one(grow, use=used if level == "action" else [])
    flow.stages[0].use(*(used if level == "stage" else []))
    with Runner(middleware=used if level == "run" else []) as runner:
        waiting = runner.run(flow)
        assert runner.resume(waiting.run_id).store["count"] == 2


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"values": {"a": 1}, "environ": {"a": "A"}}, id="a key twice"),
        pytest.param({"environ": {"a": 1}}, id="a number for a variable"),
        pytest.param({"value": {}}, id="a typo"),
    ],
)
def test_a_mistake_in_the_settings_is_refused(settings):
    """What makes no sense is a `ConfigError` with a hint."""
    with pytest.raises(ConfigError) as caught:
        run_with("injection", Workflow("w"), settings)
    assert caught.value.hint


def test_middleware_that_is_given_nothing_is_refused():
    """It would put nothing anywhere."""
    with pytest.raises(DefinitionError, match="is given nothing"):
        injecting()
