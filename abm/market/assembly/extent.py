"""How large a market may be: money and positions that integers of micro-USD hold, accounts in memory."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from abm.agents.base.parameter_draws import parameter_draws, standard_draws
from abm.agents.classes import PopulationsSection, classes_with
from abm.agents.hedgers.quantities import mean_needs, provider_capacity
from abm.agents.hedgers.section import EnterpriseSection, ProgrammeSection, ProviderSection
from abm.core.arrays import FloatArray
from abm.core.randomness import RandomStreams
from abm.scenario import Scenario

MOST_MONEY_USD = 1e12
"""Most money of all traders and members together; judgement: an int64 holds nine times as much."""

MOST_POSITION_USD = 1e10
"""Most that a position in a month may be worth on day 0; judgement: it has room to grow a hundredfold."""

MOST_ACCOUNT_MONTHS = 2_000_000
"""Most accounts times listed months; judgement: about a gigabyte."""

MOST_FLOW_A_ROUND = 100_000.0
"""Most orders of the Poisson flow to expect in a round; judgement: a second of matching."""

_CLASSES = {item.section: item.population for item in classes_with("max_position_lots")}
"""Population of each section whose traders have cash and a largest position of their own."""


class Infeasible(Exception):
    """A valid scenario makes a market that cannot be held: the fields to look at first, and what is wrong."""

    def __init__(self, field: str, text: str, *others: str) -> None:
        super().__init__(f"{field}: {text}")
        self.field, self.text = field, text
        self.others = others


class Amount(NamedTuple):
    """What one field brings in, USD."""

    field: str
    usd: float


def require_room(scenario: Scenario) -> None:
    """Refuse more accounts than memory holds, and more orders of a Poisson flow than a round can match.

    Raises
    ------
    Infeasible
        Naming the field behind most of it.
    """
    agents, flow = scenario.agents, scenario.agents.order_flow
    counts = {f"agents.{name}.count": getattr(agents, name).count for name in _CLASSES}
    counts |= {f"agents.{name}.count": getattr(agents, name).count for name in ("enterprises", "providers")}
    counts["agents.companies"] = len(agents.companies)
    counts["agents.holders"] = sum(holder.count for holder in agents.holders)
    accounts, months = sum(counts.values()), scenario.contract.listed_months
    if accounts * months > MOST_ACCOUNT_MONTHS:
        raise Infeasible(
            max(counts, key=lambda field: counts[field]),
            f"{accounts:,} accounts in contract.listed_months = {months} months are more than "
            f"{MOST_ACCOUNT_MONTHS:,} accounts times months",
        )
    rates = np.resize(flow.limits_per_day, 1)  # the first rate also reaches across the best price
    inside = flow.limits_per_day[: flow.reach_ticks]
    beyond = (flow.reach_ticks - len(inside)) * inside[-1]
    limits = sum(inside) + beyond + flow.overlap_ticks * float(rates[0])
    orders = 2 * len(flow.tenors) * (limits + flow.markets_per_day) / scenario.calendar.rounds_per_day
    if orders > MOST_FLOW_A_ROUND:
        largest = "limits_per_day" if limits > flow.markets_per_day else "markets_per_day"
        raise Infeasible(
            f"agents.order_flow.{largest}",
            f"{orders:.3g} orders of the flow are expected in a round, more than {MOST_FLOW_A_ROUND:,.0f} "
            f"(calendar.rounds_per_day = {scenario.calendar.rounds_per_day})",
        )


def require_money(
    scenario: Scenario,
    streams: RandomStreams,
    *,
    price_usd: float,
    multiples: FloatArray,
    money_ratio: float = 1.0,
) -> float:
    """Refuse money and positions that the integers of the clearing house cannot hold.

    Parameters
    ----------
    scenario : Scenario
        Who comes with what.
    streams : RandomStreams
        The run's, from which the traders' own parameters are drawn.
    price_usd : float
        Price on day 0, USD per mSIT.
    multiples : array of float, shape (providers,)
        Expected price of each provider as a multiple of it.
    money_ratio : float
        Money that accounts start with over what the scenario says of day 0.

    Returns
    -------
    float
        Largest quantity that one account may hold in a month, mSIT.

    Raises
    ------
    Infeasible
        Naming the field behind most of it.
    """
    worth = [*_programmes(scenario, streams, price_usd, float(multiples.max()))]
    amounts = [*_money(scenario, streams, worth)]
    total = max(money_ratio, 1.0) * sum(amount.usd for amount in amounts)
    largest = max(amounts, key=lambda amount: amount.usd)
    if not total <= MOST_MONEY_USD:
        raise Infeasible(
            largest.field,
            f"all money in the market comes to {total:.3g} USD ({largest.field}: {largest.usd:.3g} USD), "
            f"which is not <= {MOST_MONEY_USD:g}",
        )
    size = scenario.contract.contract_size_msit
    positions = [
        *(Amount(field, float(usd.max(initial=0.0))) for field, usd in worth),
        *(Amount(field, lots * size * price_usd) for field, lots in _position_bounds(scenario, streams)),
        Amount("contract.contract_size_msit", size * price_usd),
    ]
    widest = max(positions, key=lambda amount: amount.usd)
    if not widest.usd <= MOST_POSITION_USD:
        raise Infeasible(
            widest.field,
            f"a position may be worth {widest.usd:.3g} USD on day 0 (contract.contract_size_msit = {size}, "
            f"price {price_usd:.6g} USD per mSIT), which is not <= {MOST_POSITION_USD:g}",
        )
    return widest.usd / price_usd


def _programmes(
    scenario: Scenario, streams: RandomStreams, price_usd: float, multiple: float
) -> Iterator[tuple[str, FloatArray]]:
    """Yield what the finished programme of each hedger is worth at most, USD, all months together."""
    agents, months = scenario.agents, scenario.contract.listed_months
    month_usd = scenario.calendar.days_per_month * multiple * price_usd
    for field, quantity, section in (
        ("agents.enterprises.need_msit_per_day", mean_needs(agents, streams), agents.enterprises),
        ("agents.providers.capacity_msit_per_day", provider_capacity(agents, streams), agents.providers),
    ):
        yield field, quantity * month_usd * months * _largest_ratio(section.programme)
    for row, company in enumerate(agents.companies):
        own_usd = max(company.months_msit_per_day) * company.price_multiple * month_usd
        worth_usd = np.array([own_usd * months * _largest_ratio(company.programme)])
        yield f"agents.companies.{row}.need_msit_per_day", worth_usd


def _largest_ratio(programme: ProgrammeSection) -> float:
    if programme.rule == "none":
        return 0.0
    if programme.rule == "layered":
        return max(programme.near_ratio, programme.mid_ratio, programme.far_ratio)
    return max(1.0, programme.ratio)


def _money(
    scenario: Scenario, streams: RandomStreams, worth: list[tuple[str, FloatArray]]
) -> Iterator[Amount]:
    agents, clearing = scenario.agents, scenario.clearing
    (_, enterprises_usd), (_, providers_usd) = worth[:2]
    yield from _hedgers_money(agents.enterprises, enterprises_usd, streams)
    yield from _hedgers_money(agents.providers, providers_usd, streams)
    for name, drawn in _drawn(agents, streams, "cash_usd"):
        yield Amount(f"agents.{name}.cash_usd", float(drawn.sum()))
    for row, company in enumerate(agents.companies):
        yield Amount(f"agents.companies.{row}.cash_usd", company.cash_usd)
        yield Amount(f"agents.companies.{row}.credit_usd", company.credit_usd)
    for row, holder in enumerate(agents.holders):
        yield Amount(f"agents.holders.{row}.cash_usd", holder.count * holder.cash_usd)
        yield Amount(f"agents.holders.{row}.credit_usd", holder.count * holder.credit_usd)
    flow = agents.order_flow
    yield Amount("agents.order_flow.cash_usd", 3 * len(flow.tenors) * flow.cash_usd)
    yield Amount("clearing.member_capital_usd", clearing.members * clearing.member_capital_usd)
    yield Amount("clearing.fund_contribution_usd", clearing.members * clearing.fund_contribution_usd)
    yield Amount("clearing.member_account_usd", clearing.members * clearing.member_account_usd)
    yield Amount("clearing.fund.floor_usd", clearing.members * clearing.fund.floor_usd)
    yield Amount("clearing.skin_in_the_game_usd", clearing.skin_in_the_game_usd)


def _hedgers_money(
    section: EnterpriseSection | ProviderSection, worth_usd: FloatArray, streams: RandomStreams
) -> Iterator[Amount]:
    if isinstance(section, EnterpriseSection):
        cash = section.cash_share * np.exp(
            section.cash_log_sd * standard_draws(streams, "enterprise", "cash", section.count)
        )
        credit = np.full(section.count, section.credit_share)
    else:
        cash, credit = (
            parameter_draws(
                streams, "provider", name, getattr(section, name), section.count, section.bounds_of(name)
            )
            for name in ("cash_share", "credit_share")
        )
    name = "enterprises" if isinstance(section, EnterpriseSection) else "providers"
    yield Amount(f"agents.{name}.cash_share", float(cash @ worth_usd))
    yield Amount(f"agents.{name}.credit_share", float(credit @ worth_usd))


def _position_bounds(scenario: Scenario, streams: RandomStreams) -> Iterator[tuple[str, float]]:
    """Yield the most lots of a month that a trader of each class may hold."""
    agents = scenario.agents
    for name, drawn in _drawn(agents, streams, "max_position_lots"):
        yield f"agents.{name}.max_position_lots", float(drawn.max(initial=0.0))
    for row, holder in enumerate(agents.holders):
        yield f"agents.holders.{row}.lots", float(max(abs(lots) for lots in holder.lots))
    flow = agents.order_flow
    if flow.tenors:
        days = math.sqrt(flow.markets_per_day * scenario.run.days)
        yield "agents.order_flow.lots", 10.0 * flow.lots * max(1.0, days)


def _drawn(
    agents: PopulationsSection, streams: RandomStreams, field: str
) -> Iterator[tuple[str, FloatArray]]:
    for name, agent_class in _CLASSES.items():
        section = getattr(agents, name)
        bounds = section.bounds_of(field)
        value = getattr(section, field)
        yield name, parameter_draws(streams, agent_class, field, value, section.count, bounds)
