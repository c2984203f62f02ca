"""Clearing members' own accounts: they send no orders and hold what a member wins in a default auction."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.outbox import Outbox
from abm.agents.base.population import Funding, Population
from abm.agents.base.view import MarketView

MEMBER_DTYPE = np.dtype([("account", np.int64), ("actions_per_day", np.float64)], align=True)
"""One member's own account; it never acts."""


class MemberAccounts(Population):
    """One own account of each clearing member.

    Parameters
    ----------
    members : int
        Number of clearing members; row k is member k's.
    first_account, funding
        As in ``Population``.
    """

    name: ClassVar[str] = "member"

    def __init__(self, members: int, *, first_account: int, funding: Funding) -> None:
        columns = np.zeros(members, dtype=MEMBER_DTYPE)
        columns["account"] = first_account + np.arange(members)
        super().__init__(
            columns, np.zeros(members, dtype=np.uint64), first_account=first_account, funding=funding
        )

    def decide_all(self, view: MarketView, position_lots: NDArray[np.int64], outbox: Outbox) -> None:
        """Send nothing."""
