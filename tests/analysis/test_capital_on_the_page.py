"""The page says who brought in and took out money, and what the clearing house had to front."""

from __future__ import annotations

from pathlib import Path

import pytest

from abm.recording import RunFolder, read_run
from analysis.capital.fronted import liquidity_body
from analysis.capital.owners import owners_body, said_of_owners
from analysis.report import render
from analysis.summary import summarise
from analysis.wording import percent, usd

FOLDERS = Path(__file__).parents[1] / "recording" / "folders"


@pytest.fixture(scope="module")
def with_owners() -> RunFolder:
    return read_run(FOLDERS / "format-6")


def test_the_page_says_how_much_of_a_loss_owners_refilled(with_owners: RunFolder) -> None:
    agents = with_owners.tables["agents"]
    lost = (-agents["pnl_usd_micro"]).clip(lower=0)
    share = agents["brought_in_usd_micro"].clip(upper=lost).sum() / lost.sum()
    said = said_of_owners(agents)
    assert f"made good {percent(share)} of what" in said
    assert f"took out {usd(agents['paid_out_usd_micro'].sum() / 1e6)}" in said
    page = render(with_owners)
    assert said in page
    assert "Owners took out" in page
    (row,) = [row for row in summarise(with_owners) if row.label == "Losses that owners refilled"]
    assert row.note.endswith("none of it is profit")


def test_the_page_says_what_the_house_fronted_on_its_worst_day(with_owners: RunFolder) -> None:
    body = "".join(liquidity_body(with_owners))
    assert "USD 92,400" in body
    assert "2 of 3" in body


def test_a_run_without_such_flows_says_nothing_of_owners() -> None:
    run = read_run(FOLDERS / "format-5")
    assert owners_body(run.tables["agents"]) == []
    assert not [row for row in summarise(run) if row.label == "Losses that owners refilled"]
    assert "did not record" in "".join(liquidity_body(run))
