"""What Reelworks is compared to: what the tutorials do, and the least that must be done."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import cv2
import obstore
from fastapi import FastAPI, UploadFile
from obstore.store import S3Store

# --- The upload of the framework's tutorial: ``uvicorn benchmarks.references:app`` ----------------

app = FastAPI()
FOLDER = Path(tempfile.gettempdir())


@app.post("/upload")
def upload(file: UploadFile) -> dict[str, str]:
    """Copy what came to a file."""
    with (FOLDER / "uploaded").open("wb") as target:
        shutil.copyfileobj(file.file, target)
    return {"filename": file.filename or ""}


@app.post("/bucket/upload")
def upload_to_bucket(file: UploadFile) -> dict[str, str]:
    """Put what came into the bucket that the usual variables know of."""
    bucket = S3Store("bucket", client_options={"allow_http": True})
    obstore.put(bucket, "uploaded", file.file)
    return {"filename": file.filename or ""}


# --- The enhancement of the OpenCV tutorials ------------------------------------------------------


def opencv_loop(source: Path, target: Path) -> None:
    """Frame by frame: bilateral filter, CLAHE on the lightness, unsharp mask."""
    capture = cv2.VideoCapture(str(source))
    size = (int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)))
    codec = cv2.VideoWriter.fourcc(*"mp4v")
    writer = cv2.VideoWriter(str(target), codec, capture.get(cv2.CAP_PROP_FPS), size)
    clahe = cv2.createCLAHE(clipLimit=2.0, tileGridSize=(8, 8))
    while True:
        there, frame = capture.read()
        if not there:
            break
        lab = cv2.cvtColor(cv2.bilateralFilter(frame, 5, 30, 30), cv2.COLOR_BGR2LAB)
        lightness, a, b = cv2.split(lab)
        lab = cv2.merge((clahe.apply(lightness), a, b))
        frame = cv2.cvtColor(lab, cv2.COLOR_LAB2BGR)
        writer.write(cv2.addWeighted(frame, 1.5, cv2.GaussianBlur(frame, (0, 0), 2), -0.5, 0))
    capture.release()
    writer.release()
