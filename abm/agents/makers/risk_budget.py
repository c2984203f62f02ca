"""The risk that market makers are paid for and may take: premium to delivery, and a budget of margin.

A maker may hold initial margin up to a share of its equity. The used part u of that budget is its initial
margin over the budget: the requirement at the open, plus the margin of a lot times the change of |position|
in each month since. Whatever netting the margin model allows between months is that of the open; no change
since then is netted. On a side that would add to the position of a month the lots shrink to 1 - u of what
they were and the half spread grows by 1 + widening x u; lots that close a position stay as they are. From
u = 1 on a maker only reduces. That funding limits what makers hold, and with it liquidity, is Gromb and
Vayanos (2002) and Brunnermeier and Pedersen (2009).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.curve_risk import CurveRisk, only_reduces
from abm.core.arrays import FloatArray
from abm.core.kernel import kernel
from abm.core.money import USD_MICRO


class MakerRisk(NamedTuple):
    """What the makers of a market know of the risk that they hold, arrays by maker unless said.

    Attributes
    ----------
    curve : CurveRisk
        Aversion, equity, and time to delivery.
    margin_to_equity : array of float, shape (makers,)
        Budget of initial margin as a share of equity; 0 for none.
    widening : array of float, shape (makers,)
        By which share of itself the half spread has grown when the budget is used up.
    netted_usd : array of float, shape (makers,)
        Initial margin at the open less that of every lot by itself; negative where positions net.
    margin_per_lot_usd : array of float, shape (listed months,)
        Initial margin of a lot, in tenor order.
    premium_ticks : array of float, shape (listed months,)
        Premiums of the maker that decides.
    """

    curve: CurveRisk
    margin_to_equity: FloatArray
    widening: FloatArray
    netted_usd: FloatArray
    margin_per_lot_usd: FloatArray
    premium_ticks: FloatArray

    def open_day(
        self,
        *,
        equity_usd_micro: NDArray[np.int64],
        days_to_delivery: FloatArray,
        initial_margin_usd_micro: NDArray[np.int64],
        margin_per_lot_usd_micro: NDArray[np.int64],
        position_lots: NDArray[np.int64],
    ) -> None:
        """Take down what a maker may know of its own money, margin and positions at the open.

        Parameters
        ----------
        equity_usd_micro, initial_margin_usd_micro : array of int64, shape (makers,)
            Own equity and requirement.
        days_to_delivery : array of float, shape (listed months,)
            Days to the middle of each delivery month.
        margin_per_lot_usd_micro : array of int64, shape (listed months,)
            Initial margin of a lot, in tenor order.
        position_lots : array of int64, shape (makers, listed months)
            Own positions in tenor order.
        """
        self.curve.open_day(equity_usd_micro, days_to_delivery)
        self.margin_per_lot_usd[:] = margin_per_lot_usd_micro / USD_MICRO
        alone = np.abs(position_lots) @ self.margin_per_lot_usd
        self.netted_usd[:] = initial_margin_usd_micro / USD_MICRO - alone

    def update_digest(self, digest: Any) -> None:
        """Feed budgets and what they are reckoned from into a running hash, if there are any."""
        if self.margin_to_equity.any():
            for part in (*self.curve[:-1], *self[1:-1]):
                digest.update(part.tobytes())


@kernel(allocates=False)
def used_share(
    risk: MakerRisk, i: int, months: NDArray[Any], position_lots: NDArray[np.int64], account: int
) -> float:
    """Return the used part u of a maker's budget; 0 without one, 1 without any equity to have one of."""
    if risk.margin_to_equity[i] <= 0.0:
        return 0.0
    if not risk.curve.equity_usd[i] > 0.0:
        return 1.0
    margin_usd = risk.netted_usd[i]
    for tenor in range(months.shape[0]):
        margin_usd += risk.margin_per_lot_usd[tenor] * abs(position_lots[account, months[tenor].slot])
    used: float = max(margin_usd, 0.0) / (risk.margin_to_equity[i] * risk.curve.equity_usd[i])
    return used


@kernel(allocates=False)
def used_or_spent(
    risk: MakerRisk,
    i: int,
    months: NDArray[Any],
    position_lots: NDArray[np.int64],
    account: int,
    asks_premium: int,
) -> float:
    """Return the used part of the budget, at least 1 for a maker that is paid for risk and has no equity."""
    used = used_share(risk, i, months, position_lots, account)
    if asks_premium and only_reduces(risk.curve, i):
        return max(used, 1.0)
    return used


@kernel(allocates=False)
def lots_within(lots: int, closing_lots: int, used: float) -> int:
    """Return what a side shows of its lots: those that close a position, and 1 - u of the others."""
    if used <= 0.0:
        return lots
    closing = min(lots, max(closing_lots, 0))
    opening: int = int((1.0 - used) * (lots - closing)) if used < 1.0 else 0
    return closing + opening
