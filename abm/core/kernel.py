"""The ``@kernel`` decorator: compiled free functions on arrays, cached on disk.

A compiled kernel is kept under a hash of its file and of our modules that this imports, in turn: a change in
any of them compiles it afresh and leaves the others, and checkouts never share stale code. A kernel outside
our package is kept under a hash of what it names. How the files are kept is in ``abm.core.kernel_cache``.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any, TypeVar, overload

import llvmlite
import numba

from abm.core.kernel_cache import KernelCache, KernelStore, cache_root
from abm.core.kernel_sources import KernelSources
from abm.core.plain_kernels import run_plainly

_PACKAGE_FOLDER = Path(__file__).resolve().parents[1]
_FunctionT = TypeVar("_FunctionT", bound=Callable[..., Any])


def kernel_cache_folder() -> Path:
    """Return the folder of the kernels compiled by these versions of Python and Numba."""
    versions = (numba.__version__, llvmlite.__version__, sys.version, sys.implementation.cache_tag)
    return cache_root() / f"kernels-{hashlib.sha256(repr(versions).encode()).hexdigest()[:16]}"


@cache
def _store() -> KernelStore:
    return KernelStore(kernel_cache_folder())


@cache
def _sources() -> KernelSources:
    return KernelSources(_PACKAGE_FOLDER)


def source_digest(function: FunctionType) -> str | None:
    """Return a digest of the files that a function of our package is compiled from.

    Parameters
    ----------
    function : function
        Any plain function.

    Returns
    -------
    str or None
        None for a function that is not of our package: of a user, or typed in within it.
    """
    file = Path(function.__code__.co_filename).resolve()
    inside = file.is_relative_to(_PACKAGE_FOLDER) and file.is_file()
    return _sources().digest(file) if inside else None


def is_compiling() -> bool:
    """Say whether kernels are compiled; with ``NUMBA_DISABLE_JIT=1`` they run as plain Python."""
    return not numba.config.DISABLE_JIT


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
        if not is_compiling():
            return run_plainly(plain)
        if inline:
            return numba.njit(forceinline=True, error_model="numpy", _nrt=allocates)(plain)
        compiled = numba.njit(error_model="numpy", _nrt=allocates)(plain)
        assert isinstance(plain, FunctionType)
        compiled._cache = KernelCache(plain, _store(), source_digest)
        return compiled

    return compile_later if function is None else compile_later(function)
