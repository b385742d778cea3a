"""What the operator has to know at once: said where they read it, once for each thing."""

import logging
from typing import Protocol

log = logging.getLogger(__name__)


class Operator(Protocol):
    """Whoever runs the installation."""

    def tell(self, code: str, sentence: str) -> None:
        """Say it, without waiting. `code` is stable and says what kind of thing it is."""


class LoggedOperator:
    """Says it in the log."""

    def tell(self, code: str, sentence: str) -> None:
        log.error("for the operator: %s", sentence, extra={"code": code})
