"""What a compiled kernel is made of: its own file, and in turn every file of ours that this imports."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

_OWN_IMPORT = re.compile(rb"^[ \t]*from abm((?:\.\w+)*) import (\([^)]*\)|[^\n#]*)", re.MULTILINE)
_NAME = re.compile(rb"(\w+)(?:\s+as\s+\w+)?")


class KernelSources:
    """Files of a package, and for each the digest of all that a kernel in it may be compiled from.

    An import only for types counts as well: the fields of a named tuple are compiled in by their place.

    Parameters
    ----------
    folder : Path
        Folder of the package; its name is ``abm`` in import lines.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._contents: dict[Path, bytes] = {}
        self._digests: dict[Path, str] = {}

    def digest(self, file: Path) -> str:
        """Return a digest of a file and of what it imports, the same wherever the package stands.

        Parameters
        ----------
        file : Path
            A module of the package.
        """
        if file not in self._digests:
            digest = hashlib.sha256()
            for path in sorted(self.reached(file)):
                digest.update(path.relative_to(self._folder).as_posix().encode())
                digest.update(hashlib.sha256(self._content(path)).digest())
            self._digests[file] = digest.hexdigest()
        return self._digests[file]

    def reached(self, file: Path) -> set[Path]:
        """Return a file and, in turn, the modules of the package that it imports.

        Parameters
        ----------
        file : Path
            A module of the package.
        """
        reached: set[Path] = set()
        waiting = [file]
        while waiting:
            path = waiting.pop()
            if path not in reached:
                reached.add(path)
                waiting += self._imported(path)
        return reached

    def _imported(self, file: Path) -> list[Path]:
        found: list[Path] = []
        for module, names in _OWN_IMPORT.findall(self._content(file)):
            place = self._folder.joinpath(*module.decode().split(".")[1:])
            if place.is_dir():
                inside = [place / f"{name.decode()}.py" for name in _NAME.findall(names)]
                found += [place / "__init__.py", *(path for path in inside if path.is_file())]
            else:
                found.append(place.with_suffix(".py"))
        return [path for path in found if path.is_file()]

    def _content(self, path: Path) -> bytes:
        if path not in self._contents:
            self._contents[path] = path.read_bytes()
        return self._contents[path]
