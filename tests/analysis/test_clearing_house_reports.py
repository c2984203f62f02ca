"""What is reported of the clearing house: coverage, waterfall, fund, exposures, who falls with whom."""

from __future__ import annotations

import itertools
import math
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from synthetic_run import write_synthetic_run

from abm.core.money import USD_MICRO
from abm.recording import RunFolder, read_run
from analysis import clearing_page
from analysis.clearing_house import (
    LAYERS,
    TOO_FEW,
    TOO_LITTLE,
    Coverage,
    MarginTerms,
    account_coverage,
    at,
    cover_two_by_day,
    failure_ranking,
    largest_exposures,
    layers_paid,
    margin_terms,
    said_of_tenors,
    tenor_backtest,
    worst_moment,
)
from analysis.contagion import contagion, ranking
from analysis.figures import exposures as exposures_figure
from analysis.figures import waterfall
from analysis.report import write_report


def test_margin_is_held_against_what_the_scenario_asks_for(synthetic_run: RunFolder) -> None:
    assert margin_terms(synthetic_run) == MarginTerms(confidence=0.99, mpor_days=2)


def test_one_loss_beyond_margin_in_fifteen_days_of_fourteen_accounts(synthetic_run: RunFolder) -> None:
    backtest = synthetic_run.tables["margin_backtest"]
    accounts = backtest["account"].nunique()
    assert account_coverage(backtest) == Coverage(
        15 * accounts, 1, 1.0 - 1 / (15 * accounts), 250.0, 1_000.0 * accounts
    )


def lots(*losses: int, requirement: int = 100, first_day: int = 0) -> pd.DataFrame:
    """A long and a short lot of one tenor: a day's loss of the long one is the short one's gain."""
    rows = [
        {"day": first_day + day, "tenor": 1, "side": side, "requirement": requirement, "loss": side * loss}
        for day, loss in enumerate(losses)
        for side in (1, -1)
    ]
    table = pd.DataFrame(rows)
    for name in ("requirement", "loss"):
        table[f"{name}_usd_micro"] = table.pop(name) * USD_MICRO
    return table.assign(breach=table["loss_usd_micro"] > table["requirement_usd_micro"])


def test_only_periods_without_a_common_day_are_tested() -> None:
    # Breaches on days 1 and 3 are seen by a daily period alone; day 2 falls on both grids.
    table = lots(0, 150, -150, 150, 0, 0)
    every_day = tenor_backtest(table, MarginTerms(0.99, 1)).loc[1]
    every_second = tenor_backtest(table, MarginTerms(0.99, 2)).loc[1]
    assert (every_day["days"], every_day["long_breaches"], every_day["short_breaches"]) == (6, 2, 1)
    assert (every_second["days"], every_second["long_breaches"], every_second["short_breaches"]) == (3, 0, 1)
    shifted = tenor_backtest(lots(0, 150, -150, first_day=7), MarginTerms(0.99, 2)).loc[1]
    assert (shifted["days"], shifted["long_breaches"], shifted["short_breaches"]) == (2, 0, 1)


@pytest.mark.parametrize(
    ("breaches", "verdict"),
    [(0, "more than asked for"), (1, "as asked for"), (6, "as asked for"), (7, TOO_LITTLE)],
)
def test_kupiecs_bounds_for_250_days_at_99_percent_are_one_and_six(breaches: int, verdict: str) -> None:
    row = tenor_backtest(lots(*[101] * breaches, *[100] * (250 - breaches)), MarginTerms(0.99, 1)).loc[1]
    assert (row["fewest"], row["most"], row["verdict"]) == (1, 6, verdict)


def test_procyclicality_is_that_of_one_lot(synthetic_run: RunFolder) -> None:
    second = tenor_backtest(synthetic_run.tables["contract_backtest"], margin_terms(synthetic_run)).loc[1]
    # 100 dollars for eight days, 150 for seven
    assert second["mean_requirement_usd"] == pytest.approx((8 * 100 + 7 * 150) / 15)
    assert (second["peak_to_trough"], second["largest_rise"]) == (1.5, 1.5)
    free = tenor_backtest(lots(0, 0, requirement=0), MarginTerms(0.99, 1)).loc[1]
    assert pd.isna(free["peak_to_trough"])
    assert pd.isna(free["largest_rise"])


def close_outs(*rows: dict[str, int]) -> pd.DataFrame:
    """Finished close-outs by what each layer bore, in dollars, and the default before each."""
    events = []
    for day, layers in enumerate(rows):
        paid = {f"{layer}_usd_micro": layers.get(layer, 0) * USD_MICRO for layer in LAYERS}
        nothing = dict.fromkeys([*paid, "loss_usd_micro"], 0)
        who = {"day": day, "round": 0, "account": 10 + day, "member": day}
        events.append({**who, "event": "client_default", **nothing})
        events.append({**who, "event": "close_out_finished", **paid, "loss_usd_micro": sum(paid.values())})
    return pd.DataFrame(events)


def test_the_waterfall_says_what_each_layer_bore_and_how_often() -> None:
    table = layers_paid(
        close_outs({"member_capital": 60}, {"member_capital": 20, "member_fund": 15, "uncovered": 5})
    )
    assert tuple(table.index) == LAYERS
    assert table.loc["member_capital"].tolist() == [80.0, 0.8, 2]
    assert table.loc["member_fund"].tolist() == [15.0, 0.15, 1]
    assert table.loc["uncovered"].tolist() == [5.0, 0.05, 1]
    assert table["paid_usd"].sum() == 100.0
    assert (table.loc[["assessments", "tear_up"], "close_outs"] == 0).all()


@pytest.mark.parametrize(
    ("breaches", "days", "verdict"),
    [
        (0, 10, TOO_FEW),  # no breach in ten tests says nothing of one in a hundred
        (1, 10, TOO_FEW),
        (2, 10, TOO_LITTLE),  # two tests here: 2 x 0.4 %
        (0, 99, TOO_FEW),
        (0, 100, "as asked for"),
    ],
)
def test_ten_tests_allow_no_verdict_unless_chance_is_ruled_out(
    breaches: int, days: int, verdict: str
) -> None:
    row = tenor_backtest(lots(*[101] * breaches, *[100] * (days - breaches)), MarginTerms(0.99, 1)).loc[1]
    assert row["verdict"] == verdict


def test_among_many_tests_a_chance_breach_is_expected_and_said() -> None:
    bad = lots(101, 101, *[100] * 8)
    many = pd.concat([bad, *(lots(*[100] * 10).assign(tenor=tenor) for tenor in range(2, 13))])
    tenors = tenor_backtest(many, MarginTerms(0.99, 1))
    assert tenors.loc[1, "verdict"] == TOO_FEW  # 24 tests x 0.4 % is no surprise
    said = said_of_tenors(tenors)
    assert "too little margin at 0 of 12 months, too few tests to tell at 12" in said
    assert "24 tests of 10 periods each, under 0.1 false alarms expected" in said
    year = tenor_backtest(lots(*[100] * 250), MarginTerms(0.99, 1))
    # a long and a short position, each with more than 6 breaches of 250 with a probability of 1.37 %
    by_hand = 1.0 - sum(math.comb(250, k) * 0.01**k * 0.99 ** (250 - k) for k in range(7))
    assert year.loc[1, "false_alarm"] == pytest.approx(2 * by_hand)


def test_each_member_has_its_own_failures_beside_it_whatever_the_order_of_the_ranking() -> None:
    """The order by loss is 2, 0, 1, 3 where clients pay and 3, 2, 0, 1 where they do not."""

    def node(level: str, number: int, capital: int, owed: int, unpaid: int, scenario: int) -> dict[str, Any]:
        money = {"resources": capital, "shortfall": owed, "uncovered": unpaid, "fund": 0, "assessable": 0}
        named = {f"{name}_usd_micro": amount * USD_MICRO for name, amount in money.items()}
        return {
            "level": level, "node": number, "day": 0, "scenario": scenario, "in_default": False, **named
        }  # fmt: skip

    rows = pd.DataFrame(
        [
            node("member", 0, 50, 40, 40, 0),
            node("member", 1, 10, 20, 20, 0),
            node("member", 2, 500, 300, 300, 0),
            node("member", 3, 1_000, 5, 900, 0),
            node("house", 0, 0, 0, 0, 0),
            node("member", 0, 50, 0, 0, 1),
            node("member", 1, 10, 12, 12, 1),
            node("member", 2, 500, 0, 0, 1),
            node("member", 3, 1_000, 0, 0, 1),
            node("house", 0, 0, 0, 0, 1),
        ]
    )
    table = failure_ranking(rows, days=2)
    assert table.index.tolist() == [2, 0, 1, 3]
    assert table["alone_share"].to_dict() == {0: 0.0, 1: 1.0, 2: 0.0, 3: 0.0}
    assert table["loss_usd"].to_dict() == {0: 40.0, 1: 10.0, 2: 300.0, 3: 5.0}
    assert table["loss_unpaid_usd"].to_dict() == {0: 40.0, 1: 10.0, 2: 300.0, 3: 900.0}
    gone = rows.assign(in_default=(rows["node"] == 1) & (rows["level"] == "member") & (rows["scenario"] == 1))
    assert failure_ranking(gone, days=2).loc[1, "alone_share"] == 1.0  # of the one in which it still lives


def test_cover_2_of_the_exposures_is_that_the_clearing_house_sized_its_fund_to(crisis: RunFolder) -> None:
    sized = crisis.tables["guaranty_fund"].groupby("day").first()["cover_two_usd_micro"] / USD_MICRO
    by_day = cover_two_by_day(crisis.tables["exposures"])
    assert sized.index.tolist() == [20, 41]
    assert sized[20] > 0.0
    assert by_day["cover_two_usd"][sized.index].tolist() == sized.tolist()
    assert by_day["fund_usd"][20] >= sized[20]
    assert by_day["fund_usd"][0] == 6 * 100_000.0


def test_the_layers_of_a_crisis_bear_every_dollar_of_its_losses(crisis: RunFolder) -> None:
    defaults = crisis.tables["defaults"]
    bore = layers_paid(defaults)
    assert bore["paid_usd"].sum() == pytest.approx(defaults["loss_usd_micro"].sum() / USD_MICRO) != 0.0
    assert bore["share"].sum() == pytest.approx(1.0)


def test_the_causes_of_every_call_of_a_crisis_add_up_to_it(crisis: RunFolder) -> None:
    calls = crisis.tables["margin_calls"]
    parts = ("loss", "model_rise", "position_rise", "carried")
    summed = calls[[f"{part}_usd_micro" for part in parts]].sum(axis=1)
    assert (summed == calls["amount_usd_micro"]).all()
    shock = calls[calls["day"].between(21, 30)]
    assert shock["loss_usd_micro"].sum() > 0.5 * shock["amount_usd_micro"].sum()


def test_the_worst_moment_is_where_most_is_beyond_collateral(synthetic_run: RunFolder) -> None:
    rows = synthetic_run.tables["exposures"]
    moment = worst_moment(rows)
    assert moment == (14, 0)  # losses grow with the days; the odd accounts are one larger
    debtors = largest_exposures(at(rows, moment), 3)
    assert debtors.index.tolist() == [15, 13, 11]
    assert debtors["member"].tolist() == [0, 1, 2]
    # account 15 loses 16 x 114 dollars, has 500 of collateral and 1,000 of its own
    assert debtors.loc[15, "stressed_loss_usd"] == 1_824.0
    assert debtors.loc[15, "uncovered_usd"] == 1_324.0
    assert debtors.loc[15, "shortfall_usd"] == 324.0


def test_the_ranking_looks_at_every_day_it_is_asked_for(synthetic_run: RunFolder) -> None:
    rows = synthetic_run.tables["exposures"]
    table = failure_ranking(rows, days=16)
    for column, loss in (("loss_usd", "shortfall"), ("loss_unpaid_usd", "uncovered")):
        whole = ranking(contagion(rows[rows["level"] != "client"], loss=loss))
        assert table[column].to_dict() == whole["worst_loss_usd"].to_dict()
    assert table["loss_usd"].is_monotonic_decreasing
    assert table.loc[2, "alone_share"] > 0.0  # with 100 dollars of capital it falls by itself
    assert table.loc[0, "alone_share"] == 0.0
    few = failure_ranking(rows, days=1)
    assert set(few.index) == {0, 1, 2}


def test_without_a_member_alive_there_is_nothing_to_rank(synthetic_run: RunFolder) -> None:
    assert failure_ranking(synthetic_run.tables["exposures"].assign(in_default=True)).empty


def test_amounts_of_the_network_do_not_cover_each_other(crisis: RunFolder) -> None:
    figure = exposures_figure.draw(crisis)
    figure.draw_without_rendering()
    (axes,) = figure.axes
    assert axes.get_title(loc="left").startswith("day ")
    boxes = [text.get_window_extent() for text in axes.texts if text.get_text()]
    assert len(boxes) > 12
    assert not [pair for pair in itertools.combinations(boxes, 2) if pair[0].overlaps(pair[1])]
    frame = figure.bbox
    for box in [*boxes, axes.get_legend().get_window_extent()]:
        assert frame.x0 <= box.x0 < box.x1 <= frame.x1
        assert frame.y0 <= box.y0 < box.y1 <= frame.y1


def test_the_bars_of_a_default_end_at_its_loss(crisis: RunFolder) -> None:
    axes = waterfall.draw(crisis).axes[0]
    ends: dict[float, float] = {}
    for bar in axes.patches:
        row = round(bar.get_y(), 6)
        assert bar.get_x() == pytest.approx(ends.get(row, 0.0))  # each layer begins where the one before ends
        ends[row] = bar.get_x() + bar.get_width()
    (marks,) = axes.lines
    assert sorted(ends.values()) == pytest.approx(sorted(marks.get_xdata()))


@pytest.mark.parametrize("profile", ["summary", "daily"])
def test_the_section_says_what_was_not_recorded(
    profile: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = read_run(write_synthetic_run(tmp_path / "run", profile=profile))
    monkeypatch.setattr(clearing_page, "figure", lambda module, run: "")  # whole reports are tested elsewhere
    page = clearing_page.clearing_section(run)
    recorded = profile == "daily"
    assert ("This run recorded no back-test of margin." in page) == (not recorded)
    assert ("This run recorded no exposures." in page) == (not recorded)
    assert ("Kupiec" in page) == recorded
    assert "<td>Bigger positions</td>" in page
    assert "<td>Member capital</td>" in page
    assert '<td class="number">USD 900</td>' in page  # the sizing


def test_a_crisis_is_reported_in_full(crisis: RunFolder, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(crisis.path, tmp_path / "run"))
    page = write_report(folder).read_text(encoding="utf-8")
    for words in (TOO_LITTLE, "Variation haircut", "member default", "Failed by the move", "if all prices"):
        assert words in page, words
