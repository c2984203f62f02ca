"""Provider list prices: the packaged file, what it implies, and one-line errors for unusable files."""

from datetime import date

import numpy as np
import pytest

from abm.core.errors import IndexDataError, ParameterError
from abm.spot.index.list_prices import (
    COLUMNS,
    ListPrice,
    fit_list_prices,
    packaged_price_file,
    read_list_prices,
)

RULES = {
    "output_share": 0.25,
    "reference_quality": 86.0,
    "minimum_quality": 86.0,
    "cap": 0.30,
    "min_providers": 4,
}
HEADER = ",".join(COLUMNS)
GOOD = 'OpenAI,GPT-4 (8k),2023-03,30,60,86.4,"OpenAI API price list, 2023-03"'


def row(provider, when, price, mmlu=86.0, model="model"):
    return ListPrice(provider, model, when, price, price, mmlu, "test")


def price_file(tmp_path, *lines, header=HEADER):
    path = tmp_path / "prices.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def test_packaged_file_holds_the_published_prices():
    rows = read_list_prices()
    assert len(rows) == 11
    assert rows[0] == ListPrice(
        "OpenAI", "GPT-4 (8k)", date(2023, 3, 1), 30.0, 60.0, 86.4, "OpenAI API price list, 2023-03"
    )
    assert rows[-1].effective_from == date(2026, 7, 30)
    assert rows[-1].mmlu_percent is None
    assert packaged_price_file().is_file()


def test_packaged_prices_imply_a_three_dollar_token_that_halves_in_four_months():
    rows = read_list_prices()
    fit = fit_list_prices(rows, **RULES)
    assert fit.provider_names == ("OpenAI", "Anthropic", "Meta", "DeepSeek")
    assert fit.provider_models[0] == "GPT-4.1"
    equivalent = 86.0 * np.array([3.5 / 90.2, 6.0 / 88.7, 2.7 / 88.6, 0.4775 / 88.5])
    assert fit.initial_price_usd == pytest.approx(equivalent.mean(), rel=1e-14)
    assert fit.provider_log_offsets == pytest.approx(np.log(equivalent / equivalent.mean()), rel=1e-13)
    qualified = [r for r in rows if r.mmlu_percent is not None]
    years = [r.effective_from.toordinal() / 365.25 for r in qualified]
    logs = [
        np.log((0.75 * r.input_usd_per_mtok + 0.25 * r.output_usd_per_mtok) * 86.0 / r.mmlu_percent)
        for r in qualified
    ]
    slope, covariance = np.polyfit(np.array(years) - 2024.5, logs, 1, cov=True)
    assert fit.trend_per_year == pytest.approx(-slope[0], rel=1e-9)
    assert fit.trend_standard_error == pytest.approx(np.sqrt(covariance[0, 0]), rel=1e-9)
    assert fit.n_qualified_rows == 10
    # The source paper's 1.84 a year is within one standard error of the file's own fall.
    assert abs(fit.trend_per_year - 1.84) < fit.trend_standard_error


def test_prices_that_halve_every_year_have_a_trend_of_ln_2_without_error():
    years = [date(2023, 1, 1), date(2024, 1, 1), date(2025, 1, 1)]
    rows = [
        row(name, when, 8.0 * 2.0 ** -((when - years[0]).days / 365.25)) for name in "ABCD" for when in years
    ]
    fit = fit_list_prices(rows, **RULES)
    assert fit.trend_per_year == pytest.approx(np.log(2.0), rel=1e-12)
    assert fit.trend_standard_error == pytest.approx(0.0, abs=1e-7)
    assert fit.provider_log_offsets == pytest.approx([0.0] * 4, abs=1e-12)


def test_only_the_newest_qualified_model_of_a_provider_is_its_quote():
    others = [row(name, date(2024, 1, 1), 2.0) for name in "BCD"]
    old_new = [row("A", date(2025, 1, 1), 4.0), row("A", date(2023, 1, 1), 50.0)]
    weak = [row("A", date(2026, 1, 1), 0.1, mmlu=85.9), row("A", date(2026, 2, 1), 0.1, mmlu=None)]
    fit = fit_list_prices([*others, *old_new, *weak], **RULES)
    assert fit.provider_names == ("B", "C", "D", "A")
    assert fit.initial_price_usd == pytest.approx((2.0 + 2.0 + 2.0 + 4.0) / 4)
    same_day = row("A", date(2025, 1, 1), 6.0, model="second")
    assert fit_list_prices([*others, *old_new, same_day], **RULES).provider_models[3] == "second"


def test_a_fit_needs_enough_providers_and_dates():
    rows = [row(name, date(2024, month, 1), 2.0) for name, month in zip("ABC", (1, 2, 3), strict=True)]
    with pytest.raises(IndexDataError, match=r"3 providers with a published MMLU >= 86.0 is not enough"):
        fit_list_prices(rows, **RULES)
    one_day = [row(name, date(2024, 1, 1), 2.0) for name in "ABCD"]
    with pytest.raises(IndexDataError, match="4 qualified rows on 1 dates is not enough for a trend"):
        fit_list_prices(one_day, **RULES)
    with pytest.raises(IndexDataError, match="0 providers"):
        fit_list_prices([], **RULES)
    with pytest.raises(ParameterError, match=r"output_share: 1.5 is not in \[0, 1\]"):
        fit_list_prices(rows, **RULES | {"output_share": 1.5})


def test_spreadsheet_exports_and_blank_lines_are_read(tmp_path):
    path = tmp_path / "prices.csv"
    path.write_text(f"\ufeff{HEADER}\r\n\r\n{GOOD}\r\n", encoding="utf-8", newline="")
    assert [r.provider for r in read_list_prices(path)] == ["OpenAI"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("A,m,2023-13,1,2,88,s", "3: effective_from: '2023-13' is not a date YYYY-MM or YYYY-MM-DD"),
        ("A,m,2023-02-30,1,2,88,s", "3: effective_from: '2023-02-30' is not a date"),
        ("A,m,March 2023,1,2,88,s", "3: effective_from: 'March 2023' is not a date"),
        ("A,m,2023-03,free,2,88,s", "3: input_usd_per_mtok: 'free' is not a finite number > 0"),
        ("A,m,2023-03,1,-2,88,s", "3: output_usd_per_mtok: '-2' is not a finite number > 0"),
        ("A,m,2023-03,1,nan,88,s", "3: output_usd_per_mtok: 'nan' is not a finite number > 0"),
        ("A,m,2023-03,1,2,101,s", r"3: mmlu_percent: '101' is not in \(0, 100\], or blank"),
        (",m,2023-03,1,2,88,s", "3: provider: '' is not a name"),
        ("A,m,2023-03,1,2,88, ", "3: source: '' is not a source: every price needs one"),
        ("A,m,2023-03,1,2,88", "3: fields: 6 is not 7"),
        (GOOD, "3: effective_from: .* is not unique"),
        ('A,"m,2023-03,1,2,88,s', "is not a UTF-8 CSV file: unexpected end of data"),
    ],
)
def test_an_unusable_row_is_named_by_file_line_field_and_value(tmp_path, line, message):
    with pytest.raises(IndexDataError, match=rf"prices\.csv:? ?{message}"):
        read_list_prices(price_file(tmp_path, GOOD, line))


def test_unusable_files_are_named(tmp_path):
    with pytest.raises(IndexDataError, match=r"none\.csv: cannot be read: No such file"):
        read_list_prices(tmp_path / "none.csv")
    with pytest.raises(IndexDataError, match=r"prices\.csv: rows: 0 is not >= 1"):
        read_list_prices(price_file(tmp_path))
    with pytest.raises(IndexDataError, match=r"prices\.csv:1: columns: \['provider', 'cost'\] is not"):
        read_list_prices(price_file(tmp_path, header="provider,cost"))
    binary = tmp_path / "binary.csv"
    binary.write_bytes(HEADER.encode() + b"\n\xff\xfe")
    with pytest.raises(IndexDataError, match=r"binary\.csv: is not a UTF-8 CSV file"):
        read_list_prices(binary)
