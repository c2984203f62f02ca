"""The report's section about liquidity: what each month costs to trade, and what makers did for their pay."""

from __future__ import annotations

import pandas as pd

from abm.recording import RunFolder, metrics

from .figures import trading_costs
from .liquidity.gathering import NEEDED, liquidity_tables
from .liquidity.overview import PARTS_OF_DAY, liquidity_overview
from .makers import MakerDuty, duty_by_maker, maker_duty
from .page import drawn, paragraph, section, subsection, table
from .wording import basis_points, counted, decimal, percent, usd, whole


def liquidity_section(run: RunFolder) -> str:
    """Return the section: liquidity by months to delivery, what trades cost, the makers' contract."""
    return section(
        "Liquidity and market makers",
        subsection("What each month costs to trade", *_tenors(run)),
        subsection("What those who trade at once pay, and to whom", *_costs(run)),
        subsection("Market makers and their contract", *_makers(run)),
    )


def _tenors(run: RunFolder) -> list[str]:
    tenors = metrics.liquidity_by_tenor(run.tables["daily"])
    if tenors.empty:
        return [paragraph("No trading day was recorded.")]
    rows = [
        (
            str(tenor),
            decimal(row.spread_ticks, 1),
            basis_points(row.spread_share),
            basis_points(row.tick_share),
            decimal(row.depth_lots, 1),
            percent(row.two_sided_share),
            decimal(row.volume_lots_per_day, 1),
        )
        for tenor, row in tenors.iterrows()
    ]
    note = (
        "By months to delivery. The spread is the mean of rounds with a bid and an ask, in ticks and in "
        "basis points (bp) of the settlement price; where prices are low a single tick is many basis points. "
        "Depth is what stands at the best bid and ask together."
    )
    header = ("Months ahead", "Spread, ticks", "Spread", "One tick", "Depth, lots", "Two-sided", "Lots a day")
    return [paragraph(note), table(header, rows, numbers=range(len(header)))]


def _costs(run: RunFolder) -> list[str]:
    if any(name not in run.tables or run.tables[name].empty for name in NEEDED):
        return [paragraph("Trades and quotes were not recorded, or there were none.")]
    overview = liquidity_overview(liquidity_tables(run))
    note = (
        "Who takes a price pays the effective spread: twice the distance to the mid before the trade. The "
        "realised spread is what the other side has left of it a day later, the impact is how far the mid "
        "went with the trade; the two add up to the effective spread. Where realised is as much as "
        "effective, trades tell the market nothing. A day's news is in both parts, so that those of one run "
        "may have either sign by chance: analysis.liquidity_intervals says how sure they are."
    )
    by_part = overview.by_part.set_axis([f"{part + 1} of {PARTS_OF_DAY}" for part in overview.by_part.index])
    return [
        paragraph(note),
        drawn(trading_costs.TITLE, trading_costs.CAPTION, trading_costs.draw_overview(overview)),
        _cost_table("Months ahead", overview.by_tenor, depth=True),
        _cost_table("Part of day", by_part, depth=False),
    ]


def _cost_table(name: str, means: pd.DataFrame, *, depth: bool) -> str:
    header = [name, "Quoted", "Effective", "Realised", "Impact", "Trades"]
    header += ["Depth 1, lots", "Depth 5, lots"] if depth else []
    rows = []
    for label, row in means.iterrows():
        parts = [basis_points(row[part]) for part in ("quoted", "effective", "realised", "impact")]
        lots = [decimal(row[column], 1) for column in ("depth_1", "depth_5")] if depth else []
        rows.append((str(label), *parts, whole(row["trades"]), *lots))
    return table(header, rows, numbers=range(len(header)))


def _makers(run: RunFolder) -> list[str]:
    dmm = run.tables["dmm"]
    if dmm.empty:
        return [paragraph("This market has no designated maker.")]
    every = maker_duty(dmm, run.calendar)
    note = (
        "Presence is the share of listed months and rounds of continuous trading that ended with a two-sided "
        "quote of the maker, then the share with one inside the widest spread and with one of at least the "
        "smallest size. A day is met when the share with all three reaches what the contract asks for."
    )
    missed = every.days - every.days_met
    said = [
        f"The duty was not met on {whole(missed)} of {whole(every.days)} maker-days "
        f"({percent(every.met_share)} met)."
        if missed
        else f"The duty was met on every one of {counted(every.days, 'maker-day')}."
    ]
    if every.lost:
        said.append(f"{counted(every.lost, 'maker')} lost the status.")
    header = (
        "Account", "Presence", "Spread kept", "Size kept", "Days met", "Months paid", "Pay",
    )  # fmt: skip
    by_maker = duty_by_maker(dmm, run.calendar)
    rows = [*(_row(str(account), duty) for account, duty in by_maker.items()), _row("all", every)]
    return [paragraph(" ".join(said)), paragraph(note), table(header, rows, numbers=range(len(header)))]


def _row(name: str, duty: MakerDuty) -> tuple[str, ...]:
    shares = (duty.presence, duty.spread_compliance, duty.size_compliance)
    return (
        name,
        *(percent(share) for share in shares),
        f"{whole(duty.days_met)} of {whole(duty.days)}",
        f"{duty.months_paid} of {duty.months}",
        usd(duty.pay_usd),
    )
