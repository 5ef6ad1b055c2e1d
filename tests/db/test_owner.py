"""Telling processes apart, and the living from the dead."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from gostage._db import owner as owners
from gostage._db.owner import is_alive, this_process
from tests.db.children import python, started

TELL = """
from dataclasses import astuple
print(*astuple(this_process()), sep="\\t", flush=True)
sys.stdin.read()
"""
needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")


def owner_of(child):
    """What a child says it is."""
    host, boot, pid, began = child.stdout.readline().rstrip("\n").split("\t")
    return owners.Owner(host, boot, int(pid), began)


def test_this_process_is_alive():
    """And says the same of itself every time."""
    me = this_process()

    assert me.pid == os.getpid()
    assert me.host
    assert me == this_process()
    assert is_alive(me) is True


def test_another_process_of_this_host_is_alive_until_it_ends():
    """Then it is dead, certainly."""
    with started(TELL) as child:
        other = owner_of(child)
        assert (other.host, other.boot) == (this_process().host, this_process().boot)
        assert is_alive(other) is True
        child.kill()
        child.wait()

        assert is_alive(other) is False


@needs_proc
def test_a_process_that_nobody_has_buried_is_dead(monkeypatch):
    """It is still there, and will do nothing any more."""
    with started(TELL) as child:
        other = owner_of(child)
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)

        assert Path(f"/proc/{child.pid}").exists()
        assert is_alive(other) is False


@needs_proc
def test_a_process_with_the_number_of_another_is_not_that_one():
    """Numbers are used again; when a process began is not."""
    with started(TELL) as child:
        other = owner_of(child)

        assert is_alive(replace(other, started="1")) is False


def test_of_a_process_whose_beginning_is_not_known_nothing_is():
    """Its number may be that of another one by now."""
    with started(TELL) as child:
        assert is_alive(replace(owner_of(child), started="")) is None


def test_a_child_is_another_process():
    """Also one that was forked, and has everything else of its parent."""
    code = """
    me = this_process()
    pid = os.fork()
    if not pid:
        other = this_process()
        print(other != me, (other.host, other.boot) == (me.host, me.boot), other.pid != me.pid)
        sys.stdout.flush()
        os._exit(0)
    os.waitpid(pid, 0)
    """
    assert python(code) == "True True True"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"host": "elsewhere"}, None),
        ({"host": "elsewhere", "boot": "old/4026531836"}, None),
        ({"boot": "old/4026531836"}, False),
        ({"boot": "old/4026532000"}, None),
        ({"boot": "now/4026532000"}, None),
        ({"boot": ""}, None),
        ({"pid": 2**40}, False),
    ],
    ids=[
        "another host",
        "another host, another boot",
        "before a reboot",
        "before a reboot, in a container",
        "in a container",
        "a boot that is not known",
        "no such process",
    ],
)
def test_what_is_certain_of_others_depends_on_where_they_are(changes, expected, monkeypatch):
    """Nothing outlives a reboot; what is elsewhere cannot be looked at."""
    monkeypatch.setattr(owners, "_boot", lambda: "now/4026531836")
    owners._owner.cache_clear()
    me = this_process()
    other = replace(me, pid=1, started="0")

    assert is_alive(replace(other, **changes)) is expected
    owners._owner.cache_clear()


def test_in_a_container_the_host_before_a_reboot_is_another_kind(monkeypatch):
    """A name that is used inside and outside may be that of two hosts."""
    monkeypatch.setattr(owners, "_boot", lambda: "now/4026532000")
    owners._owner.cache_clear()
    other = replace(this_process(), pid=1, started="0")

    assert is_alive(replace(other, boot="old/4026531836")) is None
    assert is_alive(replace(other, boot="old/4026532111")) is False
    owners._owner.cache_clear()


@pytest.mark.skipif(sys.platform == "win32", reason="has no ps")
def test_a_system_without_proc_asks_its_tools(monkeypatch, tmp_path):
    """The beginning of a process comes from `ps` there."""
    monkeypatch.setattr(owners, "_PROC", tmp_path)
    monkeypatch.setattr(owners.sys, "platform", "other")
    owners._owner.cache_clear()
    me = this_process()
    asked = ["ps", "-o", "lstart=", "-p", str(os.getpid())]
    environment = {**os.environ, "LC_ALL": "C"}
    said = subprocess.run(asked, capture_output=True, check=True, env=environment, text=True)

    assert me.started == said.stdout.strip()
    assert is_alive(replace(me, started="another time")) in {False, None}
    owners._owner.cache_clear()
