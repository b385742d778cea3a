"""Content credentials (C2PA) of copies that we make, signed with the operator's certificate, if there is one.

Bytes that are untouched keep the credentials that they came with. A copy loses them (measured: a remux too),
so it gets its own, in which the original is named as what it was made from.
"""

import importlib.util
import logging
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from bot.children import Ended, ask
from bot.errors import SettingsError
from bot.settings import Settings

log = logging.getLogger(__name__)

_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """The operator's certificate chain and key, as PEM files, and their algorithm, such as `es256`."""

    certificate: Path
    key: Path
    algorithm: str

    @classmethod
    def named_by(cls, config: Settings) -> Self | None:
        """Those that the settings name; None where they name none."""
        if config.c2pa_certificate_path is None or config.c2pa_key_path is None:
            return None
        return cls(
            certificate=config.c2pa_certificate_path,
            key=config.c2pa_key_path,
            algorithm=config.c2pa_algorithm,
        )

    def check(self) -> None:
        """Fail early.

        Raises:
            SettingsError: a file cannot be read, or the extra is not installed.
        """
        if importlib.util.find_spec("c2pa") is None:
            raise SettingsError(
                "DAILIES_C2PA_CERTIFICATE_PATH needs the extra `c2pa`: pip install dailies[c2pa]"
            )
        for name, path in (("CERTIFICATE", self.certificate), ("KEY", self.key)):
            try:
                path.read_bytes()
            except OSError as fault:
                raise SettingsError(f"DAILIES_C2PA_{name}_PATH cannot be read: {fault.strerror}") from fault

    async def sign(self, part: Path, copy: Path, original: Path, *, label: str) -> bool:
        """Write a signed copy to `part`; False, and a line in the log, where that was not to be had.

        Args:
            part: where it is written.
            copy: what is signed.
            original: what the copy was made from.
            label: what the copy says of itself.
        """
        told = await ask(
            "bot.clips.credentials_child",
            part,
            copy,
            original,
            self.certificate,
            self.key,
            self.algorithm,
            label,
            timeout_s=_TIMEOUT_S,
            python=sys.executable,
        )
        match told:
            case {"signed": True}:
                return True
            case Ended() as ended:
                why = str(ended)
            case _:
                why = str(told.get("unsigned"))
        log.warning("sent without credentials: %s", why, extra={"code": "unsigned"})
        return False
