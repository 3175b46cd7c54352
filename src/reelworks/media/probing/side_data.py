"""What comes with a picture besides its pixels. Only for use in the Python child."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from av.sidedata.sidedata import Type

if TYPE_CHECKING:
    from av.sidedata.sidedata import SideData
    from av.video.frame import VideoFrame


def _unlisted(cls: type[Type], value: int) -> Type:
    """A kind of side data that libav knows and PyAV does not, such as EXIF or a view's number."""
    kind: Any = object.__new__(cls)
    kind._name_, kind._value_ = f"UNLISTED_{value}", value
    return cast("Type", kind)


# Without this, PyAV raises where it meets one, and nothing can be asked of such a picture.
setattr(Type, "_missing_", classmethod(_unlisted))  # noqa: B010


def side_data(frame: VideoFrame) -> dict[Type, SideData]:
    """By kind."""
    # What PyAV has is no true mapping: it iterates over its values.
    found: Any = frame.side_data
    return {data.type: data for data in found}


def contents(frame: VideoFrame, kind: Type) -> list[bytes]:
    """All side data of a kind: of some, a picture may have what it says and what its file says."""
    found: Any = frame.side_data
    return [bytes(data) for data in found if data.type == kind]


def content(frame: VideoFrame, kind: Type) -> bytes | None:
    """The side data of a kind, as libav's bytes, or None."""
    found = side_data(frame).get(kind)
    return None if found is None else bytes(found)
