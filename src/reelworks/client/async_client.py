"""The client, for asyncio. ``Client`` is the same for programs that block."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from os import PathLike
from pathlib import Path, PurePath
from types import TracebackType
from typing import Any, BinaryIO, Self
from urllib.parse import quote

import httpx

from reelworks.client.answers import document, reaching, understood
from reelworks.client.aside import aside
from reelworks.client.fetching import Fetch, plain_name
from reelworks.client.following import follow
from reelworks.client.form import Form, Progress, length_of, require_bytes, video_type
from reelworks.client.nouns import Result, Update, Video
from reelworks.client.patience import Patience
from reelworks.client.proxies import is_this_machine
from reelworks.client.trust import trusted
from reelworks.errors import NotFound, ServiceError, Unreachable

DEFAULT_URL = "http://localhost:8000"

_PAGE_VIDEOS = 100
_LAST_PORT = 65_535
# The service looks into an upload before it answers, when its turn has come.
_UPLOAD_ANSWER_SECONDS = 600.0
# It waits so long for more of one. Over a slow line, what the system holds takes long to be sent.
_UPLOAD_PIECE_SECONDS = 120.0
# Under what servers keep an idle connection for: none is used just as it is closed.
_IDLE_SECONDS = 2.0


class AsyncClient:
    """Talks to a running service. Used in one event loop; many calls may be under way at once.

    Every method raises ServiceError where the service does not answer as it should; its subclass
    Unreachable where it does not answer at all; and NotFound for a file id that it does not know.
    """

    def __init__(
        self,
        base_url: str = DEFAULT_URL,
        client_id: str | None = None,
        *,
        patience: float = 300.0,
        timeout: float = 30.0,
    ) -> None:
        """Args:
        base_url: where the service is. ``user:password@`` before the host and a path behind
            it are used as they are.
        client_id: under which name videos are uploaded, listed and told about; a new one that
            nobody else has where it is not given.
        patience: seconds for which following and fetching put up with a service that does not
            answer, once it had.
        timeout: seconds that any one answer, or a piece of it, may take.

        Raises:
            ValueError: the URL is none of http or https.
            ServiceError: the environment names a proxy that cannot be used.
        """
        url = _address(base_url)
        self.client_id = client_id or str(uuid.uuid4())
        self._patience = patience
        self._timeout = timeout
        self._trust = trusted() if url.scheme == "https" else None
        try:
            self._http = httpx.AsyncClient(
                base_url=url,
                verify=self._trust or True,
                timeout=timeout,
                limits=httpx.Limits(keepalive_expiry=_IDLE_SECONDS),
                trust_env=not is_this_machine(url.host),
            )
        except (ImportError, httpx.InvalidURL, ValueError) as error:
            raise ServiceError(
                f"The proxy that the environment names cannot be used: {error}"
            ) from error

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def upload(
        self,
        source: str | PathLike[str] | BinaryIO,
        *,
        filename: str | None = None,
        content_type: str | None = None,
        preset: str | None = None,
        options: Mapping[str, Any] | None = None,
        on_progress: Progress | None = None,
    ) -> Video:
        """Upload a video; when this returns, the service has it safe and will work on it.

        It is not tried again by itself: when the connection breaks at the very end, nobody can
        tell whether it was accepted.

        Args:
            source: a path, or a file that is read from where it stands. Never held whole.
            filename: its name, where the source has none or another one.
            content_type: its type, where its name does not tell it.
            preset, options: what enhancement is to do; as the service is set where not given.
            on_progress: told the bytes sent, and of how many.

        Raises:
            BadRequest: it is no video, or what is wished for cannot be.
            TooLarge, NoSpace: the service does not take it.
            OSError: it cannot be read.
        """
        wishes = {} if preset is None else {"preset": preset}
        if options is not None:
            wishes["options"] = json.dumps(options)
        if isinstance(source, str | PathLike):
            path = Path(source)
            # Unbuffered: a buffer cannot be closed while another thread waits for more of it.
            with await aside(lambda: path.open("rb", buffering=0)) as file:
                name = filename or path.name
                return await self._upload(file, name, content_type, wishes, on_progress)
        require_bytes(source)
        name = filename or _name_of(source)
        return await self._upload(source, name, content_type, wishes, on_progress)

    async def video(self, file_id: str) -> Video:
        """How a video stands."""
        return Video.from_json(await self._request("GET", f"videos/{_segment(file_id)}"))

    async def videos(self) -> AsyncGenerator[Video, None]:
        """The videos of this client id, newest first; fetched as they are asked for."""
        params = {"client_id": self.client_id, "limit": str(_PAGE_VIDEOS)}
        while True:
            page = await self._request("GET", "videos", params=params)
            with understood("a list of videos"):
                videos, cursor = [Video.from_json(each) for each in page["videos"]], page["next"]
            for video in videos:
                yield video
            if cursor is None:
                return
            params["cursor"] = cursor

    async def follow(self, *file_ids: str) -> AsyncGenerator[Update, None]:
        """How the processes of some videos stand, and then every change, until all are final.

        Lost connections are opened again, and what was missed meanwhile is told as it stands
        then. Within an attempt no update is a step back. A video that is deleted meanwhile ends
        as failed, with the error "Deleted".
        """
        videos = [await self.video(file_id) for file_id in dict.fromkeys(file_ids)]
        patience = Patience(self._patience)
        updates = follow(videos, self.video, self._socket_url, self._trust, patience)
        async with aclosing(updates):
            async for update in updates:
                yield update

    async def wait(self, file_id: str) -> Video:
        """The video, once both of its processes are final; look there how they ended."""
        async with aclosing(self.follow(file_id)) as updates:
            async for _ in updates:
                pass
        return await self._patiently(file_id)

    async def fetch(
        self,
        file_id: str,
        result: Result | str = Result.ENHANCED,
        to: str | PathLike[str] = ".",
        *,
        on_progress: Progress | None = None,
    ) -> Path:
        """Fetch a result, or the original, into a file: whole, or not at all.

        When the connection breaks it goes on where it was, if it is still the same file.

        Args:
            result: which one.
            to: its path, which is replaced; or a folder, in which it keeps its name and replaces
                nothing.
            on_progress: told the bytes received, and of how many.

        Returns:
            The path of the file.

        Raises:
            NotFound: it is not there, or not yet.
            OSError: it cannot be written.
        """
        result = Result(result)
        video = await self.video(file_id)
        url = f"videos/{_segment(file_id)}/{result}"
        fetch = Fetch(self._http, url, Path(to), _name_of_result(video, result), on_progress)
        return await fetch.run(Patience(self._patience))

    async def metadata(self, file_id: str) -> dict[str, Any]:
        """The metadata of a video. Raises NotFound before it is there."""
        found: dict[str, Any] = await self._request("GET", f"videos/{_segment(file_id)}/metadata")
        return found

    async def cancel(self, file_id: str) -> Video:
        """Give up what is unfinished of a video; what is finished stays."""
        return await self._act(file_id, "cancel")

    async def retry(self, file_id: str) -> Video:
        """Do again what failed of a video. Raises Conflict where nothing did."""
        return await self._act(file_id, "retry")

    async def delete(self, file_id: str) -> None:
        """Delete a video with everything that was made of it."""
        await self._request("DELETE", f"videos/{_segment(file_id)}")

    async def _upload(
        self,
        file: BinaryIO,
        filename: str,
        content_type: str | None,
        wishes: Mapping[str, str],
        on_progress: Progress | None,
    ) -> Video:
        form = Form(
            fields={"client_id": self.client_id, **wishes},
            filename=filename,
            content_type=content_type or video_type(filename),
            file=file,
            size=length_of(file),
        )
        answer = await self._request(
            "POST",
            "upload",
            content=form.body(on_progress),
            headers=form.headers(),
            timeout=httpx.Timeout(
                self._timeout,
                read=_UPLOAD_ANSWER_SECONDS,
                write=max(self._timeout, _UPLOAD_PIECE_SECONDS),
            ),
        )
        with understood("an upload"):
            file_id = str(answer["file_id"])
        try:
            return await self._patiently(file_id)
        except Unreachable as error:
            raise Unreachable(f"{filename} is uploaded, as {file_id}. But then: {error}") from error

    async def _act(self, file_id: str, action: str) -> Video:
        await self._request("POST", f"videos/{_segment(file_id)}/{action}")
        return await self.video(file_id)

    async def _patiently(self, file_id: str) -> Video:
        """How a video stands, of a service that just answered and so will again."""
        patience = Patience(self._patience)
        while True:
            try:
                return await self.video(file_id)
            except ServiceError as error:
                await patience.wait(error)

    async def _request(self, method: str, path: str, **content: Any) -> Any:
        """The document that a request is answered with; None where it has none."""
        with reaching(self._http.base_url):
            response = await self._http.request(method, path, **content)
        return document(response)

    def _socket_url(self, client_id: str) -> str:
        base = self._http.base_url
        scheme = "wss" if base.scheme == "https" else "ws"
        path = base.raw_path.decode("ascii") + f"ws/{quote(client_id, safe='')}"
        return str(base.copy_with(scheme=scheme, raw_path=path.encode("ascii")))


def _address(base_url: str) -> httpx.URL:
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.scheme not in ("http", "https") or not url.host or (url.port or 0) > _LAST_PORT:
        raise ValueError(f"{base_url!r} is no address of a service; give one like {DEFAULT_URL}.")
    return url


def _segment(file_id: str) -> str:
    """A file id as one segment of a path, whatever it is. Raises NotFound for none at all."""
    if not file_id.strip("."):
        raise NotFound(f"There is no file '{file_id}'.")
    return quote(file_id, safe="", errors="surrogateescape")


def _name_of(file: BinaryIO) -> str:
    """The name that a file was opened by, where there is one."""
    name = getattr(file, "name", None)
    return PurePath(name).name if isinstance(name, str) and PurePath(name).name else "upload"


def _name_of_result(video: Video, result: Result) -> str | None:
    """What a result is called in a folder; None where only the service knows its extension."""
    name = plain_name(video.filename, otherwise=video.file_id)
    match result:
        case Result.ENHANCED:
            return None
        case Result.ORIGINAL:
            return name
    extension = "json" if result is Result.METADATA else "jpg"
    return f"{PurePath(name).stem}_{result}.{extension}"
