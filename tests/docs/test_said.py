"""What the pages tell a reader to type is understood."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from reelworks.settings import PREFIX, Settings
from tests.docs import commands, routes
from tests.docs.pages import DOCS

PAGES = sorted([*DOCS.rglob("*.md"), *DOCS.parent.glob("*.md")])


def _lines(path: Path) -> Iterator[str]:
    """The commands in a page's blocks of code; continued lines joined, prompts taken off."""
    blocks = re.findall(r"^ *```(?:sh|console)\n(.*?)^ *```", path.read_text(), re.S | re.M)
    for block in blocks:
        for line in block.replace("\\\n", " ").splitlines():
            yield line.strip().removeprefix("$ ")


COMMANDS = [
    pytest.param(found.strip(), id=f"{path.name}: {found.strip()}")
    for path in PAGES
    for line in _lines(path)
    for found in re.findall(
        r"^(?:\w+=\S+ |sudo (?:-u \w+ )?|docker compose .*?exec \w+ |kubectl .*-- )*"
        r"(?:\S*/)?(?:python -m )?reelworks (.*?)(?: *#.*| [>|&].*)?$",
        line,
    )
]


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_that_is_shown_is_one(line: str) -> None:
    commands.parse([word for word in shlex.split(line) if word != "…"])


def test_commands_are_found_in_pages() -> None:
    assert len(COMMANDS) > 20


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_setting_that_is_named_is_one(path: Path) -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    named = set(re.findall(rf"\b{PREFIX}[A-Z_]*[A-Z]\b", path.read_text()))
    assert named - known == set()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_address_that_is_shown_is_one(path: Path) -> None:
    known = [re.sub(r"\{\w+\}", "[^/]+", name.split(" ")[1]) for name, _ in routes.operations()]
    known += ["/", "/ws/.+", "/openapi.json", "/asyncapi.json"]
    text = path.read_text()
    for address in re.findall(r"localhost:8000(/[^\s\"'`)?]*)", text):
        assert any(re.fullmatch(pattern, address.rstrip(".,;")) for pattern in known), address


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_metric_that_is_asked_for_is_one(path: Path) -> None:
    reference = (DOCS / "reference/metrics.md").read_text()
    asked = {
        metric
        for block in re.findall(r"^```ya?ml\n(.*?)^```", path.read_text(), re.S | re.M)
        for metric in re.findall(r"\breelworks_\w+", block)
    }
    assert {metric for metric in asked if f"`{metric}`" not in reference} == set()
