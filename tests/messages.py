"""The catalogues of translations as files: `make messages` brings them up to date with the code.

New sentences come in empty, those that nobody says any more go out, all others keep what they have.
"""

import json
import re
import string
from collections.abc import Iterable, Iterator
from pathlib import Path

from bot import translations
from bot.language import LANGUAGES
from bot.translations import Entry
from tests.sentences import ROOT, Key, found

FOREIGN = LANGUAGES[1:]


def po_file(code: str) -> Path:
    """Where a language's translations stand."""
    return ROOT / "bot" / "locales" / code / "LC_MESSAGES" / "dailies.po"


def read_po(code: str) -> dict[Key, Entry]:
    """A language's entries without the header."""
    return {
        Key(entry.context, entry.msgid, entry.plural): entry
        for entry in translations.entries(po_file(code).read_text("utf-8"))
        if entry.msgid
    }


def header_of(code: str) -> Entry:
    """What stands first in a language's file, with the rule for its plurals."""
    return translations.entries(po_file(code).read_text("utf-8"))[0]


def plural_forms(code: str) -> int:
    """How many forms a language has for a count."""
    declared = re.search(r"nplurals=(\d)", header_of(code).texts[0])
    assert declared, f"{code}: no Plural-Forms in the header"
    return int(declared[1])


def fields(text: str) -> set[str]:
    """The names in a sentence's braces."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def length(text: str) -> int:
    """How long a sentence is without what is filled in."""
    return sum(len(literal) for literal, *_ in string.Formatter().parse(text))


def faults_of(code: str, wanted: Iterable[Key]) -> Iterator[str]:
    """What is wrong with a language's translations, one line each."""
    entries = read_po(code)
    forms = plural_forms(code)
    wanted = set(wanted)
    for key in sorted(wanted - entries.keys()):
        yield f"{code}: not there: {key.msgid!r}"
    for key in sorted(entries.keys() - wanted):
        yield f"{code}: nobody says: {key.msgid!r}"
    for key, entry in entries.items():
        if not entry.complete or len(entry.texts) != (forms if key.plural else 1):
            yield f"{code}: not translated: {key.msgid!r}"
        elif any(fields(text) != fields(key.msgid) for text in entry.texts.values()):
            yield f"{code}: other fields than ours: {key.msgid!r}"


def written(header: Entry, keys: dict[Key, set[str]], old: dict[Key, Entry], forms: int) -> str:
    """A `.po` file of these sentences, with the translations that there are."""
    blocks = [_lines("msgid", "") + _lines("msgstr", header.texts[0])]
    for key in sorted(keys, key=lambda key: (min(keys[key]), key)):
        entry = old.get(key, Entry())
        lines = [f"#: {where}\n" for where in sorted(keys[key])]
        if entry.fuzzy:
            lines.append("#, fuzzy\n")
        if key.context:
            lines.append(_lines("msgctxt", key.context))
        lines.append(_lines("msgid", key.msgid))
        if key.plural:
            lines.append(_lines("msgid_plural", key.plural))
            lines += [_lines(f"msgstr[{form}]", entry.texts.get(form, "")) for form in range(forms)]
        else:
            lines.append(_lines("msgstr", entry.texts.get(0, "")))
        blocks.append("".join(lines))
    return "\n".join(blocks)


def _lines(keyword: str, text: str) -> str:
    # Not `splitlines`, which also splits at what JSON leaves as it is.
    parts = [f"{part}\n" for part in text.split("\n")]
    parts[-1] = parts[-1][:-1]
    if not parts[-1] and len(parts) > 1:
        parts.pop()
    if len(parts) > 1:
        parts.insert(0, "")
    first, *more = [json.dumps(part, ensure_ascii=False) for part in parts]
    return f"{keyword} {first}\n" + "".join(f"{part}\n" for part in more)


def update() -> None:
    """Bring every language's file up to date, and say what is left to translate."""
    keys = found().keys
    for code in FOREIGN:
        path = po_file(code)
        path.write_text(written(header_of(code), keys, read_po(code), plural_forms(code)), "utf-8")
        for fault in faults_of(code, keys):
            print(fault)
    for fault in found().faults:
        print(fault)


if __name__ == "__main__":
    update()
