"""Builds the rules of the venue that act round by round from a scenario."""

from __future__ import annotations

import numpy as np

from abm.clearing import AccountTerms
from abm.core.calendar import TradingCalendar, whole_rounds
from abm.core.money import usd_to_micro
from abm.market.venue.auctions import ClosingAuction, OpeningAuction
from abm.market.venue.fee_tiers import FeeTier, FeeTiers
from abm.market.venue.halts import LimitHalts, VolatilityInterruptions
from abm.market.venue.rules import MarketRule
from abm.scenario import Scenario


def build_rules(
    scenario: Scenario, calendar: TradingCalendar, accounts: AccountTerms
) -> tuple[MarketRule, ...]:
    """Return the rules that a scenario asks for, in the order in which their hooks are called.

    Halts and auctions last a whole number of rounds. An auction that is shorter than half a round is not
    held; a halt and an interruption last one round at least.
    """
    section = scenario.exchange
    rounds = calendar.rounds_per_day
    opening = whole_rounds(section.sessions.opening_auction, rounds)
    closing = whole_rounds(section.sessions.closing_auction, rounds)
    rules: list[MarketRule] = []
    if opening > 0:
        rules.append(OpeningAuction(opening))
    if closing > 0:
        rules.append(ClosingAuction(closing))
    if section.interruption.width > 0:
        rules.append(
            VolatilityInterruptions(max(1, whole_rounds(section.interruption.duration_days, rounds)))
        )
    if section.halts.expanded_limits:
        rules.append(
            LimitHalts(
                tuple(section.halts.expanded_limits),
                rounds=max(1, whole_rounds(section.halts.duration_days, rounds)),
                reopening_rounds=max(1, opening) if section.halts.reopening_auction else 0,
                scope=section.halts.scope,
            )
        )
    if section.fee_tiers:
        rules.append(_fee_tiers(scenario, accounts))
    return tuple(rules)


def _fee_tiers(scenario: Scenario, accounts: AccountTerms) -> FeeTiers:
    tiers = tuple(
        FeeTier(tier.from_lots, usd_to_micro(tier.maker_fee_usd), usd_to_micro(tier.taker_fee_usd))
        for tier in scenario.exchange.fee_tiers
    )
    assert accounts.auction_fee_usd_micro is not None
    return FeeTiers(
        tiers,
        maker_fee_usd_micro=np.asarray(accounts.maker_fee_usd_micro),
        taker_fee_usd_micro=np.asarray(accounts.taker_fee_usd_micro),
        auction_fee_usd_micro=np.asarray(accounts.auction_fee_usd_micro),
    )
