from __future__ import annotations

import pytest

from abm.exchange.compiled.engine import CompiledExchange
from abm.exchange.reference.engine import ReferenceExchange


@pytest.fixture(params=[CompiledExchange, ReferenceExchange], ids=["compiled", "reference"])
def engine(request: pytest.FixtureRequest) -> type:
    return request.param
