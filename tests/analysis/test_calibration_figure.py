"""The calibration figure shows what it was given."""

from __future__ import annotations

import numpy as np

from analysis.calibration_figure import draw


def test_series_level_jumps_and_residuals_are_drawn() -> None:
    prices = np.linspace(1.0, 2.0, 200)
    jump_probability = np.zeros(199)
    jump_probability[[10, 50]] = (0.9, 0.51)
    scores = np.random.default_rng(1).standard_normal(199)
    pit = (np.arange(199) + 0.5) / 199
    figure = draw(
        when=np.arange(200) / 252.0,
        prices=prices,
        level=np.full(200, 1.5),
        jump_probability=jump_probability,
        pit=pit,
        normal_scores=scores,
    )
    series, histogram, quantiles, correlations = figure.axes
    drawn, level, jumps = series.lines
    assert np.asarray(drawn.get_ydata()).tolist() == prices.tolist()
    assert set(np.asarray(level.get_ydata()).tolist()) == {1.5}
    assert np.asarray(jumps.get_ydata()).tolist() == prices[[11, 51]].tolist()
    assert sum(bar.get_height() for bar in histogram.patches[:20]) == 199
    assert np.asarray(quantiles.lines[1].get_ydata()).tolist() == np.sort(scores).tolist()
    assert correlations.get_xlabel() == "lag, steps"
    assert series.get_xlabel() == "years since the first price"


def test_dates_are_put_on_the_axis() -> None:
    figure = draw(
        when=np.arange("2024-01-01", "2024-02-10", dtype="datetime64[D]"),
        prices=np.full(40, 2.0),
        level=np.full(40, 2.0),
        jump_probability=np.zeros(39),
        pit=np.linspace(0.01, 0.99, 39),
        normal_scores=np.linspace(-2.0, 2.0, 39),
    )
    figure.canvas.draw()
    assert figure.axes[0].get_xlabel() == ""
