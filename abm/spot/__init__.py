"""Spot market of inference tokens: price process, provider quotes, Token Price Index and its fixing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abm.core.public_names import offer

if TYPE_CHECKING:
    from abm.spot.calibration import calibrate
    from abm.spot.calibration_result import CalibrationResult
    from abm.spot.chained_index import ChainedFisherIndex, FisherLink, fisher_link
    from abm.spot.dislocation import PriceDislocation
    from abm.spot.fixing import PublishedFixing, publish_fixing
    from abm.spot.index import (
        IndexFixing,
        IndexUnavailable,
        UnavailableReason,
        capped_weights,
        sit_equivalent_price,
        token_price_index,
    )
    from abm.spot.index_measures import CompositionNoise, IndexTracking, composition_noise, index_tracking
    from abm.spot.jumps import DoubleExponentialJumps, GaussianJumps, HeavyTailWarning, JumpLaw
    from abm.spot.level import Level, LevelShift, Seasonality
    from abm.spot.list_price_quotes import ListPriceQuotes
    from abm.spot.list_prices import ListPrice, ListPriceFit, fit_list_prices, read_list_prices
    from abm.spot.long_run import LongRunFactor
    from abm.spot.mrjd import MeanRevertingJumpDiffusion
    from abm.spot.path_simulation import Regime
    from abm.spot.premium import Measure, RiskPremium
    from abm.spot.price_series import PriceSeries, read_price_series, without_weekly_pattern
    from abm.spot.process import FactorPaths, SpotPaths, SpotProcess, SpotState
    from abm.spot.providers import ProviderQuotes
    from abm.spot.regimes import RegimeSwitchingJumpDiffusion
    from abm.spot.supply import ThreeFactorSupply

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
        "CalibrationResult": "calibration_result",
        "ChainedFisherIndex": "chained_index",
        "CompositionNoise": "index_measures",
        "DoubleExponentialJumps": "jumps",
        "FactorPaths": "process",
        "FisherLink": "chained_index",
        "GaussianJumps": "jumps",
        "HeavyTailWarning": "jumps",
        "IndexFixing": "index",
        "IndexTracking": "index_measures",
        "IndexUnavailable": "index",
        "JumpLaw": "jumps",
        "Level": "level",
        "LevelShift": "level",
        "ListPrice": "list_prices",
        "ListPriceFit": "list_prices",
        "ListPriceQuotes": "list_price_quotes",
        "LongRunFactor": "long_run",
        "MeanRevertingJumpDiffusion": "mrjd",
        "Measure": "premium",
        "PriceDislocation": "dislocation",
        "PriceSeries": "price_series",
        "ProviderQuotes": "providers",
        "PublishedFixing": "fixing",
        "Regime": "path_simulation",
        "RegimeSwitchingJumpDiffusion": "regimes",
        "RiskPremium": "premium",
        "Seasonality": "level",
        "SpotPaths": "process",
        "SpotProcess": "process",
        "SpotState": "process",
        "ThreeFactorSupply": "supply",
        "UnavailableReason": "index",
        "calibrate": "calibration",
        "capped_weights": "index",
        "composition_noise": "index_measures",
        "fisher_link": "chained_index",
        "fit_list_prices": "list_prices",
        "index_tracking": "index_measures",
        "publish_fixing": "fixing",
        "read_list_prices": "list_prices",
        "read_price_series": "price_series",
        "sit_equivalent_price": "index",
        "token_price_index": "index",
        "without_weekly_pattern": "price_series",
    },
)
