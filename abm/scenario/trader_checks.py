"""What the sections of the traders must agree on with each other, the calendar and the contract."""

from __future__ import annotations

from math import ceil

from abm.agents.classes import PopulationsSection
from abm.agents.hedgers.section import ProgrammeSection
from abm.agents.holders.section import imbalance
from abm.core.calendar import MOST_ACTIONS_PER_ROUND
from abm.core.settings.fields import Disagreement
from abm.core.settings.laws import largest
from abm.scenario.sections.contract import CalendarSection, ContractSection

_BY_EVENTS = ("noise", "fundamentalists", "informed", "mixture")
"""Sections of the classes that act several times in a round; the others act at most once in each."""

_ATTENTIVE = ("noise", "mixture")


def programmes_fit(agents: PopulationsSection, contract: ContractSection, calendar: CalendarSection) -> None:
    """Refuse hedge programmes that need months or days which the contract does not have.

    Raises
    ------
    ValueError
        Naming the field.
    """
    programmes: dict[str, ProgrammeSection] = {
        "enterprises": agents.enterprises.programme,
        "providers": agents.providers.programme,
    } | {f"companies.{row}": company.programme for row, company in enumerate(agents.companies)}
    last, days = contract.listed_months - 1, calendar.days_per_month
    for name, programme in programmes.items():
        dotted = f"agents.{name}.programme"
        if programme.rule == "stack" and programme.stack_tenor >= last:
            raise Disagreement(
                f"{dotted}.stack_tenor",
                f"{programme.stack_tenor} is not < contract.listed_months - 1 = {last}",
                "contract.listed_months",
                f"{last + 1} is not > {dotted}.stack_tenor + 1 = {programme.stack_tenor + 1}",
            )
        if programme.rule in ("stack", "rolling") and programme.roll_days > days:
            raise Disagreement.of_bounds(
                f"{dotted}.roll_days", programme.roll_days, "<=", "calendar.days_per_month", days
            )


def rounds_hold_the_actions(agents: PopulationsSection, rounds_per_day: int) -> None:
    """Refuse rates at which a trader would act more often in a round than the batch has room for.

    Attention multiplies the rate by up to ``agents.attention.fastest``. A law counts by its largest value;
    one without (lognormal, exponential) is not checked, and draws beyond are held at the room there is.

    Raises
    ------
    ValueError
        Naming the field.
    """
    attention = agents.attention
    for name in _BY_EVENTS:
        section = getattr(agents, name)
        rate = largest(section.actions_per_day)
        paced = name in _ATTENTIVE and attention.response > 0.0
        most = MOST_ACTIONS_PER_ROUND * rounds_per_day / (attention.fastest if paced else 1.0)
        if section.count > 0 and rate is not None and rate > most:
            at_pace = f", agents.attention.fastest = {attention.fastest:g}" if paced else ""
            raise Disagreement(
                f"agents.{name}.actions_per_day",
                f"{rate:g} is not <= {most:g} ({MOST_ACTIONS_PER_ROUND} "
                f"actions of a trader a round, calendar.rounds_per_day = {rounds_per_day}{at_pace})",
                "calendar.rounds_per_day",
                f"{rounds_per_day} is not >= {ceil(rounds_per_day * rate / most)} ({MOST_ACTIONS_PER_ROUND} "
                f"actions of a trader a round, agents.{name}.actions_per_day = {rate:g}{at_pace})",
            )


def herd_size(agents: PopulationsSection) -> int:
    """Return the number of speculators who carry opinions; 0 without a herd."""
    if agents.sentiment.strength == 0.0:
        return 0
    return sum(
        section.count for section in (agents.noise, agents.fundamentalists, agents.chartists, agents.mixture)
    )


def graph_fits(agents: PopulationsSection) -> None:
    """Refuse a law of the social graph that needs more speculators than there are.

    Raises
    ------
    ValueError
        Naming the field.
    """
    graph, traders = agents.sentiment.graph, herd_size(agents)
    name = {"watts_strogatz": "neighbours", "barabasi_albert": "attachments"}.get(graph.kind)
    if name is not None and 0 < traders <= getattr(graph, name):
        dotted, needed = f"agents.sentiment.graph.{name}", getattr(graph, name)
        raise Disagreement(
            dotted,
            f"{needed} is not < {traders} speculators",
            "agents.sentiment.strength",
            f"{agents.sentiment.strength} is not 0: {traders} speculators are too few for {name} = {needed}",
        )


def holders_fit(agents: PopulationsSection, contract: ContractSection, members: int) -> None:
    """Refuse positions in months that are not listed, at members that do not exist, or that do not balance.

    Raises
    ------
    ValueError
        Naming the field.
    """
    listed = contract.listed_months
    for row, holder in enumerate(agents.holders):
        if len(holder.lots) > listed:
            raise ValueError(
                f"agents.holders.{row}.lots: {len(holder.lots)} tenors are more than "
                f"contract.listed_months = {listed}"
            )
        if holder.member is not None and holder.member >= members:
            raise Disagreement.of_bounds(
                f"agents.holders.{row}.member", holder.member, "<", "clearing.members", members
            )
    wrong = imbalance(agents.holders)
    if wrong is not None:
        raise ValueError(
            f"agents.holders: the positions of tenor {wrong[0]} sum to {wrong[1]} lots, not to 0"
        )


def companies_fit(agents: PopulationsSection) -> None:
    """Refuse two companies of one name, in whatever case, and providers that do not exist.

    Raises
    ------
    ValueError
        Naming the field.
    """
    names: set[str] = set()
    for row, company in enumerate(agents.companies):
        if company.name.casefold() in names:
            raise ValueError(f'agents.companies.{row}.name: "{company.name}" is the name of another company')
        names.add(company.name.casefold())
        count = agents.providers.count
        if company.provider is not None and company.provider >= count:
            raise ValueError(
                f"agents.companies.{row}.provider: {company.provider} is not "
                f"< agents.providers.count = {count}"
            )


def order_flow_fits(agents: PopulationsSection, contract: ContractSection) -> None:
    """Refuse an order flow in months that are not listed.

    Raises
    ------
    ValueError
        Naming the field.
    """
    farthest = max(agents.order_flow.tenors, default=0)
    if farthest >= contract.listed_months:
        raise Disagreement.of_bounds(
            "agents.order_flow.tenors", farthest, "<", "contract.listed_months", contract.listed_months
        )
