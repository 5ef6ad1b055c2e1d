"""Stages that are files of commands: a plugin for gostage, from its public names alone.

In a folder that is run, `stage_2_publish.commands` is a stage, and each of its lines an action.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gostage_commands.plugin import Commands
from gostage_commands.settings import Settings
from gostage_commands.shell import Shell

if TYPE_CHECKING:
    from gostage.hookspecs import Config

__all__ = ["GOSTAGE_API", "Shell", "gostage_plugin"]

GOSTAGE_API = 1
"""The version of gostage's plugin API that this is written for."""


def gostage_plugin(config: Config) -> Commands:
    """Make the plugin of one project, once; the hooks of what it gives are called."""
    return Commands(config.root, Settings.of(config.section("commands")))
