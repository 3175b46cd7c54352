"""Files in a folder of the local disk."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Barrier

import pytest

from reelworks.errors import NoSpace, NotAVideo, NotFound, SettingsError, StorageError
from reelworks.storage.disk import still_there
from reelworks.storage.local import LocalStorage
from reelworks.storage.store import try_out
from tests.limits import with_small_files, without_files

OPENED = Path("/proc/self/fd")


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "data", reserve_bytes=0)


def files(storage: LocalStorage) -> set[str]:
    return {
        str(path.relative_to(storage.root)) for path in storage.root.rglob("*") if path.is_file()
    }


def put(storage: LocalStorage, key: str) -> None:
    with storage.scratch("worker") as folder:
        (folder / "draft").write_text("bytes")
        storage.publish(folder / "draft", key)


def is_known(name: str) -> bool:
    return name == "known"


def test_an_upload_is_hashed_and_kept_under_its_key(storage: LocalStorage) -> None:
    incoming = storage.incoming("uploads/id")
    incoming.write(b"first ")
    incoming.write(bytearray(b"second"))
    assert incoming.size_bytes == 12
    assert incoming.sha256 == hashlib.sha256(b"first second").hexdigest()
    incoming.keep()
    incoming.settle()
    incoming.close()
    assert storage.read("uploads/id") == b"first second"
    assert files(storage) == {"uploads/id"}


def test_no_folder_is_blamed_for_too_many_open_files(storage: LocalStorage) -> None:
    with without_files(), pytest.raises(StorageError, match="raise the limit of open files"):
        storage.incoming("uploads/id")
    assert files(storage) == set()


def test_a_disk_that_breaks_under_a_reader_is_named(storage: LocalStorage) -> None:
    put(storage, "uploads/id")
    path = storage.locate("uploads/id")
    pieces = storage.stream("uploads/id", storage.stat("uploads/id"), 0, 5)
    (opened,) = (each for each in OPENED.iterdir() if os.path.realpath(each) == str(path))
    with Path("/proc/self/mem").open("rb", buffering=0) as broken:  # its beginning is no memory
        os.dup2(broken.fileno(), int(opened.name))
    with pytest.raises(StorageError, match=f"{path.parent} cannot be used: Input/output error;"):
        next(pieces)


def test_a_disk_that_is_not_mounted_is_no_file_that_is_missing(storage: LocalStorage) -> None:
    put(storage, "uploads/id")
    disk = storage.root.rename(storage.root.with_name("unmounted"))
    storage.root.mkdir()
    for look in (storage.stat, storage.read, storage.exists):
        with pytest.raises(StorageError, match="uploads cannot be used"):
            look("uploads/id")
    storage.root.rmdir()
    disk.rename(storage.root)
    assert storage.exists("uploads/id")


def test_what_fails_as_its_file_goes_away_is_no_fault_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "file"

    def fail_as(happens: Callable[[], object]) -> None:
        file.write_text("bytes")
        with still_there(file):
            happens()
            raise NotAVideo("The file could not be opened.")

    with pytest.raises(NotAVideo):
        fail_as(lambda: None)
    with pytest.raises(StorageError, match="went away while it was used"):
        fail_as(file.unlink)
    other = tmp_path / "other"
    other.touch()
    with pytest.raises(StorageError, match="went away while it was used"):
        fail_as(lambda: other.replace(file))


def test_a_file_that_is_too_long_for_the_disk_is_said_to_be(storage: LocalStorage) -> None:
    incoming = storage.incoming("uploads/id")
    with with_small_files(1000), pytest.raises(StorageError, match="holds no file of this size"):
        incoming.write(bytes(2000))
    incoming.discard()
    incoming.close()


def test_a_discarded_upload_leaves_nothing(storage: LocalStorage) -> None:
    for kept in (False, True):
        incoming = storage.incoming("uploads/id")
        incoming.write(b"bytes")
        if kept:
            incoming.keep()
        incoming.discard()
        incoming.close()
        assert files(storage) == set()


def test_publishing_moves_the_whole_file_at_once(storage: LocalStorage) -> None:
    with storage.scratch("worker") as folder:
        draft = folder / "draft"
        draft.write_text("result")
        storage.publish(draft, "processed_videos/metadata/x.json")
    assert storage.read("processed_videos/metadata/x.json") == b"result"
    assert files(storage) == {"processed_videos/metadata/x.json"}


def test_publishing_again_replaces(storage: LocalStorage) -> None:
    for text in ("one", "two"):
        with storage.scratch("worker") as folder:
            (folder / "draft").write_text(text)
            storage.publish(folder / "draft", "processed_videos/x")
    assert storage.read("processed_videos/x") == b"two"


def test_two_may_publish_into_a_new_folder_at_once(storage: LocalStorage) -> None:
    both = Barrier(2)

    def publish(number: int, folder: int) -> None:
        with storage.scratch(f"worker{number}") as drafts:
            (drafts / "draft").write_text("chunk")
            both.wait()
            storage.publish(drafts / "draft", f"chunks/{folder}/1/{number}.mp4")

    with ThreadPoolExecutor(2) as workers:
        for folder in range(50):
            list(workers.map(publish, range(2), [folder] * 2))
    assert len(files(storage)) == 100


def test_a_folder_goes_whoever_else_removes_it_or_publishes_into_it(storage: LocalStorage) -> None:
    for number in range(300):
        put(storage, f"chunks/id/1/{number}.mp4")
    both = Barrier(3)

    def remove(_: int) -> None:
        both.wait()
        storage.delete_prefix("chunks/id")

    with ThreadPoolExecutor(2) as workers:
        removals = workers.map(remove, range(2))
        both.wait()
        for number in range(300, 400):
            with suppress(StorageError):  # it went between its making and the rename
                put(storage, f"chunks/id/1/{number}.mp4")
        list(removals)
    storage.delete_prefix("chunks/id")
    assert not (storage.root / "chunks" / "id").exists()


def test_a_folder_that_cannot_be_used_is_named_and_nothing_of_the_upload_stays(
    storage: LocalStorage,
) -> None:
    for name in ("uploads", "arriving"):
        folder = storage.root / name
        folder.rename(storage.root / "away")
        incoming = storage.incoming("uploads/id")
        for use in (incoming.keep, storage.check):
            with pytest.raises(StorageError, match=f"{folder} cannot be used: No such file"):
                use()
        incoming.discard()
        incoming.close()
        (storage.root / "away").rename(folder)
        storage.check()
    assert files(storage) == set()


def test_results_wait_where_their_folder_cannot_be_used(storage: LocalStorage) -> None:
    (storage.root / "results").touch()  # no folder
    with pytest.raises(StorageError, match="results cannot be used"):
        put(storage, "results/draft")
    (storage.root / "results").unlink()
    put(storage, "results/draft")


def test_folders_of_what_is_under_way_may_be_cleared_away(storage: LocalStorage) -> None:
    for name in ("incoming", "scratch"):
        (storage.root / name).rmdir()
    incoming = storage.incoming("uploads/id")
    incoming.keep()
    incoming.close()
    put(storage, "results/draft")


@pytest.mark.parametrize("key", ["nope", "../secret", "uploads/../../secret", "uploads", "a\0b"])
def test_what_is_not_a_file_inside_is_not_found(storage: LocalStorage, key: str) -> None:
    (storage.root.parent / "secret").write_text("not yours")
    with pytest.raises(NotFound):
        storage.stat(key)


def test_a_link_out_of_the_folder_is_not_followed(storage: LocalStorage) -> None:
    secret = storage.root.parent / "secret"
    secret.write_text("not yours")
    (storage.root / "uploads" / "link").symlink_to(secret)
    with pytest.raises(NotFound):
        storage.stat("uploads/link")


@pytest.mark.parametrize("name", ["uploads", "processed_videos", "incoming", "scratch", "arriving"])
def test_a_folder_may_be_a_link_to_another_place_on_the_disk(tmp_path: Path, name: str) -> None:
    place = tmp_path / "place"
    place.mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / name).symlink_to(place)
    storage = LocalStorage(tmp_path / "data", reserve_bytes=0)
    try_out(storage)
    put(storage, "processed_videos/metadata/id")
    assert storage.read("processed_videos/metadata/id") == b"bytes"
    storage.delete_prefix("processed_videos/metadata")
    assert files(storage) == set()
    assert (tmp_path / "data" / name).is_symlink()


@pytest.mark.parametrize("name", ["uploads", "processed_videos", "incoming", "scratch"])
def test_folders_that_are_not_on_one_disk_are_refused_at_the_start(
    tmp_path: Path, other_disk: Path, name: str
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / name).symlink_to(other_disk)
    with pytest.raises(SettingsError, match=f"{name} .*not on one disk.*the whole data folder"):
        LocalStorage(tmp_path / "data", reserve_bytes=0)
    assert list(other_disk.iterdir()) == []


def test_the_reserve_is_left_free(tmp_path: Path) -> None:
    full = LocalStorage(tmp_path / "data", reserve_bytes=1 << 60)
    with pytest.raises(NoSpace, match="no room left"):
        full.check_room(1)
    incoming = full.incoming("uploads/id")
    with pytest.raises(NoSpace):
        incoming.write(b"x")
    incoming.discard()
    incoming.close()
    assert files(full) == set()


def test_a_sweep_removes_what_the_dead_left_and_nothing_else(storage: LocalStorage) -> None:
    arriving = storage.incoming("uploads/arriving")
    storage.incoming("uploads/abandoned").close()
    for name in ("known", "unknown"):
        incoming = storage.incoming(f"uploads/{name}")
        incoming.keep()
        incoming.close()
    submitting = storage.incoming("uploads/submitting")
    submitting.keep()
    for owner in ("alive", "dead"):
        folder = storage.root / "scratch" / owner / "tmp"
        folder.mkdir(parents=True)
        (folder / "draft").touch()
    storage.sweep(is_known=is_known, owners=lambda: {"alive"})
    assert files(storage) == {
        "incoming/arriving",
        "uploads/known",
        "uploads/submitting",
        "arriving/submitting",
        "scratch/alive/tmp/draft",
    }
    arriving.close()
    submitting.close()
    storage.sweep(is_known=is_known, owners=set)
    assert files(storage) == {"uploads/known"}


def test_a_sweep_leaves_alone_what_other_tables_may_know(storage: LocalStorage) -> None:
    incoming = storage.incoming("uploads/id")
    incoming.keep()
    incoming.settle()
    incoming.close()
    storage.sweep(is_known=lambda _: False, owners=set)
    assert files(storage) == {"uploads/id"}
