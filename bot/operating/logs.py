"""Log lines with the job's id and a stable code on each, as text or JSON, and never a secret."""

import json
import logging
import re
import sys
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Literal

_FIELDS = ("code", "job", "interaction", "guild", "provider", "offer")

_TOKENS = re.compile(r"(/(?:webhooks|interactions)/\d+/)[^/\s\"'?]+")
"""Interaction tokens in paths: whoever has one can speak as us for 15 minutes."""


_SIGNED = re.compile(
    r"""([?&](?:hm|mark|sig|signature|token|key|x-amz-[a-z-]+|x-goog-[a-z-]+|policy|expires)=)[^&\s"'<>)]+"""
    r"""|(/(?:clips/[\w-]{1,20}/\d{9,11}|exports)/)[0-9a-f]{16,}"""
    r"""|(\b(?:Bearer|Bot|Key|Basic)\s+)[\w.:~+/=-]{8,}""",
    re.IGNORECASE,
)
"""Links that are good for whoever has them (Discord's CDN, providers' files, our own), and bare authority."""

_AGAIN = "Attempting a reconnect"
"""discord.py says so with a traceback at every try: 57 lines each, all night, while Discord is not there."""

about_job: ContextVar[str | None] = ContextVar("about_job", default=None)
"""The job whose step is being taken: lines of other people's code in it are about that job too."""


def cleaned(secrets: Iterable[str]) -> Callable[[str], str]:
    """Takes these secrets, interaction tokens, signatures of links and bare authority out of a text."""
    # The longest first: one that is the beginning of another would leave the other's end.
    known = sorted((secret for secret in secrets if len(secret) >= 6), key=len, reverse=True)

    def clean(text: str) -> str:
        for secret in known:
            text = text.replace(secret, "***")
        return _SIGNED.sub(_start_of, _TOKENS.sub(r"\1***", text))

    return clean


class _Line(logging.Formatter):
    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__()
        self._clean = cleaned(secrets)

    def _parts(self, record: logging.LogRecord) -> tuple[str, dict[str, str], str]:
        fields = {name: self._clean(str(getattr(record, name))) for name in _FIELDS if hasattr(record, name)}
        if "job" not in fields and (job := about_job.get()) is not None:
            fields["job"] = job
        message, trace = record.getMessage(), ""
        if record.exc_info and record.name == "discord.client" and message.startswith(_AGAIN):
            message = f"{message}: {type(record.exc_info[1]).__name__}: {record.exc_info[1]}"
        elif record.exc_info:
            trace = self.formatException(record.exc_info)
        return self._clean(message), fields, self._clean(trace)


class TextLine(_Line):
    """One readable line, and a traceback indented below it.

    Control characters are escaped in both, so that no text can forge a line or colour the terminal.
    """

    def format(self, record: logging.LogRecord) -> str:
        message, fields, trace = self._parts(record)
        at = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%d %H:%M:%S")
        told = "".join(f" {name}={value}" for name, value in fields.items())
        line = f"{at} {record.levelname:<7} {record.name}: {_printable(message + told)}"
        return "\n    ".join([line, *map(_printable, trace.splitlines())])


class JsonLine(_Line):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        message, fields, trace = self._parts(record)
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": message,
            **fields,
        }
        if trace:
            line["trace"] = trace
        return json.dumps(line)


def configure(style: Literal["text", "json"], *, secrets: Iterable[str] = ()) -> None:
    """Send all logs to standard error. Libraries stay at INFO: their DEBUG prints whole events and bodies."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLine(secrets) if style == "json" else TextLine(secrets))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)


def _start_of(signed: re.Match[str]) -> str:
    return f"{signed[1] or signed[2] or signed[3]}***"


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
