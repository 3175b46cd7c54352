"""Who asks whether anything changed may be told to stop at any moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from reelworks.engine.changes import watch
from reelworks.engine.records import Records


def test_closing_waits_for_a_question_and_ends_all_further_ones(records: Records) -> None:
    with ThreadPoolExecutor(1) as pool:
        for _ in range(30):
            changes = watch(records.engine)
            asked = pool.submit(changes.changed)
            changes.close()
            assert asked.result() in (True, False)
            assert changes.changed() is False
            changes.close()
