"""Files and folders that appear whole or not at all, and what processes that died have left of them.

Everything is written under a hidden name of its own, ``.NAME.TOKEN.partial``, and moved in place in one step.
Its writer holds a lock on it (``flock``), which ends with the process however that ends: what nobody holds is
abandoned, and the next one to write into that folder removes it.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from abm.core.errors import RunFolderError

if sys.platform != "win32":  # without such locks nothing is taken for abandoned
    import fcntl

_DRAFT = re.compile(r"\.(.+\.[0-9a-f]{8}|report\.html)\.partial(\.\w+)?")
_PARTS = (".parquet", ".json", ".toml")
_NAME_CHARACTERS = 40
_ATTEMPTS = 20


def shown(path: str | os.PathLike[str]) -> str:
    """Return a path as messages print it: on one line, whatever its characters."""
    text = os.fspath(path)
    return text if text and text.isprintable() else repr(text)


def reason(error: Exception) -> str:
    """Return why an operation on a file failed, on one line."""
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(said).partition("\n")[0]


@contextmanager
def failures_named(path: str | os.PathLike[str], action: str = "written") -> Iterator[None]:
    """Turn what the system says about a file into a ``RunFolderError`` that names the path."""
    try:
        yield
    except OSError as error:
        raise RunFolderError(f"{shown(path)}: cannot be {action}: {reason(error)}") from error
    except ValueError as error:  # a path with a NUL character
        if "null" not in str(error):
            raise
        raise RunFolderError(f"{shown(path)}: cannot be {action}: {reason(error)}") from error


def place_of(folder: str | os.PathLike[str], argument: str = "out") -> Path:
    """Return the path of a run folder that is to be written.

    Raises
    ------
    RunFolderError
        If it is no path, or has no name of its own, as ``""`` and ``"."``.
    """
    try:
        path = Path(folder)
    except TypeError:
        raise RunFolderError(f"{argument}: {folder!r} is not a path") from None
    if path.name in ("", ".."):
        raise RunFolderError(f"{argument}: {os.fspath(folder)!r} does not name a folder to be made")
    return path


def check_place(folder: str | os.PathLike[str], argument: str = "out") -> Path:
    """Find out whether a folder can be made at a place, without leaving anything there, and return its path.

    Parameters
    ----------
    folder : path
        Wanted place; parents that are missing would be made.
    argument : str
        What messages call it.

    Raises
    ------
    RunFolderError
        If it cannot, in one line with the path.
    """
    path = place_of(folder, argument)
    with failures_named(path):
        nearest = path.parent
        missing = [path.name]
        while not nearest.is_dir():
            if os.path.lexists(nearest):
                what = "a link to nothing" if nearest.is_symlink() else "not a folder"
                raise RunFolderError(f"{shown(path)}: cannot be written: {shown(nearest)} is {what}")
            if nearest == nearest.parent:
                raise RunFolderError(f"{shown(path)}: cannot be written: {shown(nearest)} is not there")
            missing.insert(0, nearest.name)
            nearest = nearest.parent
        with draft_folder(nearest / "place") as probe:
            probe.joinpath(*missing).mkdir(parents=True)
    return path


def checkpoint_path(run_folder: Path) -> Path:
    """Return where the checkpoint stands of a run that is to have this run folder: beside it."""
    return run_folder.with_name(f"{run_folder.name}.checkpoint")


@contextmanager
def draft_folder(final: Path) -> Iterator[Path]:
    """Yield a new hidden folder beside a final place; it is removed at the end unless it was moved away."""
    draft, lock = _locked(final, is_folder=True)
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        os.close(lock)


@contextmanager
def draft_file(final: Path, *, suffix: str = "") -> Iterator[Path]:
    """Yield a new hidden file beside a final place; it is removed at the end unless it was moved away."""
    draft, lock = _locked(final, is_folder=False, suffix=suffix)
    try:
        yield draft
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        os.close(lock)


def write_file(path: Path, content: bytes) -> Path:
    """Write a file in one move and return its path; a link of that name is replaced, not followed.

    Raises
    ------
    RunFolderError
        If it cannot be written, in one line with the path.
    """
    with failures_named(path):
        remove_abandoned(path.parent)
        with draft_file(path) as draft:
            draft.write_bytes(content)
            os.replace(draft, path)
    return path


def move_to_free_name(draft: Path, folder: Path) -> Path:
    """Move a draft to its place, or to the next free name where there is something: ``NAME-2`` onward."""
    for number in count(1):
        candidate = folder if number == 1 else folder.with_name(f"{folder.name}-{number}")
        if os.path.lexists(candidate):
            continue
        try:
            os.rename(draft, candidate)
        except OSError as error:
            # Another process took the name between the question and the move: try the next one.
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
                raise
        else:
            return candidate
    raise AssertionError("the names of run folders never run out")


def remove_abandoned(folder: Path) -> None:
    """Remove the drafts in a folder whose writers are dead; those of living ones, and all else, stay."""
    with suppress(OSError):
        drafts = [Path(entry.path) for entry in os.scandir(folder) if _DRAFT.fullmatch(entry.name)]
        for draft in drafts:
            with suppress(OSError):
                _remove_if_abandoned(draft)


def _remove_if_abandoned(draft: Path) -> None:
    descriptor = os.open(draft, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        mode = os.fstat(descriptor).st_mode
        if _lock(descriptor) is not True:
            return
        if stat.S_ISREG(mode):
            draft.unlink()
        elif stat.S_ISDIR(mode) and all(_is_part(path) for path in draft.rglob("*")):
            shutil.rmtree(draft, ignore_errors=True)
    finally:
        os.close(descriptor)


def _is_part(path: Path) -> bool:
    return not path.is_symlink() and (path.is_dir() or path.suffix in _PARTS)


def _locked(final: Path, *, is_folder: bool, suffix: str = "") -> tuple[Path, int]:
    """Make a hidden file or folder beside a final place and lock it; return its path and the descriptor."""
    plain = final.name.removeprefix(".")[:_NAME_CHARACTERS]
    for _ in range(_ATTEMPTS):
        draft = final.with_name(f".{plain}.{secrets.token_hex(4)}.partial{suffix}")
        if is_folder:
            draft.mkdir()
            descriptor = os.open(draft, os.O_RDONLY)
        else:
            descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
        try:
            # Between the making and the lock another process may have taken it for abandoned.
            if _lock(descriptor) is not False and os.path.samestat(os.fstat(descriptor), draft.lstat()):
                return draft, descriptor
        except FileNotFoundError:
            pass
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
    raise AssertionError("every new draft was taken for abandoned")


def _lock(descriptor: int) -> bool | None:
    """Lock a file; False where another process holds it, None where the file system knows no locks."""
    if sys.platform == "win32":
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True
