"""How many of something there are, in the English of logs and of the shell."""


def counted(n: int, noun: str) -> str:
    """`1 clip`, `2 clips`: of a noun whose plural ends in `s`. What members read goes by `ngettext`."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
