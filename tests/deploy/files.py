"""Reads what is in ``deploy``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"


def compose() -> dict[str, Any]:
    """The Compose file, its anchors resolved."""
    document: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return document


def manifests() -> dict[str, dict[str, Any]]:
    """Every object for Kubernetes, by its kind and name; kustomize's own file left out."""
    found = {}
    for path in sorted(KUBERNETES.glob("*.yaml")):
        if path.name != "kustomization.yaml":
            for document in yaml.safe_load_all(path.read_text()):
                found[f"{document['kind']}/{document['metadata']['name']}"] = document
    return found


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions: (name, arguments), lines joined, comments left out."""
    text = re.sub(r"^\s*#.*\n", "", (DEPLOY / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", " ", text).splitlines()
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in lines if line.strip()]


def image_environment() -> dict[str, str]:
    """The variables that the image sets."""
    pairs = [arguments for name, arguments in instructions() if name == "ENV"][-1].split()
    return dict(pair.split("=", 1) for pair in pairs)
