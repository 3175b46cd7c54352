"""What is new of what is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from reelworks.client.news import News
from reelworks.client.nouns import Process, Update, Video
from reelworks.model import ProcessType, Status

_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_PENDING = Process(
    status=Status.PENDING,
    progress=0,
    error=None,
    last_updated=_BEGIN,
    started_at=None,
    attempt=1,
    queue_position=1,
    eta_seconds=None,
)
_VIDEO = Video(
    file_id="one",
    client_id="me",
    filename="one.mp4",
    size_bytes=1,
    sha256="0" * 64,
    created_at=_BEGIN,
    preset="auto",
    options={},
    video_enhancement=_PENDING,
    metadata_extraction=_PENDING,
    plan=None,
    links={},
    document={},
)


def _update(status: Status, progress: int, second: int, file_id: str = "one") -> Update:
    return Update(
        file_id=file_id,
        process_type=ProcessType.VIDEO_ENHANCEMENT,
        status=status,
        progress=progress,
        error="It broke." if status is Status.FAILED else None,
        timestamp=_BEGIN + timedelta(seconds=second),
    )


def _at(update: Update) -> Video:
    process = replace(
        _PENDING,
        status=update.status,
        progress=update.progress,
        error=update.error,
        last_updated=update.timestamp,
    )
    return replace(_VIDEO, video_enhancement=process)


_COURSE = [
    _update(Status.PENDING, 0, 0),
    _update(Status.PROCESSING, 0, 1),
    _update(Status.PROCESSING, 40, 2),
    _update(Status.PROCESSING, 80, 3),
    _update(Status.COMPLETED, 100, 4),
]
_RETRIED = [
    *_COURSE[:3],
    _update(Status.FAILED, 40, 3),
    _update(Status.PENDING, 0, 4),
    _update(Status.PROCESSING, 10, 5),
    _update(Status.COMPLETED, 100, 6),
]


def _heard(course: Sequence[Update], told: list[int], looks: list[int]) -> list[Update]:
    """What is learnt where the socket tells some of a course, late, and there are looks at it."""
    news, heard = News([_at(course[0])]), [course[0]]
    behind = 0
    for now in range(1, len(course)):
        if now in looks:
            heard += news.looked_at(_at(course[now]))
        if now in told:  # and all that had waited on its way
            for late in range(behind, now + 1):
                heard += news.told(course[late])
            behind = now + 1
    heard += news.looked_at(_at(course[-1]))
    return heard


_SOME = st.lists(st.integers(1, len(_RETRIED)), unique=True)


@given(_SOME, _SOME)
def test_whatever_comes_late_or_twice_what_is_heard_goes_forward_to_the_end(
    told: list[int], looks: list[int]
) -> None:
    for course in (_COURSE, _RETRIED):
        heard = _heard(course, told, looks)
        places = [course.index(update) for update in heard]
        assert places == sorted(set(places))
        assert heard[-1] == course[-1]


def test_within_a_millisecond_the_further_state_is_the_later_one() -> None:
    news = News([_VIDEO])
    begun, ended = _update(Status.PROCESSING, 0, 0), _update(Status.COMPLETED, 100, 0)
    assert list(news.told(begun)) == [begun]
    assert list(news.told(ended)) == [ended]
    assert list(news.told(begun)) == []


def test_other_videos_are_no_news() -> None:
    assert list(News([_VIDEO]).told(_update(Status.COMPLETED, 100, 9, file_id="two"))) == []


def test_what_is_deleted_ends_as_failed() -> None:
    news = News([_at(_COURSE[-1])])
    assert news.unfinished() == ["one"]
    (update,) = news.deleted("one")
    assert update.process_type is ProcessType.METADATA_EXTRACTION
    assert (update.status, update.error) == (Status.FAILED, "Deleted")
    assert news.unfinished() == []


def test_a_look_counts_also_where_the_clock_of_the_service_was_set_back() -> None:
    news = News([_at(_COURSE[3])])
    again = _update(Status.PENDING, 0, -100)
    assert list(news.looked_at(_at(again))) == [again]


def test_the_same_again_only_later_is_no_news() -> None:
    news = News([_at(_COURSE[2])])
    later = replace(_COURSE[2], timestamp=_BEGIN + timedelta(seconds=9))
    assert list(news.told(later)) == []
    assert list(news.told(_COURSE[3])) == []  # older than what is known by then
    assert list(news.looked_at(_at(_COURSE[4]))) == [_COURSE[4]]
