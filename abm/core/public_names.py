"""Public names of a package, loaded on first use: importing a package then costs nothing.

A package says where each of its public names lives. The interpreter alone would bind a submodule in its
package under its own name, so that ``abm.market.run`` could be the function or the module, whichever was
touched last: here the public name always wins.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType, ModuleType
from typing import Any


def offer(package: str, homes: Mapping[str, str]) -> None:
    """Let a package load its public names on first use; call it from its ``__init__.py``.

    Parameters
    ----------
    package : str
        The package's ``__name__``.
    homes : mapping of str to str
        Submodule, named from the package, in which each public name lives. ``__all__`` and the imports under
        ``TYPE_CHECKING``, which type checkers and editors read, name the same ones.
    """
    module = sys.modules[package]
    vars(module)["__homes__"] = MappingProxyType(dict(homes))
    for name in homes:
        if isinstance(vars(module).get(name), ModuleType):
            del vars(module)[name]
    module.__class__ = _Package


class _Package(ModuleType):
    """A package whose public names are loaded on first use."""

    def __getattr__(self, name: str) -> Any:
        homes = vars(self)["__homes__"]
        if name not in homes:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}{_near(name, homes)}")
        value = getattr(import_module(f"{self.__name__}.{homes[name]}"), name)
        vars(self)[name] = value
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        if not (isinstance(value, ModuleType) and name in vars(self)["__homes__"]):
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        loaded = (name for name, value in vars(self).items() if isinstance(value, ModuleType))
        own = (name for name in vars(self) if name.startswith("__"))
        return sorted({*vars(self)["__homes__"], *loaded, *own} - {"__homes__"})


def _near(name: str, homes: Mapping[str, str]) -> str:
    if name.startswith("_"):
        return ""
    from difflib import get_close_matches

    folded = {known.lower(): known for known in homes}
    near = get_close_matches(name.lower(), folded, n=1)
    return f" (did you mean {folded[near[0]]}?)" if near else ""
