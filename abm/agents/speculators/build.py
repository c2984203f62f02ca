"""Builds the populations of speculators: noise traders, fundamentalists and chartists."""

from __future__ import annotations

import numpy as np

from abm.agents.base.curve_risk import new_curve_risk
from abm.agents.base.population_room import PopulationRoom
from abm.agents.limits.build import risk_limits
from abm.agents.speculators.chartist import CHARTIST_DTYPE
from abm.agents.speculators.fundamentalist import FUNDAMENTALIST_DTYPE
from abm.agents.speculators.noise import NOISE_DTYPE
from abm.agents.speculators.shell import Chartists, Fundamentalists, NoiseTraders


def build_noise(room: PopulationRoom) -> NoiseTraders:
    """Return the noise traders of the scenario."""
    section = room.agents.noise
    first = room.next_account
    columns = room.columns(NOISE_DTYPE, "noise", section.count, section.latency_ms)
    room.fill(columns, "noise", section, *_own(columns))
    noise = NoiseTraders(
        columns,
        room.streams.keys("noise", section.count),
        room.tenor_weights,
        first_account=first,
        funding=room.funding(room.parameter("noise", section, "cash_usd", section.count)),
    )
    noise.limits = risk_limits(room, "noise", section.limits, columns)
    return noise


def build_fundamentalists(room: PopulationRoom) -> Fundamentalists:
    """Return the fundamentalists of the scenario."""
    section = room.agents.fundamentalists
    first = room.next_account
    columns = room.columns(FUNDAMENTALIST_DTYPE, "fundamentalist", section.count, section.latency_ms)
    room.fill(columns, "fundamentalist", section, *_own(columns, "belief_error", "belief_time"))
    columns["belief_error"] = columns["belief_sd"] * room.normals("fundamentalist", "belief", section.count)
    aversion, correlation = (
        room.parameter("fundamentalist", section, name, section.count)
        for name in ("relative_risk_aversion", "curve_correlation")
    )
    columns["belief_time"] = -room.warm_up_days
    fundamentalists = Fundamentalists(
        columns,
        room.streams.keys("fundamentalist", section.count),
        room.tenor_weights,
        risk=new_curve_risk(
            aversion,
            correlation,
            listed_months=room.contract.listed_months,
            tick_value_usd=room.tick_value_usd,
        ),
        first_account=first,
        funding=room.funding(room.parameter("fundamentalist", section, "cash_usd", section.count)),
    )
    fundamentalists.limits = risk_limits(room, "fundamentalist", section.limits, columns)
    return fundamentalists


def build_chartists(room: PopulationRoom) -> Chartists:
    """Return the chartists of the scenario, spread over the tenors."""
    section = room.agents.chartists
    first = room.next_account
    columns = room.columns(CHARTIST_DTYPE, "chartist", section.count, section.latency_ms)
    room.fill(columns, "chartist", section, "actions_per_day", "threshold", "max_position_lots")
    for name in ("fast_days", "slow_days", "slice_lots"):
        columns[name] = getattr(section, name)
    spread_over = min(section.tenors, room.contract.listed_months - 1)
    columns["tenor"] = 1 + np.arange(section.count) % spread_over if spread_over > 0 else 0
    columns["month"] = -1
    chartists = Chartists(
        columns,
        room.streams.keys("chartist", section.count),
        first_account=first,
        funding=room.funding(room.parameter("chartist", section, "cash_usd", section.count)),
    )
    chartists.limits = risk_limits(room, "chartist", section.limits, columns)
    return chartists


def _own(columns: np.ndarray, *without: str) -> list[str]:
    """Return the columns that are parameters of the class's section."""
    shared = {"account", "latency_ms", "jitter", "tilt", *without}
    return [name for name in columns.dtype.names or () if name not in shared]
