"""gettext's catalogues, read from their sources: a `.po` file becomes translations without a build step.

A clone, a wheel and a container image carry the same `.po` files, and nobody can forget to compile them. The
standard library reads only the compiled form (`.mo`), so the entries are laid out so in memory
(https://www.gnu.org/software/gettext/manual/html_node/MO-Files.html) and `gettext` does the rest: lookups,
and the plural rule that stands in the file's header.
"""

import ast
import io
import struct
from dataclasses import dataclass, field
from gettext import GNUTranslations

MAGIC = 0x950412DE
HEADER_BYTES = 28  # seven words of four bytes
FUZZY = "fuzzy"


class UnreadableEntry(ValueError):
    """A line of a `.po` file that is no entry; the message names its number."""


@dataclass(slots=True)
class Entry:
    """One sentence of ours and its translations: one, or one for each plural form of the language."""

    context: str = ""  # keeps apart what reads the same in English
    msgid: str = ""
    plural: str = ""
    texts: dict[int, str] = field(default_factory=dict)
    fuzzy: bool = False  # guessed by a tool: not shown to anyone until a person has looked

    @property
    def complete(self) -> bool:
        return not self.fuzzy and bool(self.texts) and all(self.texts.values())


def entries(po: str) -> list[Entry]:
    """Every entry of a `.po` file in its order, the header (`msgid ""`) among them.

    Comments are skipped, but for `fuzzy`.

    Raises:
        UnreadableEntry: a line is none of gettext's.
    """
    found: list[Entry] = []
    entry = Entry()
    slot = ""  # what a line that is only a string goes on with
    fuzzy = False
    for number, raw in enumerate(po.split("\n"), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            fuzzy = fuzzy or (line.startswith("#,") and FUZZY in line)
            continue
        keyword, quote, rest = line.partition('"')
        keyword = keyword.strip() or slot
        try:
            text = ast.literal_eval(quote + rest)
        except (SyntaxError, ValueError) as unreadable:
            raise UnreadableEntry(f"line {number}: {line!r}") from unreadable
        if keyword != slot and (keyword == "msgctxt" or (keyword == "msgid" and slot != "msgctxt")):
            entry = Entry(fuzzy=fuzzy)
            found.append(entry)
            fuzzy = False
        if not found:
            raise UnreadableEntry(f"line {number}: {line!r}")
        slot = keyword
        if keyword == "msgctxt":
            entry.context += text
        elif keyword == "msgid":
            entry.msgid += text
        elif keyword == "msgid_plural":
            entry.plural += text
        elif keyword == "msgstr":
            entry.texts[0] = entry.texts.get(0, "") + text
        elif keyword.startswith("msgstr[") and keyword[7:-1].isdecimal():
            form = int(keyword[7:-1])
            entry.texts[form] = entry.texts.get(form, "") + text
        else:
            raise UnreadableEntry(f"line {number}: {line!r}")
    return found


def compiled(listed: list[Entry]) -> bytes:
    """The same entries as a `.mo` file; those that are not complete are left out, so ours is shown."""
    pairs = sorted(
        _pair(entry) for entry in listed if entry.complete
    )  # gettext's own readers search by halves
    ids_at = HEADER_BYTES
    texts_at = ids_at + 8 * len(pairs)
    at = texts_at + 8 * len(pairs)
    tables: list[bytes] = []
    pool: list[bytes] = []
    for column in (0, 1):
        for pair in pairs:
            tables.append(struct.pack("<2I", len(pair[column]), at))
            pool.append(pair[column] + b"\0")
            at += len(pair[column]) + 1
    header = struct.pack("<7I", MAGIC, 0, len(pairs), ids_at, texts_at, 0, 0)
    return header + b"".join(tables) + b"".join(pool)


def _pair(entry: Entry) -> tuple[bytes, bytes]:
    context = f"{entry.context}\4" if entry.context else ""
    msgid = context + entry.msgid + (f"\0{entry.plural}" if entry.plural else "")
    texts = "\0".join(entry.texts[form] for form in sorted(entry.texts))
    return msgid.encode(), texts.encode()


def read(po: str) -> GNUTranslations:
    """The translations that a `.po` file holds.

    Raises:
        UnreadableEntry: a line is none of gettext's.
    """
    return GNUTranslations(io.BytesIO(compiled(entries(po))))
