"""Micro-dollars: read from what people write, written for people, never a float."""

import ast
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot import language
from bot.money import (
    MICROS_PER_USD,
    USD_MAX,
    Currency,
    displayed,
    format_usd,
    parse_usd,
    with_display,
)

ROOT = Path(__file__).parent.parent
SOURCES = [path for folder in ("bot", "cogs", "storage") for path in sorted((ROOT / folder).rglob("*.py"))]


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("0", 0),
        ("12", 12_000_000),
        ("0.5", 500_000),
        ("0.10", 100_000),
        ("0.000125", 125),
        ("0.000001", 1),
        ("007", 7_000_000),
        ("1000000", 10**12),
    ],
)
def test_a_plain_decimal_is_read_to_the_micro(text: str, micros: int) -> None:
    assert parse_usd(text) == micros


UNCLEAR = [
    *("", " ", " 1", "1 ", "1\n", "1\x00", "1\u200b", "\uff11\uff12", "1" * 10, "1" * 5_000),
    *("1e3", "1E3", "-1", "+1", "1,50", "1,000", "1_000", "$1", "1$", ".5", "5.", ".", "1.2.3"),
    *("0x10", "NaN", "inf", "Infinity", "١٢", "Ⅻ", "½"),
    *("0.0000001", "1000000.000001", "1000001", "999999999"),
]


@pytest.mark.parametrize("text", UNCLEAR)
def test_what_could_be_read_in_two_ways_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="dollars"):
        parse_usd(text)


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (0, "$0.00"),
        (1, "$0.000001"),
        (3_500, "$0.0035"),
        (10_000, "$0.01"),
        (100_000, "$0.10"),
        (1_200_000, "$1.20"),
        (12_340_000, "$12.34"),
        (1_234_567_890_000, "$1,234,567.89"),
        (-100_000, "-$0.10"),
        (-1, "-$0.000001"),
        (-1_999_999, "-$1.999999"),
    ],
)
def test_an_amount_is_written_to_the_cent_or_as_fine_as_it_needs(micros: int, text: str) -> None:
    assert format_usd(micros) == text


@pytest.mark.parametrize(
    ("micros", "german", "japanese"),
    [
        (1_500_000, "1,50\u00a0$", "$1.50"),
        (1_234_567_890_000, "1.234.567,89\u00a0$", "$1,234,567.89"),
        (-3_500, "-0,0035\u00a0$", "-$0.0035"),
    ],
)
def test_an_amount_is_written_as_the_readers_language_does(micros: int, german: str, japanese: str) -> None:
    with language.use("de"):
        assert format_usd(micros) == german
    with language.use("ja"):
        assert format_usd(micros) == japanese


@pytest.mark.parametrize(
    ("currency", "micros", "text", "german"),
    [
        (Currency("EUR", 920_000), 1_500_000, "€1.38", "1,38\u00a0€"),
        (Currency("EUR", 920_000), 5_000, "€0.00", "0,00\u00a0€"),
        (Currency("EUR", 1_000_000), 5_000, "€0.01", "0,01\u00a0€"),
        (Currency("EUR", 1_000_000), 4_999, "€0.00", "0,00\u00a0€"),
        (Currency("JPY", 151_430_000), 1_500_000, "¥227", "227\u00a0¥"),
        (Currency("CHF", 880_001), 10**12, "CHF\u00a0880,001.00", "880.001,00\u00a0CHF"),
        (Currency("GBP", 1), -1, "-£0.00", "-0,00\u00a0£"),
    ],
)
def test_another_currency_is_rounded_half_up_to_its_smallest_coin(
    currency: Currency, micros: int, text: str, german: str
) -> None:
    assert currency.about(micros) == text
    with language.use("de"):
        assert currency.about(micros) == german


def test_the_other_currency_stands_beside_dollars_where_one_is_set() -> None:
    assert with_display(1_500_000) == "$1.50"
    before = displayed.set(Currency("EUR", 920_000))
    try:
        assert with_display(1_500_000) == "$1.50 (≈ €1.38)"
        assert with_display(0) == "$0.00"
        assert format_usd(1_500_000) == "$1.50"
    finally:
        displayed.reset(before)


@given(st.integers(0, USD_MAX * MICROS_PER_USD))
@example(USD_MAX * MICROS_PER_USD)
def test_what_is_written_is_read_back_whole(micros: int) -> None:
    written = format_usd(micros)

    assert parse_usd(written.removeprefix("$").replace(",", "")) == micros


@given(st.text(max_size=12))
def test_any_text_is_an_amount_within_bounds_or_refused(text: str) -> None:
    try:
        micros = parse_usd(text)
    except ValueError:
        return

    assert type(micros) is int
    assert 0 <= micros <= USD_MAX * MICROS_PER_USD


MONEY_WORDS = ("micros", "usd", "price", "amount", "limit_", "spent", "billed", "overrun")


def _names(node: ast.AST) -> set[str]:
    return {
        n.id if isinstance(n, ast.Name) else n.attr
        for n in ast.walk(node)
        if isinstance(n, ast.Name | ast.Attribute)
    }


def _is_money(node: ast.AST) -> bool:
    return any(word in name.lower() for name in _names(node) for word in MONEY_WORDS)


def _money_made_inexact(tree: ast.AST) -> list[int]:
    """The lines on which money meets `/`, `float(…)`, `round(…)` or a float literal."""
    lines = []
    for node in ast.walk(tree):
        match node:
            case ast.BinOp(op=ast.Div(), left=left, right=right) if _is_money(left) or _is_money(right):
                lines.append(node.lineno)
            case ast.AugAssign(op=ast.Div(), target=target) if _is_money(target):
                lines.append(node.lineno)
            case ast.Call(func=ast.Name(id="float" | "round"), args=[argument, *_]) if _is_money(argument):
                lines.append(node.lineno)
            case ast.BinOp(left=left, right=ast.Constant(value=float())) if _is_money(left):
                lines.append(node.lineno)
            case ast.BinOp(left=ast.Constant(value=float()), right=right) if _is_money(right):
                lines.append(node.lineno)
            case ast.AnnAssign(target=target, annotation=annotation) if _is_money(
                target
            ) and "float" in _names(annotation):
                lines.append(node.lineno)
            case ast.arg(arg=name, annotation=ast.expr() as annotation) if _is_money(
                ast.Name(name)
            ) and "float" in _names(annotation):
                lines.append(node.lineno)
    return lines


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_float_ever_touches_money(path: Path) -> None:
    assert _money_made_inexact(ast.parse(path.read_text("utf-8"))) == []


@pytest.mark.parametrize(
    "line",
    [
        "cents = price_micros / 10_000",
        "total_micros /= 2",
        "x = float(quote.price_micros)",
        "x = round(amount, 2)",
        "fee = 0.1 * price_micros",
        "fee = billed_micros * 1.1",
        "price_usd: float = 1",
        "def f(amount: float): ...",
    ],
)
def test_the_look_for_floats_finds_them(line: str) -> None:
    assert _money_made_inexact(ast.parse(line)) == [1]
