"""A short storm. ``make chaos`` lets a long one pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.run import Plan, run


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_storm_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    plan = Plan(store="s3", seconds=45, seed=4, gap_seconds=(1.0, 5.0), most_unfinished=4)
    outcome = run(tmp_path / "installation", plan)
    assert outcome.violations == [], outcome.summary()
    assert outcome.completed == outcome.accepted > 0
    assert sum(outcome.faults.values()) >= 5
