"""Compares rules of the venue: each study scenario against the one it changes, on the same seeds.

    python scenarios/compare_rules.py --seeds 8 --days 252 --jobs 2

prints for each rule the mean of the base, the mean paired difference and its 95 % bootstrap interval, for the
measures below; `sitsim compare demand_explosion rule_no_circuit_breakers` asks the same of one, for all.
"""

from __future__ import annotations

import argparse
from tempfile import TemporaryDirectory

from rich.console import Console

from abm import compare
from scenarios.paired_table import paired_table

STUDIES = {
    "rule_no_circuit_breakers": "demand_explosion",
    "rule_pro_rata": "plain",
    "rule_coarse_tick": "plain",
    "rule_no_opening_auction": "plain",
    "rule_interruptions": "plain",
}
MEASURES = {
    "front_spread_usd": "front spread, USD/mSIT",
    "front_depth_lots": "front depth, lots",
    "volume_lots": "volume, lots",
    "auction_volume_share": "share traded in auctions",
    "limit_halts": "halts at a limit",
    "interruptions": "interruptions",
    "front_settlement_volatility": "volatility of settlements",
    "margin_calls": "margin calls",
    "client_defaults": "client defaults",
    "volatility_reduction_within": "volatility reduction of hedgers within a run",
}


def main() -> None:
    """Run the studies and print their tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=8, help="number of seeds, from 1 on; 2 at least")
    parser.add_argument("--days", type=int, default=252)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--study", choices=STUDIES, help="only this one")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="sitsim-rules-") as out:  # a base is run once for all its studies
        for study in [options.study] if options.study else list(STUDIES):
            found = compare(
                [STUDIES[study], study],
                common={"recording.profile": "summary"},
                seeds=range(1, options.seeds + 1),
                days=options.days,
                jobs=options.jobs,
                out=out,
                progress=True,
            )
            for note in found.notes:
                Console(stderr=True).print(note)
            Console().print(paired_table(found, MEASURES, f"{study} against {STUDIES[study]}"))


if __name__ == "__main__":
    main()
