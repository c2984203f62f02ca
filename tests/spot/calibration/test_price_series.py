"""Reading a price series: columns, gaps, dates, and the weekly pattern."""

from datetime import date, timedelta

import numpy as np
import pytest

from abm.core.errors import CalibrationError
from abm.spot.calibration.price_series import read_price_series, without_weekly_pattern


def weekdays(n, start=date(2024, 1, 1)):
    days, day = [], start
    while len(days) < n:
        if day.weekday() < 5:
            days.append(day)
        day += timedelta(days=1)
    return days


def file(tmp_path, rows, header="date,price"):
    path = tmp_path / "prices.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def test_prices_are_read_in_order_from_the_named_column(tmp_path):
    path = file(tmp_path, ["a,1.5,x", "b, 2 ,y", "", "c,1e-3,z"], header="id, close ,note")
    series = read_price_series(path, column="close", days_per_year=365.0)
    assert series.prices.tolist() == [1.5, 2.0, 0.001]
    assert (series.dates, series.dt) == ((), 1.0 / 365.0)


def test_a_byte_order_mark_is_not_part_of_the_first_column(tmp_path):
    path = tmp_path / "prices.csv"
    path.write_text("price\n1.0\n2.0\n", encoding="utf-8-sig")
    assert read_price_series(path).prices.tolist() == [1.0, 2.0]


def test_weekends_and_easter_are_no_gaps_in_trading_days(tmp_path):
    days = [
        day for day in weekdays(120, date(2024, 1, 2)) if day not in (date(2024, 3, 29), date(2024, 4, 1))
    ]
    path = file(tmp_path, [f"{day},1.0" for day in days])
    assert read_price_series(path, date_column="date").dates == tuple(days)


@pytest.mark.parametrize(("step", "per_year"), [(1, 365.0), (7, 52.0), (1, 365.25)])
def test_regular_dates_pass_at_their_own_rate(tmp_path, step, per_year):
    days = [date(2024, 1, 1) + timedelta(days=step * i) for i in range(60)]
    series = read_price_series(
        file(tmp_path, [f"{day},2" for day in days]), date_column="date", days_per_year=per_year
    )
    assert series.prices.size == 60


def drop(rows, *indices):
    return [row for i, row in enumerate(rows) if i not in indices]


DAILY = [f"{date(2024, 1, 1) + timedelta(days=i)},1.0" for i in range(60)]
WORKING = [f"{day},1.0" for day in weekdays(60)]


@pytest.mark.parametrize(
    ("rows", "per_year", "message"),
    [
        (drop(DAILY, 20), 365.0, r":22: 2024-01-20 to 2024-01-22 is a gap: the steps must be equal"),
        (drop(WORKING, 18, 19, 20, 21), 252.0, r":20: 2024-01-24 to 2024-01-31 is a gap"),
        (DAILY, 252.0, "days per year: 252 is not within 10 % of the 365.2 prices a year"),
        (WORKING, 365.0, "days per year: 365 is not within 10 % of the 2.* prices a year"),
        ([DAILY[0], DAILY[2], DAILY[1]], 365.0, ":4: date 2024-01-02 is not after 2024-01-03"),
        ([DAILY[0], DAILY[0]], 365.0, ":3: date 2024-01-01 is not after 2024-01-01"),
        (["2024-01-01,1", "2024-01-02,"], 365.0, ":3: price: blank is a gap"),
        (["2024-01-01,1", "2024-01-02,n/a"], 365.0, ":3: price: 'n/a' is not a finite number"),
        (["2024-01-01,nan"], 365.0, ":2: price: 'nan' is not a finite number"),
        (["01/02/2024,1"], 365.0, ":2: date: '01/02/2024' is not a date YYYY-MM-DD"),
        (["2024-01-01,1,7"], 365.0, ":2: fields: 3 is not 2, as in the header"),
        (DAILY, 0.0, "days per year: 0.0 is not a finite number > 0"),
    ],
)
def test_refused_files_name_line_column_and_value(tmp_path, rows, per_year, message):
    with pytest.raises(CalibrationError, match=message):
        read_price_series(file(tmp_path, rows), date_column="date", days_per_year=per_year)


def test_missing_columns_and_files_are_named(tmp_path):
    path = file(tmp_path, DAILY)
    with pytest.raises(
        CalibrationError, match=r":1: column 'close' is not once in the header \(date, price\)"
    ):
        read_price_series(path, column="close")
    with pytest.raises(CalibrationError, match=r"nowhere.csv: cannot be read: No such file"):
        read_price_series(tmp_path / "nowhere.csv")
    path.write_bytes(b"price\n\xff\xfe\n")
    with pytest.raises(CalibrationError, match="is not a UTF-8 CSV file"):
        read_price_series(path)


def test_a_weekly_pattern_is_taken_out_and_returned():
    rng = np.random.default_rng(3)
    effects = np.array([0.05, 0.03, 0.0, 0.02, 0.04, -0.06, -0.08])
    day = np.arange(700) % 7
    trend = np.linspace(0.0, -2.0, 700)
    plain = np.exp(trend + 0.01 * rng.standard_normal(700))
    adjusted, found = without_weekly_pattern(plain * np.exp(effects[day]), day)
    np.testing.assert_allclose(found, effects - effects.mean(), atol=0.004)
    assert found.sum() == pytest.approx(0.0, abs=1e-12)
    np.testing.assert_allclose(adjusted / plain, np.exp(effects.mean()), rtol=0.004)


@pytest.mark.parametrize("days", [[0, 1, 3, 0, 1, 3], [0, 1, 2], [-1, 0, 1, -1, 0, 1]])
def test_days_of_the_week_must_match_the_prices_and_all_occur(days):
    with pytest.raises(CalibrationError, match="day of week: not 6 places"):
        without_weekly_pattern(np.ones(6), days)


def test_a_weekly_pattern_needs_positive_prices():
    with pytest.raises(CalibrationError, match="prices: not a list of finite numbers > 0"):
        without_weekly_pattern([1.0, 0.0], [0, 1])
