"""Builds the companies that the scenario names, each a population of one, by the rules of enterprises."""

from __future__ import annotations

import numpy as np

from abm.agents.base.population_room import PopulationRoom, check_amounts
from abm.agents.hedgers.build import (
    abandonment_of,
    estimator_of,
    finished_lots,
    hedger_columns,
    programme_of,
)
from abm.agents.hedgers.company_section import CompanySection
from abm.agents.hedgers.needs import NeedByMonth
from abm.agents.hedgers.shell import Companies


def build_companies(room: PopulationRoom) -> list[Companies]:
    """Return the companies of the scenario in the order of the file, each with streams of its own name."""
    return [_company(room, section, row) for row, section in enumerate(room.agents.companies)]


def _company(room: PopulationRoom, section: CompanySection, row: int) -> Companies:
    name, first = f"company/{section.name}", room.next_account
    provider = np.array([_provider(room, section, name)], dtype=np.int64)
    own_multiples = np.array([section.price_multiple])
    multiples = room.provider_multiples[provider] * own_multiples
    needs = np.array([section.months_msit_per_day])
    mean_need = needs.mean(axis=1)  # slices and band are shares of a usual month
    month_lots = room.month_lots(mean_need * multiples)
    programme = programme_of(room, section.programme)
    wanted = finished_lots(room, programme, month_lots)
    largest = finished_lots(room, programme, room.month_lots(needs.max(axis=1) * multiples))
    notional_usd = np.abs(largest).sum(axis=1) * room.contract.contract_size_msit * room.initial_price_usd
    field = f"agents.companies.{row}"
    check_amounts(f"{field}.need_msit_per_day", "the finished programme", notional_usd)
    return Companies(
        hedger_columns(room, name, section.programme, month_lots, wanted),
        room.streams.keys(name, 1),
        month_lots,
        programme,
        mean_need_msit=needs[:, 0].copy(),
        provider=provider,
        hedges=np.array([programme.kind != "none"]),
        need_volatility=section.need_volatility,
        need_reversion_per_day=section.need_reversion_per_day,
        need_price_correlation=section.need_price_correlation,
        need_streams=room.streams.keys(f"company-need/{section.name}", 1),
        price_multiples=own_multiples,
        need_by_month=NeedByMonth(needs, room.month_lots(multiples), room.first_recorded_month),
        labels=(section.name,),
        estimator=estimator_of(room, section.programme, needs[:, 0] * room.days_per_month, multiples),
        listed_months=room.contract.listed_months,
        ramp_days=section.programme.ramp_days,
        abandonment=abandonment_of(section.programme),
        first_account=first,
        funding=room.funding(
            np.array([section.cash_usd]),
            section.credit_usd,
            cash_field=f"{field}.cash_usd",
            credit_field=f"{field}.credit_usd",
        ),
    )


def _provider(room: PopulationRoom, section: CompanySection, name: str) -> int:
    """Return the provider that the scenario names, or one drawn by the rule of enterprises."""
    if section.provider is not None:
        return section.provider
    return int(room.uniforms(name, "provider", 1)[0] * room.agents.providers.count)
