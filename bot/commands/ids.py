"""Ids and numbers as they are typed in the shell."""

import argparse
import re

from bot.domain import JobId

ID_MAX = 2**63
"""Discord's ids, and the numbers of our rows, are below this."""

_JOB = re.compile(r"[A-Za-z0-9]{1,20}", re.ASCII)
_DIGITS = re.compile(r"[0-9]{1,19}", re.ASCII)


def job(text: str) -> JobId:
    """The type of an argument that is a job's id.

    Raises:
        argparse.ArgumentTypeError: no job has such a one.
    """
    if not _JOB.fullmatch(text):
        raise argparse.ArgumentTypeError("a job's id is as its card and the log name it: 01K5V3Y7Q2M8D4NA")
    return JobId(text)


def discord(text: str) -> int:
    """The type of an argument that is an id of Discord's, or 0.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    if not is_number(text):
        raise argparse.ArgumentTypeError("an id is a number such as 1198622483471925248")
    return int(text)


def row(text: str) -> int:
    """The type of an argument that is the number of a row of ours, as a list has shown it.

    Raises:
        argparse.ArgumentTypeError: no row has it.
    """
    if not is_number(text) or not int(text):
        raise argparse.ArgumentTypeError("a number is as the list shows it, such as 12")
    return int(text)


def is_number(text: str) -> bool:
    """Whether it is a whole number that a row can hold."""
    return _DIGITS.fullmatch(text) is not None and int(text) < ID_MAX
