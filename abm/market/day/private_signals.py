"""The one channel by which anybody knows more than the public: tomorrow's value of every listed month.

The market alone can look ahead: it steps a copy of the physical side by a day, with copies of its random
streams, and values the months on the fixing that will be published. The copy is thrown away, so that the path
of prices is the same whether somebody knows it or not. The values go to informed traders and nowhere else.
"""

from __future__ import annotations

import copy

import numpy as np
from numpy.typing import NDArray

from abm.agents.informed.shell import InformedTraders
from abm.market.state import MarketState


def give_signals(market: MarketState) -> None:
    """Let the informed traders know, at the open, what every listed month will be worth tomorrow."""
    informed = [p for p in market.populations if isinstance(p, InformedTraders) and p.count > 0]
    if informed:
        values = tomorrows_values_ticks(market)
        for population in informed:
            population.learn(values)


def tomorrows_values_ticks(market: MarketState) -> NDArray[np.float64]:
    """Return the public model value that each month listed today will have tomorrow, ticks by tenor.

    The month that expires today has no tomorrow: its value is today's, which is its final price.
    """
    day, tick_usd = market.clock.day, market.contract.tick_size_usd_micro / 1e6
    today: NDArray[np.float64] = market.curve.months["model_ticks"].copy()
    desk = copy.deepcopy(market.desk)
    desk.advance_to(day + 1)
    tomorrow = desk.model_curve_usd(day + 1, len(today)) / tick_usd
    if market.clock.calendar.is_last_day_of_month(day):
        return np.append(today[:1], tomorrow[:-1])
    return tomorrow
