"""A calibrated spot process as a scenario file that extends the baseline."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator

from abm.core.settings.toml_text import toml_value
from abm.spot.calibration.result import CalibrationResult

_DIGITS = 6
_WIDTH = 110
_JUMP_FIELDS = {
    "gaussian": {"jump_mean": "mean", "jump_std": "std"},
    "double_exponential": {"p_up": "p_up", "eta_up": "eta_up", "eta_down": "eta_down"},
}


def scenario_text(
    result: CalibrationResult, *, source: str, with_level: bool, weekly: tuple[float, ...] = ()
) -> str:
    """Return the text of a scenario file with every standard error in a comment.

    Parameters
    ----------
    result : CalibrationResult
        The fit.
    source : str
        Where the prices came from.
    with_level : bool
        Also set the initial price, to the fitted level at the last price: right for a series in USD per mSIT,
        wrong for a series of another good, which can lend its dynamics only.
    weekly : tuple of float
        Log effect of each day of the week that was taken out before the fit, none if nothing was.
    """
    origin = (
        f"Spot process of {toml_value(source)}: maximum likelihood, model {result.model}, {result.n_prices} "
        f"prices, {result.years:.2f} years, log-likelihood {result.log_likelihood:.2f}. Standard errors "
        "follow s.e."
    )
    lines = [
        *_comment(origin),
        *(line for warning in result.warnings for line in _comment(f"Warning: {warning}")),
        'extends = "baseline"',
        f"description = {toml_value(f'The baseline with the spot process calibrated to {source}.')}",
        "",
        "[spot]",
        *_level_lines(result, with_level),
        _assignment(result, "kappa", "kappa"),
        _assignment(result, "sigma", "sigma"),
    ]
    fields = _JUMP_FIELDS.get(result.model)
    if fields is None:
        lines.append("jump_intensity = 0.0  # the model has no jumps")
    else:
        lines += [_assignment(result, "jump_intensity", "jump_intensity"), "", "[spot.jumps]"]
        lines.append(f"kind = {toml_value(result.model)}")
        lines += [_assignment(result, parameter, field) for parameter, field in fields.items()]
    if weekly:
        effects = ", ".join(map(_rounded, weekly))
        lines += ["", "[spot.seasonality]", f"weekly = [{effects}]  # log price, taken out before the fit"]
    return "\n".join(lines) + "\n"


def _comment(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent="# ", subsequent_indent="# ")


def _level_lines(result: CalibrationResult, with_level: bool) -> Iterator[str]:
    last = float(result.level().usd(result.years))
    if with_level:
        yield f"initial_price_usd = {_rounded(last)}  # level at the last price"
    else:
        yield f"# The level at the last price is {_rounded(last)}; the baseline's initial price stays."
    trend = result.estimates["trend_per_year"]
    if not trend.held or trend.value != 0.0:
        yield _assignment(result, "trend_per_year", "trend_per_year")
    else:
        yield "# The fit took the level to be constant; the baseline's trend stays."


def _assignment(result: CalibrationResult, parameter: str, field: str) -> str:
    estimate = result.estimates[parameter]
    if estimate.held:
        said = "held at this value"
    elif math.isnan(estimate.standard_error):
        said = "s.e. unknown"
    else:
        said = f"s.e. {estimate.standard_error:.2g}"
    return f"{field} = {_rounded(estimate.value)}  # {estimate.unit}, {said}"


def _rounded(value: float) -> str:
    return toml_value(float(f"{value:.{_DIGITS}g}"))
