"""The trading calendar: months, their codes, what is listed, which row a month holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abm.core.calendar import TradingCalendar
from abm.core.errors import ParameterError

YEAR = TradingCalendar()


def test_a_year_has_252_trading_days_in_12_months():
    assert YEAR.days_per_year == 252
    assert YEAR.month_of(0) == YEAR.month_of(20) == 0
    assert YEAR.month_of(21) == 1
    assert YEAR.month_of(251) == 11
    assert YEAR.year_fraction(63) == 0.25


def test_a_month_expires_on_its_last_fixing_day():
    assert (YEAR.first_day(3), YEAR.last_day(3)) == (63, 83)
    assert [day for day in range(63) if YEAR.is_last_day_of_month(day)] == [20, 41, 62]


def test_twelve_consecutive_months_are_listed_front_month_first():
    assert list(YEAR.listed(0)) == list(range(12))
    assert list(YEAR.listed(20)) == list(range(12))
    assert list(YEAR.listed(21)) == list(range(1, 13))


def test_the_newly_listed_month_takes_the_row_of_the_expired_one():
    (gone,) = set(YEAR.listed(20)) - set(YEAR.listed(21))
    (new,) = set(YEAR.listed(21)) - set(YEAR.listed(20))
    assert YEAR.slot(new) == YEAR.slot(gone)


@given(st.integers(1, 24), st.integers(1, 31), st.integers(0, 5_000))
def test_listed_months_fill_every_row_once(listed_months, days_per_month, day):
    calendar = TradingCalendar(days_per_month=days_per_month, listed_months=listed_months)
    months = calendar.listed(day)
    assert sorted(map(calendar.slot, months)) == list(range(listed_months))
    assert calendar.first_day(months[0]) <= day <= calendar.last_day(months[0])


@given(st.integers(1, 31), st.integers(0, 500))
def test_fixing_days_of_consecutive_months_leave_no_gap(days_per_month, month):
    calendar = TradingCalendar(days_per_month=days_per_month)
    assert calendar.first_day(month + 1) == calendar.last_day(month) + 1
    assert calendar.is_last_day_of_month(calendar.last_day(month))


@pytest.mark.parametrize(
    ("first_year", "first_month", "month", "code"),
    [
        (2027, 1, 0, "F27"),
        (2027, 1, 11, "Z27"),
        (2027, 1, 12, "F28"),
        (2026, 12, 0, "Z26"),
        (2026, 12, 1, "F27"),
        (2099, 6, 7, "F00"),
    ],
)
def test_month_codes_carry_over_the_year_end(first_year, first_month, month, code):
    assert TradingCalendar(first_year=first_year, first_month=first_month).month_code(month) == code


def test_months_of_a_year_that_has_not_twelve_are_numbered():
    assert TradingCalendar(months_per_year=10).month_code(7) == "M007"


@pytest.mark.parametrize("field", ["rounds_per_day", "days_per_month", "months_per_year", "listed_months"])
def test_a_count_that_is_not_positive_is_refused_by_name(field):
    with pytest.raises(ParameterError, match=rf"calendar\.{field}: 0 is not > 0"):
        TradingCalendar(**{field: 0})


@pytest.mark.parametrize("first_month", [0, 13])
def test_a_month_outside_the_year_is_refused_by_name(first_month):
    with pytest.raises(ParameterError, match=rf"calendar\.first_month: {first_month} is not in 1\.\.12"):
        TradingCalendar(first_month=first_month)


WARM = TradingCalendar(warm_up_days=63)


def test_days_of_a_warm_up_are_negative_and_its_months_come_before_the_recorded_ones():
    assert (WARM.first_trading_day, WARM.first_recorded_month) == (-63, 3)
    assert [WARM.month_of(day) for day in (-63, -43, -42, -1, 0, 20, 21)] == [0, 0, 1, 2, 3, 3, 4]
    assert (WARM.first_day(0), WARM.last_day(2), WARM.first_day(3)) == (-63, -1, 0)
    assert [day for day in range(-63, 21) if WARM.is_last_day_of_month(day)] == [-43, -22, -1, 20]
    assert list(WARM.listed(-1)) == list(range(2, 14))
    assert [WARM.days_open(day) for day in (-63, 0, 5)] == [0, 63, 68]


def test_the_first_recorded_month_has_the_first_name_after_a_warm_up_too():
    assert [WARM.month_code(month) for month in (2, 3, 4)] == ["Z26", "F27", "G27"]
    assert [WARM.of_record.month_code(month) for month in (0, 1)] == ["F27", "G27"]


def test_a_day_before_trading_begins_is_refused():
    with pytest.raises(ParameterError, match=r"^day: -64 is not >= -63$"):
        WARM.month_of(-64)
    with pytest.raises(ParameterError, match=r"^calendar.warm_up_days: 20 is not a multiple of .* = 21$"):
        TradingCalendar(warm_up_days=20)
