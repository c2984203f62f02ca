"""Draws the figures of docs/spot-process.md into this folder; the same bytes on every run of one machine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray
from PIL import Image

from abm.spot.process.jumps import DoubleExponentialJumps
from abm.spot.process.level import Level
from abm.spot.process.long_run import LongRunFactor
from abm.spot.process.mrjd import MeanRevertingJumpDiffusion
from abm.spot.process.premium import RiskPremium
from abm.spot.process.process import SpotProcess
from abm.spot.process.regimes import Regime, RegimeSwitchingJumpDiffusion

FOLDER = Path(__file__).resolve().parent
DAYS = 252
YEAR = np.arange(DAYS + 1) / DAYS
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#555555")
JUMPS = DoubleExponentialJumps(p_up=0.5, eta_up=8.0, eta_down=8.0)
SPOT = MeanRevertingJumpDiffusion(6.0, 0.4, 4.0, JUMPS, Level(3.0))
PRICE = "USD per mSIT"


def main() -> None:
    """Draw every figure."""
    speed_of_reversion()
    volatility()
    jump_intensity()
    direction_of_jumps()
    size_of_jumps()
    trend()
    long_run()
    premium()
    regimes()


def speed_of_reversion() -> None:
    """Show how a high price comes back at three speeds, alone and on average."""
    axes = _axes("Half of a deviation is gone after ln 2 / kappa: 127, 29 and 9 trading days", "days", PRICE)
    for kappa, colour in zip((1.38, 6.0, 20.0), COLOURS, strict=False):
        spot = replace(SPOT, kappa=kappa, x0=0.6, jump_intensity=0.0)
        axes.plot(DAYS * YEAR, _path(spot, seed=3), color=colour, linewidth=0.8)
        mean = spot.forward(0.0, YEAR, spot.x0)
        axes.plot(DAYS * YEAR, mean, color=colour, linewidth=2.2, label=f"kappa = {kappa:g}")
    _save(axes, "spot_kappa")


def volatility() -> None:
    """Show one path of the diffusion at three volatilities."""
    axes = _axes("The same draws at three volatilities, without jumps", "days", PRICE)
    for sigma, colour in zip((1.0, 0.5, 0.2), COLOURS, strict=False):
        spot = replace(SPOT, sigma=sigma, jump_intensity=0.0)
        axes.plot(DAYS * YEAR, _path(spot, seed=5), color=colour, linewidth=1.1, label=f"sigma = {sigma:g}")
    _save(axes, "spot_sigma")


def jump_intensity() -> None:
    """Show one diffusion with fewer and more jumps."""
    axes = _axes("The same diffusion with no, few and many jumps a year", "days", PRICE)
    for intensity, colour in zip((16.0, 4.0, 0.0), COLOURS, strict=False):
        spot = replace(SPOT, sigma=0.25, jump_intensity=intensity)
        label = f"jump_intensity = {intensity:g}"
        axes.plot(DAYS * YEAR, _path(spot, seed=11), color=colour, linewidth=1.1, label=label)
    _save(axes, "spot_jump_intensity")


def direction_of_jumps() -> None:
    """Show the law of the log price with jumps down, both ways and up."""
    axes = _axes("Law of the log price half a year ahead", "ln S less its level", "density")
    x = np.linspace(-1.1, 1.1, 400)
    for p_up, colour in zip((0.0, 0.5, 1.0), COLOURS, strict=False):
        spot = replace(SPOT, sigma=0.25, jumps=replace(JUMPS, p_up=p_up, eta_up=5.0, eta_down=5.0))
        axes.plot(x, _density(spot, x, 0.5), color=colour, linewidth=1.6, label=f"p_up = {p_up:g}")
    _save(axes, "spot_p_up")


def size_of_jumps() -> None:
    """Show the upper tail of the price for three mean sizes of up jumps."""
    title = "Chance that the price stands above a multiple of its level half a year ahead"
    axes = _axes(title, "multiple of the level", "chance")
    x = np.linspace(-2.5, 4.0, 6501)
    for eta, colour in zip((5.0, 8.0, 12.5), COLOURS, strict=False):
        spot = replace(SPOT, sigma=0.25, jumps=replace(JUMPS, eta_up=eta, eta_down=12.5))
        above = np.cumsum(_density(spot, x, 0.5)[::-1])[::-1] * (x[1] - x[0])
        shown = (x >= 0.0) & (x <= np.log(3.0))
        label = f"eta_up = {eta:g} (mean jump {100 / eta:.3g} %)"
        axes.plot(np.exp(x[shown]), above[shown], color=colour, linewidth=1.6, label=label)
    axes.set_yscale("log")
    axes.set_ylim(1e-5, 1.0)
    _save(axes, "spot_eta")


def trend() -> None:
    """Show the level and a path around it for three trends."""
    axes = _axes("The trend moves the level, and the price moves with it without lag", "years", PRICE)
    years = np.arange(2 * DAYS + 1) / DAYS
    for fall, colour in zip((0.0, 0.92, 1.84), COLOURS, strict=False):
        spot = replace(SPOT, level=Level(3.0, trend_per_year=fall))
        axes.plot(
            years, spot.level.usd(years), color=colour, linewidth=2.2, label=f"trend_per_year = {fall:g}"
        )
        axes.plot(years, _path(spot, seed=8, years=years), color=colour, linewidth=0.7)
    axes.set_yscale("log")
    axes.set_yticks([0.1, 0.3, 1.0, 3.0], ["0.1", "0.3", "1", "3"])
    _save(axes, "spot_trend")


def long_run() -> None:
    """Show how far the price may spread with and without a long-run factor."""
    axes = _axes("Where nine in ten prices lie: the long-run factor keeps spreading", "years", PRICE)
    years = np.linspace(0.0, 3.0, 121)
    factor = LongRunFactor(drift=0.0, volatility=0.35, correlation=0.0)
    for spot, colour, label in (
        (replace(SPOT, long_run=factor), COLOURS[1], "with LongRunFactor(0, 0.35, 0)"),
        (SPOT, COLOURS[0], "without"),
    ):
        prices = spot.simulate(years, 40_000, np.random.default_rng(4)).price_usd
        low, high = np.quantile(prices, (0.05, 0.95), axis=0)
        axes.fill_between(years, low, high, color=colour, alpha=0.35, linewidth=0, label=label)
    axes.set_ylim(bottom=0.0)
    _save(axes, "spot_long_run")


def premium() -> None:
    """Show the forward curve under each premium beside the expected price."""
    axes = _axes(
        "Forward price over expected price, for each risk premium", "years to delivery", "difference"
    )
    years = np.linspace(0.0, 1.0, 101)
    spot = replace(SPOT, long_run=LongRunFactor(drift=0.0, volatility=0.3, correlation=0.0))
    expected = spot.forward(0.0, years, 0.0, "P")
    for charged, colour, label in (
        (RiskPremium(jump_tilt=2.0), COLOURS[1], "jump_tilt = 2: up jumps feared"),
        (RiskPremium(jump_tilt=-2.0), COLOURS[2], "jump_tilt = -2: down jumps feared"),
        (RiskPremium(diffusion=0.3), COLOURS[0], "diffusion = 0.3"),
        (RiskPremium(long_run=0.1), COLOURS[3], "long_run = 0.1"),
    ):
        priced = replace(spot, premium=charged).forward(0.0, years, 0.0)
        axes.plot(years, priced / expected - 1.0, color=colour, linewidth=1.8, label=label)
    axes.axhline(0.0, color="black", linewidth=0.6)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    _save(axes, "spot_premium")


def regimes() -> None:
    """Show a path through calm and stormy times."""
    axes = _axes("Two regimes: the stormy one is shaded", "days", PRICE)
    up = DoubleExponentialJumps(p_up=0.8, eta_up=6.0, eta_down=8.0)
    calm, stormy = Regime(0.2, 1.0, JUMPS), Regime(1.2, 20.0, up, reversion_level=0.35)
    spot = RegimeSwitchingJumpDiffusion(8.0, (calm, stormy), ((-3.0, 3.0), (9.0, -9.0)), Level(3.0))
    factors = spot.simulate_factors(YEAR, 1, np.random.default_rng(19))
    axes.plot(DAYS * YEAR, 3.0 * np.exp(factors.x[0]), color=COLOURS[0], linewidth=1.1)
    axes.fill_between(
        DAYS * YEAR,
        0.0,
        1.0,
        where=factors.regime[0] == 1,
        transform=axes.get_xaxis_transform(),
        color=COLOURS[1],
        alpha=0.2,
        linewidth=0,
        step="pre",
    )
    _save(axes, "spot_regimes")


def _path(spot: SpotProcess, *, seed: int, years: NDArray[np.float64] = YEAR) -> NDArray[np.float64]:
    prices: NDArray[np.float64] = spot.simulate(years, 1, np.random.default_rng(seed)).price_usd[0]
    return prices


def _density(spot: SpotProcess, x: NDArray[np.float64], tau: float) -> NDArray[np.float64]:
    """Invert the characteristic function by the trapezoidal rule."""
    u, du = np.linspace(0.0, 70.0, 1401, retstep=True)
    values = spot.characteristic_function(u, tau)
    values[0] *= 0.5
    density: NDArray[np.float64] = (np.exp(-1j * np.outer(x, u)) @ values).real * du / np.pi
    positive: NDArray[np.float64] = np.maximum(density, 0.0)
    return positive


def _axes(title: str, x_label: str, y_label: str) -> Axes:
    figure = Figure(figsize=(8.0, 3.6), dpi=100, layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title, loc="left", fontsize=11)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.grid(visible=True, color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    _hide(axes, ("top", "right"))
    axes.margins(x=0.01)
    return axes


def _hide(axes: Axes, sides: Iterable[str]) -> None:
    for side in sides:
        axes.spines[side].set_visible(False)


def _save(axes: Axes, name: str) -> None:
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, fontsize=9)
    figure = axes.get_figure()
    assert isinstance(figure, Figure)
    drawn = BytesIO()
    figure.savefig(drawn, format="png")
    # 64 colours are plenty for a few lines, and a third of the bytes.
    image = Image.open(drawn).convert("RGB")
    image.quantize(64, dither=Image.Dither.NONE).save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
