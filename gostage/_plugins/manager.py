"""The manager: loads plugins in order, checks their hooks and calls them; it runs no workflow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gostage._plugins.hooks import NO_HOOKS, Hooks
from gostage._plugins.notes import add_note
from gostage._plugins.source import contains, known_names, same_name
from gostage.errors import GostageError, PluginError, Where, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from types import FrameType

    from pluggy import HookCaller, HookImpl, PluginManager

    from gostage._plugins.source import Loaded, Source


@dataclass(frozen=True, slots=True)
class Blocked:
    """A plugin that is not to be loaded, and who says so."""

    name: str
    origin: str


class Plugins:
    """The plugins of one project or runner. Nothing is imported before it is needed."""

    # Any: a configuration is whatever the hooks are to be given.
    def __init__(
        self,
        config: Any = None,  # noqa: ANN401
        is_useful: Callable[[object], bool] = lambda _: False,
    ) -> None:
        self.config = config
        self._is_useful = is_useful
        """Whether something that a plugin holds is of use beside its hooks."""
        self.loaded: list[Loaded] = []
        self._sources: list[Source] = []
        self._blocked: list[Blocked] = []
        self._manager: PluginManager | None = None
        self._is_loaded = False
        self._configured: list[str] = []

    # ---------------------------------------------------------------- what there is

    def add(self, sources: Iterable[Source]) -> None:
        """Load these too, behind those that are known; a name that is known already stays once."""
        for source in sources:
            if not any(same_name(each.name, source.name) for each in self._sources):
                self._sources.append(source)

    def block(self, name: str, origin: str) -> None:
        """Do not load the plugin of this name, however it comes."""
        names = [each.name for each in self._sources]
        if not contains([*names, *known_names()], name):
            close = did_you_mean(name, [*names, *known_names()])
            if close:  # what is not installed here may be elsewhere; what is nearly a name is not
                raise PluginError(
                    f"there is no plugin {name!r}, which {origin} switches off", hint=close
                )
        self._blocked.append(Blocked(name, origin))

    @property
    def active(self) -> list[Source]:
        """What is loaded, or will be, in order."""
        return [each for each in self._sources if self.blocked(each.name) is None]

    @property
    def sources(self) -> list[Source]:
        """What is known, also if it is switched off, in order."""
        return list(self._sources)

    def blocked(self, name: str) -> Blocked | None:
        """Who switched the plugin off, if anybody did."""
        return next((each for each in self._blocked if same_name(each.name, name)), None)

    # ---------------------------------------------------------------- loading

    def load(self) -> None:
        """Import the plugins, check their hooks, and tell them the configuration."""
        if self._is_loaded:
            return
        self._is_loaded = True
        active = self.active
        if not active:
            return
        # 5 ms for pluggy: only who has plugins needs it.
        from gostage._plugins import register

        self.loaded = [register.loaded(source, self.config) for source in active]
        self._manager = register.registered(self.loaded)
        self.call("gostage_addhooks", pluginmanager=self._manager)
        register.put_in_order(self._manager)
        register.check_all(self._manager)
        for source, each in zip(active, self.loaded, strict=True):
            if not source.may_be_empty:
                self._check_useful(each)
        self._configure()

    def close(self) -> None:
        """Let those that were configured clean up, the last one first; gives way to no error."""
        first: GostageError | None = None
        while self._configured:
            try:
                self._call_one(self._configured.pop(), "gostage_unconfigure")
            except GostageError as error:
                first = first or error
        if first is not None:
            raise first

    def _configure(self) -> None:
        configuring = [impl.plugin_name for impl in self.implementations("gostage_configure")]
        others = [each.name for each in self.loaded if each.name not in configuring]
        for name in (*others, *configuring):
            self._configured.append(name)
            self._call_one(name, "gostage_configure")

    def _call_one(self, name: str, hook: str) -> None:
        """Call a hook of one plugin."""
        if self._manager is None:
            return
        others = [plugin for each, plugin in self._manager.list_name_plugin() if each != name]
        caller = self._manager.subset_hook_caller(hook, others)
        self._call(caller, hook, {"config": self.config})

    # ---------------------------------------------------------------- calling

    # Any: what hooks take and return.
    def call(self, hook: str, /, **given: Any) -> list[Any]:  # noqa: ANN401
        """Call a hook of every plugin that has it, in order; gives what is not `None`."""
        self.load()
        if self._manager is None:
            return []
        return self._call(getattr(self._manager.hook, hook), hook, given)

    @staticmethod
    # Any: as above.
    def _call(caller: HookCaller, hook: str, given: Mapping[str, Any]) -> list[Any]:
        try:
            found: Any = caller(**given)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # an exit would end the command as if all were well
            raise _blamed(error, hook, caller.get_hookimpls()) from error
        if caller.spec is None or not caller.spec.opts.get("firstresult"):
            return list(found)
        return [] if found is None else [found]

    def implementations(self, hook: str) -> list[HookImpl]:
        """Who implements a hook, in the order they are called."""
        self.load()
        if self._manager is None or not hasattr(self._manager.hook, hook):
            return []
        return list(reversed(getattr(self._manager.hook, hook).get_hookimpls()))

    def hook_names(self) -> list[str]:
        """Every hook there is, those that plugins offer too."""
        from gostage import hookspecs  # 5 ms for pluggy, as above

        self.load()
        own = [name for name in vars(hookspecs) if name.startswith("gostage_")]
        if self._manager is None:
            return own
        known = [name for name in vars(self._manager.hook) if not name.startswith("_")]
        return [*own, *(name for name in known if name not in own)]

    # Any: a function with a specification's arguments.
    def specification(self, hook: str) -> Callable[..., Any] | None:
        """The function that says what a hook is for."""
        from gostage import hookspecs  # 5 ms for pluggy, as above

        own: Callable[..., Any] | None = getattr(hookspecs, hook, None)
        if own is not None or self._manager is None:
            return own
        spec = getattr(self._manager.hook, hook).spec
        return None if spec is None else spec.function

    def hooks_of(self, name: str) -> list[str]:
        """The hooks that a loaded plugin implements."""
        return [
            hook
            for hook in self.hook_names()
            if any(same_name(impl.plugin_name, name) for impl in self.implementations(hook))
        ]

    def hooks(self) -> Hooks:
        """What the plugins put around runs."""
        self.load()
        if self._manager is None:
            return NO_HOOKS
        from gostage._plugins.wrappers import WRAPPERS, Wrapper, taking  # 1 ms: where it is used

        run, workflow, stage, action, spawn, child = (
            tuple(
                Wrapper(hook, impl.plugin_name, impl.function, impl.argnames)
                for impl in self.implementations(hook)
            )
            for hook in WRAPPERS
        )
        listeners = [(i.plugin_name, i.function) for i in self.implementations("gostage_event")]
        told = [
            (i.plugin_name, taking(i.function, i.argnames, ("spawn", "message")))
            for i in self.implementations("gostage_child_message")
        ]
        wrappers = run, workflow, stage, action, spawn, child
        return Hooks(*wrappers, listeners=tuple(listeners), child_messages=tuple(told))

    def attributes(self) -> Iterator[object]:
        """Everything public that the plugins hold, nearest `stageconf.py` first."""
        self.load()
        for each in reversed(self.loaded):
            yield from _attributes(each)

    def _check_useful(self, each: Loaded) -> None:
        from gostage._plugins.checks import check_useful  # beside pluggy, as above

        is_useful = bool(self.hooks_of(each.name)) or any(map(self._is_useful, _attributes(each)))
        check_useful(each, is_useful=is_useful)


def _attributes(each: Loaded) -> Iterator[object]:
    holders = [each.plugin] if each.plugin is each.holder else [each.plugin, each.holder]
    for holder in holders:
        for name in dir(holder):
            if not name.startswith("_"):
                yield getattr(holder, name, None)


def _blamed(error: BaseException, hook: str, impls: list[HookImpl]) -> GostageError:
    """Name the plugin whose hook an error comes from; our own errors only get a note."""
    plugin, where = _culprit(error, impls)
    told = f"in hook {hook}" + (f" of plugin {plugin!r}" if plugin else "")
    if isinstance(error, GostageError):
        add_note(error, told)
        return error
    return PluginError(
        f"plugin {plugin!r} failed in hook {hook}: {type(error).__name__}: {error}",
        hint="`-v` shows the whole traceback, and `-p no:NAME` switches a plugin off",
        where=where,
    )


def _culprit(error: BaseException, impls: list[HookImpl]) -> tuple[str | None, Where]:
    """Find the innermost frame that is an implementation of the hook."""
    plugin, where = None, Where()
    trace = error.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        plugin = next((i.plugin_name for i in impls if _is_of(frame, i.function)), plugin)
        if plugin is not None:
            where = Where(file=frame.f_code.co_filename, line=trace.tb_lineno)
        trace = trace.tb_next
    return plugin, where


# Any: a function or a method.
def _is_of(frame: FrameType, function: Any) -> bool:  # noqa: ANN401
    """Whether a frame is a call of it; methods of two plugins may share their code."""
    if getattr(function, "__code__", None) is not frame.f_code:
        return False
    owner = getattr(function, "__self__", None)
    return owner is None or any(value is owner for value in frame.f_locals.values())
