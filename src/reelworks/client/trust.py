"""Whom to believe that they are the service that an https address names."""

from __future__ import annotations

import os
import ssl

import httpx

_NAMED = ("SSL_CERT_FILE", "SSL_CERT_DIR")


def trusted() -> ssl.SSLContext:
    """Whom the system trusts, as curl and browsers do, and the authorities that httpx brings: some
    Pythons do not find the system's. Nobody but whom the environment names, where it does."""
    if any(os.environ.get(name) for name in _NAMED):
        return ssl.create_default_context()  # OpenSSL reads these variables itself
    context = httpx.create_ssl_context(trust_env=False)
    context.set_default_verify_paths()
    return context
