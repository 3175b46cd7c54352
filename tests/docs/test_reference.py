"""The reference says all that there is, and nothing that is not."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from reelworks.settings import Settings
from reelworks.telemetry import instruments
from tests.docs import commands, messages, modules, routes, settings
from tests.docs.pages import DOCS, PAGES


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_page_that_is_made_from_the_code_is_as_the_code_says(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == PAGES[path](), "run `make docs`"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_a_setting_is_described_and_has_a_flag(name: str) -> None:
    assert Settings.model_fields[name].description
    assert settings.taken_by(name)


@pytest.mark.parametrize("name", commands.visible())
def test_a_command_and_all_that_it_takes_is_described(name: str) -> None:
    command = commands.visible()[name]
    assert command.help
    given = [*commands.options(command), *commands.arguments(command)]
    assert [each.name for each in given if not each.help] == []


@pytest.mark.parametrize(("name", "operation"), list(routes.operations()))
def test_a_route_and_all_that_it_takes_is_described(
    name: str, operation: dict[str, object]
) -> None:
    assert operation.get("summary")
    assert operation.get("description")
    parameters = operation.get("parameters", [])
    assert isinstance(parameters, list)
    assert [each["name"] for each in parameters if not each.get("description")] == []


@pytest.mark.parametrize("name", routes.schemas())
def test_a_shape_and_all_of_its_keys_are_described(name: str) -> None:
    schema = routes.schemas()[name]
    assert schema.get("description")
    properties = schema.get("properties", {})
    undescribed = {
        key
        for key, each in properties.items()
        if not each.get("description") and "$ref" not in each
    }
    assert undescribed == set()


@pytest.mark.parametrize("name", messages.messages())
def test_a_message_and_all_of_its_keys_are_described(name: str) -> None:
    message = messages.messages()[name]
    assert message["summary"]
    # What can only be one word says itself.
    undescribed = {
        key
        for key, each in messages.payload(message)["properties"].items()
        if not each.get("description") and "const" not in each and "$ref" not in each
    }
    assert undescribed == set()


def test_every_module_says_what_it_is_about() -> None:
    paths = [path for path in modules.PACKAGE.rglob("*.py") if "migrations" not in path.parts]
    assert [path for path in paths if not modules.subject(path)] == []


def test_every_metric_is_in_the_reference() -> None:
    reference = (DOCS / "reference/metrics.md").read_text(encoding="utf-8")
    counted = {metric.name for metric in instruments.registry().collect()}
    own = {name for name in counted if name.startswith("reelworks_")}
    assert own
    assert [name for name in own if f"`{name}" not in reference] == []


def test_every_dependency_is_said_what_for() -> None:
    project = tomllib.loads((DOCS.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = [re.split(r"[\[<>=]", each)[0] for each in needed]
    reference = (DOCS / "dependencies.md").read_text(encoding="utf-8")
    assert [name for name in names if not re.search(rf"`{name}[`\[]", reference)] == []
