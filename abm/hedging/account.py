"""The margin account of a hedge on many paths: marks, trades and their cost, margin, and its end."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from abm.agents.hedgers.treasury import HedgeTreasury
from abm.core.arrays import FloatArray, IntArray
from abm.core.money import USD_MICRO
from abm.hedging.frictions import LIQUIDITY_CONVENTIONS, Frictions, Liquidity
from abm.hedging.listing import Listing

NEVER = -1
"""Day of what does not happen."""


@dataclass(frozen=True)
class Close:
    """Prices and bills at one close, the same for every programme.

    Attributes
    ----------
    day, front : int
        Day of the study, and the month in delivery.
    days_since : int
        Days since the close that was looked at before.
    open_months : slice
        Months with a price: that in delivery, unless it is month 0, and those that can be traded.
    tradable : slice
        Months that can be traded.
    prices_usd, moved_usd : array of float, shape (open months, paths)
        Futures prices, and what they moved since the close before; 0 for a month that was not listed then.
    first_usd : array of float, shape (open months, paths)
        Price at which each month was first seen.
    premium_usd : array of float, shape (open months, paths), or None
        Price beyond the expected settlement, where there is a risk premium.
    to_come : float
        Share of the settlement of the month in delivery that is still to be fixed.
    excess_bills_usd : array of float, shape (paths,)
        What the bills paid so far cost beyond expectation.
    """

    day: int
    front: int
    days_since: int
    open_months: slice
    tradable: slice
    prices_usd: FloatArray
    moved_usd: FloatArray
    first_usd: FloatArray
    premium_usd: FloatArray | None
    to_come: float
    excess_bills_usd: FloatArray


class MarginAccount:
    """Positions, gains and money of one programme on many paths.

    Parameters
    ----------
    listing : Listing
        Days, months and the size of a lot.
    frictions : Frictions
        Costs, margin and money.
    band_lots : array of float, shape (horizon months + 1,)
        Gap in each month that is left alone.
    n_paths, n_closes : int
        Paths, and closes that will be looked at.
    is_limited : bool
        Whether anything follows when the money runs out.

    Attributes
    ----------
    lots : array of float, shape (horizon months + 1, paths)
        Positions.
    gain_usd, spread_usd, premium_usd : array of float, shape (horizon months + 1, paths)
        By month of the contract: gains at curve prices, what the spread cost, and the risk premium paid.
    fees_usd, funding_usd : array of float, shape (horizon months + 1, paths)
        By month in delivery when they were paid.
    peak_usd : dict of Liquidity to array, shape (paths,)
        Largest need of cash so far.
    short_day, given_up_day : array of int, shape (paths,)
        First day on which cash and credit were not enough, or the hedge was given up; -1 for never.
    """

    def __init__(
        self,
        listing: Listing,
        frictions: Frictions,
        band_lots: FloatArray,
        n_paths: int,
        n_closes: int,
        *,
        is_limited: bool,
    ) -> None:
        self._listing, self._frictions, self._band = listing, frictions, band_lots[:, None]
        self._is_limited = is_limited
        shape = (listing.horizon_months + 1, n_paths)
        self.lots = np.zeros(shape)
        self.gain_usd, self.spread_usd, self.premium_usd = (np.zeros(shape) for _ in range(3))
        self.fees_usd, self.funding_usd = np.zeros(shape), np.zeros(shape)
        self.lots_at_delivery = np.zeros(shape)
        self.roll_usd = np.zeros(n_paths)
        self.peak_usd: dict[Liquidity, FloatArray] = {
            name: np.full(n_paths, -math.inf) for name in LIQUIDITY_CONVENTIONS
        }
        self.variation_usd = np.empty((n_closes, n_paths), dtype=np.float32)
        self.margin_usd = np.empty((n_closes, n_paths), dtype=np.float32)
        self.short_day: IntArray = np.full(n_paths, NEVER)
        self.given_up_day: IntArray = np.full(n_paths, NEVER)
        self.treasury = HedgeTreasury(n_paths, frictions.abandonment)
        self._is_gone = np.zeros(n_paths, dtype=np.bool_)
        self._variation = np.zeros(n_paths)
        self._costs = np.zeros(n_paths)
        self._margin = np.zeros(n_paths)
        self._close = 0

    def mark(self, close: Close) -> None:
        """Book what the positions gained since the close before, and the cost of the money in them."""
        months, rate = close.open_months, self._frictions.funding_rate
        if rate > 0.0 and close.days_since > 0:
            tied = self._margin - self.gain_usd[months].sum(axis=0)
            years = close.days_since / self._listing.days_per_year
            self.funding_usd[self._charged(close)] += rate * years * tied
        moved = self.lots[months] * close.moved_usd
        moved *= self._listing.contract_size_msit
        self.gain_usd[months] += moved
        self._variation += moved.sum(axis=0)
        if self._listing.is_last_of_month(close.day) and close.front >= 1:
            self.lots_at_delivery[close.front] = self.lots[close.front]
            self.lots[close.front] = 0.0

    def trade(self, close: Close, targets: FloatArray | None) -> None:
        """Go to the targets as far as band, lots and money allow, and note the need of cash after it.

        Parameters
        ----------
        close : Close
            The close.
        targets : array of float, shape (tradable months, 1) or (tradable months, paths), or None
            Lots wanted; ``None`` for no change.
        """
        if targets is not None or self._is_limited:
            wanted = self._wanted(close, targets)
            if self._is_limited:
                wanted = self._affordable(close, wanted)
            self._go_to(close, wanted)
        at_marks = self._margin_of(self.lots[close.open_months], close, close.prices_usd)
        self._margin = at_marks
        self._note(close, at_marks)

    def _charged(self, close: Close) -> int:
        """Return the month whose delivery a cost falls in; before month 1 it is paid with that month."""
        return max(close.front, 1)

    def _wanted(self, close: Close, targets: FloatArray | None) -> FloatArray:
        """Return the lots wanted in all open months, shape (open months, paths)."""
        wanted = self.lots[close.open_months].copy()
        if targets is None:
            return wanted
        first = close.tradable.start - close.open_months.start
        held, aim = self.lots[close.tradable], np.broadcast_to(targets, wanted[first:].shape)
        if self._frictions.whole_lots:
            aim = np.rint(aim)
        band = self._band[close.tradable]
        if band.any():
            aim = np.where((np.abs(aim - held) <= band) & (aim != 0.0), held, aim)
        wanted[first:] = aim
        return wanted

    def _affordable(self, close: Close, wanted: FloatArray) -> FloatArray:
        """Return what can be held of that: all of it, or what is left of a hedge that money ends."""
        terms = self._frictions
        held = self.lots[close.open_months]
        money = self._money(close)
        if self.treasury.is_watching:
            self._judge(close, held, wanted, money)
        margin = self._counted_margin(wanted, close)
        # Less than a millionth of a dollar is rounding.
        short = (margin - money > 1e-6) & ~self._is_gone & ~self.treasury.abandoned
        short &= ((wanted != 0.0) | (held != 0.0)).any(axis=0)
        self.short_day[short & (self.short_day == NEVER)] = close.day
        if terms.when_out == "reduce":
            scale = np.where(short, np.maximum(money, 0.0) / np.maximum(margin, 1e-300), 1.0)
            wanted = wanted * np.minimum(scale, 1.0)
        elif terms.when_out == "abandon":
            self._is_gone |= short
            self.given_up_day[short & (self.given_up_day == NEVER)] = close.day
        if self.treasury.abandoned.any():
            kept = self.treasury.kept_share(close.day)
            wanted = np.where(self.treasury.abandoned, held * kept, wanted)
        if self._is_gone.any():
            left = np.maximum(terms.abandonment.unwind_days - (close.day - self.given_up_day), 1)
            wanted = np.where(self._is_gone, held * (1.0 - 1.0 / left), wanted)
        return np.trunc(wanted + np.copysign(1e-9, wanted)) if terms.whole_lots else wanted

    def _judge(self, close: Close, held: FloatArray, wanted: FloatArray, money: FloatArray) -> None:
        """Let the treasury's rule look at the funds left, as it does in the market."""
        margin = self._margin_of(held, close, close.prices_usd)
        needed = self._margin_of(wanted, close, close.prices_usd)
        free = np.clip((money - margin) * USD_MICRO, -9e18, 9e18)
        self.treasury.judge(
            close.day,
            free_funds_usd_micro=free.astype(np.int64),
            initial_margin_usd_micro=np.rint(margin * USD_MICRO).astype(np.int64),
            programme_margin_usd_micro=np.rint(needed * USD_MICRO).astype(np.int64),
        )
        gave_up = self.treasury.abandoned & (self.given_up_day == NEVER)
        self.given_up_day[gave_up] = close.day

    def _go_to(self, close: Close, wanted: FloatArray) -> None:
        """Trade at the close, and pay for it."""
        months, size = close.open_months, self._listing.contract_size_msit
        held = self.lots[months]
        bought = wanted - held
        if not bought.any():
            return
        terms = self._frictions
        if close.premium_usd is not None:
            self.premium_usd[months] += bought * close.premium_usd * size
        if terms.half_spread > 0.0 or terms.fee_usd_per_lot > 0.0:
            spread = np.abs(bought) * close.prices_usd * (terms.half_spread * size)
            fees = np.abs(bought).sum(axis=0) * terms.fee_usd_per_lot
            self.spread_usd[months] += spread
            self.fees_usd[self._charged(close)] += fees
            cost = spread.sum(axis=0) + fees
            self._costs += cost
            self.roll_usd += cost * rolled_share(held, wanted)
        self.lots[months] = wanted

    def _money(self, close: Close) -> FloatArray:
        """Return the money there is for margin, after losses and costs so far, shape (paths,)."""
        money: FloatArray = self._frictions.funds_usd + self._variation - self._costs
        return money - close.excess_bills_usd if self._frictions.liquidity == "net_of_bills" else money

    def _counted_margin(self, lots: FloatArray, close: Close) -> FloatArray:
        """Return the initial margin that the account's convention counts, shape (paths,)."""
        convention = self._frictions.liquidity
        if convention == "variation":
            return np.zeros(lots.shape[1])
        constant = convention == "constant_margin"
        return self._margin_of(lots, close, close.first_usd if constant else close.prices_usd)

    def _margin_of(self, lots: FloatArray, close: Close, prices_usd: FloatArray) -> FloatArray:
        """Return initial margin of positions in the open months, shape (paths,)."""
        size = np.abs(lots)
        if close.open_months.start == close.front:
            size[0] *= close.to_come
        margin: FloatArray = np.einsum("mp,mp->p", size, prices_usd)
        margin *= self._frictions.initial_margin_rate * self._listing.contract_size_msit
        return margin

    def _note(self, close: Close, at_marks: FloatArray) -> None:
        """Note the need of cash after the trades of a close."""
        paid = -self._variation
        constant = self._margin_of(self.lots[close.open_months], close, close.first_usd)
        needs: dict[Liquidity, FloatArray] = {
            "variation": paid,
            "margin_at_marks": paid + at_marks,
            "constant_margin": paid + constant,
            "net_of_bills": paid + at_marks + close.excess_bills_usd,
        }
        for name, need in needs.items():
            np.maximum(self.peak_usd[name], need, out=self.peak_usd[name])
        if not self._is_limited and self._frictions.funds_usd < math.inf:
            short = needs[self._frictions.liquidity] + self._costs - self._frictions.funds_usd > 1e-6
            self.short_day[short & (self.short_day == NEVER)] = close.day
        self.variation_usd[self._close] = self._variation
        self.margin_usd[self._close] = at_marks
        self._close += 1


def rolled_share(held: FloatArray, wanted: FloatArray) -> FloatArray:
    """Return the share of a close's trades that moved lots from one month to another, shape (paths,).

    What was given up in some months and taken on in others on the same day, both legs, over all trades.
    """
    change = np.abs(wanted) - np.abs(held)
    taken = np.maximum(change, 0.0).sum(axis=0)
    given = np.maximum(-change, 0.0).sum(axis=0)
    total = taken + given
    share: FloatArray = 2.0 * np.minimum(taken, given) / np.maximum(total, 1e-300)
    return share
