"""The contract: signed ticks, the value of a tick, notional."""

from __future__ import annotations

import pytest

from abm.core.contract import MONTH_LETTERS, ContractSpec
from abm.core.errors import ParameterError

SIT = ContractSpec()


def test_one_tick_on_one_lot_is_one_dollar():
    assert SIT.tick_value_usd_micro == 1_000_000


@pytest.mark.parametrize(("price_usd", "ticks"), [(51.14, 51_140), (0.0, 0), (-0.25, -250), (0.0014, 1)])
def test_a_price_is_a_signed_number_of_ticks(price_usd, ticks):
    assert SIT.price_to_ticks(price_usd) == ticks


@pytest.mark.parametrize("ticks", [-1_000_003, -1, 0, 1, 51_135, 999_999_937])
def test_ticks_survive_the_way_to_dollars_and_back(ticks):
    assert SIT.price_to_ticks(SIT.ticks_to_usd(ticks)) == ticks


def test_notional_has_the_sign_of_price_times_position():
    assert SIT.notional_usd_micro(51_140, 3) == 3 * 51_140 * 1_000_000
    assert SIT.notional_usd_micro(-250, 3) == SIT.notional_usd_micro(250, -3) == -750_000_000


def test_notional_of_the_largest_book_does_not_overflow():
    assert SIT.notional_usd_micro(10**12, 10**9) == 10**27


def test_month_letters_are_the_exchanges_common_code():
    assert MONTH_LETTERS[0] == "F"
    assert MONTH_LETTERS[11] == "Z"
    assert len(set(MONTH_LETTERS)) == 12
    assert list(MONTH_LETTERS) == sorted(MONTH_LETTERS)


@pytest.mark.parametrize("field", ["contract_size_msit", "tick_size_usd_micro", "listed_months"])
@pytest.mark.parametrize("value", [0, -5])
def test_a_size_that_is_not_positive_is_refused_by_name(field, value):
    with pytest.raises(ParameterError, match=rf"{field}: {value} is not > 0"):
        ContractSpec(**{field: value})
