"""Risk limits of speculators: bounds on positions, a stop-out, and entry and exit by results.

A trader sees its own equity at the open, as its clearing house last marked it. Between two opens its
leverage and its margin are bounded on that equity. Where its margin has become too large for it, after losses
or a rise of margin, it reduces its positions until it is back within its budget. When its equity has fallen
below a share of the capital it started with, it is stopped out: it closes what it holds with market orders
and stays away for some days, then comes back with what is left, which is its capital from then on. One that
earns too little over some months leaves in the same way (``abm.agents.limits.results``).

Forced selling after losses, and capital that is missing when prices are furthest from value, are the limits
of arbitrage of Shleifer and Vishny (1997); a bound on position by capital is that of Gromb and Vayanos
(2002); where many must sell at once, margin and losses feed on each other: the spirals of Brunnermeier and
Pedersen (2009).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.outbox import Outbox
from abm.agents.base.view import MarketView
from abm.agents.limits.closing_kernel import close_positions, shrink_positions
from abm.agents.limits.kernel import hold_to_bounds
from abm.agents.limits.results import TradingResults
from abm.agents.limits.states import LEFT, SHRINKING, STOPPED, SUSPENDED, TRADING
from abm.core.arguments import row_number
from abm.core.money import USD_MICRO

LIMITS_DTYPE = np.dtype(
    [
        ("account", np.int64),
        ("latency_ms", np.float64),
        ("jitter", np.float64),
        ("max_leverage", np.float64),
        ("margin_to_equity", np.float64),
        ("shrink_above", np.float64),
        ("stop_out", np.float64),
        ("cooling_days", np.int64),
        ("closing_per_day", np.float64),
        ("capital_usd", np.float64),
        ("equity_usd", np.float64),
        ("state", np.int64),
        ("back_on_day", np.int64),
        ("ordered_usd", np.float64),
        ("ordered_margin_usd", np.float64),
    ],
    align=True,
)
"""Limits of one trader and where it stands. ``max_leverage``: largest notional as a multiple of equity;
``margin_to_equity``: largest initial margin as a share of it; ``shrink_above``: multiple of that margin at
the open above which it shrinks; 0 for none of them. ``stop_out``: share of ``capital_usd`` under which equity
must not fall, 0 for never; ``closing_per_day``: rate of market orders while it closes or shrinks;
``ordered_usd``, ``ordered_margin_usd``: what this round's orders so far would add to its notional, margin."""


class ClassOpening(NamedTuple):
    """What the traders of a class know at the open, one row each, in the order of its columns.

    Parameters
    ----------
    day : int
        Days that the market has been open.
    begins_month : bool
        Whether it is the first day of a delivery month.
    equity_usd_micro : array of int64, shape (traders,)
        Own equity.
    position_lots : array of int64, shape (traders, listed months)
        Own positions in tenor order.
    lot_margin_usd_micro : array of int64, shape (listed months,)
        Initial margin of a lot in tenor order.
    owner_flow_usd_micro : array of int64, shape (traders,)
        Money from outside trading since the start, that of owners first; negative if more was taken out.
    """

    day: int
    begins_month: bool
    equity_usd_micro: NDArray[np.int64]
    position_lots: NDArray[np.int64]
    lot_margin_usd_micro: NDArray[np.int64]
    owner_flow_usd_micro: NDArray[np.int64]


class RiskLimits:
    """Risk limits of all traders of one class.

    Parameters
    ----------
    rows : structured array, shape (traders,)
        ``LIMITS_DTYPE``; the capital is taken from the first open if it is zero.
    tick_value_usd : float
        USD that one lot gains when the price moves by one tick.
    results : TradingResults, optional
        What the class is judged by; by default nobody leaves for its results.

    Attributes
    ----------
    shrinking_orders : int
        Orders that shrinking traders have sent so far to reduce their positions.
    """

    def __init__(
        self, rows: NDArray[Any], *, tick_value_usd: float, results: TradingResults | None = None
    ) -> None:
        self.rows, self.tick_value_usd, self.results = rows, tick_value_usd, results
        self.shrinking_orders = 0
        self._may_shrink = bool(rows["shrink_above"].any())
        self._lot_margin_usd: NDArray[np.float64] = np.zeros(0)
        self._usual_rates: dict[str, NDArray[np.float64]] = {}
        self._flow_usd_micro: NDArray[np.int64] = np.zeros(len(rows), dtype=np.int64)

    @property
    def stopped(self) -> NDArray[np.bool_]:
        """Which traders are stopped out, shape (traders,)."""
        return self._in_state(STOPPED)

    @property
    def shrinking(self) -> NDArray[np.bool_]:
        """Which traders reduce their positions to come back within their budget, shape (traders,)."""
        return self._in_state(SHRINKING)

    @property
    def gone(self) -> NDArray[np.bool_]:
        """Which traders have left for their results, shape (traders,)."""
        return self._in_state(LEFT)

    def _in_state(self, state: int) -> NDArray[np.bool_]:
        is_in_state: NDArray[np.bool_] = self.rows["state"] == state
        return is_in_state

    def open_day(self, opening: ClassOpening, rates: dict[str, NDArray[np.float64]]) -> None:
        """Let traders out and back in by equity and results, and say who must shrink.

        Those who are out come back only when they hold nothing any more and have equity.

        Parameters
        ----------
        opening : ClassOpening
            What they know.
        rates : dict of str to array of float, shape (traders,)
            The class's rates of activity, views of its columns: those of traders that are out are zero.
        """
        rows = self.rows
        rows["equity_usd"] = opening.equity_usd_micro / USD_MICRO
        new_flow_usd_micro = self._follow_flows(opening)
        rows["capital_usd"] = np.where(rows["capital_usd"] == 0.0, rows["equity_usd"], rows["capital_usd"])
        self._lot_margin_usd = opening.lot_margin_usd_micro / USD_MICRO
        is_free = (rows["equity_usd"] > 0.0) & ~opening.position_lots.any(axis=1)
        self._let_in(self.stopped & (rows["back_on_day"] <= opening.day) & is_free, rates)
        out = self._trades & (rows["stop_out"] > 0.0)
        out &= rows["equity_usd"] < rows["stop_out"] * rows["capital_usd"]
        rows["back_on_day"][out] = opening.day + rows["cooling_days"][out]
        self._let_out(out, STOPPED, rates)
        self._judge(opening, new_flow_usd_micro, is_free, rates)
        self._set_shrinking(np.abs(opening.position_lots) @ self._lot_margin_usd)

    @property
    def _trades(self) -> NDArray[np.bool_]:
        return self._in_state(TRADING) | self.shrinking

    def _follow_flows(self, opening: ClassOpening) -> NDArray[np.int64]:
        """Let the capital that losses are measured from follow money that came or went outside trading.

        It changes as the equity did through the flow since the last open, which is returned: neither a payout
        is a loss nor a refill a gain, as in the drawdown of a fund by time-weighted returns.
        """
        equity = opening.equity_usd_micro
        new: NDArray[np.int64] = opening.owner_flow_usd_micro - self._flow_usd_micro
        before = equity - new
        counts = (new != 0) & (before > 0) & (equity > 0)
        self.rows["capital_usd"][counts] *= equity[counts] / before[counts]
        self._flow_usd_micro = opening.owner_flow_usd_micro.copy()
        return new

    def _judge(
        self,
        opening: ClassOpening,
        new_flow_usd_micro: NDArray[np.int64],
        is_free: NDArray[np.bool_],
        rates: dict[str, NDArray[np.float64]],
    ) -> None:
        """Let traders leave and come back by their results, at the start of a month."""
        if self.results is None:
            return
        self.results.note_flows(new_flow_usd_micro / USD_MICRO)
        if not opening.begins_month:
            return
        self.results.begin_month(self.rows["equity_usd"])
        leaving, returning = self.results.moves(opening.day, self._trades, self.gone & is_free)
        self._let_out(leaving, LEFT, rates)
        self._let_in(returning, rates)

    def _set_shrinking(self, margin_usd: NDArray[np.float64]) -> None:
        """Say who reduces its positions from now on, and who is back within its budget."""
        rows = self.rows
        budget_usd = rows["margin_to_equity"] * np.maximum(rows["equity_usd"], 0.0)
        is_too_large = margin_usd > np.maximum(rows["shrink_above"], 1.0) * budget_usd
        begins = self._in_state(TRADING) & (rows["margin_to_equity"] > 0.0) & (rows["shrink_above"] > 0.0)
        ends = self.shrinking & (margin_usd <= budget_usd)
        rows["state"][begins & is_too_large] = SHRINKING
        rows["state"][ends] = TRADING

    def _let_in(self, back: NDArray[np.bool_], rates: dict[str, NDArray[np.float64]]) -> None:
        """Let traders follow their rule again, with what they have as their capital."""
        self.rows["state"][back] = TRADING
        self.rows["capital_usd"][back] = self.rows["equity_usd"][back]
        for name, rate in rates.items():
            if name in self._usual_rates:
                rate[back] = self._usual_rates[name][back]

    def _let_out(self, out: NDArray[np.bool_], state: int, rates: dict[str, NDArray[np.float64]]) -> None:
        """Stop traders, and keep their rates for their return."""
        self.rows["state"][out] = state
        for name, rate in rates.items():
            usual = self._usual_rates.setdefault(name, rate.copy())
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
        """Hold the class's messages, those from row ``first`` on, to its bounds; close and shrink positions.

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
            Decision streams of the class; only traders that close or shrink draw.
        """
        outbox.count = hold_to_bounds(
            self.rows, view.months, self._lot_margin_usd, position_lots, self.tick_value_usd,
            outbox.rows, first, outbox.count, outbox.first_order_id,
        )  # fmt: skip
        closing = int((self.stopped | self.gone).sum())
        outbox.reserve(closing * len(view.months) + len(self.rows))
        outbox.count = close_positions(
            self.rows, streams, view.months, position_lots, view.day_share,
            outbox.rows, outbox.count, outbox.first_order_id,
        )  # fmt: skip
        if not self._may_shrink:
            return
        before = outbox.count
        outbox.count = shrink_positions(
            self.rows, streams, view.months, self._lot_margin_usd, position_lots, view.day_share,
            1.0 - view.round * view.day_share, outbox.rows, outbox.count, outbox.first_order_id,
        )  # fmt: skip
        self.shrinking_orders += outbox.count - before

    def suspend(self, row: int) -> None:
        """Note that a trader has defaulted: it never comes back."""
        self.rows["state"][row_number("row", row, len(self.rows))] = SUSPENDED

    def update_digest(self, digest: Any) -> None:
        """Feed limits, states and results into a running hash."""
        for name in self.rows.dtype.names or ():
            digest.update(np.ascontiguousarray(self.rows[name]).tobytes())
        if self.results is not None:
            self.results.update_digest(digest)
