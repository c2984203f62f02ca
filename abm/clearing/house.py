"""The clearing house: central counterparty to every trade, from booking to default management."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from abm.clearing.books.positions import novate_trades
from abm.clearing.calls import funding
from abm.clearing.defaults.recovery import assessment_caps
from abm.clearing.exposure import ExposureInputs, exposure_graph, exposure_rows
from abm.clearing.fund.fund_cycle import FundCycles
from abm.core.arguments import row_number, whole_array
from abm.core.copying import never_copied

if TYPE_CHECKING:
    import networkx as nx


@never_copied("its books belong to one market; build that market again, or another house")
class ClearingHouse(FundCycles):
    """Central counterparty of all trades, with its ledger, margin and default waterfall.

    Accounts are numbered 0 .. n_accounts - 1, month slots are months modulo ``n_slots``, rounds are absolute.
    A usual day: ``book_trades`` every round; at a margin cycle ``mark_to_market``, ``margin_cycle``,
    ``process_deadlines``, ``finish_close_outs``; at the close also ``set_margin``, ``charge_fees``,
    ``daily_interest``, ``sweep_excess`` and ``replenish_fund``, and at a month's end ``size_fund``. Equity is
    collateral, so margin is always judged as of the last mark; every operation that moves money ends in
    ``check``.

    Parameters
    ----------
    contract : ContractSpec
        What is traded.
    n_slots : int
        Months listed at a time.
    accounts : AccountTerms
        Terms of the traders.
    members : MemberTerms
        Resources of the clearing members.
    rules : ClearingRules
        Rules of the house.
    margin : MarginModel
        Initial-margin model.
    journal : bool
        Keep every posting for ``drain_postings``.

    Raises
    ------
    ParameterError
        If an account names a member that does not exist or ``n_slots`` is not positive.
    """

    def book_trades(self, trades: NDArray[np.void]) -> None:
        """Step into every trade as the counterparty of both sides.

        Parameters
        ----------
        trades : array of TRADE_DTYPE, shape (k,)
            Executions in any order, those of a spread leg by leg; positions, carried values, fee accruals
            and lots traded are updated.
        """
        if len(trades) == 0:
            return
        # A copy is writable and contiguous whatever was passed in: the kernel keeps one type signature.
        impossible = novate_trades(
            trades.copy(),
            self._positions,
            self._maker_fee_usd_micro,
            self._taker_fee_usd_micro,
            self._auction_fee_usd_micro,
        )
        assert impossible == -1, f"trade {trades[impossible]} cannot be booked"

    def bring_in_positions(
        self, position_lots: NDArray[np.int64], settlement_ticks: NDArray[np.int64]
    ) -> None:
        """Take over positions that stood between traders before there was a clearing house.

        They are valued at the settlement prices given, so that variation margin runs from there; no trade is
        booked and no fee charged. To be done before anything else is booked.

        Parameters
        ----------
        position_lots : array of int64, shape (n_accounts, n_slots)
            Signed positions; each month's sum to zero.
        settlement_ticks : array of int64, shape (n_slots,)
            Price of each month.
        """
        state = self._positions
        assert not state.position_lots.any(), "positions are there already"
        whole_array("position_lots", position_lots, state.position_lots.shape)
        whole_array("settlement_ticks", settlement_ticks, state.position_lots.shape[1:])
        assert not position_lots.sum(axis=0).any(), "positions of a month do not sum to zero"
        state.position_lots[:] = position_lots
        state.carried_ticks[:] = position_lots * settlement_ticks

    def exposure_rows(self, stress_ticks: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        """Return who is exposed to whom under stated price moves, as columns of a table.

        Parameters
        ----------
        stress_ticks : array of int64, shape (n_scenarios, n_slots)
            Price moves.

        Returns
        -------
        dict of str to array
            One row per scenario and node; the columns are those of ``abm.clearing.exposure.exposure_rows``.
        """
        defaults = self._defaults
        liquid = self._ledger.balance_usd_micro[self.chart.bank] + funding.free_credit(
            self._ledger, self._terms
        )
        capital = self.member_capital_usd_micro
        caps = assessment_caps(self._recovery, ~defaults.member_in_default, self.rules.assessment_bps)
        inputs = ExposureInputs(
            position_lots=self._positions.position_lots,
            margin_usd_micro=self.initial_margin(),
            collateral_usd_micro=self._collateral,
            liquid_usd_micro=np.where(defaults.in_default, 0, liquid),
            in_default=defaults.in_default,
            member_of=self._member,
            member_capital_usd_micro=capital,
            member_fund_usd_micro=self.member_fund_usd_micro,
            member_assessable_usd_micro=caps,
            member_in_default=defaults.member_in_default,
            skin_in_the_game_usd_micro=self.skin_in_the_game_usd_micro,
            tick_value_usd_micro=self.contract.tick_value_usd_micro,
        )
        return exposure_rows(inputs, stress_ticks)

    @property
    def equity_usd_micro(self) -> NDArray[np.int64]:
        """Collateral plus bank money less drawn credit of every account, as of the last mark."""
        return self.collateral_usd_micro + self.bank_cash_usd_micro - self.credit_drawn_usd_micro

    def exposure_graph(self, stress_ticks: NDArray[np.int64], scenario: int = 0) -> nx.DiGraph:
        """Return the two tiers, clients to members to the house, with exposures as edge weights.

        Parameters
        ----------
        stress_ticks : array of int64, shape (n_scenarios, n_slots)
            Price moves.
        scenario : int
            Row of them that the edges show.
        """
        row_number("scenario", scenario, len(stress_ticks))
        return exposure_graph(self.exposure_rows(stress_ticks), scenario)
