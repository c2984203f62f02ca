"""The population of a Poisson order flow: its rates, its sources and the clocks of its orders."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.outbox import Outbox
from abm.agents.base.population import Funding, Population, TraderAgent
from abm.agents.base.view import MarketView
from abm.agents.order_flow import kernel as poisson_flow
from abm.agents.order_flow.kernel import CLOCK_DTYPE, SOURCE_DTYPE
from abm.core.arguments import whole_number
from abm.core.arrays import FloatArray
from abm.core.errors import ParameterError
from abm.core.orders import NO_PRICE, Side


@dataclass(frozen=True, eq=False)
class FlowRates:
    """Rates of the order flow in one month, per trading day.

    Parameters
    ----------
    limits_per_day : array of float
        Limit orders on each side at distance ``first_distance_ticks``, one tick more, and so on, from the
        best price of the other side.
    markets_per_day : float
        Market orders on each side.
    cancels_per_day : array of float
        Cancellations of each resting order at distance 1, 2, ...; the last rate holds for all beyond.
    first_distance_ticks : int
        Below 1 for a flow that reaches across the best opposite price: what would trade at once is refused.
    lots : int
        Lots of every order.

    Raises
    ------
    ParameterError
        If a rate is negative or not finite, or there is none.
    """

    limits_per_day: FloatArray
    markets_per_day: float
    cancels_per_day: FloatArray
    first_distance_ticks: int = 1
    lots: int = 1

    def __post_init__(self) -> None:
        for name in ("limits_per_day", "markets_per_day", "cancels_per_day"):
            rates = np.atleast_1d(np.asarray(getattr(self, name), dtype=np.float64))
            if rates.ndim != 1 or len(rates) == 0 or not (np.isfinite(rates) & (rates >= 0.0)).all():
                raise ParameterError(f"{name}: {getattr(self, name)} is not a list of rates >= 0")
            if name != "markets_per_day":
                object.__setattr__(self, name, rates)
        if self.limits_per_day.sum() <= 0.0:
            raise ParameterError("limits_per_day: no rate is > 0")
        whole_number("lots", self.lots, least=1)
        whole_number("first_distance_ticks", self.first_distance_ticks)

    @classmethod
    def uniform(
        cls,
        *,
        limits_per_tick_per_day: float,
        markets_per_day: float,
        cancels_per_day: float,
        reach_ticks: int,
        overlap_ticks: int,
        lots: int = 1,
    ) -> FlowRates:
        """Return the zero-intelligence flow: one rate of limit orders at every price where they would rest.

        Parameters
        ----------
        limits_per_tick_per_day, markets_per_day : float
            On each side.
        cancels_per_day : float
            Of each order.
        reach_ticks : int
            Farthest distance from the best opposite price; it stands for infinity.
        overlap_ticks : int
            How far the flow reaches across that price. Those orders are refused unless the price has moved
            away within the round, in which case they are due: as long as it moves less than this in a round,
            the flow has no error of resolution.
        """
        return cls(
            limits_per_day=np.full(reach_ticks + overlap_ticks, limits_per_tick_per_day),
            markets_per_day=markets_per_day,
            cancels_per_day=np.array([cancels_per_day]),
            first_distance_ticks=1 - overlap_ticks,
            lots=lots,
        )


class FlowSource(TraderAgent):
    """One source of a Poisson order flow; see :mod:`abm.agents.order_flow.kernel`."""


class PoissonFlow(Population):
    """Sources of a Poisson order flow, for each month bids, offers, market orders; columns ``SOURCE_DTYPE``.

    They have no risk limits: a flow that looks at what it holds or has lost is no Poisson flow any more.

    Parameters
    ----------
    rates : FlowRates
        Of each month.
    streams : array of uint64, shape (3 * months,)
        Decision streams of the sources.
    tenors : sequence of int
        Months with this flow, counted from the front month; each is a book of its own.
    first_account : int
        Account of the first source.
    funding : Funding
        Money at the start.
    """

    SOURCES_PER_MONTH: ClassVar[int] = 3
    agent_class: ClassVar[type[TraderAgent]] = FlowSource
    name: ClassVar[str] = "poisson_flow"
    activity_columns: ClassVar[tuple[str, ...]] = ("orders_per_day",)

    def __init__(
        self,
        rates: FlowRates,
        streams: NDArray[np.uint64],
        *,
        tenors: Sequence[int] = (0,),
        first_account: int,
        funding: Funding,
    ) -> None:
        tenors = [whole_number("tenors", tenor, least=0) for tenor in tenors]
        if len(streams) != self.SOURCES_PER_MONTH * len(tenors):
            raise ParameterError(f"count: {len(streams)} is not 3 sources for each of {len(tenors)} months")
        columns = np.zeros(len(streams), dtype=SOURCE_DTYPE)
        columns["account"] = first_account + np.arange(len(streams))
        columns["tenor"] = np.repeat(tenors, self.SOURCES_PER_MONTH)
        columns["side"] = np.tile([Side.BUY, Side.SELL, 0], len(tenors))
        posted, taken = float(rates.limits_per_day.sum()), 2.0 * rates.markets_per_day
        columns["orders_per_day"] = np.where(columns["side"] == 0, taken, posted)
        columns["lots"] = rates.lots
        columns["month"], columns["opposite_ticks"] = -1, NO_PRICE
        super().__init__(columns, streams, first_account=first_account, funding=funding)
        self.rates = rates
        self._cumulative_share = np.cumsum(rates.limits_per_day) / posted
        self._cumulative_share[-1] = 1.0
        self._clocks: NDArray[Any] = np.zeros(1_024, dtype=CLOCK_DTYPE)
        self._n_clocks = 0

    @property
    def clocks(self) -> NDArray[Any]:
        """Clocks of the limit orders that are not known to be gone, rows of ``CLOCK_DTYPE``: a view."""
        return self._clocks[: self._n_clocks]

    def decide_all(self, view: MarketView, position_lots: NDArray[np.int64], outbox: Outbox) -> None:
        """Write the round's messages of all sources."""
        expected = float(self.columns["orders_per_day"].max()) * view.day_share
        most_events = math.ceil(expected + 10.0 * math.sqrt(expected) + 20.0)  # never reached by chance
        room = self._n_clocks + most_events * self.count
        if room > len(self._clocks):
            grown = np.zeros(2 * room, dtype=CLOCK_DTYPE)
            grown[: self._n_clocks] = self.clocks
            self._clocks = grown
        outbox.reserve(room + most_events * self.count)
        outbox.count, self._n_clocks = poisson_flow.decide_flow(
            self.columns, self.streams, self._clocks, self._n_clocks, self._cumulative_share,
            self.rates.first_distance_ticks, self.rates.cancels_per_day, view.months,
            view.day + view.round * view.day_share, view.day_share, most_events,
            outbox.rows, outbox.count, outbox.first_order_id,
        )  # fmt: skip

    def update_digest(self, digest: Any) -> None:
        """Feed columns, streams and clocks into a running hash."""
        super().update_digest(digest)
        for name in CLOCK_DTYPE.names or ():
            digest.update(np.ascontiguousarray(self.clocks[name]).tobytes())
