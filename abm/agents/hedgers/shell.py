"""Populations with a physical business: enterprises that buy tokens, providers that sell them.

An enterprise needs tokens every day, buys them at its own provider's price, and hedges coming months by a
programme (``programmes`` in this room; by default layered: a share of each month's expected need that
rises as the month draws near). A provider sells forward a share of its expected output in the same way;
its own price is one of those that the index is made of (the quotes of :mod:`abm.spot.index.providers`,
weighted by capacity). Both build their programme up over the first days of the run, and both may give it
up when the money for margin runs short (``treasury``).
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.outbox import Outbox
from abm.agents.base.population import DayOpening, Funding, Population, TraderAgent
from abm.agents.base.view import MarketView
from abm.agents.hedgers.capacity import CapacityOutages
from abm.agents.hedgers.kernel import (
    MESSAGES_PER_AGENT,
    NEVER_DELIVERS,
    NO_GAP,
    NO_URGENCY,
    OPTIONAL_COLUMNS,
    PROGRESS_DTYPE,
    UNWINDS,
    decide_hedgers,
)
from abm.agents.hedgers.minimum_variance import MinimumVarianceRatios
from abm.agents.hedgers.needs import NeedByMonth
from abm.agents.hedgers.programmes import Programme
from abm.agents.hedgers.treasury import AbandonmentRule, HedgeTreasury, affordable_share
from abm.core.kernel import kernel
from abm.core.random_kernels import normal


class Enterprise(TraderAgent):
    """Application-layer enterprise, a long hedger."""

    @property
    def hedges(self) -> bool:
        """Whether this enterprise runs a hedge programme."""
        return bool(self.population.hedges[self.row])  # type: ignore[attr-defined]

    @property
    def need_msit_per_day(self) -> float:
        """Today's token need, mSIT."""
        return float(self.population.need_msit[self.row])  # type: ignore[attr-defined]


class Company(Enterprise):
    """A company that the scenario names: an enterprise with need, price, money and programme of its own."""

    @property
    def label(self) -> str:
        """What the scenario calls it."""
        return str(self.population.labels[self.row])  # type: ignore[attr-defined]


class InferenceProvider(TraderAgent):
    """Inference provider, a short hedger that also quotes into the index."""


class Hedgers(Population):
    """Traders that work towards a target position in each month.

    Parameters
    ----------
    columns : structured array, shape (n,)
        ``HEDGER_DTYPE``.
    streams : array of uint64, shape (n,)
        Decision streams.
    month_lots : array of float, shape (n,)
        Signed lots of a month's expected quantity: positive for buyers, zero for those who do not hedge.
    programme : Programme
        What the finished programme wants.
    listed_months : int
        Months listed at a time.
    ramp_days : int
        Days over which the programme is built up.
    abandonment : AbandonmentRule
        When the hedge is given up.

    Attributes
    ----------
    target_lots : array of int64, shape (n, listed months)
        Today's target by tenor.
    treasury : HedgeTreasury
        Who has given its hedge up.
    floor_ratio : array of float, shape (listed months,)
        Floor under sales of each month over that of today's output.
    """

    def __init__(
        self,
        columns: NDArray[Any],
        streams: NDArray[np.uint64],
        month_lots: NDArray[np.float64],
        programme: Programme,
        *,
        listed_months: int,
        ramp_days: int,
        abandonment: AbandonmentRule,
        first_account: int,
        funding: Funding,
    ) -> None:
        super().__init__(columns, streams, first_account=first_account, funding=funding)
        self.programme, self.ramp_days = programme, ramp_days
        self.need_lots = np.repeat(month_lots[:, None], listed_months, axis=1)
        self.target_lots: NDArray[np.int64] = np.zeros(self.need_lots.shape, dtype=np.int64)
        self.treasury = HedgeTreasury(self.count, abandonment)
        self.floor_ratio: NDArray[np.float64] = np.ones(listed_months)
        self._progress: NDArray[Any] = np.zeros(self.need_lots.shape, dtype=PROGRESS_DTYPE)
        self._progress["seen_lots"] = NO_GAP

    def new_day(self, opening: DayOpening) -> None:
        """Set the day's target positions: the programme as far as it is built, or the way out of it."""
        finished = self.finished_lots(opening)
        own, day = self.accounts, opening.days_open
        per_lot = opening.margin_per_lot_usd_micro
        money = {
            "free_funds_usd_micro": opening.free_funds_usd_micro[own],
            "initial_margin_usd_micro": opening.initial_margin_usd_micro[own],
        }
        wanted = np.rint(np.abs(finished) @ per_lot).astype(np.int64)
        share = affordable_share(self.programme.margin_budget, **money, programme_margin_usd_micro=wanted)
        finished = share[:, None] * finished
        needed = np.rint(np.abs(finished) @ per_lot).astype(np.int64)
        self.treasury.judge(day, **money, programme_margin_usd_micro=needed)
        built = np.minimum(1.0, (day - self.treasury.started_day + 1) / self.ramp_days)
        self.target_lots[:] = np.rint(built[:, None] * finished)
        self.columns["urgency"] = NO_URGENCY if self.programme.delivers else NEVER_DELIVERS
        gone = self.treasury.abandoned
        if gone.any():
            self.columns["urgency"][gone] = UNWINDS
            self.target_lots[gone] = self.treasury.unwinding_lots(day, opening.position_lots[own])[gone]

    def finished_lots(self, opening: DayOpening) -> NDArray[np.float64]:
        """Return the positions of the finished programme, shape (n, listed months), not rounded."""
        return self.programme.target_lots(self.need_lots, opening.day_of_month)

    def decide_all(self, view: MarketView, position_lots: NDArray[np.int64], outbox: Outbox) -> None:
        """Write the round's messages of all hedgers of this class."""
        outbox.reserve(MESSAGES_PER_AGENT * self.count)
        outbox.count = decide_hedgers(
            self.columns, self.streams, self.target_lots, self.floor_ratio, self._progress,
            view.months, position_lots, view.day_share, outbox.rows, outbox.count, outbox.first_order_id,
        )  # fmt: skip

    def suspend(self, account: int) -> None:
        """Stop a hedger in default: it neither trades nor hedges any more."""
        super().suspend(account)
        self.treasury.close(self.row_of(account))

    def update_digest(self, digest: Any) -> None:
        """Feed the columns and streams into a running hash, and the state of those rules that are on."""
        for name in self.columns.dtype.names or ():
            if name not in OPTIONAL_COLUMNS or self.columns[name].any():
                digest.update(np.ascontiguousarray(self.columns[name]).tobytes())
        digest.update(self.streams.tobytes())
        if self.columns["patience_days"].any():
            digest.update(self._progress.tobytes())
        if self.treasury.is_watching:
            self.treasury.update_digest(digest)


class Enterprises(Hedgers):
    """All enterprises, with their token need and their bill of the current month.

    Parameters
    ----------
    mean_need_msit : array of float, shape (n,)
        Mean token need, mSIT a day.
    provider : array of int, shape (n,)
        The provider each enterprise buys from.
    hedges : array of bool, shape (n,)
        Whether it runs a hedge programme; the target of the others is zero.
    need_volatility, need_reversion_per_day, need_price_correlation : float
        Stationary standard deviation and reversion of the log need, and its correlation with price surprises.
    need_streams : array of uint64, shape (n,)
        Streams of the need, apart from those of the decisions.
    price_multiples : array of float, shape (n,), optional
        Own price over that of the provider; 1 without.
    need_by_month : NeedByMonth, optional
        Mean need of each month, where it is not the same in all of them; then ``mean_need_msit`` is today's.
    labels : tuple of str, optional
        What the scenario calls each; empty for those that it does not name.
    estimator : MinimumVarianceRatios, optional
        Gives the ratios of a minimum-variance programme.
    month_lots, programme, listed_months, ramp_days, abandonment
        As in ``Hedgers``.
    """

    agent_class: ClassVar[type[TraderAgent]] = Enterprise
    name: ClassVar[str] = "enterprise"

    def __init__(
        self,
        columns: NDArray[Any],
        streams: NDArray[np.uint64],
        month_lots: NDArray[np.float64],
        programme: Programme,
        *,
        mean_need_msit: NDArray[np.float64],
        provider: NDArray[np.int64],
        hedges: NDArray[np.bool_],
        need_volatility: float,
        need_reversion_per_day: float,
        need_price_correlation: float,
        need_streams: NDArray[np.uint64],
        price_multiples: NDArray[np.float64] | None = None,
        need_by_month: NeedByMonth | None = None,
        labels: tuple[str, ...] = (),
        estimator: MinimumVarianceRatios | None = None,
        listed_months: int,
        ramp_days: int,
        abandonment: AbandonmentRule,
        first_account: int,
        funding: Funding,
    ) -> None:
        super().__init__(
            columns, streams, month_lots * hedges, programme, listed_months=listed_months,
            ramp_days=ramp_days, abandonment=abandonment, first_account=first_account, funding=funding,
        )  # fmt: skip
        self.estimator = estimator
        self.mean_need_msit, self.provider, self.hedges = mean_need_msit, provider, hedges
        self.need_volatility = need_volatility
        self.need_reversion_per_day = need_reversion_per_day
        self.need_price_correlation = need_price_correlation
        self.need_streams = need_streams
        self.price_multiples = np.ones(self.count) if price_multiples is None else price_multiples
        self.need_by_month = need_by_month
        self.labels = labels or ("",) * self.count
        self.log_need: NDArray[np.float64] = np.zeros(self.count)
        self.need_msit: NDArray[np.float64] = mean_need_msit.copy()
        self.month_need_msit: NDArray[np.float64] = np.zeros(self.count)
        self.month_bill_usd: NDArray[np.float64] = np.zeros(self.count)

    def new_day(self, opening: DayOpening) -> None:
        """Learn from the day before, set the targets, draw the day's need, and pay for it."""
        if self.estimator is not None:
            if opening.day_of_month == 0 and opening.days_open > 0:
                self.estimator.see_month(
                    opening.front_month - 1, opening.expired_final_usd,
                    self.month_need_msit, self.month_bill_usd,
                )  # fmt: skip
            self.estimator.see_settlement(opening.front_month, opening.settlement_usd)
        if self.need_by_month is not None and opening.day_of_month == 0:
            self._plan_needs(self.need_by_month, opening.front_month)
        super().new_day(opening)
        if opening.day_of_month == 0:
            self.month_need_msit[:] = 0.0
            self.month_bill_usd[:] = 0.0
        step_needs(
            self.log_need, self.need_streams, self.need_volatility, self.need_reversion_per_day,
            self.need_price_correlation, opening.log_price_surprise,
        )  # fmt: skip
        mean_one = math.exp(-0.5 * self.need_volatility**2)
        self.need_msit[:] = self.mean_need_msit * np.exp(self.log_need) * mean_one
        self.month_need_msit += self.need_msit
        self.month_bill_usd += self.need_msit * self.own_prices_usd(opening.provider_prices_usd)

    def own_prices_usd(self, provider_prices_usd: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what each pays for a token when its provider asks that much, USD per mSIT, shape (n,)."""
        return provider_prices_usd[self.provider] * self.price_multiples

    def expected_need_msit(self, month: int) -> NDArray[np.float64]:
        """Return the need that each counts on in a month, mSIT, shape (n,)."""
        a_day = self.mean_need_msit if self.need_by_month is None else self.need_by_month.a_day(month)
        return a_day * self.programme.days_per_month

    def _plan_needs(self, plan: NeedByMonth, front_month: int) -> None:
        """Count on the needs of the months that are listed from now on."""
        self.mean_need_msit[:] = plan.a_day(front_month)
        self.need_lots[:] = plan.lots(front_month, self.need_lots.shape[1]) * self.hedges[:, None]
        if self.estimator is not None:
            self.estimator.expect(self.expected_need_msit(front_month))

    def finished_lots(self, opening: DayOpening) -> NDArray[np.float64]:
        """Return the positions of the finished programme, shape (n, listed months), not rounded."""
        ratios = None if self.estimator is None else self.estimator.ratios
        return self.programme.target_lots(self.need_lots, opening.day_of_month, ratios)

    def update_digest(self, digest: Any) -> None:
        """Feed the state into a running hash."""
        super().update_digest(digest)
        if self.estimator is not None:
            self.estimator.update_digest(digest)


class Companies(Enterprises):
    """Companies that the scenario names and that share one programme, as enterprises in everything else."""

    agent_class: ClassVar[type[TraderAgent]] = Company
    name: ClassVar[str] = "company"


class Providers(Hedgers):
    """All inference providers: capacity with its outages, and a floor under forward sales at marginal cost.

    Marginal cost is energy cost / (hardware x algorithmic efficiency). Where the scenario's price trend
    comes from the three-factor supply, it falls at the rate at which those three make a token cheaper;
    else nothing is known of them, and it falls with the deterministic price level, shifts included. The
    floor under a month's sales is today's cost, or what it will be in the middle of that month: the cost of
    what is sold. A curve that falls with the cost is below today's from some month on, and held to that,
    nobody would sell those months. An
    outage lowers what is sold forward, so that a provider buys back what it cannot deliver; spot prices
    and the index do not feel it.

    Parameters
    ----------
    marginal_cost_ticks : array of float, shape (n,)
        Marginal cost on day 0, in ticks.
    cost_decline_per_day : float or None
        Fall of the log cost per trading day; ``None``: as the price level falls.
    floor_by_month : bool
        Whether the floor follows the delivery month.
    outages : CapacityOutages
        Who has lost capacity.
    month_lots, programme, listed_months, ramp_days, abandonment
        As in ``Hedgers``.
    """

    agent_class: ClassVar[type[TraderAgent]] = InferenceProvider
    name: ClassVar[str] = "provider"

    def __init__(
        self,
        columns: NDArray[Any],
        streams: NDArray[np.uint64],
        month_lots: NDArray[np.float64],
        programme: Programme,
        *,
        marginal_cost_ticks: NDArray[np.float64],
        cost_decline_per_day: float | None,
        floor_by_month: bool,
        outages: CapacityOutages,
        listed_months: int,
        ramp_days: int,
        abandonment: AbandonmentRule,
        first_account: int,
        funding: Funding,
    ) -> None:
        super().__init__(
            columns, streams, month_lots, programme, listed_months=listed_months,
            ramp_days=ramp_days, abandonment=abandonment, first_account=first_account, funding=funding,
        )  # fmt: skip
        self.marginal_cost_ticks = marginal_cost_ticks
        self.cost_decline_per_day = cost_decline_per_day
        self.floor_by_month = floor_by_month
        self.outages = outages

    def new_day(self, opening: DayOpening) -> None:
        """Step the outages, and set the day's targets and the floor: marginal cost falls with technology."""
        if opening.days_open > 0:
            self.outages.step()
        super().new_day(opening)
        decline = self.cost_decline_per_day
        log_fall = opening.log_level_ratio if decline is None else -decline * opening.day
        self.columns["floor_ticks"] = self.marginal_cost_ticks * math.exp(log_fall)
        if self.floor_by_month:
            ahead = opening.log_level_ahead if decline is None else -decline * opening.days_to_delivery
            self.floor_ratio[:] = np.exp(ahead)

    def finished_lots(self, opening: DayOpening) -> NDArray[np.float64]:
        """Return the forward sales that today's capacity supports, shape (n, listed months), not rounded."""
        return super().finished_lots(opening) * self.outages.available_share[:, None]

    def update_digest(self, digest: Any) -> None:
        """Feed the state into a running hash."""
        super().update_digest(digest)
        if self.outages.happen:
            digest.update(self.outages.is_down.tobytes())
        if self.floor_by_month:
            digest.update(self.floor_ratio.tobytes())


@kernel
def step_needs(
    log_need: NDArray[np.float64],
    streams: NDArray[np.uint64],
    volatility: float,
    reversion_per_day: float,
    price_correlation: float,
    price_surprise: float,
) -> None:
    """Advance each log need by one exact Ornstein-Uhlenbeck day, correlated with the price surprise."""
    memory = math.exp(-reversion_per_day)
    fresh = volatility * math.sqrt(1.0 - memory * memory)
    own = math.sqrt(1.0 - price_correlation * price_correlation)
    for i in range(log_need.shape[0]):
        draw = price_correlation * price_surprise + own * normal(streams, i)
        log_need[i] = memory * log_need[i] + fresh * draw
