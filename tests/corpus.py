"""Where the corpus of real files is, and what its manifest expects of each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"

needs_corpus = pytest.mark.skipif(
    not (CORPUS / "manifest.json").exists(),
    reason="the corpus of real files is not on this machine",
)


def manifest() -> list[dict[str, Any]]:
    """The manifest's entries; empty where there is no corpus."""
    path = CORPUS / "manifest.json"
    if not path.exists():
        return []
    files: list[dict[str, Any]] = json.loads(path.read_text())["files"]
    return files
