"""How the values of settings are written: amounts, addresses, ids, lists; a wrong one says what to write."""

import re
from ipaddress import ip_address
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from bot.domain import Micros, UserId
from bot.errors import SettingsError
from bot.money import parse_usd
from bot.offers.origins import HOSTS
from bot.providers.webhook_secret import key_of

_SNOWFLAKE = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)
_URL = re.compile(r"(?:https?|wss?)://\S+", re.ASCII)
_CURRENCY = re.compile(r"[A-Za-z]{3}", re.ASCII)
_HOST = re.compile(r"(?:[a-z0-9-]{1,63}\.)*[a-z0-9-]{1,63}", re.ASCII | re.IGNORECASE)


def _usd(value: object) -> object:
    return parse_usd(value) if isinstance(value, str) else value


def _rate(value: object) -> object:
    """Millionths, read as an amount of money is."""
    try:
        return parse_usd(value) if isinstance(value, str) else value
    except ValueError:
        raise ValueError("write how much of the other currency a dollar is, such as 0.92") from None


def _currency(value: str) -> str:
    if not _CURRENCY.fullmatch(value):
        raise ValueError("write the three letters of a currency, such as EUR")
    return value.upper()


def _where(value: object) -> object:
    return {"true": "always", "false": "never"}.get(value.lower(), value) if isinstance(value, str) else value


def _whole(value: object) -> object:
    # A line break in it would else come out as an odd error of every request that carries it.
    if isinstance(value, str) and len(value) > 1 and value[0] in "\"'" and value[0] == value[-1]:
        raise ValueError("it stands in quotes, which belong to it here: take them off")
    if isinstance(value, str) and not (value and value.isascii() and value.isprintable()):
        raise ValueError("this is no key or token: copy it again, whole and alone")
    return value


def _one_word(value: object) -> object:
    if isinstance(value, str) and len(value.split()) > 1:
        raise ValueError("there is a space in it, and no key has one: copy it again, whole and alone")
    return value


def _webhook_secret(value: SecretStr) -> SecretStr:
    try:
        key_of(value.get_secret_value())
    except SettingsError as wrong:
        raise ValueError(str(wrong)) from None
    return value


def _parts(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _user_id(value: object) -> object:
    if isinstance(value, str) and not _SNOWFLAKE.fullmatch(value):
        raise ValueError("write the ids of Discord users as numbers, with commas between")
    return int(value) if isinstance(value, str) else value


def _host(value: str) -> str:
    if not _HOST.fullmatch(value):
        raise ValueError("write names of hosts such as media.example.org, with commas between")
    return value.lower()


def _url(value: str) -> str:
    if not _URL.fullmatch(value):
        raise ValueError("write an address with its scheme, such as https://example.org")
    return value


def _base_url(value: str) -> str:
    """Requests go below it: what `checked_base` of the providers asks, said with the variable's name."""
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host = ""
    if not host or parts.scheme not in ("http", "https") or any(mark in value for mark in "@?# "):
        raise ValueError("write http(s)://host/path, without a name, a key, ? or #")
    return value


def _origin(value: str) -> str:
    """A scheme, a host and perhaps a port: only a machine may be called by itself without TLS."""
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host = ""
    spaced = any(letter.isspace() for letter in value)
    if not host or spaced or parts.scheme not in ("http", "https") or "@" in parts.netloc:
        raise ValueError("write the scheme and the host, such as https://dailies.example.org")
    if parts.path not in ("", "/") or any(mark in value for mark in "?#"):
        raise ValueError("write no path, no ? and no #: Dailies adds its own path")
    if parts.scheme != "https" and not _is_loopback(host):
        raise ValueError("what goes there needs https:// (or http:// on this machine itself)")
    return value.rstrip("/")


def _pairs(value: object) -> object:
    if not isinstance(value, str):
        return value
    pairs = [part.partition("=") for part in value.split(",") if part.strip()]
    return {host.strip(): origin.strip() for host, _, origin in pairs}


def _providers_host(value: str) -> str:
    if value not in HOSTS:
        raise ValueError(f"write host=origin with commas between; the hosts are {', '.join(HOSTS)}")
    return value


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


Usd = Annotated[Micros, BeforeValidator(_usd)]
Url = Annotated[str, AfterValidator(_url)]
BaseUrl = Annotated[str, AfterValidator(_base_url)]
Origin = Annotated[str, AfterValidator(_origin)]
Secret = Annotated[SecretStr, BeforeValidator(_whole)]
Key = Annotated[Secret, BeforeValidator(_one_word)]
WebhookSecret = Annotated[Key, AfterValidator(_webhook_secret)]
UserIds = Annotated[frozenset[Annotated[UserId, BeforeValidator(_user_id)]], BeforeValidator(_parts)]
Hosts = Annotated[tuple[Annotated[str, AfterValidator(_host)], ...], BeforeValidator(_parts)]
Origins = Annotated[dict[Annotated[str, AfterValidator(_providers_host)], Origin], BeforeValidator(_pairs)]
ProviderName = Literal["fal", "openai", "replicate", "lumenfall", "prodia", "studio"]
Providers = Annotated[tuple[ProviderName, ...], BeforeValidator(_parts)]
Where = Annotated[Literal["always", "moderated", "never"], BeforeValidator(_where)]
CurrencyCode = Annotated[str, AfterValidator(_currency)]
Rate = Annotated[int, BeforeValidator(_rate), Field(gt=0)]
Days = Annotated[int, Field(ge=0, le=3_650)]
