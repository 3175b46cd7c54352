"""Uploads videos, watches all of them live, and fetches what came out.

python examples/watch.py holiday.mov beach.mp4
"""

import os
import sys

from reelworks.client import BadRequest, Client, ProcessType, Result, Status

RESULTS = {
    ProcessType.VIDEO_ENHANCEMENT: Result.ENHANCED,
    ProcessType.METADATA_EXTRACTION: Result.METADATA,
}


def main(paths: list[str]) -> int:
    """Upload, watch, fetch. Returns how many videos did not come out."""
    names: dict[str, str] = {}
    with Client(os.environ.get("REELWORKS_URL", "http://localhost:8000")) as client:
        for path in paths:
            try:
                video = client.upload(path, preset="auto")
            except BadRequest as error:
                print(f"{path}: {error}", file=sys.stderr)
            except OSError as error:  # it is not there, say
                print(f"{path}: {error.strerror}.", file=sys.stderr)
            else:
                names[video.file_id] = video.filename

        # Lost connections are opened again, and nothing is missed meanwhile.
        for update in client.follow(*names):
            result = RESULTS[update.process_type]
            print(f"{names[update.file_id]}: {result} {update.progress} %", update.error or "")
            if update.status is Status.COMPLETED:
                print("Wrote", client.fetch(update.file_id, result, to="."))

        ends = [client.video(file_id).video_enhancement.status for file_id in names]
    return len(paths) - ends.count(Status.COMPLETED)


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1:]) else 0)
