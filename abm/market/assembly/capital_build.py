"""Builds the terms of capital over time: whose owner pays out, and whose cash follows the price."""

from __future__ import annotations

import numpy as np

from abm.agents.base.population import Population
from abm.agents.capital.section import PriceBetaSection
from abm.agents.classes import CLASSES
from abm.agents.hedgers.shell import Companies
from abm.agents.holders.member_accounts import MemberAccounts
from abm.clearing import CapitalTerms
from abm.core.money import BPS
from abm.scenario import Scenario


def capital_terms(scenario: Scenario, populations: list[Population]) -> CapitalTerms:
    """Return whose capital follows what, by account; members' own accounts and capital have no such owner."""
    section = scenario.agents.capital
    counts = [population.count for population in populations]
    owned, betas = [], []
    for place, population in enumerate(populations):
        is_member = isinstance(population, MemberAccounts)
        is_custom = place >= len(CLASSES) and not is_member and not isinstance(population, Companies)
        owned.append(not is_member and (section.custom_agents or not is_custom))
        betas.append(0.0 if is_member else _price_beta(section.price_beta, population, is_custom=is_custom))
    follows = section.rule == "follows_notional"
    return CapitalTerms(
        has_owner=np.repeat([follows and is_owned for is_owned in owned], counts),
        price_beta=np.repeat(np.array(betas, dtype=np.float64), counts),
        member_price_beta=scenario.clearing.member_capital_price_beta,
        refill_share_bps=round(section.refill_share * BPS),
        purse_bps=round(section.purse * BPS),
        kept_margin_bps=round(section.kept_margin * BPS),
    )


def _price_beta(betas: PriceBetaSection, population: Population, *, is_custom: bool) -> float:
    if is_custom:  # whatever its name
        return betas.others
    by_name = {
        "enterprise": betas.enterprises,
        "company": betas.enterprises,
        "provider": betas.providers,
        "dmm": betas.market_makers,
    }
    return by_name.get(population.name, betas.others)
