"""What nobody waits for any more is stopped."""

from __future__ import annotations

from threading import Event

from reelworks.engine.records import Records
from reelworks.engine.watch import Watch
from reelworks.model import ProcessType, Work
from tests.videos import add_video


def test_what_could_not_be_stopped_now_is_stopped_at_the_next_look(records: Records) -> None:
    work = Work(add_video(records), ProcessType.VIDEO_ENHANCEMENT, 1)
    told, stopped = Event(), Event()

    def stop(_: Work) -> None:
        if not told.is_set():
            told.set()
            raise RuntimeError("not now")
        stopped.set()

    watch = Watch(records, stop)
    watch.start()
    with watch.over(work):
        records.fail(work.file_id, work.process_type, "Cancelled")
        assert stopped.wait(10)
    watch.end()
