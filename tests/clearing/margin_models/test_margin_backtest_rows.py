"""Back-test rows: requirement at a close, loss of the position held then over the margin period."""

import math

import numpy as np
import pytest
from margin_days import USD, basis, day, lots

from abm.clearing.margin_models import EwmaMargin, MarginBacktest
from abm.core.errors import ParameterError


def ints(*values):
    return np.array(values, dtype=np.int64)


def close(backtest, months, prices):
    accounts, contracts = backtest.close_day(months=ints(*months), settlement_ticks=ints(*prices))
    return accounts.tolist(), contracts.tolist()


def hold(backtest, closed, months, prices, positions, account_usd, lot_usd=(0, 0), tenor=(0, 1)):
    backtest.hold(
        day=closed,
        months=ints(*months),
        tenor=ints(*tenor),
        settlement_ticks=ints(*prices),
        position_lots=np.asarray(positions),
        account_usd_micro=ints(*account_usd) * USD,
        lot_usd_micro=ints(*lot_usd) * USD,
    )


def test_the_loss_is_that_of_the_position_held_when_margin_was_set():
    backtest = MarginBacktest(tick_value_usd_micro=USD, mpor_days=2)
    positions = lots([3, -1], [-3, 1], [0, 0])
    hold(backtest, 4, (0, 1), (100, 200), positions, (10, 28, 0), (9, 10))
    positions[:] = 0  # the house reuses its array, and everybody closes out
    assert close(backtest, (0, 1), (90, 190)) == ([], [])
    hold(backtest, 5, (0, 1), (90, 190), positions, (0, 0, 0))
    accounts, contracts = close(backtest, (0, 1), (91, 202))
    # Account 0: 3 x (91 - 100) - (202 - 200) = -29. Account 1 the opposite. Account 2 held nothing.
    assert accounts == [(4, 0, 10 * USD, 29 * USD, 1), (4, 1, 28 * USD, -29 * USD, 0)]
    # (day, month, tenor, side, requirement, loss, breach); 9 is what the front month lost: no breach
    assert contracts == [
        (4, 0, 0, 1, 9 * USD, 9 * USD, 0),
        (4, 1, 1, 1, 10 * USD, -2 * USD, 0),
        (4, 0, 0, -1, 9 * USD, -9 * USD, 0),
        (4, 1, 1, -1, 10 * USD, 2 * USD, 0),
    ]


def test_a_month_that_expires_within_the_margin_period_keeps_its_final_price():
    backtest = MarginBacktest(tick_value_usd_micro=USD, mpor_days=3)
    hold(backtest, 0, (0, 1), (100, 200), [[1, 0], [0, 1]], (5, 5))
    close(backtest, (0, 1), (97, 200))  # month 0 ends at 97
    close(backtest, (2, 1), (400, 190))  # slot 0 now holds month 2
    accounts, _ = close(backtest, (2, 1), (500, 180))
    assert [(row[1], row[3] // USD) for row in accounts] == [(0, 3), (1, 20)]


def test_every_day_is_judged_once_and_overlapping_periods_run_side_by_side():
    backtest = MarginBacktest(tick_value_usd_micro=USD, mpor_days=2)
    days = []
    for today in range(6):
        accounts, _ = close(backtest, (0, 1), (100 + today, 200))
        days += [(row[0], row[3] // USD) for row in accounts]
        hold(backtest, today, (0, 1), (100 + today, 200), [[-1, 0]], (5,))
    assert days == [(0, 2), (1, 2), (2, 2), (3, 2)]


@pytest.mark.verify
@pytest.mark.parametrize("mpor_days", [1, 4])
def test_normal_moves_breach_a_true_margin_as_often_as_its_confidence_says(mpor_days):
    """1,000 judged days at 99 % see 5 to 16 breaches in 95 % of samples (Kupiec 1995)."""
    rng, tenors, samples, volatility = np.random.default_rng(31), 12, 20, 0.01
    history = volatility * np.repeat((np.arange(500) % 2 * 2.0 - 1.0)[:, None], tenors, axis=1)
    counts = []
    for _ in range(samples):
        model = EwmaMargin(basis(history), confidence=0.99, mpor_days=mpor_days, learns=False)
        backtest = MarginBacktest(tick_value_usd_micro=USD, mpor_days=mpor_days)
        judged = []
        for today in range(1_000):
            held = day(*[10**7] * tenors)
            model.observe(held)
            backtest.hold(
                day=today,
                months=held.months,
                tenor=held.tenor,
                settlement_ticks=held.settlement_ticks,
                position_lots=np.zeros((1, tenors), dtype=np.int64),
                account_usd_micro=np.zeros(1, dtype=np.int64),
                lot_usd_micro=model.per_lot_usd_micro(),
            )
            moves = volatility * rng.standard_normal((mpor_days, tenors)).cumsum(axis=0)
            judged += [
                backtest.close_day(months=held.months, settlement_ticks=prices)[1]
                for prices in np.rint(10**7 * (1.0 + moves)).astype(np.int64)
            ]
        rows = np.concatenate(judged)
        for side in (1, -1):
            hit = rows["breach"][rows["side"] == side].reshape(1_000, tenors)
            counts += hit.sum(axis=0).tolist()
    inside = np.mean([5 <= count <= 16 for count in counts])
    exact = sum(math.comb(1_000, n) * 0.01**n * 0.99 ** (1_000 - n) for n in range(5, 17))
    assert abs(inside - exact) < 4.0 * math.sqrt(exact * (1.0 - exact) / len(counts))
    assert abs(np.mean(counts) - 10.0) < 4.0 * math.sqrt(9.9 / len(counts))


@pytest.mark.parametrize("parameters", [(0, 1), (1, 0)])
def test_what_makes_no_sense_is_refused(parameters):
    with pytest.raises(ParameterError):
        MarginBacktest(tick_value_usd_micro=parameters[0], mpor_days=parameters[1])
