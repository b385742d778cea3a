"""Base addresses of providers, as settings give them; apart from the calls, so that they need no HTTP."""

import ipaddress

from yarl import URL

from bot.errors import SettingsError


def checked_base(name: str, base_url: str) -> URL:
    """A provider's base URL from the settings.

    Raises:
        SettingsError: it is none; the message does not show it, since it may hold a key.
    """
    try:
        url = URL(base_url.rstrip("/"))
    except ValueError as wrong:
        raise SettingsError(f"the base URL of {name} is no address") from wrong
    if url.scheme not in ("http", "https") or not url.host or url.user or url.query or url.fragment:
        raise SettingsError(f"the base URL of {name} must be http(s)://host/path, without key or query")
    return url


def safe_base(whose: str, address: str) -> URL:
    """A base address from the settings, over which a key may go.

    Raises:
        SettingsError: it is none, or plain HTTP to another machine.
    """
    url = checked_base(whose, address)
    if url.scheme != "https" and not _is_loopback(url.host or ""):
        raise SettingsError(f"the base URL of {whose} must be https://, since the key goes there")
    return url


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
