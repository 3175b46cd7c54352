"""Which proxy stands before a service, by the variables of the environment."""

from __future__ import annotations

from urllib.request import getproxies, proxy_bypass

import httpx


def is_this_machine(host: str) -> bool:
    """Whether a host is reached without leaving the machine, and so without any proxy."""
    return host in ("localhost", "::1") or host.startswith("127.")


def proxy_before(url: httpx.URL) -> httpx.URL | None:
    """The proxy that is asked for a URL; None where nobody else is."""
    proxies = getproxies()
    named = proxies.get(url.scheme) or proxies.get("all")
    if not named or is_this_machine(url.host) or proxy_bypass(url.host):
        return None
    return httpx.URL(named if "://" in named else f"http://{named}")
