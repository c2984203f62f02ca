"""Needs of a company from a CSV file: what is read, and what is refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from abm.core.errors import ParameterError
from abm.hedging.needs_file import read_needs


def written(folder: Path, *lines: str) -> Path:
    path = folder / "needs.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_months_add_up_over_providers_and_shares_are_of_the_whole_need(tmp_path):
    path = written(
        tmp_path, "month,mSIT,provider", "2,100,nimbus", "1,300,nimbus", "", "1,200,strato", "3,0,nimbus"
    )
    needs = read_needs(path)
    assert needs.msit_per_month.tolist() == [500.0, 100.0, 0.0]
    assert needs.provider_shares == pytest.approx({"nimbus": 400 / 600, "strato": 200 / 600})
    assert needs.first_month == "1"


def test_calendar_months_go_over_the_turn_of_the_year(tmp_path):
    path = written(tmp_path, "Month, MSIT ,note", "2027-12,1e3,x", "2028-01,2000,y")
    needs = read_needs(path)
    assert needs.msit_per_month.tolist() == [1_000.0, 2_000.0]
    assert (needs.provider_shares, needs.first_month) == ({}, "2027-12")


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path):
    path = tmp_path / "needs.csv"
    path.write_bytes("\ufeffmonth,mSIT\n1,5\n".encode())
    assert read_needs(path).msit_per_month.tolist() == [5.0]


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (["month,mSIT", "1,5", "3,5"], "month: 2 is missing between 1 and 3"),
        (["month,mSIT", "2027-11,5", "2028-01,5"], "month: 2027-12 is missing between 2027-11 and 2028-01"),
        (["month,mSIT", "2,5"], "month: 1 is missing, the file begins with 2"),
        (["month,mSIT", "1,5", "2027-02,5"], "month: 1 and 2027-02 are not written in one way"),
        (["month,mSIT", "1,5", "1,6"], ":3: month 1 stands there twice"),
        (["month,mSIT,provider", "1,5,a", "1,6,a"], ":3: month 1 stands there twice for provider 'a'"),
        (["month,mSIT,provider", "1,5,a", "2,6,"], "provider: blank in some lines"),
        (["month,mSIT", "0,5"], ":2: month: '0' is not YYYY-MM or a whole number from 1 to 120"),
        (["month,mSIT", "2027-13,5"], ":2: month: '2027-13' is not YYYY-MM"),
        (["month,mSIT", "1.5,5"], ":2: month: '1.5' is not"),
        (["month,mSIT", "\u0661,5"], "is not YYYY-MM or a whole number"),
        (["month,mSIT", f"{'9' * 5_000},5"], "is not YYYY-MM or a whole number"),
        (["month,mSIT", "1,-5"], ":2: mSIT: '-5' is not a number in [0, 1e+12]"),
        (["month,mSIT", "1,nan"], "mSIT: 'nan' is not a number"),
        (["month,mSIT", "1,inf"], "mSIT: 'inf' is not a number"),
        (["month,mSIT", "1,"], "mSIT: '' is not a number"),
        (["month,mSIT", "1,0", "2,0"], "mSIT: 0 in every month is not > 0 in some month"),
        (["month,mSIT", "1,5,6"], ":2: fields: 3 is not 2, as in the header"),
        (["month,mSIT"], "month: no line is not at least one month"),
        (["month,need", "1,5"], ":1: column 'mSIT' is not once in the header (month, need)"),
        (["month,month,mSIT", "1,1,5"], "column 'month' is not once"),
        ([""], "column 'month' is not once in the header (none)"),
        (["month,mSIT", *(f"{month},1" for month in range(1, 122))], "'121' is not YYYY-MM"),
        (
            ["month,mSIT", *(f"{2000 + month // 12}-{month % 12 + 1:02d},1" for month in range(121))],
            "month: 121 months are not at most 120",
        ),
    ],
)
def test_a_mistake_is_one_line_with_file_value_and_what_is_allowed(tmp_path, lines, complaint):
    path = written(tmp_path, *lines)
    with pytest.raises(ParameterError) as refused:
        read_needs(path)
    assert complaint in str(refused.value)
    assert str(refused.value).startswith(str(path))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b'month,mSIT\n"1,5\n'])
def test_what_is_no_csv_file_is_said_so(tmp_path, content):
    path = tmp_path / "needs.csv"
    path.write_bytes(content)
    with pytest.raises(ParameterError, match="is not a UTF-8 CSV file"):
        read_needs(path)


def test_a_file_that_is_not_there_or_is_a_folder_cannot_be_read(tmp_path):
    for path in (tmp_path / "nowhere.csv", tmp_path):
        with pytest.raises(ParameterError, match="cannot be read"):
            read_needs(path)
