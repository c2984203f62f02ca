"""Populations with a physical business: enterprises that buy tokens, providers that sell them.

An enterprise needs tokens every day, buys them at its own provider's price, and hedges a layered strip: a
share of each coming month's expected need that rises as the month draws near. A provider sells forward a
share of its expected output in the same way. Both build their programme up over the first days of the run.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from abm.agents.base import DayOpening, Funding, Population, TraderAgent
from abm.agents.hedging import MESSAGES_PER_AGENT, decide_hedgers
from abm.agents.outbox import Outbox
from abm.agents.view import MarketView
from abm.core.kernel import kernel
from abm.core.randomness import normal


class Enterprise(TraderAgent):
    """Application-layer enterprise, a long hedger; see :mod:`abm.agents.hedgers`."""

    @property
    def hedges(self) -> bool:
        """Whether this enterprise runs a hedge programme."""
        return bool(self.population.hedges[self.row])  # type: ignore[attr-defined]

    @property
    def need_msit_per_day(self) -> float:
        """Today's token need, mSIT."""
        return float(self.population.need_msit[self.row])  # type: ignore[attr-defined]


class InferenceProvider(TraderAgent):
    """Inference provider, a short hedger that also quotes into the index; see :mod:`abm.agents.hedgers`."""


class Hedgers(Population):
    """Traders that work towards a target position in each month.

    Parameters
    ----------
    columns : structured array, shape (n,)
        ``HEDGER_DTYPE``.
    streams : array of uint64, shape (n,)
        Decision streams.
    full_target_lots : array of float, shape (n, listed months)
        Signed position of the finished programme by tenor; column 0 is ignored.
    ramp_days : int
        Days over which the programme is first built up.
    """

    def __init__(
        self,
        columns: NDArray[Any],
        streams: NDArray[np.uint64],
        full_target_lots: NDArray[np.float64],
        *,
        ramp_days: int,
        first_account: int,
        funding: Funding,
    ) -> None:
        super().__init__(columns, streams, first_account=first_account, funding=funding)
        self.full_target_lots, self.ramp_days = full_target_lots, ramp_days
        self.target_lots: NDArray[np.int64] = np.zeros(full_target_lots.shape, dtype=np.int64)

    def new_day(self, opening: DayOpening) -> None:
        """Set the day's target positions."""
        built = min(1.0, (opening.day + 1) / self.ramp_days)
        self.target_lots[:] = np.rint(built * self.full_target_lots)

    def decide_all(self, view: MarketView, position_lots: NDArray[np.int64], outbox: Outbox) -> None:
        """Write the round's messages of all hedgers of this class."""
        outbox.reserve(MESSAGES_PER_AGENT * self.count)
        outbox.count = decide_hedgers(
            self.columns, self.streams, self.target_lots, view.months, position_lots, view.day_share,
            outbox.rows, outbox.count, outbox.first_order_id,
        )  # fmt: skip


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
    """

    agent_class: ClassVar[type[TraderAgent]] = Enterprise
    name: ClassVar[str] = "enterprise"

    def __init__(
        self,
        columns: NDArray[Any],
        streams: NDArray[np.uint64],
        full_target_lots: NDArray[np.float64],
        *,
        mean_need_msit: NDArray[np.float64],
        provider: NDArray[np.int64],
        hedges: NDArray[np.bool_],
        need_volatility: float,
        need_reversion_per_day: float,
        need_price_correlation: float,
        need_streams: NDArray[np.uint64],
        ramp_days: int,
        first_account: int,
        funding: Funding,
    ) -> None:
        super().__init__(
            columns, streams, full_target_lots * hedges[:, None],
            ramp_days=ramp_days, first_account=first_account, funding=funding,
        )  # fmt: skip
        self.mean_need_msit, self.provider, self.hedges = mean_need_msit, provider, hedges
        self.need_volatility = need_volatility
        self.need_reversion_per_day = need_reversion_per_day
        self.need_price_correlation = need_price_correlation
        self.need_streams = need_streams
        self.log_need: NDArray[np.float64] = np.zeros(self.count)
        self.need_msit: NDArray[np.float64] = mean_need_msit.copy()
        self.month_need_msit: NDArray[np.float64] = np.zeros(self.count)
        self.month_bill_usd: NDArray[np.float64] = np.zeros(self.count)

    def new_day(self, opening: DayOpening) -> None:
        """Draw the day's need, pay for it at the own provider's price, and set the targets."""
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
        self.month_bill_usd += self.need_msit * opening.provider_prices_usd[self.provider]


class Providers(Hedgers):
    """All inference providers; the floor under their forward sales follows the deterministic price level.

    Parameters
    ----------
    marginal_cost_ticks : array of float, shape (n,)
        Marginal cost on day 0, in ticks.
    """

    agent_class: ClassVar[type[TraderAgent]] = InferenceProvider
    name: ClassVar[str] = "provider"

    def __init__(
        self,
        columns: NDArray[Any],
        streams: NDArray[np.uint64],
        full_target_lots: NDArray[np.float64],
        *,
        marginal_cost_ticks: NDArray[np.float64],
        ramp_days: int,
        first_account: int,
        funding: Funding,
    ) -> None:
        super().__init__(
            columns, streams, full_target_lots,
            ramp_days=ramp_days, first_account=first_account, funding=funding,
        )  # fmt: skip
        self.marginal_cost_ticks = marginal_cost_ticks

    def new_day(self, opening: DayOpening) -> None:
        """Set the day's targets and the floor: marginal cost falls as hardware and algorithms improve."""
        super().new_day(opening)
        self.columns["floor_ticks"] = self.marginal_cost_ticks * math.exp(opening.log_level_ratio)


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
