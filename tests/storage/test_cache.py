"""Fetched files on the local disk."""

from __future__ import annotations

import errno
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import FileIO
from multiprocessing import get_context
from pathlib import Path

import pytest

from reelworks.errors import NoSpace, StorageError
from reelworks.storage.cache import Cache, Fetch
from reelworks.storage.disk import claim
from reelworks.storage.room import Room
from tests.waiting import wait_for

BYTES = b"x" * 100


def open_cache(
    folder: Path,
    *,
    max_bytes: int = 1 << 20,
    has_room: Callable[[int], bool] = lambda _: True,
    stalled_seconds: float = 60,
) -> Cache:
    return Cache(
        folder,
        max_bytes=max_bytes,
        has_room=has_room,
        room_seconds=0.3,
        stalled_seconds=stalled_seconds,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def cache(folder: Path) -> Cache:
    return open_cache(folder)


def fetch(file: FileIO) -> None:
    file.write(BYTES)


def never(_: FileIO) -> None:
    raise AssertionError("it is here already")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def use(cache: Cache, name: str, how: Fetch = fetch) -> None:
    with cache.held(name, len(BYTES), how) as path:
        assert path.read_bytes() == BYTES


def test_a_data_folder_that_goes_while_a_file_is_held_is_said_to_be_away(folder: Path) -> None:
    room = Room(folder.parent, reserve_bytes=0)
    cache = open_cache(folder, has_room=room.has)

    def hold() -> None:
        with cache.held("a", len(BYTES), fetch):
            shutil.rmtree(folder.parent)

    with pytest.raises(StorageError, match="cannot be used: No such file or directory"):
        hold()
    with pytest.raises(StorageError, match="cannot be used: No such file or directory"):
        room.is_there()


def test_a_file_is_fetched_once(cache: Cache, folder: Path) -> None:
    use(cache, "a")
    use(cache, "a", never)
    use(open_cache(folder), "a", never)
    assert names(folder) == {"a"}


def test_many_who_need_it_at_once_share_one_fetch(cache: Cache, folder: Path) -> None:
    fetched = []

    def slowly(file: FileIO) -> None:
        fetched.append(threading.get_ident())
        file.write(BYTES[:50])
        wait_for(lambda: len(asking) == 8, "everybody to ask")
        assert "a" not in names(folder), "half a file has the final name"
        file.write(BYTES[50:])

    asking: list[int] = []

    def ask(number: int) -> None:
        asking.append(number)
        use(open_cache(folder) if number % 2 else cache, "a", slowly)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(ask, range(8)))
    assert len(fetched) == 1
    assert names(folder) == {"a"}


def _fetch_in_a_process(folder: Path, log: Path) -> None:
    def logged(file: FileIO) -> None:
        with log.open("a") as lines:
            lines.write(f"{os.getpid()}\n")
        file.write(BYTES)

    use(open_cache(folder), "a", logged)


def test_processes_share_a_fetch_too(folder: Path, tmp_path: Path) -> None:
    context = get_context("spawn")
    log = tmp_path / "log"
    processes = [context.Process(target=_fetch_in_a_process, args=(folder, log)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    assert len(log.read_text().splitlines()) == 1


def test_the_longest_unused_goes_first(folder: Path) -> None:
    cache = open_cache(folder, max_bytes=2 * len(BYTES))
    for name in ("a", "b", "a", "c"):
        use(cache, name)
    assert names(folder) == {"a", "c"}


def test_what_is_in_use_stays_however_much_that_is(folder: Path) -> None:
    cache = open_cache(folder, max_bytes=len(BYTES))
    with cache.held("a", len(BYTES), fetch) as a, cache.held("b", len(BYTES), fetch) as b:
        use(cache, "c")
        assert a.read_bytes() == b.read_bytes() == BYTES
    assert len(names(folder)) == 1


def test_nothing_is_kept_where_nothing_may_be(folder: Path) -> None:
    use(open_cache(folder, max_bytes=0), "a")
    assert names(folder) == set()


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (StorageError("away"), StorageError),
        (KeyboardInterrupt(), KeyboardInterrupt),
        (OSError(errno.EIO, "broken"), StorageError),
    ],
)
def test_a_fetch_that_fails_leaves_nothing_and_can_be_done_again(
    cache: Cache, folder: Path, error: BaseException, raised: type[BaseException]
) -> None:
    def fail(file: FileIO) -> None:
        file.write(BYTES[:50])
        raise error

    with pytest.raises(raised):
        use(cache, "a", fail)
    assert names(folder) == set()
    use(cache, "a")


def test_all_that_was_fetched_may_be_cleared_away_at_any_time(cache: Cache, folder: Path) -> None:
    with cache.held("a", len(BYTES), fetch):
        shutil.rmtree(folder)
    use(cache, "b")
    shutil.rmtree(folder)
    draft = folder.with_name("draft")
    draft.write_bytes(BYTES)
    cache.adopt(draft, "c")
    assert names(folder) == {"c"}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_gets_full_is_said_to_be(cache: Cache, folder: Path, number: int) -> None:
    def fail(file: FileIO) -> None:
        file.write(BYTES[:50])
        raise OSError(number, os.strerror(number))

    with pytest.raises(NoSpace, match="no room"):
        use(cache, "a", fail)
    assert names(folder) == set()


def test_a_full_disk_is_cleared_of_what_nobody_uses(folder: Path) -> None:
    cache = open_cache(folder, has_room=lambda _: len(names(folder) - {"c.part"}) < 2)
    use(cache, "a")
    use(cache, "b")
    use(cache, "c")
    assert names(folder) == {"b", "c"} or names(folder) == {"c"}


def test_half_of_the_room_there_is_stays_free_for_others(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def usage(_: Path) -> shutil._ntuple_diskusage:
        """A disk of 1000 bytes with nothing on it but the folder's files."""
        used = sum(path.stat().st_size for path in folder.iterdir())
        return shutil._ntuple_diskusage(1000, used, 1000 - used)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    cache = open_cache(folder)
    for name in "abcdefgh":
        use(cache, name)
    assert names(folder) == set("defgh")
    (folder / "other").write_bytes(bytes(300))  # newer, and as good as the whole cache
    cache.relieve()
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 500


def test_room_on_a_full_disk_is_waited_for_and_not_for_ever(folder: Path) -> None:
    is_full = threading.Event()
    is_full.set()
    cache = open_cache(folder, has_room=lambda _: not is_full.is_set())
    with pytest.raises(NoSpace):
        use(cache, "a")
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(use, cache, "a")
        wait_for(lambda: "a.part" in names(folder), "the fetch to begin")
        is_full.clear()
        asked.result(10)


def test_what_a_dead_process_had_half_is_fetched_anew(cache: Cache, folder: Path) -> None:
    (folder / "a.part").write_bytes(b"half, and longer than the whole" * 10)
    use(cache, "a")
    assert names(folder) == {"a"}


def test_a_sweep_removes_what_was_on_its_way_to_the_dead_alone(cache: Cache, folder: Path) -> None:
    use(cache, "a")
    (folder / "b.part").write_bytes(b"half")
    with claim(folder / "c.part") or FileIO("/dev/null"):
        cache.sweep()
        assert names(folder) == {"a", "c.part"}
    cache.sweep()
    assert names(folder) == {"a"}


def test_who_stands_still_while_fetching_is_not_waited_for(folder: Path) -> None:
    sleeper = claim_part(folder / "a.part")
    sleeper.write(BYTES[:50])
    use(open_cache(folder, stalled_seconds=0.2), "a")
    # It wakes up, and goes on as if nothing had been.
    sleeper.write(BYTES[50:])
    (folder / "a.part").rename(folder / "a")
    sleeper.close()
    use(open_cache(folder), "a", never)
    assert names(folder) == {"a"}


def claim_part(path: Path) -> FileIO:
    path.parent.mkdir(exist_ok=True)
    file = claim(path)
    assert file is not None
    return file


def test_a_finished_file_is_adopted(cache: Cache, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "draft").write_bytes(BYTES)
    cache.adopt(tmp_path / "draft", "a")
    use(cache, "a", never)
    assert not (tmp_path / "draft").exists()


def test_a_cache_with_a_disk_of_its_own_adopts_nothing(tmp_path: Path, other_disk: Path) -> None:
    (tmp_path / "draft").write_bytes(BYTES)
    cache = open_cache(other_disk)
    cache.adopt(tmp_path / "draft", "a")
    assert names(other_disk) == set()
    use(cache, "a", fetch)
    assert names(other_disk) == {"a"}


def test_evicting_and_using_at_the_same_time_do_no_harm(folder: Path) -> None:
    """Eight threads want four files in a cache that has room for one, for half a second."""
    caches = [open_cache(folder, max_bytes=len(BYTES)) for _ in range(2)]
    end = time.monotonic() + 0.5

    def churn(number: int) -> int:
        for used in numbers(number):
            use(caches[used % 2], f"{used % 4}")
            if time.monotonic() > end:
                return used
        return 0

    with ThreadPoolExecutor(8) as threads:
        assert all(list(threads.map(churn, range(8))))
    assert not [name for name in names(folder) if name.endswith(".part")]


def numbers(begin: int) -> Iterator[int]:
    yield from range(begin * 7, 1_000_000)
