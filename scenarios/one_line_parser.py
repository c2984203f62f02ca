"""Arguments of a study script, a mistake told in one line."""

from __future__ import annotations

import argparse
from typing import NoReturn


class OneLineParser(argparse.ArgumentParser):
    """Ends a script with one line on stderr and exit code 2 where an argument is wrong."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, without the usage."""
        self.exit(2, f"{self.prog}: {message}\n")
