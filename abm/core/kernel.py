"""The ``@kernel`` decorator: compiled free functions on arrays, cached on disk.

The cache folder is named by a hash over all our kernel sources and our modules they import: a change in any
of them compiles afresh, and checkouts never share stale code. A kernel outside our package is kept under a
hash of what it names. How the files are kept is in ``abm.core.kernel_cache``.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any, TypeVar, overload

import llvmlite
import numba

from abm.core.kernel_cache import KernelCache, KernelStore, cache_root

_PACKAGE_FOLDER = Path(__file__).resolve().parents[1]
_OWN_IMPORT = re.compile(rb"^from abm\.([\w.]+) import", re.MULTILINE)
_FunctionT = TypeVar("_FunctionT", bound=Callable[..., Any])


def _watched_sources() -> dict[str, bytes]:
    """Return kernel files and, in turn, our modules they import: their constants are compiled in."""
    sources = {path: path.read_bytes() for path in _PACKAGE_FOLDER.rglob("*.py")}
    watched: dict[str, bytes] = {}
    waiting = [path for path, source in sources.items() if b"@kernel" in source]
    while waiting:
        path = waiting.pop()
        name = path.relative_to(_PACKAGE_FOLDER).as_posix()
        if path in sources and name not in watched:
            watched[name] = sources[path]
            modules = (found.decode().split(".") for found in _OWN_IMPORT.findall(sources[path]))
            waiting.extend(_PACKAGE_FOLDER.joinpath(*module).with_suffix(".py") for module in modules)
    return watched


@cache
def kernel_cache_folder() -> Path:
    """Return the folder of compiled kernels for exactly the kernel sources on disk now."""
    versions = (numba.__version__, llvmlite.__version__, sys.version, sys.implementation.cache_tag)
    digest = hashlib.sha256(repr(versions).encode())
    for name, source in sorted(_watched_sources().items()):
        digest.update(name.encode())
        digest.update(source)
    return cache_root() / f"kernels-{digest.hexdigest()[:16]}"


@cache
def _store() -> KernelStore:
    return KernelStore(kernel_cache_folder())


def kernels_are_cached() -> bool:
    """Say whether an earlier run has compiled kernels of these sources already."""
    return not _store().is_empty()


@overload
def kernel(function: _FunctionT) -> _FunctionT: ...
@overload
def kernel(*, inline: bool = False, allocates: bool = True) -> Callable[[_FunctionT], _FunctionT]: ...
def kernel(function: _FunctionT | None = None, *, inline: bool = False, allocates: bool = True) -> Any:
    """Compile a function of arrays and scalars with Numba, cached on disk.

    The plain-Python original stays reachable as ``.py_func`` and serves as an oracle in tests. Integer
    division by zero is not checked (``error_model="numpy"``).

    Parameters
    ----------
    inline : bool
        Paste a small helper into its callers; such a helper is never called from Python, so it is not
        cached on its own.
    allocates : bool
        False for a kernel that creates and returns no array, and for all that it calls: references to the
        arrays it is given are then not counted, which is most of the time of a kernel on a large state.
    """

    def compile_later(plain: _FunctionT) -> Any:
        if inline:
            return numba.njit(forceinline=True, error_model="numpy", _nrt=allocates)(plain)
        compiled = numba.njit(error_model="numpy", _nrt=allocates)(plain)
        if hasattr(compiled, "py_func"):  # not where NUMBA_DISABLE_JIT gives the plain function back
            assert isinstance(plain, FunctionType)
            file = Path(plain.__code__.co_filename).resolve()
            inside = file.is_relative_to(_PACKAGE_FOLDER) and file.is_file()  # not what is typed in there
            compiled._cache = KernelCache(plain, _store(), of_package=inside)
        return compiled

    return compile_later if function is None else compile_later(function)
