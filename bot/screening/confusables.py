"""Which characters look like which letter: of Latin's relatives, of Cyrillic, Greek and Armenian, and digits.

A choice of those of Unicode's confusables.txt (UTS #39) that are on keyboards and in "fancy text" pages;
compatibility forms (mathematical, circled, full-width) are folded before. Each line begins with the letter
that its characters stand for.
"""

import string

_LOOKS = {
    "a": "@4аα∧ɐɑᴀⱥ",
    "b": "8вьβɓʙᴃƀƅƃ",
    "c": "(<¢сᴄƈȼↄ",
    "d": "ԁðđɖɗᴅᏧ",
    "e": "3€еэєεᴇɇǝəɛ",
    "f": "ƒϝꜰք",
    "g": "69ɡɢɠǥԍցڻ",
    "h": "һнħɦʜհ",
    "i": "1!|£lіӏιıɨɩɪʟłƚɫɬǀו׀",
    "j": "јϳɉᴊյ",
    "k": "кκқҝҡĸƙᴋ",
    "m": "мɱᴍϻ",
    "n": "ипηոռŋƞɲɳɴ",
    "o": "0оοσθѳøɔɵᴏօ०౦∅",
    "p": "рρþƥᴘᵽϸ",
    "q": "ԛգɋզ",
    "r": "гяɍɹɼɾʀᴦᴙ",
    "s": "$5§ѕʂȿꜱƽֆ",
    "t": "+7†тτŧƭʈᴛҭ",
    "u": "цυμʉʋᴜսᵾ",
    "v": "ѵν∨ᴠ",
    "w": "шщѡωɯᴡԝա",
    "x": "×хχҳ✕✖",
    "y": "¥уγʏүұɏƴყ",
    "z": "2зƶȥʐᴢ",
}


def _alike() -> dict[str, str]:
    table = {look: letter for letter, looks in _LOOKS.items() for look in looks}
    # Katakana reads as hiragana does.
    return table | {chr(code + 0x60): chr(code) for code in range(0x3041, 0x3097)}


ALIKE = _alike()
"""For each character that looks like another, the one that stands for its kind; `l` is of the kind of `i`."""

SIGNS = "".join(sorted(look for look in ALIKE if not look.isalnum()))
"""Those that are no letters or digits, and so may as well be what stands between words."""

BADGES = {
    chr(begin + place): spelled.format(letter)
    for begin, spelled in ((0x1F150, "{}"), (0x1F170, "{}"), (0x1F1E6, " {} "))
    for place, letter in enumerate(string.ascii_lowercase)
}
"""Letters in circles, squares and flags that Unicode has no plain form of. A flag's stand alone."""
