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
from reelworks.engine.vigil import Vigil

HERE = Executor.this_process()
STAT = Path("/proc/stat")
ELSEWHERE = replace(HERE, executor_id="elsewhere", host="another-host")
LAPSED = 1
FAR_AHEAD = 4_000_000_000_000
LOST = Lost("elsewhere", in_good_order=False, expires_at=LAPSED)


@pytest.fixture
def leases(engine: sa.Engine) -> Leases:
    """As of somebody who has watched for long."""
    return Leases(engine, Vigil(0))


def lapse(engine: sa.Engine, executor_id: str, *, at: int = LAPSED) -> None:
    with engine.begin() as connection:
        connection.execute(
            table.update().where(table.c.executor_id == executor_id).values(expires_at=at)
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


def test_a_lease_of_a_clock_that_was_ahead_is_lost(engine: sa.Engine, leases: Leases) -> None:
    leases.take(ELSEWHERE)
    lapse(engine, "elsewhere", at=FAR_AHEAD)
    assert Leases(engine).lost() == []  # its owner may be about to renew it
    (lost,) = leases.lost()
    assert leases.inherit(lost, HERE)
    assert leases.lost() == []


def test_a_lapsed_lease_says_nothing_to_who_has_not_watched(engine: sa.Engine) -> None:
    # As after a database was away: everybody's has lapsed, and all are about to renew.
    leases = Leases(engine)
    for name in ("elsewhere", "gone", "left"):
        leases.take(replace(ELSEWHERE, executor_id=name))
        lapse(engine, name)
    leases.abandon(replace(ELSEWHERE, executor_id="left"))
    with engine.begin() as connection:
        here = {"host": HERE.host, "start_mark": 1}
        connection.execute(table.update().where(table.c.executor_id == "gone").values(here))
    assert {lost.executor_id for lost in leases.lost()} == {"gone", "left"}


def test_a_lease_that_was_renewed_since_is_not_inherited(engine: sa.Engine, leases: Leases) -> None:
    leases.take(ELSEWHERE)
    lapse(engine, "elsewhere")
    (lost,) = leases.lost()
    assert leases.renew(ELSEWHERE)
    assert not leases.inherit(lost, HERE)


def test_a_vigil_is_worth_something_once_it_has_lasted_without_a_gap() -> None:
    vigil = Vigil(10)
    assert [vigil.look(at) for at in (100, 105, 109, 110)] == [False, False, False, True]
    # Nobody looked for long.
    assert [vigil.look(at) for at in (116, 121, 125, 126)] == [False, False, False, True]
    # The clock was set back.
    assert [vigil.look(at) for at in (50, 55, 60)] == [False, False, True]


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
    assert [lost.executor_id for lost in leases.lost()] == ["gone"]


def test_a_process_number_used_again_is_another_process(leases: Leases) -> None:
    leases.take(replace(HERE, executor_id="earlier", start_mark=1))
    assert [lost.executor_id for lost in leases.lost()] == ["earlier"]


_IS_GONE = """
import sys
from reelworks.engine.leases import Executor
host, pid, mark = sys.argv[1:]
them = Executor(executor_id="", host=host, pid=int(pid), process_started_at=0, start_mark=int(mark))
print(them.is_gone())
"""
_UNSHARED = ("unshare", "--mount", *(() if os.geteuid() == 0 else ("--map-root-user",)))


@pytest.mark.skipif(
    shutil.which("unshare") is None
    or subprocess.run([*_UNSHARED, "true"], check=False).returncode != 0,
    reason="this user may make no space of mounts, where the time of day seems to be set",
)
def test_a_process_stays_the_same_when_the_time_of_day_is_set(tmp_path: Path) -> None:
    # All that the kernel keeps of it: the time of day at which the machine started is another.
    found = re.sub(r"btime (\d+)", lambda at: f"btime {int(at[1]) + 5}", STAT.read_text())
    (tmp_path / "stat").write_text(found)
    begin = f"mount --bind {tmp_path / 'stat'} {STAT} && exec " + '"$@"'
    look = [sys.executable, "-c", _IS_GONE, HERE.host, str(HERE.pid), str(HERE.start_mark)]
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
