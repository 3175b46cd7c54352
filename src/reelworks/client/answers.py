"""Turns what a service answered, or failed to, into values and typed errors."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from ssl import SSLCertVerificationError, SSLError
from typing import Any

import httpx

from reelworks.client.proxies import proxy_before
from reelworks.errors import (
    BadRequest,
    Conflict,
    NoSpace,
    NotFound,
    ReelworksError,
    ServiceError,
    TooLarge,
    Unreachable,
)

_KINDS: dict[int, type[ReelworksError]] = {
    404: NotFound,
    409: Conflict,
    413: TooLarge,
    507: NoSpace,
}
# By OpenSSL's number of what is wrong with a certificate. Of one that has expired its owner knows.
_UNKNOWN = "; SSL_CERT_FILE can name others to trust"
_MISNAMED = "; give the address with a name that it is for"
_REMEDIES = {**dict.fromkeys((18, 19, 20, 21), _UNKNOWN), **dict.fromkeys((62, 64), _MISNAMED)}


def shown(url: httpx.URL) -> str:
    """A URL as it may be shown: without the password that it may hold."""
    return str(url.copy_with(userinfo=b""))


def _on_the_way(url: httpx.URL) -> str:
    """A URL as it may be shown, and what stands before it."""
    proxy = proxy_before(url)
    way = "" if proxy is None else f" through the proxy {shown(proxy)} that the environment names"
    return f"{shown(url)}{way}"


@contextmanager
def reaching(url: httpx.URL) -> Iterator[None]:
    """Whatever goes wrong on the way to a service is Unreachable, in a sentence."""
    where = _on_the_way(url)
    try:
        yield
    except httpx.TimeoutException as error:
        raise Unreachable(f"The service at {where} took too long to answer.") from error
    except httpx.ConnectError as error:
        raise Unreachable(f"No service answers at {where}: {_reason(error)}.") from error
    except httpx.RequestError as error:
        raise Unreachable(f"The connection to {where} broke: {_reason(error)}.") from error


@contextmanager
def understood(what: str) -> Iterator[None]:
    """What lacks something that it always has, or has what is not known, is a ServiceError."""
    try:
        yield
    except (KeyError, TypeError, ValueError) as error:
        raise ServiceError(
            f"The service described {what} in a way that this client does not understand; "
            "is it a Reelworks of about the same version?"
        ) from error


@asynccontextmanager
async def good(response: httpx.Response) -> AsyncIterator[httpx.Response]:
    """A response that is being received, if it is a good one; closed in the end."""
    try:
        if not response.is_success:
            with reaching(response.url):
                await response.aread()
            raise _error(response)
        yield response
    finally:
        await response.aclose()


def document(response: httpx.Response) -> Any:
    """The JSON document of a response, if any. Raises the error that the response is."""
    if not response.is_success:
        raise _error(response)
    if response.status_code == httpx.codes.NO_CONTENT:
        return None
    try:
        return response.json()
    except (ValueError, RecursionError) as error:
        raise _stranger(response) from error


def _error(response: httpx.Response) -> ReelworksError:
    status = response.status_code
    detail = _detail(response)
    if detail is None and status == httpx.codes.REQUEST_ENTITY_TOO_LARGE:
        return TooLarge("The upload is larger than a server in front of Reelworks allows.")
    if detail is None:
        return _stranger(response)
    if status in _KINDS:
        return _KINDS[status](detail)
    return BadRequest(detail) if status < 500 else ServiceError(detail)


def _detail(response: httpx.Response) -> str | None:
    """The sentence of a problem document."""
    if response.headers.get("content-type", "").startswith("application/problem+json"):
        try:
            detail = response.json()["detail"]
        except (ValueError, KeyError, TypeError):
            return None
        return detail if isinstance(detail, str) else None
    return None


def _stranger(response: httpx.Response) -> ServiceError:
    status = f"{response.status_code} {response.reason_phrase}".strip()
    asked = f"{response.request.method} {_on_the_way(response.url)} was answered with {status}"
    return ServiceError(f"{asked}{_meaning(response)}")


def _meaning(response: httpx.Response) -> str:
    """What an answer means that is none of Reelworks': mostly what stands in front of it spoke."""
    match response.status_code:
        case 401 | 403:
            return "; if it wants a login, give the address as in https://user:password@host."
        case 407:
            return "; if it wants a login, let the variable say http://user:password@proxy."
        case 502 | 503 | 504:
            return ": what is in front of the service does not reach it; does it run?"
    if response.next_request is not None:
        return f": it leads on to {shown(response.next_request.url)}; give that address."
    return ", not as Reelworks answers; is this the right address?"


def _reason(error: BaseException) -> str:
    """Why, in the words of the innermost cause: the system's own, where it was the system."""
    match error:
        case BaseExceptionGroup(exceptions=[first, *_]):
            return _reason(first)
        case BaseException(__cause__=BaseException() as cause):
            return _reason(cause)
        case BaseException(__context__=BaseException() as context):
            return _reason(context)
        case SSLCertVerificationError():
            why = f"the certificate shown there is not trusted ({error.verify_message.rstrip('.')})"
            return why + _REMEDIES.get(error.verify_code, "")
        case SSLError():  # the number in it is OpenSSL's, not the system's
            return f"TLS cannot be spoken there ({error.reason or error.strerror})"
        case OSError(errno=int(number)) if number > 0:
            return os.strerror(number).lower()
        case OSError(strerror=str(words)):
            return words.lower()
    return str(error).rstrip(".") or type(error).__name__
