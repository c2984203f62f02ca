"""Which account belongs to which company that the scenario names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.population import Population
from abm.agents.hedgers.shell import Companies


def account_names(populations: Sequence[Population]) -> NDArray[Any]:
    """Return the name of every account in account order, empty for those that are no company's."""
    names = [p.labels if isinstance(p, Companies) else ("",) * p.count for p in populations]
    return np.array([name for group in names for name in group])
