"""Says what was done to a video, why, and what came of it: ``advanced.enhancement``. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from reelworks.media.deciding.encoders import ENCODERS
from reelworks.media.deciding.options import Options
from reelworks.media.deciding.plan import Plan
from reelworks.media.facts import Probe
from reelworks.media.proving.proof import Proof

Report = dict[str, Any]
"""Plain JSON values; what is not known yet is None."""

_CODECS = {encoder.name: encoder.codec for encoder in ENCODERS.values()}


@dataclass(frozen=True, kw_only=True, slots=True)
class Rendered:
    """What carrying out a plan gave.

    Attributes:
        size_bytes: length of the result.
        frames: how many pictures were encoded; None where the file was copied.
        exact: whether the result's times were compared one by one with the source's, or copied.
    """

    size_bytes: int
    frames: int | None
    exact: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Previews:
    """Where the stills are, as paths of the API; None where one could not be made."""

    poster: str | None = None
    compare: str | None = None


def report(
    plan: Plan,
    probe: Probe | None,
    *,
    preset: str,
    options: Options,
    rendered: Rendered | None = None,
    proof: Proof | None = None,
    previews: Previews | None = None,
    notes: tuple[str, ...] = (),
) -> Report:
    """What is done to a video, and what came of it as far as it is known.

    Args:
        probe: of the source; None where only the plan is known of it.
        preset: the name of the preset that was wished for.
        options: all that was wished for.
        rendered, proof, previews: None before the enhancement came to them.
        notes: what went wrong without harm to the result, in sentences.
    """
    copied = plan.action == "copy"
    source = probe.picture if probe else None
    return {
        "preset": preset,
        "options": options.model_dump(),
        "action": plan.action,
        "findings": list(plan.findings),
        "filters": [asdict(f) for f in plan.filters],
        "dropped": list(plan.dropped),
        "container": plan.container,
        "codec": (source and source.codec) if copied else _CODECS[plan.encoder],
        "pixel_format": (source and source.pixel_format) if copied else plan.pixel_format,
        "width": plan.width,
        "height": plan.height,
        "bytes_before": probe.size_bytes if probe else None,
        "bytes_after": rendered.size_bytes if rendered else None,
        "frames": rendered.frames if rendered else None,
        "fidelity": asdict(proof.fidelity) if proof and proof.fidelity else None,
        "previews": asdict(previews) if previews else None,
        "notes": list(notes),
    }
