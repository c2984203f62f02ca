"""Maps the claim that futures cut the volatility of compute cost by 62-78 % under a demand explosion.

    python scenarios/paper_band.py
    python scenarios/paper_band.py --paths 10000 --out docs/figures

``map`` asks which coverages and correlations lie in the band, ``lines`` what moves the reduction, one thing
at a time, ``stand-in`` what can stand in for the paper's parameters (Xing, arXiv:2603.21690; we have not seen
its parameter table) and what 36 months do. All reductions are across paths. Prints tables, the answer first,
and writes ``paper_band_map.png``, ``paper_band_lines.png`` and ``paper_band_stand_in.png``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from scenarios import paper_band_figures as figures
from scenarios import paper_band_studies as studies
from scenarios.one_line_parser import OneLineParser
from scenarios.paper_band_closed_form import (
    BAND,
    STAND_IN,
    TREND,
    HedgeMoments,
    Setting,
    coverages_in_band,
    hedge_moments,
)
from scenarios.paper_band_studies import Estimate, LineResult, MapPoint, Rises

SECTIONS = ("map", "lines", "stand-in")
FEWEST_PATHS = 400
SLOW_KAPPA = 1.0
"""Beside the stand-in's: half of a deviation is gone after 8 months, not 1.4; judgement."""
MOVES, HOLDS = 0.05, 0.01
_CORRELATIONS = (0.90, 0.925, 0.95, 0.97, 0.98, 0.99, 1.0)
_BASES = (0.0, 0.04, 0.08, 0.12, 0.16, 0.20)


def main(arguments: Sequence[str] | None = None) -> None:
    """Compute the chosen sections, print their tables and write their figures."""
    parser = OneLineParser(description=__doc__.splitlines()[0])
    parser.add_argument("--paths", type=int, default=2_500, help="simulated paths; the paper has 10,000")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--out", type=Path, default=Path("runs/paper_band"), metavar="DIR", help="of the figures"
    )
    parser.add_argument("--only", choices=SECTIONS, metavar="MAP", help="one of " + ", ".join(SECTIONS))
    options = parser.parse_args(arguments)
    if not FEWEST_PATHS <= options.paths <= 1_000_000:
        parser.error(f"--paths: {options.paths} is not in [{FEWEST_PATHS}, 1000000]")
    if options.seed < 0:
        parser.error(f"--seed: {options.seed} is not >= 0")
    try:
        options.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        parser.error(f"--out: {options.out}: {error.strerror}")
    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False)
    sections = {"map": _map, "lines": _lines, "stand-in": _stand_in}
    for name in [options.only] if options.only else SECTIONS:
        sections[name](console, options)
    console.print(f"figures  {options.out}/paper_band_*.png   {options.paths:,} paths, seed {options.seed}")


def _map(console: Console, options: argparse.Namespace) -> None:
    points = studies.map_points(options.paths, options.seed)
    low, high = BAND
    least, most = ((1.0 - (1.0 - edge) ** 2) ** 0.5 for edge in BAND)
    console.print(
        f"[bold]Map.[/] A reduction of {100 * low:.0f}-{100 * high:.0f} % takes a correlation of gains and "
        f"bill of at least {least:.3f}. Up to {most:.4f} the best coverage lies in the band; above, only a "
        f"coverage that is too small or too large does: without a basis {low:.2f}-{high:.2f} of the need, "
        "whatever the price does.\n"
    )
    console.print(_band_by_correlation(), _band_by_basis(points), _agreement(points))
    figures.draw_map(points, options.out / "paper_band_map.png")


def _table(title: str, first: str, *headings: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(first)
    for heading in headings:
        table.add_column(heading, justify="right")
    return table


def _band_by_correlation() -> Table:
    headings = ("h' in the band", "best h'", "best reduction")
    table = _table("Closed form 1 - sqrt(1 - 2 h' rho + h'^2)", "correlation rho", *headings)
    for rho in _CORRELATIONS:
        best = HedgeMoments(rho, rho)
        table.add_row(f"{rho:.4g}", _ranges(coverages_in_band(rho)), f"{rho:.4g}", f"{best.reduction:.3f}")
    return table


def _band_by_basis(points: list[MapPoint]) -> Table:
    title = "Strips of one year: the provider's basis (exact moments of the stand-in)"
    headings = ("correlation", "sd gains / sd bill", "coverages in the band", "full strip reduces")
    table = _table(title, "basis sd", *headings)
    for basis_sd in _BASES:
        full = hedge_moments(Setting(basis_sd=basis_sd), "strip")
        scale = full.scaled_coverage
        ranges = [(low / scale, high / scale) for low, high in coverages_in_band(full.correlation)]
        table.add_row(
            _percent(basis_sd), f"{full.correlation:.4f}", f"{scale:.4f}", _ranges(ranges),
            f"{hedge_moments(Setting(basis_sd=basis_sd), 'strip').reduction:.3f}",
        )  # fmt: skip
    return table


def _ranges(intervals: list[tuple[float, float]]) -> str:
    return " and ".join(f"{low:.2f}-{high:.2f}" for low, high in intervals) or "none"


def _percent(share: float, places: int = 0) -> str:
    return f"{100 * share:.{places}f} %"


def _agreement(points: list[MapPoint]) -> str:
    """Say how far simulations lie from the formula and from the model's moments."""
    noisy = [point for point in points if point.is_random]
    exact = max(abs(point.from_formula.value) for point in points if not point.is_random)
    far = max(noisy, key=lambda point: abs(point.from_formula.value))
    most = max(abs(point.from_formula.value) / point.from_formula.error for point in noisy)
    off = max(noisy, key=lambda point: abs(point.from_moments.value))
    off_most = max(abs(point.from_moments.value) / point.from_moments.error for point in noisy)
    return (
        f"Simulated points on the map: {len(points)}. On the paths that moments are measured on the formula "
        "is an identity, so paths with odd numbers are held against moments of those with even numbers: "
        f"largest difference {far.from_formula.value:+.4f} (s.e. {far.from_formula.error:.4f}; {far.word} at "
        f"basis {_percent(far.basis_sd)}), at most {most:.1f} s.e.; strips without a basis, which leave "
        f"nothing to chance, {exact:.0e}. All paths against the model's exact moments: largest "
        f"{off.from_moments.value:+.4f} (s.e. {off.from_moments.error:.4f}), at most {off_most:.1f} s.e. "
        "Points share their draws.\n"
    )


def _lines(console: Console, options: argparse.Namespace) -> None:
    results = [studies.follow(line, options.paths, options.seed) for line in studies.lines()]
    moving = [words for words in (_named(result, "yes") for result in results) if words]
    still = [r.line.name for r in results if all(_verdict(e) == "no" for e in r.effects.values())]
    console.print(
        f"[bold]Lines.[/] Moves the reduction: {'; '.join(moving)}. Does not, for any of the programmes: "
        f"{'; '.join(still)}. Beside a basis whatever makes the price louder helps a hedge: the basis is "
        "then a smaller part of the bill.\n"
    )
    console.print(_effects(results, options), _line_agreement(results))
    figures.draw_lines(results, options.out / "paper_band_lines.png")


def _named(result: LineResult, verdict: str) -> str:
    """Return what is varied, and the programmes that the verdict is about where it is not about all."""
    labels = [label for label, effect in result.effects.items() if _verdict(effect) == verdict]
    if len(labels) == len(result.effects):
        return result.line.name
    return f"{result.line.name} ({', '.join(labels)})" if labels else ""


def _verdict(effect: Estimate) -> str:
    size = abs(effect.value)
    return "yes" if size >= MOVES else "no" if size < HOLDS else "little"


def _effects(results: list[LineResult], options: argparse.Namespace) -> Table:
    title = (
        f"Reduction of the year, first value -> last; {options.paths:,} paths, seed {options.seed}, effects "
        f"paired by path\n(moves: yes from {MOVES:g} on, no under {HOLDS:g}; exact: closed form)"
    )
    headings = ("programme", "reduction", "effect", "95 % interval", "exact", "at basis 8 %", "moves")
    table = _table(title, "varied", *headings)
    for column in table.columns:
        column.no_wrap = True
    for result in results:
        ends = f"{result.line.cells[0].value:g} -> {result.line.cells[-1].value:g}"
        for number, (label, estimates) in enumerate(result.simulated.items()):
            effect, closed = result.effects[label], result.closed.get(label)
            beside = result.beside_a_basis.get(label)
            low, high = effect.interval
            chance = effect.error > 1e-9
            table.add_row(
                f"{result.line.name}, {ends}" if number == 0 else "", label,
                f"{estimates[0].value:.3f} -> {estimates[-1].value:.3f}",
                f"{effect.value:+.3f}" if chance else "0",
                f"{low:+.3f} to {high:+.3f}" if chance else "exact",
                _signed(closed[-1] - closed[0]) if closed else "none",
                f"{beside[0]:.3f} -> {beside[-1]:.3f}" if beside else "",
                _verdict(effect),
                end_section=number == len(result.simulated) - 1,
            )  # fmt: skip
    return table


def _signed(number: float) -> str:
    return f"{number:+.3f}" if abs(number) > 1e-6 else "0"


def _line_agreement(results: list[LineResult]) -> str:
    off = [
        (abs(one.value - exact), one.error)
        for result in results
        for label, values in result.closed.items()
        for one, exact in zip(result.simulated[label], values, strict=True)
    ]
    noisy = [(distance, error) for distance, error in off if error > 1e-9]
    distance, error = max(noisy)
    return (
        f"Simulated less closed form over {len(off)} cells: largest {distance:.4f} (s.e. {error:.4f}), at "
        f"most {max(distance / error for distance, error in noisy):.1f} s.e.; cells share their draws.\n"
    )


def _stand_in(console: Console, options: argparse.Namespace) -> None:
    found = studies.rises(options.paths, options.seed)
    by_kappa = {
        kappa: studies.long_reductions(options.paths, options.seed, kappa)
        for kappa in (STAND_IN.kappa, SLOW_KAPPA)
    }
    share, low, high = found.share(TREND)
    met, least, most = found.trend_at(studies.RISING_SHARE)
    years = by_kappa[STAND_IN.kappa]
    inside = [word for word, values in years.items() if BAND[0] <= values[-1].value <= BAND[1]]
    strip, slow = years["strip"], by_kappa[SLOW_KAPPA]["strip"]
    console.print(
        f"[bold]Stand-in.[/] With a level that falls by {TREND:g} log points a year {_percent(share, 1)} of "
        f"paths rise by more than 100 % within 36 months [{_percent(low, 1)}, {_percent(high, 1)}]; the "
        f"paper's 15 % are met at {met:.2f} [{least:.2f}, {most:.2f}]. Over 36 months in the band: "
        f"{', '.join(inside)}. What a strip cannot buy on day 0 it buys a year ahead, when little is "
        f"known of its price yet: {strip[1].value:.3f} and {strip[2].value:.3f} in years 2 and 3; with kappa "
        f"{SLOW_KAPPA:g} {slow[1].value:.2f} and {slow[2].value:.2f}.\n"
    )
    console.print(_shares(found), _skewness(found), _years(by_kappa))
    figures.draw_stand_in(found, by_kappa, options.out / "paper_band_stand_in.png")


def _shares(found: Rises) -> Table:
    title = "Paths with a daily fixing above twice the first within 36 months (the paper: 15 %)"
    table = _table(title, "trend a year", "share", "Wilson's 95 % interval", "holds 15 %")
    for trend in studies.TRENDS:
        share, low, high = found.share(trend)
        holds = "yes" if low <= studies.RISING_SHARE <= high else "no"
        table.add_row(f"{trend:.2f}", _percent(share, 1), f"{_percent(low, 1)} to {_percent(high, 1)}", holds)
    return table


def _skewness(found: Rises) -> str:
    low, high = found.log_skewness.interval
    return (
        f"Skewness at month 36, at any trend: log price {found.log_skewness.value:+.2f} [{low:+.2f}, "
        f"{high:+.2f}], exact {found.exact_log_skewness:+.2f}; price {found.price_skewness:+.2f}, exact "
        f"{found.exact_price_skewness:+.2f} (the paper: significant and positive).\n"
    )


def _years(by_kappa: dict[float, dict[str, list[Estimate]]]) -> Table:
    title = "Reduction with 12 months listed, no basis (95 % half-width)"
    table = _table(title, "programme", "kappa", "year 1", "year 2", "year 3", "36 months", "in the band")
    for kappa, found in by_kappa.items():
        for word, values in found.items():
            cells = [f"{one.value + 0.0:.3f} ({1.96 * one.error:.3f})" for one in values]
            inside = "yes" if BAND[0] <= values[-1].value <= BAND[1] else "no"
            table.add_row(word, f"{kappa:g}", *cells, inside, end_section=word == studies.BOUGHT_ONCE)
    return table


if __name__ == "__main__":
    main()
