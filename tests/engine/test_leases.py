"""Which workers are alive."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from reelworks.engine.leases import Executor, Leases, Lost
from reelworks.engine.tables import leases as table

HERE = Executor.this_process()
ELSEWHERE = replace(HERE, executor_id="elsewhere", host="another-host")
STAT = Path("/proc/stat")
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
    leases.take(replace(HERE, executor_id="earlier", process_started_at=1))
    assert leases.lost() == [Lost("earlier", in_good_order=False)]


_IS_GONE = """
import sys
from reelworks.engine.leases import Executor
host, pid, started = sys.argv[1:]
them = Executor(executor_id="", host=host, pid=int(pid), process_started_at=int(started))
print(them.is_gone())
"""
_UNSHARED = ("unshare", "--mount", *(() if os.geteuid() == 0 else ("--map-root-user",)))


@pytest.mark.skipif(
    shutil.which("unshare") is None or subprocess.call([*_UNSHARED, "true"]) != 0,
    reason="this user may make no space of mounts, where the time of day seems to be set",
)
def test_a_process_stays_the_same_when_the_time_of_day_is_set(tmp_path: Path) -> None:
    # All that the kernel keeps of it: the time of day at which the machine started is another.
    found = re.sub(r"btime (\d+)", lambda at: f"btime {int(at[1]) + 5}", STAT.read_text())
    (tmp_path / "stat").write_text(found)
    begin = f"mount --bind {tmp_path / 'stat'} {STAT} && exec " + '"$@"'
    look = [sys.executable, "-c", _IS_GONE, HERE.host, str(HERE.pid), str(HERE.process_started_at)]
    said = subprocess.check_output([*_UNSHARED, "sh", "-c", begin, "sh", *look], text=True)
    assert said.strip() == "False"


def test_leaving_in_good_order_is_told_from_being_lost(leases: Leases) -> None:
    leases.take(HERE)
    leases.abandon(HERE)
    assert leases.lost() == [Lost(HERE.executor_id, in_good_order=True)]


def test_a_released_lease_is_gone(leases: Leases) -> None:
    leases.take(HERE)
    leases.release(HERE.executor_id)
    assert leases.held() == set()
    assert not leases.renew(HERE)
