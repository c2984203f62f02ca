"""``sitsim calibrate``: fit the spot process to a CSV file, print the fit, write a scenario and a figure."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from abm.cli.calibrated_scenario import scenario_text
from abm.cli.our_analysis import calibration_figure, house_style
from abm.core.errors import CalibrationError, ScenarioError
from abm.recording.drafts import draft_file, failures_named, remove_abandoned
from abm.scenario import Scenario
from abm.spot.calibration.calibration import calibrate
from abm.spot.calibration.likelihood import Model
from abm.spot.calibration.price_series import PriceSeries, read_price_series, without_weekly_pattern
from abm.spot.calibration.result import CalibrationResult

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIGURE_SUFFIXES = (".png", ".svg", ".pdf")
_WEEKS = (0, 5, 7)


@dataclass(frozen=True, slots=True)
class CalibrationOrder:
    """What the user asked ``sitsim calibrate`` for; see its options."""

    csv: Path
    column: str
    date_column: str | None
    days_per_year: float
    model: str
    trend: str
    days_a_week: int
    bounds: tuple[str, ...]
    write: Path | None
    with_level: bool
    figure: Path | None


def calibrate_and_print(order: CalibrationOrder) -> None:
    """Fit, print the fit, and write what was asked for: all of it, or nothing after a mistake."""
    if order.write is not None:
        _check_target(order.write, "--write", (".toml",))
    if order.figure is not None:
        _check_target(order.figure, "--figure", FIGURE_SUFFIXES)
    trend, bounds = _trend(order.trend), _bounds(order.bounds)
    series, weekly = _series(order)
    try:
        # `calibrate` itself refuses a model that it does not know.
        model = cast(Model, order.model)
        result = calibrate(series.prices, series.dt, model, trend=trend, bounds=bounds)
    except CalibrationError as error:
        raise CalibrationError(f"{order.csv}: {error}") from None
    with _written_together() as drafts:
        if order.write is not None:
            text = scenario_text(
                result, source=_series_name(order), with_level=order.with_level, weekly=weekly
            )
            with drafts.of(order.write) as draft:
                _draft_scenario(draft, text, order.write)
        if order.figure is not None:
            with drafts.of(order.figure) as draft:
                _draft_figure(draft, _draw(series, result, order.column))
    _print(result, order)


def _series(order: CalibrationOrder) -> tuple[PriceSeries, tuple[float, ...]]:
    """Return the series of the file, without its weekly pattern if the week was given, and that pattern."""
    if order.days_a_week not in _WEEKS:
        raise CalibrationError(f"--week: {order.days_a_week} is not one of {', '.join(map(str, _WEEKS))}")
    series = read_price_series(
        order.csv,
        column=order.column,
        date_column=order.date_column,
        days_per_year=order.days_per_year,
    )
    if order.days_a_week == 0:
        return series, ()
    if series.dates:
        days = np.array([day.weekday() for day in series.dates])
        outside = np.flatnonzero(days >= order.days_a_week)
        if outside.size:
            day = series.dates[outside[0]]
            raise CalibrationError(f"{order.csv}: --week {order.days_a_week}: {day} is a weekend")
    else:
        days = np.arange(series.prices.size) % order.days_a_week
    try:
        adjusted, effects = without_weekly_pattern(series.prices, days)
    except CalibrationError as error:
        raise CalibrationError(f"{order.csv}: --week {order.days_a_week}: {error}") from None
    return PriceSeries(adjusted, series.dates, series.dt), tuple(effects.tolist())


def _series_name(order: CalibrationOrder) -> str:
    pattern = f" less a pattern of {order.days_a_week} days" if order.days_a_week else ""
    return f"{order.csv.name}{pattern}"


def _trend(text: str) -> float | Literal["none", "fitted"]:
    if text == "none":
        return "none"
    if text == "fitted":
        return "fitted"
    try:
        return float(text)
    except ValueError:
        raise CalibrationError(f"--trend: {text!r} is not none, fitted or a number") from None


def _bounds(texts: Iterable[str]) -> dict[str, tuple[float, float]]:
    bounds = {}
    for text in texts:
        name, _, pair = text.partition("=")
        low, comma, high = pair.partition(",")
        try:
            bounds[name.strip()] = (float(low), float(high if comma else low))
        except ValueError:
            raise CalibrationError(f"--bound: {text!r} is not of the form parameter=low,high") from None
    return bounds


def _check_target(path: Path, option: str, suffixes: tuple[str, ...]) -> None:
    if path.suffix not in suffixes:
        raise CalibrationError(f"{option}: {path} does not end in {' or '.join(suffixes)}")
    with failures_named(path):
        if path.is_dir() or not path.parent.is_dir():
            raise CalibrationError(f"{option}: {path} is not a file in an existing folder")
        with draft_file(path), suppress(FileNotFoundError):
            path.lstat()  # a name that is too long


class _Drafts:
    """Files written beside their targets under other names, then moved in place one after the other."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._targets: dict[Path, Path] = {}

    @contextmanager
    def of(self, target: Path) -> Iterator[Path]:
        """Yield the draft of a target."""
        with failures_named(target):
            remove_abandoned(target.parent)
            draft = self._stack.enter_context(draft_file(target, suffix=target.suffix))
            self._targets[draft] = target
            yield draft

    def move(self) -> None:
        """Move all drafts in place."""
        for draft, target in self._targets.items():
            with failures_named(target):
                os.replace(draft, target)


@contextmanager
def _written_together() -> Iterator[_Drafts]:
    with ExitStack() as stack:
        drafts = _Drafts(stack)
        yield drafts
        drafts.move()


def _draft_scenario(draft: Path, text: str, target: Path) -> None:
    """Write a scenario file and load it, so that no file is left which ``sitsim run`` would refuse."""
    draft.write_text(text, encoding="utf-8")
    try:
        Scenario.load(str(draft))
    except ScenarioError as error:
        problem = str(error).removeprefix(f"{draft}: ")
        raise CalibrationError(f"{target}: this fit is no scenario: {problem}") from None


def _draw(series: PriceSeries, result: CalibrationResult, column: str) -> Figure:
    years = np.arange(series.prices.size) * series.dt
    return calibration_figure(
        when=np.array(series.dates, dtype="datetime64[D]") if series.dates else years,
        prices=series.prices,
        level=result.level().usd(years),
        jump_probability=result.jump_probability,
        pit=result.diagnostics.pit,
        normal_scores=result.diagnostics.normal_scores,
        price_label=column,
    )


def _draft_figure(draft: Path, figure: Figure) -> None:
    with house_style():
        figure.savefig(draft)


def _print(result: CalibrationResult, order: CalibrationOrder) -> None:
    console = Console(highlight=False)
    heading = f"{_series_name(order)}: {result.n_prices} prices, {result.years:.2f} years, {result.model}"
    console.print(heading, markup=False, soft_wrap=True)
    table = Table(box=SIMPLE_HEAD)
    table.add_column("parameter")
    for column in ("estimate", "s.e.", "95 % interval"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    for row in result.table():
        table.add_row(*row)
    console.print(table)
    tests = result.diagnostics
    console.print(
        f"log-likelihood {result.log_likelihood:.2f}, AIC {result.aic:.2f}, BIC {result.bic:.2f}\n"
        f"p-values of the residuals: uniform {tests.ks_p_value:.2g}, uncorrelated "
        f"{tests.ljung_box_p_value:.2g}, squares uncorrelated {tests.ljung_box_squares_p_value:.2g}",
        soft_wrap=True,
    )
    for warning in result.warnings:
        console.print("[yellow]warning:[/yellow]", end=" ")
        console.print(warning, markup=False, soft_wrap=True)
    for label, path in (("scenario", order.write), ("figure", order.figure)):
        if path is not None:
            console.print(f"{label:<9} {path}", markup=False, soft_wrap=True)
