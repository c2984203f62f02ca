"""The page of a hedging study: its numbers counted again from the arrays of the result, and how it looks."""

from __future__ import annotations

import itertools
import math
import os
import re
from collections import defaultdict
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from typer.testing import CliRunner

from abm.cli.commands import app
from abm.core.errors import RunFolderError
from abm.hedging import Frictions, FuturesHedge, HedgeResult, HedgeStudy
from analysis import hedge_page, write_hedge_report
from analysis.figures import hedge_bills, hedge_cash, hedge_frontier
from analysis.figures.label_places import place_labels
from analysis.hedge_study import HedgeStudyView, open_study
from analysis.hedge_words import CONVENTION_NAMES
from analysis.style import house_style, shorter
from analysis.wording import decimal_or_less, percent

NAMES = ["none", "layered", "strip:0.8", "stack <b>&$x$</b>", "fixed_price"]
ADVICE = {
    "programme": "layered",
    "runner_up": "strip:0.8",
    "confidence": 0.99,
    "money_usd": 70_000.0,
    "sentences": ["Hedge with <layered>.", "Money runs out & more."],
}
LIMITS = pd.DataFrame(
    {
        "programme": ["layered"] * 3,
        "part": ["all on", "spread", "cash"],
        "worst_bill_usd": [1_068_913.0, 1_065_000.0, 1_060_000.0],
        "change_usd": [0.0, -3_913.0, -0.4],
    }
)
IN_MARKET = pd.DataFrame(
    {
        "step": ["laboratory", "market", "market"],
        "measure": ["volatility_reduction", "volatility_reduction", "worst_bill_usd"],
        "mean": [0.61, 0.41, 2_500_000.0],
        "low": [None, 0.35, 2_000_000.0],
        "high": [None, 0.47, 3_000_000.0],
        "seeds": [1, 8, 8],
    }
)


class Page(HTMLParser):
    """Rows of the tables of a page by the heading over them, and its headings in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: dict[str, list[list[str]]] = defaultdict(list)
        self.headings: list[str] = []
        self._tag, self._cells = "", [""]
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag = tag
        if tag in ("h2", "h3"):
            self.headings.append("")
        elif tag == "tr":
            self._cells = []
        elif tag in ("td", "th"):
            self._cells.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "tr":
            self.rows[self.headings[-1]].append(self._cells)
        self._tag = ""

    def handle_data(self, data: str) -> None:
        if self._tag in ("h2", "h3"):
            self.headings[-1] += data
        elif self._tag in ("td", "th"):
            self._cells[-1] += data


@pytest.fixture(scope="module")
def result() -> HedgeResult:
    frictions = Frictions(0.005, 0.5, 0.10, 0.08, cash_usd=55_000.0, credit_usd=5_000.0, whole_lots=True)
    stack = FuturesHedge("stack", name=NAMES[3], stack_scaling="kappa")
    words = ["layered", "strip:0.8", stack, "fixed_price"]
    return HedgeStudy.from_scenario(
        "demand_explosion", words, frictions=frictions, paths=200, horizon_months=14
    ).run()


@pytest.fixture(scope="module")
def folder(result: HedgeResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return result.write(
        tmp_path_factory.mktemp("studies") / "study",
        advice=ADVICE,
        question=[["Need", "42,000 mSIT a month"], ["Money", "<USD 70,000>"]],
        command="sitsim hedge demand_explosion --paths 200 > 'a file'",
        checks={"limits": LIMITS, "in_market": IN_MARKET},
    )


@pytest.fixture(scope="module")
def text(folder: Path) -> str:
    return write_hedge_report(folder).read_text()


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


@pytest.fixture(scope="module")
def view(folder: Path) -> HedgeStudyView:
    return open_study(folder)


def marked(name: str) -> str:
    return name + {"layered": " (recommended)", "strip:0.8": " (runner-up)"}.get(name, "")


def thousands(usd: float, places: int) -> str:
    return decimal_or_less(usd / 1e3, places)


def quantile(values: np.ndarray, share: float) -> float:
    """Between the two paths beside the rank, by hand."""
    ranked = sorted(values.tolist())
    rank = share * (len(ranked) - 1)
    low = math.floor(rank)
    high = min(low + 1, len(ranked) - 1)
    return ranked[low] + (rank - low) * (ranked[high] - ranked[low])


def test_sections_stand_in_their_order(page: Page) -> None:
    assert page.headings == [
        "Answer",
        "What was asked",
        "Programmes side by side",
        "Bills, USD thousand",
        "Cash, USD thousand",
        "What the hedge costs, USD thousand",
        "Effectiveness, by year",
        "Figures",
        "What limits the hedge",
        "In the market",
        "Conventions",
        "Cash needed on 95 % of paths at most, USD thousand",
        "Cash needed on 99 % of paths at most, USD thousand",
        "What was run",
        "How to reproduce",
    ]


def test_bills_and_both_measures_are_those_of_the_paths(result: HedgeResult, page: Page) -> None:
    rows = []
    for name in NAMES:
        bills = result[name].bill_usd
        whole = bills.sum(axis=0)
        across = [
            1.0 - np.std(bills[year].sum(axis=0)) / np.std(result.bill_usd[year].sum(axis=0))
            for year in (slice(0, 12), slice(12, 14))
        ]
        within = [
            1.0
            - np.std(bills[:, path] / result.expected_bill_usd[:, path], ddof=1)
            / np.std(result.bill_usd[:, path] / result.expected_bill_usd[:, path], ddof=1)
            for path in range(whole.size)
        ]
        worst = (whole.mean(), quantile(whole, 0.95), quantile(whole, 0.99))
        rows.append(
            [
                marked(name),
                *(thousands(each, 0) for each in worst),
                percent(float(np.mean(across))),
                percent(float(np.median(within))),
            ]
        )
    assert page.rows["Bills, USD thousand"][1:] == rows
    assert rows[0][4:] == ["0.0 %", "0.0 %"]


def test_cash_is_that_of_the_paths_and_of_the_studys_own_money(
    result: HedgeResult, page: Page, text: str
) -> None:
    shown = page.rows["Cash, USD thousand"][1:]
    places = len(shown[1][1].partition(".")[2])
    for name, row in zip(NAMES, shown, strict=True):
        mine = result[name]
        need = mine.margin_usd.astype(float) - mine.variation_usd
        peak = need.max(axis=0) if len(need) else np.zeros(200)
        np.testing.assert_allclose(mine.peak_usd["margin_at_marks"], peak, rtol=1e-4, atol=0.01)
        needed = [
            thousands(quantile(mine.peak_usd["margin_at_marks"], share), places) for share in (0.95, 0.99)
        ]
        ends = [sum(day != -1 for day in days.tolist()) / 200 for days in (mine.short_day, mine.given_up_day)]
        assert row == [marked(name), *needed, *map(percent, ends)]
    assert 0.0 < float(shown[1][3].split()[0]) < 100.0
    assert "more than the USD 60,000 of cash and credit" in text


def test_costs_add_up_and_are_means_over_paths(result: HedgeResult, page: Page) -> None:
    shown = {row[0]: row[1:] for row in page.rows["What the hedge costs, USD thousand"][1:]}
    for name in NAMES:
        mine = result[name]
        spread, fees, roll = mine.spread_usd.sum() / 200, mine.fees_usd.sum() / 200, mine.roll_usd.mean()
        kept = 1.0 - roll / (spread + fees) if spread + fees else 1.0
        premium, funding = mine.premium_usd.sum() / 200, mine.funding_usd.sum() / 200
        total = premium + spread + fees + funding
        parts = (premium, kept * spread, kept * fees, roll, funding, total)
        assert shown[marked(name)] == [thousands(part, 2) for part in parts], name
    assert shown["none"] == ["0.00"] * 6


def test_effectiveness_is_that_of_the_years(result: HedgeResult, page: Page) -> None:
    shown = {row[0]: row[1:] for row in page.rows["Effectiveness, by year"][1:]}
    for name in NAMES[1:4]:
        medians, bands, squares = [], [], []
        for year in (slice(0, 12), slice(12, 14)):
            gain = result[name].gain_usd[year].sum(axis=0)
            bill = result.bill_usd[year].sum(axis=0)
            offset = gain / (bill - result.expected_bill_usd[year].sum(axis=0))
            medians.append(np.median(offset))
            bands.append(np.mean((offset >= 0.8) & (offset <= 1.25)))
            squares.append(np.corrcoef(gain, bill)[0, 1] ** 2)
        shares = (percent(float(np.mean(each))) for each in (bands, squares))
        assert shown[marked(name)] == [decimal_or_less(float(np.mean(medians)), 2), *shares]
    assert shown["none"] == ["0.00", "0.0 %", "0.0 %"]
    assert shown["fixed_price"] == ["n/a"] * 3


def test_each_convention_has_its_own_need(result: HedgeResult, page: Page) -> None:
    header, *rows = page.rows["Cash needed on 99 % of paths at most, USD thousand"]
    assert header[2] == "With margin at today's prices *"
    assert len(header) == 1 + len(CONVENTION_NAMES)
    for name, row in zip(NAMES, rows, strict=True):
        needs = [quantile(result[name].peak_usd[each], 0.99) for each in CONVENTION_NAMES]
        assert row == [marked(name), *(thousands(need, len(row[1].partition(".")[2])) for need in needs)]


def test_checks_question_and_command_are_shown_as_given(page: Page, text: str) -> None:
    assert page.rows["What was asked"] == [["Need", "42,000 mSIT a month"], ["Money", "<USD 70,000>"]]
    assert page.rows["What limits the hedge"][1:] == [
        ["layered", "all on", "1,069", "0"],
        ["layered", "spread", "1,065", "-4"],
        ["layered", "cash", "1,060", ">-1"],
    ]
    assert page.rows["In the market"] == [
        ["Step", "volatility reduction", "worst bill, USD million"],
        ["laboratory", "61.0 %", ""],
        ["market", "41.0 % (35.0 % to 47.0 %)", "2.500 (2.000 to 3.000)"],
    ]
    assert "over 8 seeds" in text
    assert "<p><strong>Hedge with &lt;layered&gt;.</strong></p>\n<p>Money runs out &amp; more.</p>" in text
    assert "--paths 200 &gt; &#x27;a file&#x27;</pre>" in text
    assert "<b>" not in text
    assert not re.search(r"\bnan\b", re.sub(r"base64,[^\"]*", "", text), re.IGNORECASE)


def test_what_was_run_names_every_parameter_of_the_process(page: Page) -> None:
    said = dict(row for row in page.rows["What was run"] if len(row) == 2)
    for part in ("MeanRevertingJumpDiffusion", "kappa 6", "sigma 0.6", "eta down 8", "p up 0.8"):
        assert part in said["Price process"]
    assert "cash usd 55,000" in said["Frictions"]
    assert said["Paths"] == "200, marked every 5 days"
    assert "numpy" in said["Versions"]
    assert "stack scaling kappa" in said[NAMES[3]]


def overlaps(figure: Figure) -> list[tuple[str, str]]:
    """Return what covers what among the labels and dots of the one plot of a figure."""
    renderer: Any = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
    (axes,) = figure.axes
    for label in axes.texts:
        label.update_positions(renderer)
    labels = [(label.get_text(), Text.get_window_extent(label, renderer)) for label in axes.texts]
    covered = [
        (one, other)
        for (one, box), (other, second) in itertools.combinations(labels, 2)
        if box.overlaps(second)
    ]
    dots = [line for line in axes.lines if line.get_linestyle() == "None"]
    assert len(dots) == len(labels)
    for (label, box), dot in itertools.product(labels, dots):
        assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1
        (x, y) = axes.transData.transform(np.column_stack(dot.get_data()))[0]
        gap = math.hypot(max(box.x0 - x, x - box.x1, 0.0), max(box.y0 - y, y - box.y1, 0.0))
        if gap < dot.get_markersize() * figure.dpi / 144.0:
            covered.append((label, f"dot at {x:.0f}, {y:.0f}"))
    return covered


def test_the_frontier_has_a_dot_a_programme_where_its_paths_are(
    result: HedgeResult, view: HedgeStudyView
) -> None:
    figure = hedge_frontier.draw(view)
    (axes,) = figure.axes
    dots = [line for line in axes.lines if line.get_linestyle() == "None"]
    for name, dot in zip(NAMES, dots, strict=True):
        (x,), (y,) = dot.get_data()
        assert x * 1e3 == pytest.approx(quantile(result[name].peak_usd["margin_at_marks"], 0.99))
        assert y * 1e3 == pytest.approx(quantile(result[name].bill_usd.sum(axis=0), 0.99))
        assert (dot.get_marker() == "D") == (name == "layered")
    (money,) = (line for line in axes.lines if line.get_linestyle() == "--")
    assert money.get_xdata()[0] == 70.0  # type: ignore[index]
    assert sorted(text.get_text().replace(r"\$", "$") for text in axes.texts) == sorted(NAMES)
    assert [dots[0].get_xdata()[0], dots[4].get_xdata()[0]] == [0.0, 0.0]  # type: ignore[index]
    assert overlaps(figure) == []


@pytest.mark.parametrize(
    ("seed", "count", "spread"), [(0, 12, 0.3), (1, 12, 0.0), (2, 12, 2.0), (3, 30, 0.1)]
)
def test_labels_cover_neither_each_other_nor_a_dot(seed: int, count: int, spread: float) -> None:
    drawn = np.random.default_rng(seed).normal([5.0, 1.0], [spread, 0.1 * spread], (count - 1, 2))
    points = [(0.0, 1.0), *drawn.tolist()]
    labels = [f"a programme with a name {number}" for number in range(count)]
    with house_style():
        figure = Figure(figsize=(8.0, 5.0), dpi=100, layout="constrained")
        axes = figure.subplots()
        for x, y in points:
            axes.plot(x, y, "o", markersize=9.0)
        place_labels(figure, axes, points, labels, dot_points=9.0, upright_line=5.0)
    assert overlaps(figure) == []


def test_the_fan_of_bills_holds_the_paths_it_says(result: HedgeResult, view: HedgeStudyView) -> None:
    figure = hedge_bills.draw(view)
    titles = [axes.get_title(loc="left") for axes in figure.axes if axes.get_visible()]
    assert titles == [name.replace("$", r"\$") for name in NAMES[1:]]
    shares = ((0.01, 0.99), (0.05, 0.95), (0.25, 0.75))
    for name, axes in zip(NAMES[1:], figure.axes, strict=False):
        so_far = np.vstack([np.zeros(200), result[name].bill_usd.cumsum(axis=0)]) / 1e3
        bare = np.vstack([np.zeros(200), result.bill_usd.cumsum(axis=0)]) / 1e3
        median, low, high = (np.asarray(line.get_ydata()) for line in axes.lines)
        np.testing.assert_allclose(median, np.median(so_far, axis=1))
        np.testing.assert_allclose(low, np.quantile(bare, 0.01, axis=1))
        np.testing.assert_allclose(high, np.quantile(bare, 0.99, axis=1))
        for band, (below, above) in zip(axes.collections, shares, strict=True):
            corners = band.get_paths()[0].vertices
            last = corners[corners[:, 0] == 14.0, 1]
            assert last.min() == pytest.approx(np.quantile(so_far[-1], below))
            assert last.max() == pytest.approx(np.quantile(so_far[-1], above))
    assert len({axes.get_ylim() for axes in figure.axes}) == 1


def test_the_fan_of_cash_has_the_futures_programmes_and_the_money(
    result: HedgeResult, view: HedgeStudyView
) -> None:
    figure = hedge_cash.draw(view)
    assert len([axes for axes in figure.axes if axes.get_visible()]) == 3
    for name, axes in zip(NAMES[1:4], figure.axes, strict=False):
        need = (result[name].margin_usd - result[name].variation_usd) / 1e3
        median, _, money = (np.asarray(line.get_ydata(), dtype=float) for line in axes.lines)
        np.testing.assert_allclose(median, np.median(need, axis=1), rtol=1e-4, atol=1e-3)
        assert set(money) == {70.0}
        assert axes.get_ylim()[1] > max(70.0, np.quantile(need, 0.99, axis=1).max())


@pytest.mark.verify
def test_an_extreme_study_has_a_page(tmp_path: Path) -> None:
    long = "a programme of a name that goes on and on, as treasuries like them " * 3
    hedges = [FuturesHedge("strip", name=f"{long}{number}", coverage=number / 8) for number in range(1, 8)]
    study = HedgeStudy.from_scenario("demand_explosion", hedges, paths=20, horizon_months=1, need=0.5)
    folder = study.run().write(tmp_path / "long")
    view = open_study(folder)
    page = Page(write_hedge_report(folder).read_text())
    assert "Bills, USD" in page.headings
    assert [row[5] for row in page.rows["Bills, USD"][1:]] == ["0.0 %", *["n/a"] * 7]
    assert "so that it never runs out" in (folder / "report.html").read_text()
    assert hedge_bills.caption(view).endswith("Drawn are 6 of 7 programmes.")
    assert overlaps(hedge_frontier.draw(view)) == []
    bare = HedgeStudy.from_scenario("demand_explosion", ["fixed_price"], paths=1, horizon_months=2, need=1e9)
    page = Page(write_hedge_report(bare.run().write(tmp_path / "bare")).read_text())
    assert "Bills, USD million" in page.headings
    assert page.rows["Bills, USD million"][1][0] == "none"
    alone = HedgeStudy.from_scenario("demand_explosion", [], paths=3, horizon_months=2)
    nothing = open_study(alone.run().write(tmp_path / "alone"))
    assert [len(module.draw(nothing).axes) for module in hedge_page.FIGURES] == [1, 1, 1]


def test_money_that_only_the_advice_knows_is_held_against_the_needs(tmp_path: Path) -> None:
    result = HedgeStudy.from_scenario("demand_explosion", ["strip"], paths=40, horizon_months=2).run()
    peaks = result["strip"].peak_usd["margin_at_marks"]
    money = float(np.median(peaks))
    advice = ADVICE | {"programme": "strip", "runner_up": None, "money_usd": money}
    page = Page(write_hedge_report(result.write(tmp_path / "study", advice=advice)).read_text())
    (cash,) = (rows for heading, rows in page.rows.items() if heading.startswith("Cash, "))
    beyond = sum(peak > money for peak in peaks.tolist()) / 40
    assert cash[2][3] == percent(beyond) == "50.0 %"


@pytest.mark.verify
def test_the_same_folder_has_the_same_page(folder: Path, text: str) -> None:
    assert write_hedge_report(folder).read_bytes() == text.encode()


def test_short_names_stay_apart() -> None:
    names = ["abcdefghij" * 3, "abcdefghij" * 2 + "abcdefghij", "abcdefghij" * 4, "cash$", "abc"]
    short = shorter(dict.fromkeys(names), 12)
    assert len(set(short.values())) == len(set(names))
    assert all(len(form.replace("\\", "")) <= 12 for form in short.values())
    assert (short["abc"], short["cash$"]) == ("abc", r"cash\$")


def test_the_page_appears_whole_or_not_at_all(
    folder: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = (folder / "report.html").read_bytes()
    assert there == text.encode()
    before = sorted(path.name for path in folder.iterdir())
    monkeypatch.setattr(hedge_page, "render", lambda study: "new page")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        with pytest.raises(RunFolderError, match=r"report\.html: cannot be written: No space left"):
            write_hedge_report(folder)
    assert (folder / "report.html").read_bytes() == there
    assert sorted(path.name for path in folder.iterdir()) == before


def test_the_command_writes_the_page_of_either_kind_of_folder(
    folder: Path, synthetic_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from analysis import report

    monkeypatch.setattr(hedge_page, "render", lambda study: "a hedging study")
    monkeypatch.setattr(report, "render", lambda run: "a run")
    for place, words in ((folder, "a hedging study"), (synthetic_folder, "a run")):
        answer = CliRunner().invoke(app, ["report", str(place)])
        assert (answer.exit_code, answer.stdout) == (0, f"{place / 'report.html'}\n")
        assert (place / "report.html").read_text() == words
