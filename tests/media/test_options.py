"""Presets and options: what there is, how wishes are read, and that they are documented."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from reelworks.errors import BadRequest
from reelworks.media.deciding.options import (
    DEFAULT_PRESET,
    Options,
    preset_description,
    preset_names,
    preset_options,
)
from reelworks.media.deciding.wishes import (
    Wishes,
    allowed,
    flag_of,
    read_flags,
    read_options,
    read_preset,
)

NAMES = tuple(Options.model_fields)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.floats(-0.5, 2.5)
    | st.integers(-1, 5)
    | st.text()
    | st.sampled_from(["auto", "small", "balanced", "high", "h264", "hevc", "av1", "vp9"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)

# Presets


def test_there_are_the_presets_that_are_promised() -> None:
    assert preset_names() == ("auto", "vivid", "restore", "clean", "none")
    assert preset_names()[0] == DEFAULT_PRESET


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_is_complete_valid_and_described(name: str) -> None:
    assert set(preset_options(name)) == set(NAMES)
    assert Options.of(name)
    assert preset_description(name).endswith(".")


def test_a_preset_that_is_not_there_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        Options.of("foo")


def test_single_options_win_over_the_preset() -> None:
    vivid = Options.of("vivid")
    changed = Options.of("vivid", sharpen=0)
    assert changed.sharpen == 0
    assert changed == vivid.model_copy(update={"sharpen": 0})


@pytest.mark.parametrize("name", preset_names())
def test_options_are_the_same_after_json(name: str) -> None:
    options = Options.of(name)
    assert Options.of(**json.loads(options.model_dump_json())) == options


# Reading


def is_allowed(option: str, value: Any) -> bool:
    """The table of the reference, by hand."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    match option:
        case "saturation":
            return number and 0 <= value <= 2
        case "deinterlace" | "stabilise" | "deflicker":
            return isinstance(value, bool) or value == "auto"
        case "upscale":
            return number and isinstance(value, int) and 1 <= value <= 4
        case "quality":
            return value in ("auto", "small", "balanced", "high")
        case "codec":
            return value in ("auto", "h264", "hevc", "av1", "vp9")
        case _:
            return value == "auto" or (number and 0 <= value <= 2)


def outcome(read: Callable[[Any], Wishes], given: Any) -> tuple[Wishes, str]:
    """What was read, or the sentence that says why not."""
    try:
        return read(given), ""
    except BadRequest as error:
        return {}, str(error)


@given(option=st.sampled_from(NAMES), value=JSON)
def test_any_json_value_is_accepted_or_refused_by_the_options_name(option: str, value: Any) -> None:
    text = json.dumps({option: value})
    if is_allowed(option, value):
        assert getattr(Options.of(**read_options(text)), option) == value
        return
    with pytest.raises(BadRequest) as refused:
        read_options(text)
    said = str(refused.value)
    assert said.startswith(f"options.{option}: give {allowed(option)}, not ")
    assert said.endswith(".")
    assert len(said) < 200
    said.encode()  # whatever came, it can be sent back


@given(option=st.sampled_from(NAMES), text=st.text())
def test_any_flag_is_accepted_or_refused_by_its_name(option: str, text: str) -> None:
    wishes, said = outcome(read_flags, {option: text})
    assert said.startswith(f"{flag_of(option)}: give ") or is_allowed(option, wishes[option])


@given(text=st.text(max_size=200) | JSON.map(json.dumps))
def test_any_text_gives_options_or_a_bad_request(text: str) -> None:
    wishes, said = outcome(read_options, text)
    assert said.startswith("options") or Options.of(**wishes)


@pytest.mark.parametrize(
    ("option", "text", "shown"),
    [
        ("denoise", '"strong"', '"strong"'),
        ("denoise", '"1"', '"1"'),
        ("denoise", "true", "true"),
        ("denoise", "null", "null"),
        ("denoise", "2.0000001", "2.0000001"),
        ("denoise", "-0.1", "-0.1"),
        ("denoise", "1e308", "1e+308"),
        ("denoise", "1e999", "Infinity"),
        ("denoise", "1" + "0" * 4000, "1" + "0" * 39 + "…"),
        ("denoise", "[1]", "a list"),
        ("denoise", "[" * 900 + "]" * 900, "a list"),
        ("denoise", '{"denoise": 1}', "an object"),
        ("saturation", '"auto"', '"auto"'),
        ("deinterlace", "1", "1"),
        ("deinterlace", '"true"', '"true"'),
        ("upscale", "2.0", "2.0"),
        ("upscale", "true", "true"),
        ("codec", '"x264"', '"x264"'),
        ("codec", '"' + "x" * 100 + '"', '"' + "x" * 39 + "…"),
        ("codec", r'"\ud800"', r"'\ud800'"),
        ("codec", r'"a\u0007"', r"'a\x07'"),
    ],
)
def test_a_value_that_cannot_be_is_shown(option: str, text: str, shown: str) -> None:
    with pytest.raises(BadRequest) as refused:
        read_options(f'{{"{option}": {text}}}')
    assert str(refused.value) == f"options.{option}: give {allowed(option)}, not {shown}."


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nope",
        "[]",
        "1",
        "null",
        '"auto"',
        '{"denoise": 1',
        '{"denoise": 1} x',
        '{"denoise": NaN}',
        '{"denoise": Infinity}',
        '{"denoise": -Infinity}',
        "{'denoise': 1}",
        "\ufeff{}",
        "[" * 4000,
        '{"a":' * 700,
        '{"denoise": ' + "1" * 5000 + "}",
    ],
)
def test_what_is_no_json_object_is_said_to_be_none(text: str) -> None:
    with pytest.raises(BadRequest, match=r"^options: not a JSON object; send one such as"):
        read_options(text)


@pytest.mark.parametrize("name", ["sharpness", "", "Denoise", "preset", "cls", "self", "x" * 500])
def test_an_option_that_is_not_there_is_named_with_those_that_are(name: str) -> None:
    with pytest.raises(BadRequest) as refused:
        read_options(json.dumps({name: 1}))
    shown = repr(name) if len(name) < 40 else "'" + "x" * 39 + "…"
    assert str(refused.value) == (
        f"options: there is no option {shown}; the options are {', '.join(NAMES)}."
    )


def test_an_option_that_is_there_twice_is_refused() -> None:
    with pytest.raises(BadRequest, match=r"^options: 'denoise' is there twice; give it once.$"):
        read_options('{"denoise": 1, "levels": 1, "denoise": 1}')


def test_minus_nothing_is_nothing() -> None:
    for text in ("-0.0", "-0", "-1e-400"):
        wishes = read_options(f'{{"denoise": {text}}}')
        assert str(wishes["denoise"]) in ("0", "0.0")


def test_a_flag_needs_no_quotes() -> None:
    flags = {"denoise": "auto", "levels": "0.5", "deinterlace": "true", "codec": '"av1"'}
    assert read_flags(flags) == {
        "denoise": "auto",
        "levels": 0.5,
        "deinterlace": True,
        "codec": "av1",
    }


def test_a_preset_is_given_back_or_refused() -> None:
    assert read_preset("vivid") == "vivid"
    for wrong in ("foo", "", "Vivid", "auto "):
        with pytest.raises(
            BadRequest, match=r"^preset: there is no preset .*; choose one of auto,"
        ):
            read_preset(wrong)


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("denoise", '"auto" or a number from 0 to 2'),
        ("saturation", "a number from 0 to 2"),
        ("stabilise", '"auto", true or false'),
        ("upscale", "a whole number from 1 to 4"),
        ("quality", '"auto", "small", "balanced" or "high"'),
    ],
)
def test_what_is_allowed_is_said_in_words(option: str, words: str) -> None:
    assert allowed(option) == words


def test_options_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Options.of().denoise = 1  # type: ignore[misc]


# The reference


def table(*rows: tuple[str, ...]) -> str:
    """A Markdown table; the first row is its head."""
    head, *body = rows
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ("---",) * len(head), *body))


def code(value: Any) -> str:
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


@pytest.mark.parametrize(
    "expected",
    [
        table(
            ("preset", "what it is for"),
            *((code(name), preset_description(name)) for name in preset_names()),
        ),
        table(
            ("option", "values", "meaning"),
            *(
                (code(name), allowed(name), str(field.description))
                for name, field in Options.model_fields.items()
            ),
        ),
        table(
            ("option", *map(code, preset_names())),
            *(
                (code(option), *(code(preset_options(name)[option]) for name in preset_names()))
                for option in NAMES
            ),
        ),
    ],
    ids=["presets", "options", "values"],
)
def test_the_reference_has_the_table_of(expected: str) -> None:
    reference = Path(__file__).parents[2] / "docs/reference/presets.md"
    assert expected in reference.read_text(encoding="utf-8"), f"put there:\n{expected}"
