"""The closing table and the report say what happened, in full, on one page that stands alone."""

from __future__ import annotations

import base64
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from synthetic_run import manifest_of, write_synthetic_run

from abm.core.calendar import TradingCalendar
from abm.core.errors import RunFolderError
from abm.core.orders import NO_PRICE
from abm.recording import Recorder, RunFolder, read_run
from analysis import clearing_page, report
from analysis.figures import call_causes, coverage, exposures, guaranty_fund, trading_costs, waterfall
from analysis.report import FIGURES, write_report
from analysis.style import day_axis, new_figure, price_scale, to_svg
from analysis.summary import summarise

ALL_FIGURES = (*FIGURES, trading_costs, coverage, call_causes, waterfall, guaranty_fund, exposures)
SECTIONS = [
    "Summary",
    "Figures",
    "Liquidity and market makers",
    "Profit and loss by class",
    "Clearing house",
    "What was run",
    "How to reproduce",
]


def test_the_closing_table_answers_each_question(synthetic_run: RunFolder) -> None:
    rows = {label: (value, note) for label, value, note in summarise(synthetic_run)}
    assert rows["Front month two-sided"] == (
        "99.0 % of rounds",
        "alive: 95.0 % or more is asked (mean of days)",
    )
    assert rows["Delivery months that traded"] == ("6 of 6", "every listed month trades")
    assert rows["Defaults"] == (
        "1 client, 0 members",
        "loss beyond collateral USD 5,000, of which uncovered USD 0",
    )
    assert rows["Speed"][0] == "60,000 messages per CPU-second"
    assert "over 3 expiries" in rows["Convergence at expiry"][1]
    assert "median of 5 hedging enterprises" in rows["Bill surprise within run"][1]
    assert rows["Messages refused"] == ("12 (<0.1 %)", "price limit 12")
    assert rows["Traded in auctions"][1] == "fee of an auction USD 0.40 a lot and side"
    assert 0.2 < float(rows["Traded in auctions"][0].removesuffix(" % of lots")) / 100 < 0.25
    assert rows["Halts, interruptions"] == (
        "2 and 1",
        "at a price limit and after too large a step; on 2 days, in G27, H27; "
        "1 stop along with another month",
    )
    assert rows["Losses covered by margin"] == (
        "99.58 % of account-days",
        "99.00 % asked for, over 2 days; 1 of 240 lost more than their margin; too little margin at 3 of 4 "
        "months, too few tests to tell at 1 (8 tests of 8 periods each, under 0.1 false alarms expected); "
        "mean requirement USD 16,000",
    )
    assert rows["Margin called because of"][0].startswith("losses ")
    assert len(rows) == 17


def silent_run(folder: Path, days: int) -> Path:
    """Write a run in which nobody quotes, trades or hedges."""
    recorder = Recorder("summary")
    calendar = TradingCalendar(listed_months=2)
    for day in range(days):
        recorder.append(
            "spot",
            day=day,
            month=0,
            spot_usd=2.0,
            tpi_usd=float("nan"),
            volume_weighted_usd=float("nan"),
            matched_usd=float("nan"),
            index_fixing_usd_micro=2_000_000,
            index_available=False,
            provider_low_usd=1.9,
            provider_high_usd=2.1,
        )
        recorder.append(
            "daily",
            day=day,
            month=np.arange(2),
            tenor=np.arange(2),
            settlement_ticks=NO_PRICE,
            settlement_tier=4,
            expected_usd=2.0,
            model_ticks=2_000,
            volume_lots=0,
            auction_lots=0,
            trades=0,
            open_interest_lots=0,
            spread_ticks=float("nan"),
            two_sided_share=0.0,
            depth_lots=0.0,
            limit_low_ticks=NO_PRICE,
            limit_high_ticks=NO_PRICE,
            final=False,
        )
    return recorder.write(folder, manifest=manifest_of(calendar), scenario_toml="")


@pytest.mark.parametrize("days", [0, 1, 2])
def test_a_market_without_a_quote_is_reported_as_not_alive(days: int, tmp_path: Path) -> None:
    folder = silent_run(tmp_path / "run", days)
    rows = {label: (value, note) for label, value, note in summarise(folder)}
    if days:
        assert rows["Front month two-sided"][0] == "0.0 % of rounds"
    assert rows["Front month two-sided"][1].startswith("warning: not alive")
    assert rows["Convergence at expiry"] == ("n/a", "no month expired in this run")
    assert rows["Margin calls"] == ("0 for USD 0", "no calls")
    assert rows["Margin called because of"] == ("n/a", "no calls")
    assert rows["Losses covered by margin"][0] == "n/a"
    assert rows["Traded in auctions"] == ("n/a", "nothing traded")
    assert rows["Halts, interruptions"] == ("0 and 0", "no month stopped")
    assert rows["Market makers' duty met"] == ("n/a", "this market has no designated maker")
    assert rows["Spread, front month"] == ("n/a", "never a bid and an ask at once")
    if days:
        assert rows["Delivery months that traded"] == ("0 of 2", "without a trade: F27, G27")
    page = write_report(folder).read_text(encoding="utf-8")
    assert "Nobody defaulted." in page
    assert "No margin call was made." in page
    assert "This run recorded no back-test of margin." in page
    assert "This run recorded no exposures." in page
    assert "The fund was not sized in this run" in page
    assert "This market has no designated maker." in page
    assert not re.search(r"\b(nan|inf|None)\b", " ".join(_Page(page).words))


EMPTY = {
    "no trader": dict.fromkeys(("agents", "dmm", "hedging", "margin_calls", "accounts"), "drop"),
    "one listed month": {"daily": "front", "quotes": "front", "contract_backtest": "front"},
    "one day": dict.fromkeys(
        ("daily", "dmm", "spot", "accounts", "margin_backtest", "exposures"), "first day"
    ),
    "nothing to lose": {"exposures": "calm"},
}


def cut(frame: pd.DataFrame, how: str) -> pd.DataFrame:
    """Return a table with the rows of a smaller market."""
    money = [name for name in frame if (name.endswith("_usd_micro") and "_loss" in name) or "uncov" in name]
    return {
        "drop": lambda: frame.iloc[:0],
        "front": lambda: frame[frame["tenor"] == 0],
        "first day": lambda: frame[frame["day"] == 0],
        "calm": lambda: frame.assign(**dict.fromkeys([*money, "shortfall_usd_micro"], 0)),
    }[how]()


@pytest.mark.parametrize("market", EMPTY)
def test_a_market_that_lacks_something_is_reported_without_a_number_that_is_none(
    market: str, synthetic_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = read_run(synthetic_folder)
    tables = {
        name: cut(frame, EMPTY[market][name]) if name in EMPTY[market] else frame
        for name, frame in opened.tables.items()
    }
    smaller = replace(opened, tables=tables)
    drawn = market == "one listed month"
    for module in (report, clearing_page):  # other tests turn figures into a page
        monkeypatch.setattr(
            module, "figure", lambda module, run: str(module.draw(run).axes[0].axison) if drawn else ""
        )
    words = " ".join(_Page(report.render(smaller)).words)
    assert not re.search(r"\b(nan|NaN|inf|None|NaT|<NA>)\b", words)
    assert [row.label for row in summarise(smaller)]


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.headings: list[str] = []
        self.tags: set[str] = set()
        self.references: list[str] = []
        self.words: list[str] = []
        self._path: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in ("meta", "img"):
            self._path.append(tag)
        self.references += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "data")]

    def handle_endtag(self, tag: str) -> None:
        assert self._path.pop() == tag

    def handle_data(self, text: str) -> None:
        self.words.append(text)
        if self._path and self._path[-1] == "h2":
            self.headings.append(text)


@pytest.fixture(scope="module")
def written_twice(synthetic_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, str]]:
    """Path and text of a report, and of the one that replaces it."""
    folder = Path(shutil.copytree(synthetic_folder, tmp_path_factory.mktemp("reported") / "run"))
    return [(path, path.read_text(encoding="utf-8")) for path in (write_report(folder) for _ in range(2))]


def test_the_report_of_a_run_is_always_the_same(
    written_twice: list[tuple[Path, str]], synthetic_run: RunFolder
) -> None:
    (path, first), (again, second) = written_twice
    assert again == path == path.parent / "report.html"  # an older report is replaced
    assert second == first
    # The only figure that the page leaves out: without trades they cost nothing.
    assert to_svg(trading_costs.draw(synthetic_run)) == to_svg(trading_costs.draw(synthetic_run))


def test_the_report_has_every_section_and_figure_and_needs_no_other_file(
    written_twice: list[tuple[Path, str]],
) -> None:
    path, text = written_twice[1]
    assert not list(path.parent.glob("*.partial"))
    page = _Page(text)
    words = " ".join(page.words)
    assert page.headings == SECTIONS
    assert not page.tags & {"script", "link", "iframe", "object", "embed", "base"}
    assert "://" not in text
    assert "url(" not in text
    assert "@import" not in text
    assert str(path.parent.parent) not in text

    assert len(page.references) == len(ALL_FIGURES) - 1 == 11  # without trades they cost nothing
    for reference in page.references:
        head, _, body = reference.partition(",")
        assert head == "data:image/svg+xml;base64"
        svg = base64.b64decode(body).decode()
        assert "<script" not in svg
        assert not re.findall(r'(?:href|src)="(?!#)', svg)
    for fact in (
        "synthetic",
        "cd" * 32,
        "sitsim run scenario.toml --seed 7",
        "market makers",
        "client default",
    ):
        assert fact in words, fact
    assert "a comment with <angle> brackets & more" in words  # the scenario is shown, not interpreted


@pytest.mark.parametrize("figure", ALL_FIGURES, ids=lambda figure: figure.__name__.rpartition(".")[2])
def test_a_figure_names_the_quantity_of_each_axis_and_no_legend_covers_a_line(
    figure: object, synthetic_run: RunFolder
) -> None:
    drawn = figure.draw(synthetic_run)
    drawn.draw_without_rendering()
    assert drawn.get_figwidth() * drawn.dpi == 800
    if not drawn.axes[-1].axison:  # a network has no axes
        return
    assert drawn.axes[-1].get_xlabel()
    right_edge = drawn.bbox.x1 + 1
    for axes in drawn.axes:
        assert axes.get_ylabel() or any("\n" in tick.get_text() for tick in axes.get_yticklabels())
        legend = axes.get_legend()
        if legend is not None:
            box = legend.get_window_extent()
            assert box.y0 >= axes.bbox.y1 - 1
            assert box.x1 <= right_edge


def test_a_summary_profile_is_reported_without_the_accounts(tmp_path: Path) -> None:
    folder = write_synthetic_run(tmp_path / "run", profile="summary")
    assert "accounts" not in read_run(folder).tables
    assert write_report(folder).exists()


@pytest.mark.parametrize("tool", [summarise, write_report])
def test_an_unknown_folder_is_named_in_one_line(tool: object, tmp_path: Path) -> None:
    with pytest.raises(RunFolderError) as failure:
        tool(tmp_path / "nowhere")
    assert str(failure.value) == f"{tmp_path / 'nowhere'}: there is no such run folder"


@pytest.mark.parametrize(("lowest", "scale"), [(0.5, "log"), (-37.63, "linear"), (0.0, "linear")])
def test_a_price_axis_shows_relative_moves_unless_a_price_is_not_positive(lowest: float, scale: str) -> None:
    axes = new_figure(height_inches=3.0).subplots()
    axes.plot([0, 1, 2], [17.73, lowest, float("nan")])
    price_scale(axes)
    assert axes.get_yscale() == scale


@pytest.mark.parametrize("days", [1, 2, 3, 6])
def test_an_axis_of_days_marks_whole_days_however_short_the_run(days: int) -> None:
    axes = new_figure(height_inches=3.0).subplots()
    axes.plot(np.arange(days), np.ones(days))
    day_axis(axes)
    low, high = axes.get_xlim()
    marks = [tick for tick in axes.get_xticks() if low <= tick <= high]
    assert marks
    assert all(tick == round(tick) for tick in marks)
