"""The populations of informed traders: Mesa classes over compiled rules, with a channel of their own."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from abm.agents.base.outbox import Outbox
from abm.agents.base.population import DayOpening, Funding, TraderAgent
from abm.agents.base.view import MarketView
from abm.agents.informed import auction_kernel as auction_informed
from abm.agents.informed.auction_kernel import IMPACT_DTYPE
from abm.agents.informed.kernel import MESSAGES_PER_AGENT, decide_informed, draw_signal_errors
from abm.agents.speculators.shell import TenorPickers
from abm.core.money import USD_MICRO


class InformedTrader(TraderAgent):
    """Knows tomorrow's values with an error; see the two kernels of this room."""


class InformedTraders(TenorPickers):
    """All informed traders, who take quotes: columns ``INFORMED_DTYPE``.

    The market tells them tomorrow's values at the open through :meth:`learn`, and tells nobody else.

    Parameters
    ----------
    fee_ticks : float
        Fee of an incoming order per lot, in ticks.

    Attributes
    ----------
    values_ticks : array of float, shape (listed months,)
        Tomorrow's value of each month by tenor; NaN before the first signal.
    """

    agent_class: ClassVar[type[TraderAgent]] = InformedTrader
    name: ClassVar[str] = "informed"

    def __init__(
        self,
        columns: NDArray[Any],
        streams: NDArray[np.uint64],
        tenor_weights: NDArray[np.float64],
        *,
        fee_ticks: float,
        first_account: int,
        funding: Funding,
    ) -> None:
        super().__init__(columns, streams, tenor_weights, first_account=first_account, funding=funding)
        self.fee_ticks = fee_ticks
        self.values_ticks: NDArray[np.float64] = np.full(len(tenor_weights), np.nan)

    def learn(self, values_ticks: NDArray[np.float64]) -> None:
        """Take in the day's signal: each trader sees it with an error of its own.

        Parameters
        ----------
        values_ticks : array of float, shape (listed months,)
            Tomorrow's value of each listed month, by tenor.
        """
        self.values_ticks[:] = values_ticks
        draw_signal_errors(self.columns, self.streams)

    def decide_all(self, view: MarketView, position_lots: NDArray[np.int64], outbox: Outbox) -> None:
        """Write the round's messages of all informed traders."""
        outbox.reserve(MESSAGES_PER_AGENT * self.count)
        outbox.count = decide_informed(
            self.columns, self.streams, self.tenor_weights, self.values_ticks, self.fee_ticks,
            view.months, position_lots, view.day_share,
            outbox.rows, outbox.count, outbox.first_order_id,
        )  # fmt: skip


class AuctionInformedTraders(InformedTraders):
    """All informed traders, who order in call auctions: columns ``AUCTION_INFORMED_DTYPE``.

    Parameters
    ----------
    price_impact_ticks : array of float, shape (traders,)
        First guess of lambda, ticks a lot.
    fee_ticks : float
        Fees of a lot on its way in, through an auction, and out again, in ticks.
    columns, streams, tenor_weights, first_account, funding
        As in ``InformedTraders``.

    Attributes
    ----------
    impacts : structured array, shape (traders, listed months)
        ``IMPACT_DTYPE``: what each has learned of each place on the curve, and what it waits for.
    """

    def __init__(
        self,
        columns: NDArray[Any],
        streams: NDArray[np.uint64],
        tenor_weights: NDArray[np.float64],
        price_impact_ticks: NDArray[np.float64],
        *,
        fee_ticks: float,
        first_account: int,
        funding: Funding,
    ) -> None:
        super().__init__(
            columns, streams, tenor_weights, fee_ticks=fee_ticks, first_account=first_account, funding=funding
        )
        self.impacts: NDArray[Any] = np.zeros((len(columns), len(tenor_weights)), dtype=IMPACT_DTYPE)
        self.impacts["impact_ticks"] = price_impact_ticks[:, None]
        self._margin_usd = np.zeros(len(tenor_weights))

    def new_day(self, opening: DayOpening) -> None:
        """Take down own funds and positions, and what a lot takes in margin."""
        self._margin_usd[:] = opening.margin_per_lot_usd_micro / USD_MICRO
        auction_informed.begin_day(
            self.columns, self.impacts, opening.free_funds_usd_micro, opening.position_lots
        )

    def decide_all(self, view: MarketView, position_lots: NDArray[np.int64], outbox: Outbox) -> None:
        """Write the round's messages of all informed traders."""
        outbox.reserve(self.impacts.size)
        outbox.count = auction_informed.decide_auction_informed(
            self.columns, self.streams, self.impacts, self.values_ticks, self.fee_ticks, self._margin_usd,
            view.months, position_lots, view.day_share,
            outbox.rows, outbox.count, outbox.first_order_id,
        )  # fmt: skip

    def update_digest(self, digest: Any) -> None:
        """Feed columns, streams and what is remembered into a running hash."""
        super().update_digest(digest)
        for name in IMPACT_DTYPE.names or ():
            digest.update(np.ascontiguousarray(self.impacts[name]).tobytes())
