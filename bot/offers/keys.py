"""Which providers the settings give a key or an address for; with none of them, our own studio."""

from pydantic import SecretStr

from bot.domain import STUDIO
from bot.settings import Settings

OPENAI, FAL, REPLICATE, LUMENFALL, PRODIA = "openai", "fal", "replicate", "lumenfall", "prodia"

OPENAI_URL = "https://api.openai.com/v1"


def names(config: Settings) -> frozenset[str]:
    """The names of the providers that can be reached."""
    return frozenset(keys(config)) or frozenset({STUDIO})


def keys(config: Settings) -> dict[str, str]:
    """The key of each provider that the settings name; a server of one's own may have the empty one."""
    given = {
        FAL: config.fal_key,
        OPENAI: config.openai_api_key,
        REPLICATE: config.replicate_api_token,
        LUMENFALL: config.lumenfall_api_key,
        PRODIA: config.prodia_token,
    }
    found = {name: told(key) for name, key in given.items() if key}
    return found if config.openai_base_url is None else {OPENAI: "", **found}


def secrets(config: Settings) -> list[str]:
    """Every secret of the settings, to be kept out of logs."""
    values = (getattr(config, name) for name in Settings.model_fields)
    return [value.get_secret_value() for value in values if isinstance(value, SecretStr)]


def told(secret: SecretStr | None) -> str:
    """A secret as it is sent; the empty text where there is none."""
    return secret.get_secret_value() if secret else ""
