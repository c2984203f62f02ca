"""Spot market of inference tokens: price process, provider quotes, Token Price Index and its fixing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abm.core.public_names import offer

if TYPE_CHECKING:
    from abm.spot.calibration.calibration import calibrate
    from abm.spot.calibration.price_series import PriceSeries, read_price_series, without_weekly_pattern
    from abm.spot.calibration.result import CalibrationResult
    from abm.spot.index.chained_index import ChainedFisherIndex, FisherLink, fisher_link
    from abm.spot.index.fixing import PublishedFixing, publish_fixing
    from abm.spot.index.index import (
        IndexFixing,
        IndexUnavailable,
        UnavailableReason,
        capped_weights,
        sit_equivalent_price,
        token_price_index,
    )
    from abm.spot.index.index_measures import (
        CompositionNoise,
        IndexTracking,
        composition_noise,
        index_tracking,
    )
    from abm.spot.index.list_price_quotes import ListPriceQuotes
    from abm.spot.index.list_prices import ListPrice, ListPriceFit, fit_list_prices, read_list_prices
    from abm.spot.index.providers import ProviderQuotes
    from abm.spot.process.dislocation import PriceDislocation
    from abm.spot.process.jumps import DoubleExponentialJumps, GaussianJumps, HeavyTailWarning, JumpLaw
    from abm.spot.process.level import Level, LevelShift, Seasonality
    from abm.spot.process.long_run import LongRunFactor
    from abm.spot.process.mrjd import MeanRevertingJumpDiffusion
    from abm.spot.process.path_simulation import Regime
    from abm.spot.process.premium import Measure, RiskPremium
    from abm.spot.process.process import FactorPaths, SpotPaths, SpotProcess, SpotState
    from abm.spot.process.regimes import RegimeSwitchingJumpDiffusion
    from abm.spot.process.supply import ThreeFactorSupply

__all__ = [
    "CalibrationResult",
    "ChainedFisherIndex",
    "CompositionNoise",
    "DoubleExponentialJumps",
    "FactorPaths",
    "FisherLink",
    "GaussianJumps",
    "HeavyTailWarning",
    "IndexFixing",
    "IndexTracking",
    "IndexUnavailable",
    "JumpLaw",
    "Level",
    "LevelShift",
    "ListPrice",
    "ListPriceFit",
    "ListPriceQuotes",
    "LongRunFactor",
    "MeanRevertingJumpDiffusion",
    "Measure",
    "PriceDislocation",
    "PriceSeries",
    "ProviderQuotes",
    "PublishedFixing",
    "Regime",
    "RegimeSwitchingJumpDiffusion",
    "RiskPremium",
    "Seasonality",
    "SpotPaths",
    "SpotProcess",
    "SpotState",
    "ThreeFactorSupply",
    "UnavailableReason",
    "calibrate",
    "capped_weights",
    "composition_noise",
    "fisher_link",
    "fit_list_prices",
    "index_tracking",
    "publish_fixing",
    "read_list_prices",
    "read_price_series",
    "sit_equivalent_price",
    "token_price_index",
    "without_weekly_pattern",
]

offer(
    __name__,
    {
        "CalibrationResult": "calibration.result",
        "ChainedFisherIndex": "index.chained_index",
        "CompositionNoise": "index.index_measures",
        "DoubleExponentialJumps": "process.jumps",
        "FactorPaths": "process.process",
        "FisherLink": "index.chained_index",
        "GaussianJumps": "process.jumps",
        "HeavyTailWarning": "process.jumps",
        "IndexFixing": "index.index",
        "IndexTracking": "index.index_measures",
        "IndexUnavailable": "index.index",
        "JumpLaw": "process.jumps",
        "Level": "process.level",
        "LevelShift": "process.level",
        "ListPrice": "index.list_prices",
        "ListPriceFit": "index.list_prices",
        "ListPriceQuotes": "index.list_price_quotes",
        "LongRunFactor": "process.long_run",
        "MeanRevertingJumpDiffusion": "process.mrjd",
        "Measure": "process.premium",
        "PriceDislocation": "process.dislocation",
        "PriceSeries": "calibration.price_series",
        "ProviderQuotes": "index.providers",
        "PublishedFixing": "index.fixing",
        "Regime": "process.path_simulation",
        "RegimeSwitchingJumpDiffusion": "process.regimes",
        "RiskPremium": "process.premium",
        "Seasonality": "process.level",
        "SpotPaths": "process.process",
        "SpotProcess": "process.process",
        "SpotState": "process.process",
        "ThreeFactorSupply": "process.supply",
        "UnavailableReason": "index.index",
        "calibrate": "calibration.calibration",
        "capped_weights": "index.index",
        "composition_noise": "index.index_measures",
        "fisher_link": "index.chained_index",
        "fit_list_prices": "index.list_prices",
        "index_tracking": "index.index_measures",
        "publish_fixing": "index.fixing",
        "read_list_prices": "index.list_prices",
        "read_price_series": "calibration.price_series",
        "sit_equivalent_price": "index.index",
        "token_price_index": "index.index",
        "without_weekly_pattern": "calibration.price_series",
    },
)
