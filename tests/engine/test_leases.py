"""Which workers are alive."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import sqlalchemy as sa

from reelworks.engine.leases import Executor, Leases, Lost
from reelworks.engine.tables import leases as table

HERE = Executor.this_process()
ELSEWHERE = replace(HERE, executor_id="elsewhere", host="another-host")
LOST = Lost("elsewhere", in_good_order=False)


@pytest.fixture
def leases(engine: sa.Engine) -> Leases:
    return Leases(engine)


def lapse(engine: sa.Engine, executor_id: str) -> None:
    with engine.begin() as connection:
        connection.execute(
            table.update().where(table.c.executor_id == executor_id).values(expires_at=1)
        )


def test_a_renewed_lease_is_not_lost(leases: Leases) -> None:
    leases.take(HERE)
    leases.take(ELSEWHERE)
    assert leases.renew(HERE)
    assert leases.lost() == []
    assert leases.held() == {HERE.executor_id, "elsewhere"}


def test_a_lapsed_lease_is_lost(engine: sa.Engine, leases: Leases) -> None:
    leases.take(ELSEWHERE)
    lapse(engine, "elsewhere")
    assert leases.lost() == [LOST]


def test_a_late_renewal_before_anybody_noticed_still_counts(
    engine: sa.Engine, leases: Leases
) -> None:
    leases.take(ELSEWHERE)
    lapse(engine, "elsewhere")
    assert leases.renew(ELSEWHERE)
    assert leases.lost() == []


def test_only_one_heir_inherits_and_the_owner_is_told(engine: sa.Engine, leases: Leases) -> None:
    leases.take(ELSEWHERE)
    lapse(engine, "elsewhere")
    assert leases.inherit(LOST, HERE)
    assert not leases.inherit(LOST, replace(HERE, executor_id="a third"))
    assert not leases.renew(ELSEWHERE)


def test_an_heir_who_dies_has_heirs_himself(engine: sa.Engine, leases: Leases) -> None:
    leases.take(ELSEWHERE)
    lapse(engine, "elsewhere")
    assert leases.inherit(LOST, HERE)
    assert leases.lost() == []
    lapse(engine, "elsewhere")
    assert leases.lost() == [LOST]
    assert leases.inherit(LOST, replace(HERE, executor_id="a third"))


def test_nobody_waits_for_a_process_that_is_gone_from_this_host(leases: Leases) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    leases.take(replace(HERE, executor_id="gone", pid=gone.pid))
    assert leases.lost() == [Lost("gone", in_good_order=False)]


def test_a_process_number_used_again_is_another_process(leases: Leases) -> None:
    leases.take(replace(HERE, executor_id="earlier", start_mark=1))
    assert leases.lost() == [Lost("earlier", in_good_order=False)]


@pytest.mark.skipif(not psutil.LINUX, reason="elsewhere a start is written down once")
def test_setting_the_clock_makes_nobody_look_gone(
    leases: Leases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leases.take(Executor.this_process())
    # What the kernel says once the clock is set five seconds on.
    text = Path("/proc/stat").read_text()
    set_on = re.sub(r"btime (\d+)", lambda found: f"btime {int(found[1]) + 5}", text)
    (tmp_path / "stat").write_text(set_on)
    (tmp_path / str(os.getpid())).symlink_to(f"/proc/{os.getpid()}")
    monkeypatch.setattr(psutil, "PROCFS_PATH", str(tmp_path))
    assert leases.lost() == []


def test_leaving_in_good_order_is_told_from_being_lost(leases: Leases) -> None:
    leases.take(HERE)
    leases.abandon(HERE)
    assert leases.lost() == [Lost(HERE.executor_id, in_good_order=True)]


def test_a_released_lease_is_gone(leases: Leases) -> None:
    leases.take(HERE)
    leases.release(HERE.executor_id)
    assert leases.held() == set()
    assert not leases.renew(HERE)
