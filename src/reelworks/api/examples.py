"""What the answers of the API look like: an example of each shape, by its name.

Kept apart from the shapes: the framework leaves out of a shape's own example what is null.
"""

from __future__ import annotations

from typing import Any

from reelworks.media.deciding.options import DEFAULT_PRESET, Options, preset_description

_ID = "0b0c5e2e-6d2c-4c3e-9a55-4f0d7a2f9a11"
_OPTIONS = Options.of().model_dump()
_SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_BEGIN = "2026-11-22T20:14:40.002+00:00"


def _status(**values: Any) -> dict[str, Any]:
    return {
        "status": "processing",
        "progress": 42,
        "error": None,
        "last_updated": "2026-11-22T20:15:03.120+00:00",
        **values,
    }


def _process(**values: Any) -> dict[str, Any]:
    return {
        **_status(),
        "created_at": _BEGIN,
        "started_at": "2026-11-22T20:14:41.310+00:00",
        "attempt": 1,
        "queue_position": None,
        "eta_seconds": 31,
        **values,
    }


_COMPLETED = {"status": "completed", "progress": 100}
_PLAN = {
    "preset": DEFAULT_PRESET,
    "options": _OPTIONS,
    "action": "encode",
    "findings": ["40 of its pictures were looked at.", "Its pictures are interlaced."],
    "filters": [
        {
            "name": "deinterlace",
            "expression": "bwdif=mode=send_frame",
            "strength": 1.0,
            "reason": "Its pictures are woven from two fields; motion shows combs.",
        }
    ],
    "dropped": [],
    "container": "mov",
    "codec": "h264",
    "pixel_format": "yuv420p",
    "width": 720,
    "height": 576,
    "bytes_before": 1301888,
    "bytes_after": None,
    "frames": None,
    "fidelity": None,
    "previews": None,
    "notes": [],
}
_VIDEO = {
    "file_id": _ID,
    "client_id": "me",
    "filename": "holiday.mov",
    "size_bytes": 1301888,
    "sha256": _SHA256,
    "created_at": _BEGIN,
    "preset": DEFAULT_PRESET,
    "options": _OPTIONS,
    "video_enhancement": _process(),
    "metadata_extraction": _process(**_COMPLETED, eta_seconds=None),
    "plan": _PLAN,
    "links": {
        "self": f"/videos/{_ID}",
        "original": f"/videos/{_ID}/original",
        "enhanced": None,
        "metadata": f"/videos/{_ID}/metadata",
        "poster": None,
        "compare": None,
        "cancel": f"/videos/{_ID}/cancel",
        "retry": None,
    },
}
# A picture of one colour.
_SHARES = {
    channel: [1.0 if value == level else 0.0 for value in range(256)]
    for channel, level in (("b", 112), ("g", 96), ("r", 80))
}

EXAMPLES: dict[str, Any] = {
    "Uploaded": {"file_id": _ID, "message": "Video uploaded successfully"},
    "ProcessStatus": _status(),
    "VideoStatus": {
        "file_id": _ID,
        "video_enhancement": _status(status="failed", error="Cancelled"),
        "metadata_extraction": _status(**_COMPLETED),
    },
    "Video": _VIDEO,
    "Videos": {"videos": [_VIDEO], "next": "MTc2Mzg0MjQ4MDAwMi8wYjBjNWUyZS02ZDJjLTRj"},
    "Presets": {
        "default": DEFAULT_PRESET,
        "presets": [
            {
                "name": DEFAULT_PRESET,
                "description": preset_description(DEFAULT_PRESET),
                "options": _OPTIONS,
            }
        ],
        "options": {"upscale": Options.model_json_schema()["properties"]["upscale"]},
    },
    "Health": {"status": "ok"},
    "Metadata": {
        "file_id": _ID,
        "filename": "holiday.mov",
        "format": "mov",
        "resolution": {"width": 720, "height": 576},
        "fps": 25.0,
        "frame_count": 47,
        "duration_seconds": 2,
        "file_size_bytes": 1301888,
        "bit_rate": "5539949",
        "color_profile": {
            "histograms": _SHARES,
            "average_color": {"b": 112, "g": 96, "r": 80},
        },
        "advanced": {"sha256": _SHA256, "enhancement": _PLAN},
    },
}
