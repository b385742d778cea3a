"""What would end a start although each setting is well formed: files, packages and ports that it needs."""

import socket
from collections.abc import Callable, Iterator

from bot.checks.finding import Finding, error
from bot.clips.credentials import Credentials
from bot.errors import SettingsError
from bot.operating import fault_reports, traces
from bot.screening.lines import read_lines
from bot.screening.word_lists import read_words
from bot.settings import Settings
from storage.lock import holder

_LISTENS = "ss -ltnp | grep "


def start(config: Settings) -> Iterator[Finding]:
    """Each thing that a start reads or opens, as the start does; nothing is kept open."""
    asked: tuple[tuple[Callable[[Settings], object], str], ...] = (
        (lambda config: read_words(config.blocked_words_file), "correct the file, or leave the setting out"),
        (lambda config: read_lines(config.moderation_lines), "DAILIES_MODERATION_LINES='violence 0.7 0.95'"),
        (_signs, "pip install 'dailies[c2pa]', and name two files that can be read"),
        (_traces, "pip install 'dailies[otel]', or leave the setting out"),
        (_reports, "pip install 'dailies[sentry]', and copy the address from the project's client keys"),
    )
    for ask, mend in asked:
        try:
            ask(config)
        except SettingsError as wrong:
            yield error("setting_wrong", str(wrong), mend)
    yield from _ports(config)


def _signs(config: Settings) -> None:
    made = Credentials.named_by(config)
    if made is not None:
        made.check()


def _traces(config: Settings) -> None:
    if config.otlp_url is not None:
        traces.check_installed()


def _reports(config: Settings) -> None:
    if config.sentry_dsn is not None:
        fault_reports.check(config.sentry_dsn.get_secret_value())


def _ports(config: Settings) -> Iterator[Finding]:
    """Those that are to be listened on; a running bot has them itself."""
    if holder(config.data_dir) is not None:
        return
    web, vitals = config.web_port, config.vitals_port
    if config.public_url is not None and (why := _taken(config.web_host, web)) is not None:
        words = f"DAILIES_WEB_HOST and DAILIES_WEB_PORT: nothing can listen there ({why})"
        yield error("web_port_taken", words, f"{_LISTENS}:{web}  # who does; or another DAILIES_WEB_PORT")
    if vitals is not None and (why := _taken(config.vitals_host, vitals)) is not None:
        words = f"DAILIES_VITALS_HOST and DAILIES_VITALS_PORT: nothing can listen there ({why})"
        yield error(
            "vitals_port_taken", words, f"{_LISTENS}:{vitals}  # who does; or another DAILIES_VITALS_PORT"
        )


def _taken(host: str, port: int) -> str | None:
    """Why nobody can listen there; None where one can."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as a start does
            tried.bind(address)
            tried.listen()
    except OSError as fault:
        return fault.strerror or type(fault).__name__
    return None
