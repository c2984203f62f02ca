"""What a copy shares and a file names: classes, functions, kernels, members of enumerations, settings."""

from __future__ import annotations

import base64
import sys
from enum import Enum
from importlib import import_module
from pathlib import Path, PurePath
from types import FunctionType
from typing import Any

from abm.core.errors import SnapshotError
from abm.market.snapshot.kind import Kind, Rebuilt, Walk
from abm.recording.drafts import reason

_LIBRARY = frozenset({"builtins", "collections", "weakref", "random", "numpy", "pathlib"})
"""Modules beside ours and Mesa whose classes a file may name; of the rest of Python's library it may not."""


class SharedKind(Kind):
    """Something that is the same in every market and never changes."""

    name = "shared"
    is_made_whole = True

    def take(self, walk: Walk, thing: Any) -> Any:
        """Return it."""
        return thing

    def make(self, rebuilt: Rebuilt, content: Any) -> Any:
        """Return it."""
        return content


class NamedKind(Kind):
    """A class, function or kernel by the name it is imported by."""

    name = "named"
    is_made_whole = True

    def take(self, walk: Walk, thing: Any) -> Any:
        """Return the names of its module and within it."""
        plain = getattr(thing, "py_func", thing)
        module, name = str(plain.__module__), str(plain.__qualname__)
        if "<locals>" in name or "<lambda>" in name:
            walk.refuse(f"{name} is made inside a function; define it in a module, where loading finds it")
        if module == "__main__":
            walk.refuse(f"{name} is of the running script; define it in a module that both import")
        try:
            found = _found(module, name)
        except SnapshotError as error:
            walk.refuse(str(error))
        if found is not thing:
            walk.refuse(f"{module}.{name} is by now something else")
        return [module, name]

    def make(self, rebuilt: Rebuilt, content: Any) -> Any:
        """Return what is found under the name."""
        return _found(*content)


class CompiledKind(NamedKind):
    """The code of a compiled kernel, which a file names as the kernel: whoever calls it looks it up again."""

    name = "compiled code"

    def take(self, walk: Walk, thing: Any) -> Any:
        """Return the names of the kernel."""
        return super().take(walk, kernel_of(thing))


def is_kernel(thing: Any) -> bool:
    """Say whether a thing is a kernel, compiled or plain."""
    return callable(thing) and isinstance(getattr(thing, "py_func", None), FunctionType)


def kernel_of(code: Any) -> Any:
    """Return the kernel that a built-in function is the compiled code of, or None."""
    kernel = getattr(sys.modules.get(str(code.__module__)), code.__name__, None)
    if not is_kernel(kernel):
        return None
    compiled = getattr(kernel, "overloads", {}).values()
    return kernel if any(getattr(each, "entry_point", None) is code for each in compiled) else None


def _found(module: str, name: str) -> Any:
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names and module not in _LIBRARY:
        raise SnapshotError(f"{module}.{name} is not one of the names that a saved market may use")
    try:
        found: Any = import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except Exception as error:  # of a user's module, whatever it raises
        raise SnapshotError(f"{module}.{name} cannot be imported: {reason(error)}") from error
    is_known = isinstance(found, type | FunctionType) or is_kernel(found)
    if not is_known or (top in sys.stdlib_module_names and not isinstance(found, type)):
        raise SnapshotError(f"{module}.{name} is neither a class nor a function")
    return found


class MemberKind(Kind):
    """A member of an enumeration."""

    name = "member"
    is_made_whole = True

    def take(self, walk: Walk, thing: Any) -> Any:
        """Return the number of the enumeration, and the member's value by name or number."""
        is_named = thing.name in type(thing).__members__
        return [walk.number(type(thing)), thing.name if is_named else thing.value]

    def make(self, rebuilt: Rebuilt, content: Any) -> Any:
        """Return the member."""
        kind, value = rebuilt.thing(content[0]), content[1]
        if not issubclass(kind, Enum):
            raise SnapshotError(f"{kind.__name__} is no enumeration")
        members: Any = kind.__members__
        return members[value] if isinstance(value, str) and value in members else kind(value)


class BytesKind(Kind):
    """Bytes, as text."""

    name = "bytes"
    is_made_whole = True

    def take(self, walk: Walk, thing: Any) -> Any:
        """Return them in base 64."""
        return base64.b64encode(thing).decode()

    def make(self, rebuilt: Rebuilt, content: Any) -> Any:
        """Return them."""
        return base64.b64decode(content)


class PathKind(Kind):
    """A path."""

    name = "path"
    is_made_whole = True

    def take(self, walk: Walk, thing: PurePath) -> Any:
        """Return its text."""
        return str(thing)

    def make(self, rebuilt: Rebuilt, content: Any) -> Any:
        """Return it."""
        return Path(content)


class RangeKind(Kind):
    """A range of whole numbers, or a slice."""

    name = "range"
    is_made_whole = True

    def take(self, walk: Walk, thing: Any) -> Any:
        """Return which it is, and its ends and step."""
        return [isinstance(thing, slice), thing.start, thing.stop, thing.step]

    def make(self, rebuilt: Rebuilt, content: Any) -> Any:
        """Return it."""
        is_slice, *ends = content
        return slice(*ends) if is_slice else range(*ends)
