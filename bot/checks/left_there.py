"""Jobs at providers that are no longer spoken to, since their key was taken out of the settings."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing

from bot.checks.finding import Finding, error
from bot.checks.keys import SETTINGS
from bot.counting import counted
from bot.domain import STUDIO
from bot.errors import StorageError
from bot.offers import keys
from bot.offers.reach import provider_of
from bot.settings import Settings
from storage import gauges
from storage.database import open_for_reading
from storage.soundness import DatabaseFault

_OR_ELSE = (
    "; without it they are uncertain after hours (python -m bot jobs uncertain), and clips that are made "
    "already are lost and refunded after a day"
)


def left_there(config: Settings) -> Iterator[Finding]:
    """How many there are at each; nothing where there is no database that can be read."""
    path = config.data_dir / "dailies.db"
    if not path.is_file():
        return
    try:
        with closing(open_for_reading(path)) as connection:
            by_offer = gauges.at_providers(connection)
    except (StorageError, DatabaseFault):
        return  # another check's
    jobs: Counter[str] = Counter()
    for offer_id, count in by_offer.items():
        jobs[provider_of(offer_id)] += count
    for provider in sorted(jobs.keys() - keys.names(config)):
        has = counted(jobs[provider], "job")
        words = f"{provider} has {has} of ours, and no key is set for it: nobody asks what became of them"
        yield error("jobs_without_key", words, _mend(provider))


def _mend(provider: str) -> str:
    if provider == STUDIO:
        return "take the providers' keys out of .env until they have ended, or leave them: they are free"
    setting = SETTINGS.get(provider, "its key")
    return f"put {setting} back into .env until they have ended{_OR_ELSE}"
