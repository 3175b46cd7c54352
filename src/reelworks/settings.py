"""Every setting: command-line flags over ``REELWORKS_*`` variables over defaults."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from reelworks.errors import SettingsError
from reelworks.faults import in_words
from reelworks.media.deciding.options import DEFAULT_PRESET
from reelworks.media.deciding.wishes import preset_fault

PREFIX = "REELWORKS_"
_ORIGIN = re.compile(r"\*|https?://[^/?#\s]+")


class Settings(BaseSettings):
    """The settings of a running service, read once at its start.

    The reference's page of settings is made from the descriptions (``make docs``).
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    data_dir: Path = Field(
        Path("data"), description="Folder of the database and all files. Made where it is missing."
    )
    database_url: str | None = Field(
        None,
        description="Database. An SQLite file serves one machine; "
        "`postgresql://user:password@host/name` serves many; signs such as `@` and `%` within the "
        "password are written as `%40` and `%25`.",
    )
    storage_url: str | None = Field(
        None,
        description="Where uploads and results are kept. The data folder serves one machine; "
        "`s3://bucket/prefix`, an [object store](../how-to/s3.md), serves many.",
    )
    cache_size: int = Field(
        20 * 10**9,
        ge=0,
        description="How much a worker's machine keeps of what an object store sent, in bytes. "
        "What is in use stays, and may be more.",
    )
    redirect_results: bool = Field(
        False,
        description="Whether clients are redirected to the object store for enhanced videos, "
        "or sent them by the API (`--stream-results`).",
    )
    host: str = Field(
        "127.0.0.1",
        description="Address to listen on. One with a colon is taken for IPv6.",
    )
    port: int = Field(
        8000,
        ge=0,
        le=65535,
        description="Port to listen on; 0 lets the system choose one, which the log names.",
    )
    cors_origins: str | None = Field(
        None,
        description="Pages of these origins may use the API from a browser, such as "
        "`https://app.example.org`; several with commas between them, `*` for any. "
        "Sockets need no leave: a client id opens them from everywhere.",
    )
    processes: int = Field(
        1,
        ge=1,
        le=64,
        description="Processes that serve the API of this machine together, on one port. "
        "Each takes the connections that it is free for; one that ends is started again.",
    )
    max_upload: int = Field(
        20 * 10**9,
        gt=0,
        description="Longest upload accepted, in bytes. "
        "One whose `Content-Length` is over it is refused before it is read.",
    )
    disk_reserve: int = Field(
        10**9,
        ge=0,
        description="Room that uploads must leave free on the disk, in bytes. "
        "It does not bind the results that workers write.",
    )
    preset: str = Field(
        DEFAULT_PRESET,
        description="[Preset](presets.md) of uploads that name none, and of `enhance`.",
    )
    slots: int = Field(
        os.cpu_count() or 1,
        gt=0,
        description="Processes that a worker runs side by side; at least 1. "
        "In a container, say it: all cores of the machine are counted.",
    )
    keep_days: int | None = Field(
        None,
        ge=1,
        description="For how many days a video is kept after it is finished: its upload, its "
        "results, and all that is known of it. Not given: for ever, or until it is deleted.",
    )
    ffmpeg: str | None = Field(
        None,
        description="Path or name of another FFmpeg program than the one that is installed along.",
    )
    metrics_port: int | None = Field(
        None,
        ge=1,
        le=65535,
        description="Port on which a worker serves its own [metrics](metrics.md), at the address "
        "of `REELWORKS_HOST`. The API serves its own at `/metrics`.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info",
        description="`debug`, `info`, `warning` or `error`. "
        "`debug` also logs every request and every command of a child.",
    )
    log_format: Literal["text", "json"] = Field(
        "text",
        description="`text` or `json`. Either way, a line about work says which: "
        "video, process, attempt, stage.",
    )

    url: str = Field(
        "http://localhost:8000",
        description="Where the service is that `submit`, `status`, `fetch` and the like use.",
    )
    client_id: str | None = Field(
        None,
        min_length=1,
        max_length=256,
        description="Under which name `submit` uploads and `list` lists; it must be the same to "
        "find a video again.",
    )

    @field_validator("*", mode="before")
    @classmethod
    def _is_not_empty(cls, value: Any) -> Any:
        # Taken for "not given" it could mean another database, for "" an address open to all.
        if value == "":
            raise PydanticCustomError("empty", "it is empty; leave it out, or give it a value")
        return value

    @field_validator("preset")
    @classmethod
    def _is_known(cls, preset: str) -> str:
        if fault := preset_fault(preset):
            raise PydanticCustomError("preset", "{fault}", {"fault": fault})
        return preset

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, origins: str | None) -> str | None:
        for origin in () if origins is None else origins.split(","):
            if not _ORIGIN.fullmatch(origin.strip()):
                raise PydanticCustomError(
                    "origin",
                    "'{origin}' is no origin; one looks like https://app.example.org",
                    {"origin": origin.strip()},
                )
        return origins

    @model_validator(mode="after")
    def _has_somewhere_to_redirect_to(self) -> Settings:
        if self.redirect_results and self.storage_url is None:
            raise PydanticCustomError(
                "redirect_results", "it needs an object store; give its URL with --storage-url"
            )
        return self

    @property
    def origins(self) -> list[str]:
        """The origins whose pages may use the API, beside its own."""
        return [origin.strip() for origin in (self.cors_origins or "").split(",") if origin]

    @property
    def effective_database_url(self) -> str:
        """The database's URL, the default filled in. Raises SettingsError."""
        if self.database_url is not None:
            return self.database_url
        path = self.data_dir.absolute() / "reelworks.db"
        try:
            # Signs that mean something in a URL are quoted: a folder may be called anything.
            return f"sqlite:///{quote(str(path))}"
        except UnicodeEncodeError as error:
            raise SettingsError(
                f"The data folder {str(path.parent)!a} cannot hold a database: its name is no "
                "UTF-8; give it another, or another folder with --data-dir."
            ) from error


def read_settings(**flags: Any) -> Settings:
    """The settings, from flags (None: not given), variables and defaults. Raises SettingsError."""
    _refuse_unknown(os.environ)
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        fault = error.errors()[0]
        name = str(fault["loc"][0]) if fault["loc"] else fault["type"]
        raise SettingsError(
            f"{PREFIX}{name.upper()} (--{name.replace('_', '-')}) is wrong: {in_words(fault)}."
        ) from error


def _refuse_unknown(environment: Any) -> None:
    """A misspelt variable would otherwise be ignored in silence."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    for name in environment:
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            raise SettingsError(
                f"There is no setting {name}; the settings are {', '.join(sorted(known))}."
            )
