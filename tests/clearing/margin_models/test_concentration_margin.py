"""The add-on for positions that are large against the market's volume."""

import numpy as np
import pytest
from margin_days import basis, day, lots, observed, one_account, usd

from abm.clearing.margin_models import Concentration, FlatMargin
from abm.core.errors import ParameterError


def concentrated(**parameters):
    """Flat margin of 100 dollars a lot at a price of 1,000."""
    return Concentration(FlatMargin(basis(), buckets=[(2, 1_000)]), basis(), **parameters)


def traded(volume, **where):
    return day(1_000, 1_000, 1_000, volume=volume, **where)


def test_the_excess_over_what_can_be_liquidated_grows_with_the_root_of_time():
    model = observed(
        concentrated(volume_share=0.25, mpor_days=2), [traded((0, 0, 0)), traded((100, 100, 400))]
    )
    # 25 lots a day of 100 traded: 50 lots within two days. 200 lots take eight days, twice the root of two.
    #   50 lots x 100, and 150 lots x 100 x 2
    # The third month trades 400, so that 200 lots are within the two days.
    account = lots([50, 0, 0], [200, 0, 0], [0, -200, 0], [0, 0, 200], [200, 0, -200])
    assert usd(model.per_account_usd_micro(account)) == [5_000, 35_000, 35_000, 20_000, 55_000]
    assert usd(model.per_lot_usd_micro()) == [100, 100, 100]


def test_there_is_no_add_on_before_a_day_of_trading_is_known():
    model = observed(concentrated(), [traded((5, 5, 5))])
    assert one_account(model, 10_000, 0, 0) == 10_000 * 100 * 10**6


def test_volume_belongs_to_the_tenor_that_traded_and_fades():
    model = observed(
        concentrated(volume_share=1.0, mpor_days=1, decay=0.5),
        [
            traded((0, 0, 0)),
            # The front month expired after its last 800 lots; slot 0 holds a new month.
            traded((800, 80, 8), tenor=(2, 0, 1), months=(3, 1, 2)),
            traded((8, 200, 80), tenor=(2, 0, 1), months=(3, 1, 2)),
        ],
    )
    # Front month: (200 + 800 / 2) / 1.5 = 400 lots a day; it sits in slot 1.
    assert one_account(model, 0, 400, 0) == 400 * 100 * 10**6
    assert one_account(model, 0, 401, 0) > 401 * 100 * 10**6
    assert one_account(model, 8, 0, 0) == 8 * 100 * 10**6
    assert one_account(model, 9, 0, 0) > 9 * 100 * 10**6


def test_a_month_that_never_trades_is_taken_as_hardly_liquid_not_as_impossible():
    model = observed(
        concentrated(minimum_volume_lots=4.0, volume_share=0.25, mpor_days=1), [traded((0, 0, 0))] * 3
    )
    assert one_account(model, 1, 0, 0) == 100 * 10**6
    assert one_account(model, 4, 0, 0) == (1 + 3 * 2) * 100 * 10**6


def test_twice_a_large_position_needs_more_than_twice_the_margin():
    model = observed(concentrated(), [traded((0, 0, 0)), traded((100, 100, 100))])
    margins = [one_account(model, size, 0, 0) / size for size in (10, 50, 51, 100, 1_000)]
    assert margins[0] == margins[1]
    assert np.all(np.diff(margins[1:]) > 0)


@pytest.mark.parametrize(
    "parameters",
    [
        {"volume_share": 0.0},
        {"volume_share": 1.1},
        {"decay": 1.0},
        {"minimum_volume_lots": 0.0},
        {"mpor_days": 0},
    ],
)
def test_what_makes_no_sense_is_refused(parameters):
    with pytest.raises(ParameterError):
        concentrated(**parameters)
