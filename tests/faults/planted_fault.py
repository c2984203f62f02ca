"""A fault of one line or a few, kept as a patch: what it does to the market, and the tests that must notice.

The first line of a patch is ``# what is wrong, in the words of the market | test files``; the rest is a
unified diff of one source file. A hunk is found by its text, which must stand in the file exactly once, so
that a patch outlives changes elsewhere in the file; it is out of date when one of its lines has changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class PlantedFault:
    """A patch as read.

    Attributes
    ----------
    name : str
        Name of the patch; the part before the first hyphen is the part of the market.
    fault : str
        What is wrong, in the words of the market.
    tests : tuple of str
        Test files of which at least one test must fail.
    source : str
        The file that is changed, relative to the root.
    hunks : tuple of (str, str)
        Lines as they stand, and as they are to stand.
    """

    name: str
    fault: str
    tests: tuple[str, ...]
    source: str
    hunks: tuple[tuple[str, str], ...]

    def planted_in(self, text: str) -> str:
        """Return the text of the source file with the fault in it."""
        for before, after in self.hunks:
            times = text.count(before)
            assert times == 1, (
                f"{self.name}.patch does not apply: these lines stand {times} times in {self.source}; "
                f"renew the patch\n{before}"
            )
            text = text.replace(before, after)
        return text


def read_fault(path: Path) -> PlantedFault:
    """Read a patch."""
    title, old, new, *lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    fault, _, tests = title.removeprefix("# ").strip().partition(" | ")
    assert all((title.startswith("# "), fault, tests)), f"{path.name}: line 1 is not '# fault | test files'"
    source = old.removeprefix("--- a/").strip()
    is_diff_of_one_file = (new.strip(), lines[0][:3]) == (f"+++ b/{source}", "@@ ")
    assert is_diff_of_one_file, f"{path.name}: not a diff of one file"
    hunks: list[tuple[list[str], list[str]]] = []
    for line in lines:
        if line.startswith("@@ "):
            hunks.append(([], []))
            continue
        before, after = hunks[-1]
        assert line[0] in " -+", f"{path.name}: not a line of a diff: {line!r}"
        if line[0] != "+":
            before.append(line[1:])
        if line[0] != "-":
            after.append(line[1:])
    joined = tuple(("".join(before), "".join(after)) for before, after in hunks)
    return PlantedFault(path.stem, fault, tuple(tests.split()), source, joined)


FAULTS = [read_fault(path) for path in sorted(FOLDER.glob("*.patch"))]
