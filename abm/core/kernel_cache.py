"""Compiled kernels on disk: one self-checking file for each, and another place where the first is unusable.

Numba's own cache trusts what it finds. It fails on a truncated file, loads damaged machine code, and where
its folder cannot be written it goes on to ``__pycache__`` beside the source, which does not notice an edit
of another file. Here a file counts only if its checksum and its key are right; all else is compiled again.
"""

from __future__ import annotations

import hashlib
import inspect
import logging
import multiprocessing
import os
import pickle
import re
import secrets
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np
from numba.core.compiler import CompileResult
from numba.core.dispatcher import Dispatcher
from numba.core.serialize import dumps

_DIGEST_BYTES = 32
_DAY_SECONDS = 24 * 3600
_UNUSED_SECONDS = 90 * _DAY_SECONDS
_SAID: set[str] = set()
_TOLD_OF_COMPILING: list[Callable[[], None]] = []


def tell_of_compiling(say: Callable[[], None]) -> None:
    """Have something said, once, when a kernel is about to be compiled because none is kept.

    Parameters
    ----------
    say : callable
        Called before the first compilation from now on in this process.
    """
    _TOLD_OF_COMPILING[:] = [say]


def cache_root() -> Path:
    """Return the folder that holds every version's compiled kernels (``SITSIM_CACHE_DIR`` overrides)."""
    explicit = os.environ.get("SITSIM_CACHE_DIR")
    if explicit:
        return Path(explicit)
    base = os.environ.get("XDG_CACHE_HOME")
    if base:
        return Path(base) / "sitsim"
    try:
        return Path.home() / ".cache" / "sitsim"
    except RuntimeError:  # neither HOME nor an entry in the list of users
        return temporary_root(make=True) or Path(os.devnull) / "sitsim"


def temporary_root(*, make: bool) -> Path | None:
    """Return this user's own folder for temporary files, or None where there is none to be trusted.

    Its name is known to everybody, so that it counts only if it is the user's own and closed to others:
    compiled code is not taken from anybody else.
    """
    try:
        root = Path(tempfile.gettempdir()) / f"sitsim-{os.getuid()}"
        if make:
            root.mkdir(mode=0o700, exist_ok=True)
        found = root.lstat()
    except (OSError, AttributeError):  # no such folder, or a system without user numbers
        return None
    closed = stat.S_ISDIR(found.st_mode) and not found.st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    return root if closed and found.st_uid == os.getuid() else None


class KernelStore:
    """Files of compiled kernels in a folder, and in another one where that cannot be written.

    Parameters
    ----------
    folder : Path
        Where they are wanted; named by the versions of the compiler.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._writable: list[Path] | None = None

    def folders(self, *, make: bool = False) -> Iterator[Path]:
        """Yield the folders that are read, or written, the wanted one first."""
        yield self.folder
        temporary = temporary_root(make=make)
        if temporary is not None and temporary != self.folder.parent:
            yield temporary / self.folder.name

    def load(self, name: str) -> Iterator[bytes]:
        """Yield the contents kept under a name whose checksum is right."""
        for folder in self.folders():
            path = folder / name
            try:
                kept = path.read_bytes()
            except (OSError, ValueError):
                continue
            if hashlib.sha256(kept[_DIGEST_BYTES:]).digest() == kept[:_DIGEST_BYTES]:
                _note_use(path)
                yield kept[_DIGEST_BYTES:]

    def save(self, name: str, content: bytes) -> None:
        """Keep contents under a name, in one move; what cannot be kept is said once and left."""
        if self._writable is None:
            self._writable = list(self.folders(make=True))
            _drop_unused(self.folder)
        failure = None
        while self._writable:
            folder = self._writable[0]
            try:
                _write(folder, name, hashlib.sha256(content).digest() + content)
            except (OSError, ValueError) as error:
                failure = failure or f"{folder} ({getattr(error, 'strerror', None) or error})"
                del self._writable[0]
                continue
            if failure is not None:
                _say_once(f"compiled kernels cannot be kept in {failure}; they are kept in {folder}")
            return
        if failure is not None:
            _say_once(f"compiled kernels cannot be kept in {failure}; every run compiles them again")


def _note_use(path: Path) -> None:
    """Renew the time of a file and of its folder, once a day."""
    with suppress(OSError):
        if time.time() - path.stat().st_mtime > _DAY_SECONDS:
            os.utime(path)
            os.utime(path.parent)


def _write(folder: Path, name: str, content: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{secrets.token_hex(8)}.partial"
    try:
        draft.write_bytes(content)
        os.replace(draft, folder / name)
    finally:
        draft.unlink(missing_ok=True)


def _drop_unused(folder: Path) -> None:
    """Delete the versions and the kernels that no process has used for long."""
    with suppress(OSError, ValueError):
        for other in folder.parent.glob("kernels-*"):
            if other != folder and _is_unused(other):
                shutil.rmtree(other, ignore_errors=True)
        for file in folder.glob("*.nbc"):
            if _is_unused(file):
                file.unlink(missing_ok=True)


def _is_unused(path: Path) -> bool:
    return time.time() - path.lstat().st_mtime > _UNUSED_SECONDS


def _say_once(line: str) -> None:
    """Tell the user, who has set up no logging, in one line on stderr; once for all worker processes."""
    if line not in _SAID and multiprocessing.parent_process() is None:
        _SAID.add(line)
        logging.getLogger("sitsim").warning("sitsim: %s", line)


class KernelCache:
    """What one compiled function has in place of Numba's cache: the same contents, in a ``KernelStore``.

    Parameters
    ----------
    function : function
        The plain function.
    store : KernelStore
        Where its compiled forms are.
    source_digest : callable
        Gives the digest of the files that a function of our package is compiled from, and None for any other.
    """

    def __init__(
        self,
        function: FunctionType,
        store: KernelStore,
        source_digest: Callable[[FunctionType], str | None],
    ) -> None:
        self._function = function
        self._store = store
        self._source_digest = source_digest

    @property
    def cache_path(self) -> str:
        """Folder of the compiled forms."""
        return str(self._store.folder)

    def enable(self) -> None:
        """Do nothing: the cache is always on."""

    def disable(self) -> None:
        """Do nothing: the cache is always on."""

    def flush(self) -> None:
        """Do nothing: a form that is stale is never asked for."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the compiled form for a signature, or None where none is kept that can be used."""
        target_context.refresh()
        key = self._key(sig, target_context.codegen())
        for content in self._store.load(self._file(key)):
            try:
                kept, reduced = pickle.loads(content)
                if kept == key:
                    return CompileResult._rebuild(target_context, *reduced)
            except Exception:  # whatever is wrong with it, it can be compiled again
                continue
        while _TOLD_OF_COMPILING:
            _TOLD_OF_COMPILING.pop()()
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep the compiled form for a signature, unless it depends on this process."""
        if not data.library.has_dynamic_globals and all(part.can_cache for part in data.lifted):
            key = self._key(sig, data.codegen)
            self._store.save(self._file(key), dumps((key, data._reduce())))

    def _key(self, sig: Any, codegen: Any) -> str:
        plain = self._function
        made_of = self._source_digest(plain) or dependencies(plain, self._source_digest)
        name = f"{plain.__module__}.{plain.__qualname__} in line {plain.__code__.co_firstlineno}"
        return repr((name, _code_digest(plain.__code__), str(sig), codegen.magic_tuple(), made_of))

    def _file(self, key: str) -> str:
        plain = re.sub(r"[^\w.]+", "", self._function.__qualname__)[-60:]
        return f"{plain}-{hashlib.sha256(key.encode()).hexdigest()[:24]}.nbc"


def _code_digest(code: CodeType) -> str:
    """Return a digest of a function's code as it stands in memory, wherever its file is."""
    constants = [_code_digest(part) if inspect.iscode(part) else repr(part) for part in code.co_consts]
    return hashlib.sha256(repr((code.co_code, code.co_names, constants)).encode()).hexdigest()


def dependencies(function: FunctionType, source_digest: Callable[[FunctionType], str | None]) -> str:
    """Return a digest of everything that a function outside our package is compiled from.

    It reaches the code of the kernels that it calls, in whatever file, the values of the constants that it
    takes from its module, and the files of the modules and classes that it names.

    Parameters
    ----------
    function : function
        The plain function.
    source_digest : callable
        As of :class:`KernelCache`.
    """
    digest = hashlib.sha256()
    waiting: list[Any] = [function]
    seen: set[int] = set()
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, Dispatcher):
            value = value.py_func
        if isinstance(value, FunctionType):
            digest.update(f"{value.__module__}.{value.__qualname__}".encode())
            of_package = None if value is function else source_digest(value)
            if of_package is not None:
                digest.update(of_package.encode())
            else:
                digest.update(_code_digest(value.__code__).encode())
                names = sorted(_names(value.__code__) & value.__globals__.keys())
                waiting += [cell.cell_contents for cell in value.__closure__ or ()]
                waiting += [value.__globals__[name] for name in names]
        elif isinstance(value, ModuleType):
            digest.update(_file_content(value))
        elif isinstance(value, type):
            digest.update(value.__qualname__.encode() + _file_content(sys.modules.get(value.__module__)))
        elif isinstance(value, np.ndarray):
            digest.update(f"{value.dtype} {value.shape}".encode() + value.tobytes())
        else:
            digest.update(re.sub(r" at 0x[0-9a-f]+", "", repr(value)).encode())
    return digest.hexdigest()


def _names(code: CodeType) -> set[str]:
    inner = (part for part in code.co_consts if inspect.iscode(part))
    return set(code.co_names).union(*(_names(part) for part in inner))


def _file_content(module: ModuleType | None) -> bytes:
    try:
        return Path(getattr(module, "__file__", None) or os.devnull).read_bytes()
    except OSError:
        return b""
