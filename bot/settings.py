"""Settings from the environment, a `.env` file or secret files; an error names the variable, no value."""

import difflib
import io
import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from dotenv.parser import parse_stream
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.domain import Micros
from bot.errors import SettingsError
from bot.money import Currency
from bot.offers.key_shapes import wrong_keys
from bot.setting_kinds import (
    BaseUrl,
    CurrencyCode,
    Days,
    Hosts,
    Key,
    Origin,
    Origins,
    Providers,
    Rate,
    Secret,
    Url,
    Usd,
    UserIds,
    WebhookSecret,
    Where,
)

PREFIX = "DAILIES_"
DISCORD_API_URL = "https://discord.com/api/v10"
DISCORD_GATEWAY_URL = "wss://gateway.discord.gg/"


class Settings(BaseSettings):
    """Everything that an operator can set; each is `DAILIES_` and the name in capitals.

    Any of them may stand in a file instead, whose path is in `DAILIES_…_FILE`, or in a file of its name
    in the folder `DAILIES_SECRETS_DIR`.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="forbid", frozen=True, hide_input_in_errors=True
    )

    discord_token: Secret | None = None
    discord_api_url: Url = DISCORD_API_URL
    discord_gateway_url: Url = DISCORD_GATEWAY_URL

    data_dir: Path = Path("data")
    backup_dir: Path | None = None
    """Where backups go; best on another disk. Else into `backups` in the data folder."""
    backup_every_hours: Annotated[int, Field(ge=0, le=8_760)] = 24
    """How often the bot backs itself up; 0 is never."""
    backup_keep: Annotated[int, Field(ge=1, le=1_000)] = 14
    backup_days: Annotated[int, Field(ge=1, le=3_650)] = 30
    """For how long at most one is kept: what is erased is gone from all backups after so many days."""
    clips_keep_days: Annotated[int, Field(ge=1, le=36_500)] | None = None
    """For how long our own copy of a clip is kept; else for ever. What was posted stays posted."""
    clips_keep_gb: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """How much all of them may take (in 10^9 bytes); the oldest go first."""
    prompts_keep_days: Annotated[int, Field(ge=1, le=36_500)] | None = None
    """For how long the words of an order are kept after it has ended; else as long as its clip."""
    pictures_keep_days: Annotated[int, Field(ge=1, le=36_500)] = 30
    """For how long pictures are kept that members attach."""
    texts_keep_days: Annotated[int, Field(ge=1, le=36_500)] = 365
    """For how long the words of reports, appeals, sanctions and decisions are kept."""
    policy_file: Path | None = None
    """Who runs this and how they are reached, as `/privacy policy` shows it above the rest."""
    c2pa_certificate_path: Path | None = None
    """A certificate chain (PEM) with which copies of clips are signed; needs the extra `c2pa`."""
    c2pa_key_path: Path | None = None
    """Its private key (PEM)."""
    c2pa_algorithm: Literal["es256", "es384", "es512", "ps256", "ps384", "ps512", "ed25519"] = "es256"
    models_file: Path | None = None
    blocked_words_file: Path | None = None
    default_words: bool = True
    """Whether the list that comes with Dailies holds; what it says of minors always does."""
    moderation_api_key: Key | None = None
    """A key of OpenAI's for its moderation endpoint, which looks at prompts, pictures and frames of clips."""
    moderation_base_url: BaseUrl = "https://api.openai.com/v1"
    moderation_per_minute: Annotated[int, Field(ge=1, le=10_000)] = 250
    """How many requests that key may make; 250 are a free account's (OpenAI's page of the model)."""
    moderation_frames: Annotated[int, Field(ge=0, le=16)] = 4
    """So many frames of each finished clip are looked at before it is shown."""
    moderation_lines: str = ""
    """From which scores a moderator looks and from which a prompt is stopped: `violence 0.7 0.95, …`."""

    openai_base_url: BaseUrl | None = None
    """A server of the `/v1/videos` shape, up to and with its `/v1`; its offers are in the models file."""
    openai_api_key: Key | None = None
    openai_sends_forms: bool = False
    """Whether that server reads forms alone and no JSON, as vLLM-Omni's does."""
    openai_webhook_secret: WebhookSecret | None = None
    """Of the webhook endpoint that was made in the provider's own settings, for our `/webhooks/openai`."""
    fal_key: Key | None = None
    replicate_api_token: Key | None = None
    lumenfall_api_key: Key | None = None
    prodia_token: Key | None = None
    file_hosts: Hosts = ()
    """From which hosts finished clips may come besides the providers' own, each with all below it."""
    provider_origins: Origins = Field(default_factory=dict)
    """What stands in for hosts of these four, such as a proxy: `api.replicate.com=https://proxy.example.org`."""

    operator_ids: UserIds = frozenset()
    """The Discord users who run this installation."""
    operator_channel_id: Annotated[int, Field(gt=0, lt=2**63)] | None = None
    """Where they are told of what cannot wait, such as an empty purse at a provider."""
    allow_direct_messages: bool = False
    """Whether members may order outside servers: in direct messages, and wherever they have installed it."""
    account_age_min_days: Days = 0
    membership_age_min_days: Days = 0
    """How old an account, and its membership in the server, must be before a paid order."""

    provider_order: Providers = ()
    """At which providers an order is placed first, whatever it costs; else the cheapest is."""

    member_monthly_usd: Usd | None = None
    installation_monthly_usd: Usd | None = None
    display_currency: CurrencyCode | None = None
    """Another currency that amounts are shown in beside dollars, such as EUR; nothing is counted in it."""
    display_rate: Rate | None = None
    """How much of it a dollar is, such as 0.92; it stays until it is set anew."""
    surge_floor_usd: Usd = Micros(25_000_000)
    """So much may always be spent within an hour at paid providers; above it, more than is usual stops."""
    surge_times: Annotated[int, Field(ge=2, le=100)] = 4
    """So many times what a usual day's busiest hour costs."""
    surge_most_usd: Usd | None = None
    """More than that within an hour always stops, however usual it has become."""
    dry_run: bool = False
    """Do everything but hand orders to providers: for trying an installation out."""
    confirm_above_usd: Usd = Micros(1_000_000)
    """An order that costs more asks its member first."""
    keep_at_provider: bool = False
    """Whether providers are asked to keep their copies of clips, so that they can be remixed there."""
    block_ip: Where = "always"
    """Where providers that can are asked to refuse what is known to be somebody else's property."""
    studio_play_usd_per_second: Usd | None = None
    """What a second of the free studio costs in play money; set by the sandbox, for trying budgets out."""

    public_url: Origin | None = None
    """Where providers reach us with their webhooks; without it every job is found out about by asking."""
    web_host: str = "127.0.0.1"
    web_port: Annotated[int, Field(ge=1, le=65535)] = 8422

    vitals_host: str = "127.0.0.1"
    vitals_port: Annotated[int, Field(ge=1, le=65535)] | None = None
    """Where health, readiness and metrics are answered; a socket in the data folder answers them anyway."""

    otlp_url: Url | None = None
    """Where traces of jobs are sent, over HTTP; needs the extra `otel`."""
    sentry_dsn: Key | None = None
    """Where faults are sent; needs the extra `sentry`."""

    studio_workers: Annotated[int, Field(ge=1, le=16)] = 1
    data_encrypted: bool = False
    """The operator's word that the data folder lies on an encrypted volume."""
    log_format: Literal["text", "json"] = "text"

    @property
    def backups_in(self) -> Path:
        """The folder of the backups."""
        return self.backup_dir or self.data_dir / "backups"

    @property
    def backups_for(self) -> timedelta:
        """For how long at most a backup is kept."""
        return timedelta(days=self.backup_days)

    @property
    def display(self) -> Currency | None:
        """What amounts are shown in beside dollars."""
        if self.display_currency is None or self.display_rate is None:
            return None
        return Currency(self.display_currency, self.display_rate)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Values come from `load` alone, which knows from where each may come."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)


_NAMES = frozenset(PREFIX + field.upper() for field in Settings.model_fields)


def load(environment: Mapping[str, str] | None = None, *, env_file: Path = Path(".env")) -> Settings:
    """Read the settings; what stands in the environment wins over the `.env` file.

    Raises:
        SettingsError: one line for each variable that is wrong, naming it and what to do.
    """
    ours = given(environment, env_file=env_file)
    values: dict[str, Any] = {}
    folder = ours.pop(f"{PREFIX}SECRETS_DIR", None)
    if folder is not None and not Path(folder).is_dir():
        raise SettingsError(f"{PREFIX}SECRETS_DIR names no folder")
    for field in Settings.model_fields:
        name = f"{PREFIX}{field.upper()}"
        file = ours.pop(f"{name}_FILE", None)
        if name in ours:
            values[field] = ours.pop(name)
        elif file is not None:
            values[field] = _file(f"{name}_FILE", Path(file))
        elif folder is not None:
            for candidate in (Path(folder, name), Path(folder, field)):
                if candidate.is_file():
                    values[field] = _file(f"{PREFIX}SECRETS_DIR", candidate)
                    break
    # A misspelt limit is no limit: better not to start.
    if ours:
        raise SettingsError("\n".join(_unknown(name) for name in sorted(ours)))
    try:
        settings = Settings(**values)
    except ValidationError as wrong:
        raise SettingsError("\n".join(_lines(wrong))) from None  # its own text could hold a value
    if (settings.display_currency is None) != (settings.display_rate is None):
        raise SettingsError(f"{PREFIX}DISPLAY_CURRENCY and {PREFIX}DISPLAY_RATE belong together: set both")
    if (settings.c2pa_certificate_path is None) != (settings.c2pa_key_path is None):
        raise SettingsError(
            f"{PREFIX}C2PA_CERTIFICATE_PATH and {PREFIX}C2PA_KEY_PATH belong together: set both"
        )
    if lines := list(wrong_keys(keys(settings))):
        raise SettingsError("\n".join(lines))
    return settings


def given(environment: Mapping[str, str] | None = None, *, env_file: Path = Path(".env")) -> dict[str, str]:
    """Every variable of ours as it was written, by its name.

    Raises:
        SettingsError: the `.env` file cannot be read.
    """
    outside = _ours(os.environ if environment is None else environment)
    within = _ours(_env_file(env_file))
    # What is set outside is set whole, by value or by file: the file's other way to say it is no rival.
    ours = {name: value for name, value in within.items() if _setting(name) not in map(_setting, outside)}
    return ours | outside


def token(settings: Settings) -> str:
    """The bot's token.

    Raises:
        SettingsError: there is none, or it has not the shape of one.
    """
    if settings.discord_token is None:
        raise SettingsError(
            f"{PREFIX}DISCORD_TOKEN is not set: copy the token of your bot from the Discord developer "
            f"portal into the environment, a .env file, or a file named in {PREFIX}DISCORD_TOKEN_FILE"
        )
    value = settings.discord_token.get_secret_value().removeprefix("Bot ").strip()
    if " " in value:
        raise SettingsError(f"{PREFIX}DISCORD_TOKEN is not a bot token: copy it again, whole and alone")
    return value


def _unknown(name: str) -> str:
    names = [field.upper() for field in Settings.model_fields]
    known = [*names, *(f"{each}_FILE" for each in names), "SECRETS_DIR"]
    near = difflib.get_close_matches(name.removeprefix(PREFIX), known, n=1)
    return f"{name} is no setting of Dailies" + (f"; did you mean {PREFIX}{near[0]}?" if near else "")


def _lines(wrong: ValidationError) -> list[str]:
    lines = []
    for error in wrong.errors(include_url=False, include_input=False, include_context=False):
        name = PREFIX + str(error["loc"][0]).upper()
        lines.append(f"{name}: {error['msg'].removeprefix('Value error, ')}")
    return lines


def keys(settings: Settings) -> dict[str, tuple[str, str]]:
    """By its variable whose each secret should be, and its value. A server of one's own may take any key."""
    owners = {
        "discord_token": "Discord",
        "fal_key": "fal",
        "replicate_api_token": "Replicate",
        "lumenfall_api_key": "Lumenfall",
        "prodia_token": "Prodia",
    }
    if settings.moderation_base_url == Settings.model_fields["moderation_base_url"].default:
        owners["moderation_api_key"] = "OpenAI"
    if settings.openai_base_url is None:
        owners["openai_api_key"] = "OpenAI"
    held = {field: getattr(settings, field) for field in owners}
    return {
        PREFIX + field.upper(): (owners[field], secret.get_secret_value())
        for field, secret in held.items()
        if isinstance(secret, SecretStr)
    }


def _setting(name: str) -> str:
    return name.removesuffix("_FILE") if name.removesuffix("_FILE") in _NAMES else name


def _ours(given: Mapping[str, str]) -> dict[str, str]:
    """Our variables. One that is empty was not set: `X: ${X:-}` in a compose file makes such."""
    return {name: value.strip() for name, value in given.items() if name.startswith(PREFIX) and value.strip()}


def _env_file(path: Path) -> dict[str, str]:
    """A `.env` file, its values as they stand there: a key with a `$` in it stays whole."""
    if path.is_dir():  # as Docker makes one where a file that is not there is mounted
        raise SettingsError(f"{path} is a folder; it has to be a file")
    try:
        text = path.read_text("utf-8-sig") if path.is_file() else ""
    except (OSError, UnicodeDecodeError) as fault:
        raise SettingsError(f"{path} cannot be read: {_why(fault)}") from fault
    values: dict[str, str] = {}
    for line in parse_stream(io.StringIO(text)):
        if line.error:  # it could hold a limit, and a limit that is left out is no limit
            raise SettingsError(f"{path}: line {line.original.line} is not of the form NAME=value")
        if line.key and line.value:
            values[line.key] = line.value
    return values


def _file(name: str, path: Path) -> str:
    try:
        return path.read_text("utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as fault:
        # The path stays out of it: sooner or later somebody puts the secret itself there.
        raise SettingsError(f"{name}: its file cannot be read: {_why(fault)}") from None


def _why(fault: OSError | UnicodeDecodeError) -> str:
    """In words, without the path and without a byte of the file."""
    if isinstance(fault, UnicodeDecodeError):
        return "it is no text in UTF-8"
    return (fault.strerror or type(fault).__name__).lower()
