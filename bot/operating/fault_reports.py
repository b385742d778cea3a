"""Faults to the operator's Sentry, where they ask for it: the errors of the log, as clean as there.

The package is an extra and imported only where an address is set. No values of variables go along (a prompt
may be one), no request, no host's name; what goes is cleaned as a log line is.
"""

from collections.abc import Callable
from typing import Any

from bot.errors import SettingsError
from bot.operating.logs import cleaned

_KEPT = (
    "level",
    "logger",
    "message",
    "logentry",
    "exception",
    "timestamp",
    "event_id",
    "platform",
    "release",
)


_MISSING = "DAILIES_SENTRY_DSN: it needs another package: pip install 'dailies[sentry]'"
_NO_ADDRESS = "DAILIES_SENTRY_DSN is no address of Sentry's: copy it again"


def check(dsn: str) -> None:
    """Fail early, sending nothing.

    Raises:
        SettingsError: as `begin`.
    """
    try:
        from sentry_sdk.utils import BadDsn, Dsn  # noqa: PLC0415 - an extra
    except ImportError as missing:
        raise SettingsError(_MISSING) from missing
    try:
        Dsn(dsn)
    except BadDsn as wrong:
        raise SettingsError(_NO_ADDRESS) from wrong


def begin(dsn: str, *, secrets: list[str], release: str, transport: Any = None) -> None:
    """Send every line of level ERROR from now on, for the whole process.

    Raises:
        SettingsError: the extra is not installed, or that is no address of Sentry's.
    """
    try:
        import sentry_sdk  # noqa: PLC0415 - an extra
        from sentry_sdk.integrations.logging import LoggingIntegration  # noqa: PLC0415
    except ImportError as missing:
        raise SettingsError(_MISSING) from missing
    check(dsn)
    sentry_sdk.init(
        dsn=dsn,
        release=f"dailies@{release}",
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[LoggingIntegration(level=None)],
        include_local_variables=False,
        max_breadcrumbs=0,
        traces_sample_rate=None,
        server_name="",
        before_send=scrubbing(cleaned(secrets)),
        transport=transport,
    )


def scrubbing(clean: Callable[[str], str]) -> Callable[[Any, Any], Any]:
    """What leaves of an event: few of its parts, and every text of them cleaned."""

    def scrub(event: Any, hint: Any) -> Any:
        del hint
        kept = {name: part for name, part in event.items() if name in _KEPT}
        extra = event.get("extra") or {}
        kept["tags"] = {name: extra[name] for name in ("code", "job", "provider") if name in extra}
        return _clean(kept, clean)

    return scrub


def _clean(part: Any, clean: Callable[[str], str]) -> Any:
    match part:
        case str():
            return clean(part)
        case dict():
            return {name: _clean(value, clean) for name, value in part.items()}
        case list() | tuple():
            return [_clean(value, clean) for value in part]
        case _:
            return part
