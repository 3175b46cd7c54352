"""Which status an error of ours is answered with."""

from __future__ import annotations

import pytest

from reelworks.api.problems import status_of
from reelworks.errors import DatabaseFull, EngineError, NoSpace, ReelworksError


@pytest.mark.parametrize("error", [NoSpace("full"), DatabaseFull("full")])
def test_whatever_disk_is_full_the_answer_is_507(error: ReelworksError) -> None:
    assert status_of(error) == 507


def test_a_database_that_does_not_answer_is_500() -> None:
    assert status_of(EngineError("away")) == 500
