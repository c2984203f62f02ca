"""Position limits bind everybody but recognised hedgers."""

from __future__ import annotations

import numpy as np
import pytest
from quiet_market import at_settlement, buys, play, quiet, reasons, sells, together

from abm.market import TokenFuturesMarket
from abm.scenario import Scenario


def test_an_order_that_could_take_a_position_over_the_limit_is_refused():
    market, (ann, bob), recorder = quiet(exchange__position_limits__month_lots=10)
    bob.script[0, 0] = sells(at_settlement(1), 10, 1)
    ann.script[0, 1] = buys(at_settlement(1), 6, 1)
    ann.script[0, 2] = together(
        buys(at_settlement(1), 5, 1), buys(at_settlement(1), 4, 1), sells(9_000, 1, 1)
    )
    ann.script[0, 3] = buys(at_settlement(2), 10, 2)  # another month has its own limit
    ann.script[0, 4] = sells(at_settlement(1), 20, 1)  # to -10 at worst
    play(market, 5)
    assert reasons(recorder, ann.account) == [
        "NONE", "POSITION_LIMIT", "NONE", "PRICE_LIMIT", "NONE", "NONE"
    ]  # fmt: skip
    assert ann.position_lots(1) == 10


def test_the_front_month_may_have_a_lower_limit_of_its_own_from_its_first_day():
    market, (ann, _), recorder = quiet(
        calendar__days_per_month=2, exchange__position_limits__month_lots=10,
        exchange__position_limits__front_month_lots=4,
    )  # fmt: skip
    ann.script[0, 0] = together(buys(at_settlement(0), 5, 0), buys(at_settlement(1), 8, 1))
    ann.script[2, 0] = together(buys(at_settlement(0), 5, 0), buys(at_settlement(0), 4, 0))
    play(market, 25)
    assert reasons(recorder, ann.account) == ["POSITION_LIMIT", "NONE", "POSITION_LIMIT", "NONE"]


def test_a_position_above_a_new_lower_limit_may_only_be_reduced():
    market, (ann, bob), recorder = quiet(
        calendar__days_per_month=2, exchange__position_limits__month_lots=10,
        exchange__position_limits__front_month_lots=4,
    )  # fmt: skip
    bob.script[0, 0] = sells(at_settlement(1), 9, 1)
    ann.script[0, 1] = buys(at_settlement(1), 9, 1)
    ann.script[2, 0] = together(buys(at_settlement(0), 1, 0), sells(at_settlement(0), 5, 0))
    play(market, 25)
    assert ann.position_lots(0) == 9
    assert reasons(recorder, ann.account) == ["NONE", "POSITION_LIMIT", "NONE"]


@pytest.mark.parametrize("exempt", [("enterprises", "providers"), ()])
def test_hedgers_are_exempt_if_the_scenario_says_so(exempt):
    scenario = Scenario().replace(
        {
            "calendar.rounds_per_day": 24,
            "exchange.position_limits.month_lots": 3,
            "exchange.position_limits.exempt": exempt,
        }
    )
    market = TokenFuturesMarket(scenario, rng=1)
    play(market, 10 * 24)
    largest = {
        population.name: int(np.abs(market.clearing.position_lots[population.accounts]).max(initial=0))
        for population in market.populations
    }
    hedgers = {"enterprise", "provider"}
    assert all(lots <= 3 for name, lots in largest.items() if name not in hedgers or not exempt)
    assert all((largest[name] > 3) == bool(exempt) for name in hedgers)
    assert market.refusals[:, 32].sum() > 100  # POSITION_LIMIT
    assert market.trades_made > 200
