"""What every store promises, held against each of them."""

from __future__ import annotations

import hashlib
import os
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reelworks.errors import NoSpace, NotFound
from reelworks.storage.store import Replaced, Stat, Storage, try_out
from tests.storage.conftest import Kept

LONG = os.urandom(20 << 20)  # several parts
WORDS = b"twelve bytes"


def put(storage: Storage, key: str, data: bytes) -> Stat:
    """Publish bytes."""
    with storage.scratch("worker") as folder:
        (folder / "draft").write_bytes(data)
        storage.publish(folder / "draft", key)
    return storage.stat(key)


def read(storage: Storage, key: str) -> bytes:
    """All bytes of a key."""
    stat = storage.stat(key)
    return b"".join(storage.stream(key, stat, 0, stat.size_bytes))


# Uploads


@pytest.mark.parametrize("data", [b"", WORDS, LONG], ids=["empty", "short", "long"])
def test_an_upload_is_hashed_and_kept_under_its_key(kept: Kept, data: bytes) -> None:
    incoming = kept.storage.incoming("uploads/id")
    for start in range(0, len(data), 1 << 20):
        incoming.write(bytearray(data[start : start + (1 << 20)]))
    assert incoming.size_bytes == len(data)
    assert incoming.sha256 == hashlib.sha256(data).hexdigest()
    assert incoming.path.read_bytes() == data
    assert not kept.storage.exists("uploads/id")
    incoming.keep()
    incoming.settle()
    incoming.close()
    assert read(kept.storage, "uploads/id") == data
    assert kept.files() == {"uploads/id"}


@pytest.mark.parametrize("data", [WORDS, LONG], ids=["short", "long"])
@pytest.mark.parametrize("is_kept", [False, True])
def test_a_discarded_upload_leaves_nothing(kept: Kept, data: bytes, is_kept: bool) -> None:
    incoming = kept.storage.incoming("uploads/id")
    incoming.write(data)
    if is_kept:
        incoming.keep()
    incoming.discard()
    incoming.close()
    assert kept.files() == set()


def test_a_sweep_leaves_alone_what_is_under_way(kept: Kept) -> None:
    arriving, submitting = kept.storage.incoming("uploads/a"), kept.storage.incoming("uploads/b")
    arriving.write(LONG)
    submitting.write(WORDS)
    submitting.keep()
    with kept.storage.scratch("alive") as alive, kept.storage.scratch("dead") as dead:
        (alive / "draft").write_bytes(WORDS)
        (dead / "draft").write_bytes(WORDS)
        kept.storage.sweep(is_known=lambda _: False, owners=lambda: {"alive"})
        assert (alive / "draft").exists()
        assert not dead.exists()
        dead.mkdir(parents=True)  # its owner lives in this test
    assert arriving.path.exists()
    arriving.keep()
    for incoming in (arriving, submitting):
        incoming.settle()
        incoming.close()
    assert read(kept.storage, "uploads/a") == LONG
    assert read(kept.storage, "uploads/b") == WORDS


def test_a_sweep_takes_no_worker_for_dead_that_comes_meanwhile(kept: Kept) -> None:
    with ExitStack() as opened:
        drafts: list[Path] = []

        def asked_too_soon() -> set[str]:
            drafts.append(opened.enter_context(kept.storage.scratch("new")) / "draft")
            drafts[0].touch()
            return set()

        kept.storage.sweep(is_known=lambda _: False, owners=asked_too_soon)
        assert [draft.exists() for draft in drafts] == [True]


def test_a_store_is_tried_out_without_a_trace(kept: Kept) -> None:
    kept.storage.check()
    try_out(kept.storage)
    assert kept.files() == set()


def test_the_reserve_is_left_free(kept: Kept) -> None:
    kept.storage.check_room(1)
    with pytest.raises(NoSpace, match="no room left"):
        kept.storage.check_room(1 << 60)


# Results


@pytest.mark.parametrize("data", [b"", WORDS, LONG], ids=["empty", "short", "long"])
def test_what_is_published_is_there_whole(kept: Kept, data: bytes) -> None:
    stat = put(kept.storage, "processed_videos/metadata/x.json", data)
    assert stat.size_bytes == len(data)
    assert read(kept.storage, "processed_videos/metadata/x.json") == data
    assert kept.storage.read("processed_videos/metadata/x.json") == data
    assert kept.files() == {"processed_videos/metadata/x.json"}


def test_publishing_again_replaces_and_changes_the_etag(storage: Storage) -> None:
    before = put(storage, "processed_videos/x", b"one")
    after = put(storage, "processed_videos/x", b"two")
    assert storage.read("processed_videos/x") == b"two"
    assert before.etag != after.etag
    assert storage.stat("processed_videos/x") == after
    with pytest.raises(Replaced):
        storage.stream("processed_videos/x", before, 0, 3)


def test_an_etag_is_as_in_http(storage: Storage) -> None:
    etag = put(storage, "x", WORDS).etag
    assert etag.startswith('"')
    assert etag.endswith('"')
    assert '"' not in etag[1:-1]


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(borders=st.tuples(st.integers(0, 600_000), st.integers(0, 600_000)))
def test_any_range_is_streamed_exactly(storage: Storage, borders: tuple[int, int]) -> None:
    data, (start, stop) = LONG[:600_000], sorted(borders)
    if not storage.exists("x"):
        put(storage, "x", data)
    if start < stop:
        pieces = storage.stream("x", storage.stat("x"), start, stop)
        assert b"".join(pieces) == data[start:stop]


def test_a_stream_that_is_not_read_to_its_end_can_be_let_go(storage: Storage) -> None:
    pieces = storage.stream("x", put(storage, "x", LONG), 5 << 20, len(LONG))
    assert next(pieces) in LONG
    del pieces
    assert read(storage, "x") == LONG


def test_a_file_is_fetched_and_fetched_anew_when_it_was_replaced(storage: Storage) -> None:
    for data in (LONG, WORDS):
        put(storage, "chunks/x/1.mp4", data)
        for _ in range(2):
            with storage.fetched("chunks/x/1.mp4") as path:
                assert path.read_bytes() == data
                assert path.suffix == ".mp4"


def test_what_is_deleted_is_gone(kept: Kept) -> None:
    keys = ["chunks/x/1/0.mp4", "chunks/x/2/0.mp4", "chunks/xy/1/0.mp4", "chunks/y"]
    for key in keys:
        put(kept.storage, key, WORDS)
    kept.storage.delete_prefix("chunks/x")
    assert kept.files() == {"chunks/xy/1/0.mp4", "chunks/y"}
    for _ in range(2):
        kept.storage.delete_prefix("chunks/x")
        kept.storage.delete("chunks/y")
    assert not kept.storage.exists("chunks/y")
    assert kept.files() == {"chunks/xy/1/0.mp4"}


# Keys


BAD_KEYS = [
    *("nope", "../secret", "uploads/../../secret", "uploads", "a\0b", "", "/", "a//b", "."),
    *("x" * 2000, "x/" * 600 + "x", "a\\b", "%2e%2e", "\x01", "ä ö", "\ud800", "a?b#c"),
]


@pytest.mark.parametrize("key", BAD_KEYS)
def test_what_is_not_a_file_inside_is_not_found(kept: Kept, key: str) -> None:
    put(kept.storage, "uploads/there", WORDS)
    (kept.data.parent / "secret").write_text("not yours")
    with pytest.raises(NotFound):
        kept.storage.stat(key)
    with pytest.raises(NotFound):
        kept.storage.read(key)
    with pytest.raises(NotFound), kept.storage.fetched(key):
        pass
    assert not kept.storage.exists(key)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(key=st.text(max_size=300))
def test_no_key_at_all_breaks_a_store(storage: Storage, key: str) -> None:
    assert not storage.exists(key)
