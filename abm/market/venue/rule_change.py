"""Rules that change as day 0 opens: a warm-up under the baseline's, a record under the scenario's own."""

from __future__ import annotations

from typing import Any, NamedTuple

from abm.agents.makers.contract import MakerTerms
from abm.clearing import AccountTerms, MarginDay, MarginModel
from abm.market.state import MarketState
from abm.market.venue.maker_regime import MakerRegime
from abm.market.venue.position_limits import PositionLimits
from abm.scenario.sections.exchange import ExchangeSection


class RuleSet(NamedTuple):
    """What a venue can change while it trades.

    Attributes
    ----------
    prices : ExchangeSection
        Price limits, bands and the protection of market orders; nothing else of it is read.
    position_limits : PositionLimits
        Largest net positions.
    accounts : AccountTerms
        Fees of every account; nothing else of it is read.
    margin : MarginModel
        Margin model, which has seen no settlement yet.
    makers : MakerTerms
        Contract with market makers.
    """

    prices: ExchangeSection
    position_limits: PositionLimits
    accounts: AccountTerms
    margin: MarginModel
    makers: MakerTerms


class RuleChange:
    """Rules that wait for day 0; their margin model sees every settlement meanwhile.

    Parameters
    ----------
    rules : RuleSet
        What is going to hold.
    before_trading : MarginDay
        What a margin model may see before the first day.
    """

    def __init__(self, rules: RuleSet, before_trading: MarginDay) -> None:
        self._rules = rules
        self.learn(before_trading)

    def learn(self, day: MarginDay) -> None:
        """Show the waiting margin model a settlement."""
        self._rules.margin.observe(day)

    def take_effect(self, market: MarketState, makers: MakerRegime) -> None:
        """Let the rules hold from now on: between two days, when a month has ended."""
        rules, accounts = self._rules, self._rules.accounts
        market.curve.change_rules(rules.prices)
        market.position_limits.change_to(rules.position_limits)
        assert accounts.auction_fee_usd_micro is not None
        market.clearing.set_fees(
            maker_fee_usd_micro=accounts.maker_fee_usd_micro,
            taker_fee_usd_micro=accounts.taker_fee_usd_micro,
            auction_fee_usd_micro=accounts.auction_fee_usd_micro,
        )
        market.clearing.change_margin_model(rules.margin)
        makers.change_terms(market, rules.makers)

    def update_digest(self, digest: Any) -> None:
        """Feed what the waiting margin model has learnt into the state hash."""
        self._rules.margin.update_digest(digest)
