"""Risk limits of speculators: a bound on leverage, and a stop-out with a time to cool off.

A trader sees its own equity at the open, as its clearing house last marked it. When that has fallen below a
share of the capital it started with, the trader is stopped out: it closes what it holds with market orders
and stays away for some days, then comes back with what is left, which is its capital from then on. Between
two opens its leverage is bounded on the equity of the last one. Forced selling after losses, and capital that
is missing when prices are furthest from value, are the limits of arbitrage of Shleifer and Vishny (1997); a
bound on position by capital is that of Gromb and Vayanos (2002).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.outbox import Outbox
from abm.agents.base.view import MarketView
from abm.agents.limits.kernel import STOPPED, cap_leverage, close_positions
from abm.core.arguments import row_number
from abm.core.money import USD_MICRO

TRADING, SUSPENDED = 0, 2
"""Other states of a trader: it follows its rule; it has defaulted and never comes back."""

LIMITS_DTYPE = np.dtype(
    [
        ("account", np.int64),
        ("latency_ms", np.float64),
        ("jitter", np.float64),
        ("max_leverage", np.float64),
        ("stop_out", np.float64),
        ("cooling_days", np.int64),
        ("closing_per_day", np.float64),
        ("capital_usd", np.float64),
        ("equity_usd", np.float64),
        ("state", np.int64),
        ("back_on_day", np.int64),
        ("ordered_usd", np.float64),
    ],
    align=True,
)
"""Limits of one trader and where it stands. ``max_leverage``: largest notional as a multiple of equity, 0 for
no bound; ``stop_out``: share of ``capital_usd`` under which equity must not fall, 0 for never;
``closing_per_day``: rate of market orders while it closes; ``ordered_usd``: what this round's orders so far
would add to its notional."""


class RiskLimits:
    """Risk limits of all traders of one class.

    Parameters
    ----------
    rows : structured array, shape (traders,)
        ``LIMITS_DTYPE``; the capital is taken from the first open if it is zero.
    tick_value_usd : float
        USD that one lot gains when the price moves by one tick.
    """

    def __init__(self, rows: NDArray[Any], *, tick_value_usd: float) -> None:
        self.rows, self.tick_value_usd = rows, tick_value_usd
        self._usual_rates: dict[str, NDArray[np.float64]] = {}

    @property
    def stopped(self) -> NDArray[np.bool_]:
        """Which traders are stopped out, shape (traders,)."""
        is_stopped: NDArray[np.bool_] = self.rows["state"] == STOPPED
        return is_stopped

    def open_day(
        self,
        day: int,
        equity_usd_micro: NDArray[np.int64],
        held_lots: NDArray[np.int64],
        rates: dict[str, NDArray[np.float64]],
    ) -> None:
        """Stop traders out, and let those back in whose time is up and who hold nothing any more.

        Parameters
        ----------
        day : int
            Days that the market has been open.
        equity_usd_micro, held_lots : array of int64, shape (traders,)
            Own equity and gross position of each trader.
        rates : dict of str to array of float, shape (traders,)
            The class's rates of activity, views of its columns: those of a stopped trader are zero.
        """
        rows = self.rows
        rows["equity_usd"] = equity_usd_micro / USD_MICRO
        rows["capital_usd"] = np.where(rows["capital_usd"] == 0.0, rows["equity_usd"], rows["capital_usd"])
        back = self.stopped & (rows["back_on_day"] <= day) & (held_lots == 0)
        back &= rows["equity_usd"] > 0.0
        rows["state"][back] = TRADING
        rows["capital_usd"][back] = rows["equity_usd"][back]
        has_stop = (rows["state"] == TRADING) & (rows["stop_out"] > 0.0)
        out = has_stop & (rows["equity_usd"] < rows["stop_out"] * rows["capital_usd"])
        rows["state"][out] = STOPPED
        rows["back_on_day"][out] = day + rows["cooling_days"][out]
        for name, rate in rates.items():
            usual = self._usual_rates.setdefault(name, rate.copy())
            rate[back] = usual[back]
            usual[out] = rate[out]
            rate[out] = 0.0

    def apply(
        self,
        view: MarketView,
        position_lots: NDArray[np.int64],
        outbox: Outbox,
        first: int,
        streams: NDArray[np.uint64],
    ) -> None:
        """Hold the class's messages, those from row ``first`` on, to its leverage; close stopped traders.

        Parameters
        ----------
        view : MarketView
            The market at the start of the round.
        position_lots : array of int64, shape (accounts, slots)
            Signed positions.
        outbox : Outbox
            The batch.
        first : int
            Row of the class's first message.
        streams : array of uint64, shape (traders,)
            Decision streams of the class; only stopped traders draw.
        """
        outbox.count = cap_leverage(
            self.rows, view.months, position_lots, self.tick_value_usd,
            outbox.rows, first, outbox.count, outbox.first_order_id,
        )  # fmt: skip
        outbox.reserve(int(self.stopped.sum()) * len(view.months))
        outbox.count = close_positions(
            self.rows, streams, view.months, position_lots, view.day_share,
            outbox.rows, outbox.count, outbox.first_order_id,
        )  # fmt: skip

    def suspend(self, row: int) -> None:
        """Note that a trader has defaulted: it never comes back."""
        self.rows["state"][row_number("row", row, len(self.rows))] = SUSPENDED

    def update_digest(self, digest: Any) -> None:
        """Feed limits and states into a running hash."""
        for name in self.rows.dtype.names or ():
            digest.update(np.ascontiguousarray(self.rows[name]).tobytes())
