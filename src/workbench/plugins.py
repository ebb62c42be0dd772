"""Find plug-ins: built-ins are listed in code, outsiders come by entry point, through one door.

A plug-in is a value with a name, a version and one function.  Another package offers one so, in its
pyproject.toml::

    [project.entry-points."workbench.dose_methods"]
    my_method = "my_package.module:MY_METHOD"
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Protocol

DOSE_METHODS = "workbench.dose_methods"


class Named(Protocol):
    """What every plug-in has."""

    @property
    def name(self) -> str:
        """Name, as it stands in tables."""

    @property
    def version(self) -> str:
        """Version; changes whenever a result may change."""


@dataclass(frozen=True)
class Plugin:
    """A plug-in that was found; ``value`` is ``None`` where it could not be loaded.

    Attributes
    ----------
    group
        Entry point group, such as ``workbench.dose_methods``.
    name, version
        As the plug-in says of itself; of one that cannot be loaded, the entry point's name.
    origin
        ``built-in``, or the distribution it comes from.
    problem
        Why it could not be loaded, or empty.
    """

    group: str
    name: str
    version: str
    origin: str
    value: Any = None
    problem: str = ""


def find(group: str, builtin: Iterable[Named]) -> tuple[Plugin, ...]:
    """Return the built-ins and what other packages offer in ``group``, built-ins first."""
    own = [Plugin(group, named.name, named.version, "built-in", named) for named in builtin]
    return (*own, *_outsiders(group, {plugin.name for plugin in own}))


def _outsiders(group: str, taken: set[str]) -> Iterator[Plugin]:
    for point in sorted(entry_points(group=group), key=lambda point: point.name):
        plugin = _loaded(group, point)
        if plugin.name in taken:
            yield Plugin(group, plugin.name, "", plugin.origin, problem="the name is taken")
            continue
        taken.add(plugin.name)
        yield plugin


def _loaded(group: str, point: EntryPoint) -> Plugin:
    origin = point.dist.name if point.dist else "unknown"
    try:
        value = point.load()
        return Plugin(group, str(value.name), str(value.version), origin, value)
    except Exception as error:  # noqa: BLE001  another package's code may do anything
        return Plugin(group, point.name, "", origin, problem=f"{type(error).__name__} on loading")
