"""What Prometheus is told: every number by its name, and each of them in the reference."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from reelworks.app.numbers import serve_metrics
from reelworks.errors import SettingsError
from reelworks.settings import read_settings
from tests.api.conftest import OpenedApi
from tests.videos import add_video

REFERENCE = Path(__file__).parents[2] / "docs/reference/metrics.md"

Sample = tuple[str, frozenset[tuple[str, str]]]


def samples(text: str) -> dict[Sample, float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def scraped(api: OpenedApi) -> dict[Sample, float]:
    response = api.get("/metrics")
    assert response.status_code == 200, response.text
    return samples(response.text)


def sample(name: str, **labels: str) -> Sample:
    return (f"reelworks_{name}", frozenset(labels.items()))


def test_every_metric_is_in_the_reference_and_none_that_is_not(api: OpenedApi) -> None:
    families = text_string_to_metric_families(api.get("/metrics").text)
    # A counter's family goes without its ending.
    served = {
        family.name + ("_total" if family.type == "counter" else "")
        for family in families
        if family.name.startswith("reelworks_")
    }
    lines = REFERENCE.read_text().splitlines()
    rows = {line.split("`")[1] for line in lines if line.startswith("| `reelworks_")}
    assert served == rows


def test_the_queue_is_counted_from_the_database(api: OpenedApi) -> None:
    before = scraped(api)
    add_video(api.base.records)
    after = scraped(api)
    pending = sample("processes", type="video_enhancement", status="pending")
    assert after[pending] == before[pending] + 1
    assert after[sample("queue_oldest_seconds")] > 0
    assert after[sample("workers")] == 0


def test_an_upload_is_counted_by_how_it_ends(api: OpenedApi) -> None:
    before = scraped(api)
    content = b"no video at all"
    response = api.upload(files={"file": ("clip.mp4", content, "video/mp4")})
    assert response.status_code == 400
    after = scraped(api)
    uploads, received = sample("uploads_total", outcome="refused"), sample("received_bytes_total")
    assert after[uploads] == before.get(uploads, 0) + 1
    assert after[received] == before[received] + len(content)


def test_a_worker_serves_its_own_numbers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    serve_metrics(read_settings(metrics_port=port))
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    assert sample("takeovers_total") in samples(text)
    assert "reelworks_queue_length" not in text


def test_a_metrics_port_in_use_is_a_plain_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = read_settings(metrics_port=taken.getsockname()[1])
        with pytest.raises(SettingsError, match="choose another with --metrics-port"):
            serve_metrics(settings)
