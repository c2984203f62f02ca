from __future__ import annotations

import pytest

from abm.exchange.compiled import CompiledExchange
from abm.exchange.reference_exchange import ReferenceExchange


@pytest.fixture(params=[CompiledExchange, ReferenceExchange], ids=["compiled", "reference"])
def engine(request: pytest.FixtureRequest) -> type:
    return request.param
