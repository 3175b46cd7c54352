"""What fails for long is told of at once, then ever more rarely, and when it is over."""

from __future__ import annotations

import logging

import pytest

from reelworks.telemetry.outage import Outage


def test_a_night_without_a_database_is_a_page_of_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    seconds = iter(range(100_000))
    outage = Outage(
        logging.getLogger(__name__),
        "nothing can be done",
        "all can be done again",
        clock=lambda: next(seconds),
    )
    outage.succeeded()
    assert caplog.messages == []
    for _ in range(8 * 3600):
        outage.failed(OSError("it is away"))
    assert set(caplog.messages) == {"nothing can be done: it is away"}
    told = len(caplog.messages)
    assert told < 60
    outage.succeeded()
    outage.succeeded()
    assert caplog.messages[-1] == "all can be done again, after 28800 s"
    assert len(caplog.messages) == told + 1
    outage.failed(OSError("again"))
    assert caplog.messages[-1] == "nothing can be done: again"


def test_what_a_reason_may_mean_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    outage = Outage(logging.getLogger(__name__), "nothing is heard", "it is heard again")
    outage.failed(OSError("the server closed the connection\n\tThis probably means\n\tmuch.\n"))
    assert caplog.messages == ["nothing is heard: the server closed the connection"]
