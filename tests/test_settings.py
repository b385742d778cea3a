"""Settings from the environment, a `.env` file and secret files; errors name the variable, never a value."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from bot import __main__ as command
from bot.errors import SettingsError
from bot.money import Currency
from bot.settings import DISCORD_API_URL, PREFIX, Settings, load, token

SECRET = "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"


def given(folder: Path, env: str | bytes = "", /, **variables: str) -> Settings:
    """Load from a `.env` file with this text and from these variables, each without its prefix."""
    path = folder / ".env"
    path.write_bytes(env if isinstance(env, bytes) else env.encode())
    return load({PREFIX + name.upper(): value for name, value in variables.items()}, env_file=path)


def refused(folder: Path, env: str | bytes = "", /, **variables: str) -> str:
    with pytest.raises(SettingsError) as wrong:
        given(folder, env, **variables)
    return str(wrong.value)


def test_a_certificate_without_its_key_signs_nothing(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="C2PA_KEY_PATH belong together"):
        given(tmp_path, c2pa_certificate_path="chain.pem")


def test_nothing_set_is_a_bot_for_free_models_at_discord(tmp_path: Path) -> None:
    settings = given(tmp_path)

    assert settings.discord_token is None
    assert settings.discord_api_url == DISCORD_API_URL
    assert settings.installation_monthly_usd is None
    assert settings.confirm_above_usd == 1_000_000


def test_amounts_are_micro_dollars(tmp_path: Path) -> None:
    settings = given(tmp_path, member_monthly_usd=" 2.50 ", installation_monthly_usd="100")

    assert (settings.member_monthly_usd, settings.installation_monthly_usd) == (2_500_000, 100_000_000)
    assert type(settings.member_monthly_usd) is int


WRONG = [
    ("member_monthly_usd", "1e3", "write dollars as digits"),
    ("installation_monthly_usd", "-1", "write dollars as digits"),
    ("confirm_above_usd", "$1", "write dollars as digits"),
    ("studio_play_usd_per_second", "2000000", "at most 1000000 dollars"),
    ("studio_workers", "0", "greater than or equal to 1"),
    ("studio_workers", "17", "less than or equal to 16"),
    ("studio_workers", "two", "valid integer"),
    ("log_format", "xml", "'text' or 'json'"),
    ("provider_order", "fal,fall", "'fal', 'openai', 'replicate', 'lumenfall', 'prodia' or 'studio'"),
    ("operator_ids", "17592884729911706x", "ids of Discord users as numbers"),
    ("operator_ids", "175928847299117063;1", "ids of Discord users as numbers"),
    ("account_age_min_days", "-1", "greater than or equal to 0"),
    ("membership_age_min_days", "3651", "less than or equal to 3650"),
    ("openai_sends_forms", "perhaps", "valid boolean"),
    ("openai_webhook_secret", "whsec_c2hvcnQ=", "at least 16 bytes"),
    ("file_hosts", "https://media.example.org", "names of hosts"),
    ("discord_api_url", "discord.com", "write an address with its scheme"),
    ("discord_gateway_url", "ftp://discord.com", "write an address with its scheme"),
    ("openai_base_url", "http://a b", "write http(s)://host/path"),
    ("public_url", "dailies.example.org", "write the scheme and the host"),
    ("public_url", "http://dailies.example.org", "needs https://"),
    ("public_url", "http://10.0.0.1:8422", "needs https://"),
    ("public_url", "https:///", "write the scheme and the host"),
    ("public_url", "https://:8443", "write the scheme and the host"),
    ("public_url", "https://dailies.example.org:port", "write the scheme and the host"),
    ("public_url", "https://me:secret@dailies.example.org", "write the scheme and the host"),
    ("public_url", "https://dailies.example.org/bot", "write no path"),
    ("public_url", "https://dailies.example.org/?", "write no path"),
    ("public_url", "https://dailies.example.org#top", "write no path"),
    ("provider_origins", "api.replicate.com", "write the scheme and the host"),
    ("provider_origins", "api.openai.com=https://proxy.example.org", "the hosts are queue.fal.run, "),
    ("provider_origins", "api.replicate.com=http://proxy.example.org", "needs https://"),
    ("provider_origins", "api.replicate.com=https://proxy.example.org/v1", "write no path"),
    ("web_port", "0", "greater than or equal to 1"),
    ("web_port", "65536", "less than or equal to 65535"),
    ("openai_api_key", "sk-one\nsk-two", "copy it again, whole and alone"),
    ("openai_api_key", "sk-\u00fcber", "copy it again, whole and alone"),
    ("discord_token", "abc\x00def", "copy it again, whole and alone"),
]


@pytest.mark.parametrize(("name", "value", "says"), WRONG)
def test_a_wrong_value_is_one_line_with_its_variables_name(
    tmp_path: Path, name: str, value: str, says: str
) -> None:
    line = refused(tmp_path, **{name: value})

    assert line.startswith(f"{PREFIX}{name.upper()}: ")
    assert says in line
    assert "\n" not in line


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("https://dailies.example.org/", "https://dailies.example.org"),
        ("https://dailies.example.org:8443", "https://dailies.example.org:8443"),
        ("http://127.0.0.1:8422", "http://127.0.0.1:8422"),
        ("http://[::1]:8422/", "http://[::1]:8422"),
        ("http://localhost:8422", "http://localhost:8422"),
    ],
)
def test_a_public_url_is_an_origin_with_tls_or_this_machine(tmp_path: Path, written: str, means: str) -> None:
    assert given(tmp_path, public_url=written).public_url == means


@pytest.mark.parametrize(
    "name",
    [
        "openai_api_key",
        "discord_token",
        "discord_api_url",
        "studio_workers",
        "log_format",
        "member_monthly_usd",
    ],
)
def test_a_wrong_value_is_never_printed(tmp_path: Path, name: str) -> None:
    secret = f"{SECRET}\u00e9 \n"

    line = refused(tmp_path, **{name: f"x{secret}x"})

    assert SECRET not in line
    assert PREFIX + name.upper() in line


def test_every_wrong_variable_has_its_line(tmp_path: Path) -> None:
    lines = refused(
        tmp_path, member_monthly_usd="much", studio_workers="many", log_format="short"
    ).splitlines()

    assert sorted(line.split(":")[0] for line in lines) == [
        "DAILIES_LOG_FORMAT",
        "DAILIES_MEMBER_MONTHLY_USD",
        "DAILIES_STUDIO_WORKERS",
    ]


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    settings = given(tmp_path, "DAILIES_STUDIO_WORKERS=2\nDAILIES_LOG_FORMAT=json\n", studio_workers="3")

    assert (settings.studio_workers, settings.log_format) == (3, "json")


@pytest.mark.parametrize("empty", ["", " ", "\t"])
def test_an_empty_variable_was_not_set(tmp_path: Path, empty: str) -> None:
    settings = given(
        tmp_path,
        "DAILIES_MEMBER_MONTHLY_USD=5\n",
        member_monthly_usd=empty,
        discord_token=empty,
        log_format=empty,
    )

    assert settings.member_monthly_usd == 5_000_000
    assert settings.discord_token is None
    assert settings.log_format == "text"


@pytest.mark.parametrize(
    "line",
    [
        f"DAILIES_DISCORD_TOKEN={SECRET}",
        f"DAILIES_DISCORD_TOKEN={SECRET}   ",
        f"DAILIES_DISCORD_TOKEN = {SECRET}",
        f'DAILIES_DISCORD_TOKEN="{SECRET}"',
        f"DAILIES_DISCORD_TOKEN='{SECRET} '",
        f"export DAILIES_DISCORD_TOKEN={SECRET}",
        f"DAILIES_DISCORD_TOKEN={SECRET} # mine",
        f"DAILIES_DISCORD_TOKEN=old\nDAILIES_DISCORD_TOKEN={SECRET}",
        f"DAILIES_DISCORD_TOKEN=Bot {SECRET}",
    ],
)
@pytest.mark.parametrize("ends", ["\n", "\r\n", ""])
@pytest.mark.parametrize("begins", ["", "\ufeff", "# a comment\n\n"])
def test_a_token_is_read_however_the_file_was_written(
    tmp_path: Path, line: str, ends: str, begins: str
) -> None:
    text = begins + line.replace("\n", ends or "\n") + ends

    assert token(given(tmp_path, text)) == SECRET


@pytest.mark.parametrize("value", ["a$b${HOME}c", "a#b", "a'b", "päss", "a=b"])
def test_a_value_in_the_file_stands_as_it_is_written(tmp_path: Path, value: str) -> None:
    assert given(tmp_path, f"DAILIES_DATA_DIR={value}\n").data_dir == Path(value)


@pytest.mark.parametrize("line", ["DAILIES_MEMBER_MONTHLY_USD='5", "DAILIES MEMBER_MONTHLY_USD=5", "=5"])
def test_a_line_that_cannot_be_read_is_no_line_to_skip(tmp_path: Path, line: str) -> None:
    said = refused(tmp_path, f"# limits\nDAILIES_LOG_FORMAT=json\n{line}\n")

    assert said == f"{tmp_path / '.env'}: line 3 is not of the form NAME=value"


def test_a_file_in_no_text_is_said_so(tmp_path: Path) -> None:
    assert "cannot be read: it is no text in UTF-8" in refused(tmp_path, b"DAILIES_DISCORD_TOKEN=\xff\xfe\n")


def test_other_programs_variables_are_none_of_ours(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("DISCORD_TOKEN=x\nLOG_FORMAT=xml\n")

    assert load({"PATH": "/bin", "OPENAI_API_KEY": "x"}, env_file=path).openai_api_key is None


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("MEMBER_MONTLY_USD", "; did you mean DAILIES_MEMBER_MONTHLY_USD?"),
        ("INSTALLATION_MONTHLY_LIMIT", "; did you mean DAILIES_INSTALLATION_MONTHLY_USD?"),
        ("DISCORD_TOKEN_FIEL", "; did you mean DAILIES_DISCORD_TOKEN_FILE?"),
        ("SECRET_DIR", "; did you mean DAILIES_SECRETS_DIR?"),
        ("X", ""),
    ],
)
@pytest.mark.parametrize("where", ["environment", "file"])
def test_a_misspelt_variable_is_not_ignored(tmp_path: Path, name: str, near: str, where: str) -> None:
    said = (
        refused(tmp_path, **{name: SECRET})
        if where == "environment"
        else refused(tmp_path, f"DAILIES_{name}={SECRET}")
    )

    assert said == f"DAILIES_{name} is no setting of Dailies{near}"


# Secret files


@pytest.mark.parametrize("written", [SECRET, f"{SECRET}\n", f"\ufeff{SECRET}\r\n", f"  {SECRET}  \n\n"])
def test_a_secret_may_stand_in_a_file(tmp_path: Path, written: str) -> None:
    (tmp_path / "token").write_text(written, "utf-8", newline="")

    assert token(given(tmp_path, discord_token_file=str(tmp_path / "token"))) == SECRET


@pytest.mark.parametrize("name", ["DAILIES_DISCORD_TOKEN", "discord_token"])
def test_a_secret_may_stand_in_the_folder_of_secrets(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(f"{SECRET}\n")

    settings = given(tmp_path, secrets_dir=str(tmp_path))

    assert token(settings) == SECRET
    assert settings.openai_api_key is None


def test_a_variable_wins_over_its_file_and_its_file_over_the_folder(tmp_path: Path) -> None:
    (tmp_path / "discord_token").write_text("folder")
    (tmp_path / "token").write_text("file")
    place = {"secrets_dir": str(tmp_path), "discord_token_file": str(tmp_path / "token")}

    assert token(given(tmp_path, **place, discord_token="variable")) == "variable"
    assert token(given(tmp_path, **place)) == "file"
    assert token(given(tmp_path, secrets_dir=str(tmp_path))) == "folder"


def test_what_is_set_outside_wins_whole_by_value_or_by_file(tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("outside")
    (tmp_path / "within").write_text("within")
    value, file = "DAILIES_DISCORD_TOKEN=within\n", f"DAILIES_DISCORD_TOKEN_FILE={tmp_path / 'within'}\n"

    for env in (value, file, value + file):
        assert token(given(tmp_path, env, discord_token_file=str(tmp_path / "outside"))) == "outside"
        assert token(given(tmp_path, env, discord_token="outside")) == "outside"
    assert token(given(tmp_path, value, log_format_file=str(tmp_path / "format"), log_format="text")) == (
        "within"
    )
    assert str(given(tmp_path, "DAILIES_MODELS_FILE=a.toml", data_dir="b").models_file) == "a.toml"


def test_a_limit_in_an_empty_file_is_no_limit_to_start_with(tmp_path: Path) -> None:
    (tmp_path / "limit").write_text("\n")

    line = refused(tmp_path, installation_monthly_usd_file=str(tmp_path / "limit"))

    assert line.startswith("DAILIES_INSTALLATION_MONTHLY_USD: write dollars")


def test_a_secret_put_where_its_files_path_belongs_is_not_printed(tmp_path: Path) -> None:
    line = refused(tmp_path, discord_token_file=SECRET)

    assert line == "DAILIES_DISCORD_TOKEN_FILE: its file cannot be read: no such file or directory"


def test_a_folder_of_secrets_that_is_none_is_said_so(tmp_path: Path) -> None:
    assert refused(tmp_path, secrets_dir=SECRET) == "DAILIES_SECRETS_DIR names no folder"


def test_a_file_of_a_secret_in_no_text_is_named_and_not_printed(tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(SECRET.encode() + b"\xff")

    line = refused(tmp_path, discord_token_file=str(tmp_path / "token"))

    assert line == "DAILIES_DISCORD_TOKEN_FILE: its file cannot be read: it is no text in UTF-8"


# Lists


def test_ids_and_hosts_stand_with_commas_between(tmp_path: Path) -> None:
    settings = given(tmp_path, operator_ids=" 1, 175928847299117063 ,", file_hosts="A.example.org,b")

    assert settings.operator_ids == {1, 175928847299117063}
    assert settings.file_hosts == ("a.example.org", "b")


# The token


def test_without_a_token_the_line_says_where_to_put_one(tmp_path: Path) -> None:
    with pytest.raises(
        SettingsError, match=r"^DAILIES_DISCORD_TOKEN is not set: .*DAILIES_DISCORD_TOKEN_FILE$"
    ):
        token(given(tmp_path))


@pytest.mark.parametrize("value", ["two words", f"{SECRET} {SECRET}", f"Bearer {SECRET}"])
def test_a_token_with_a_space_in_it_is_none(tmp_path: Path, value: str) -> None:
    with pytest.raises(SettingsError, match=r"^DAILIES_DISCORD_TOKEN is not a bot token") as wrong:
        token(given(tmp_path, discord_token=value))

    assert SECRET not in str(wrong.value)


def test_settings_can_be_shown_without_telling_a_secret(tmp_path: Path) -> None:
    settings = given(tmp_path, discord_token=SECRET, prodia_token="p-1234567890")

    assert "p-1234567890" not in f"{settings!r} {settings} {settings.model_dump_json()}"
    assert SECRET not in f"{settings!r} {settings} {settings.model_dump_json()}"


def test_a_wrong_setting_ends_the_command_with_its_line_and_78(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "settings.env"
    path.write_text(f"DAILIES_DATA_DIR={tmp_path}\nDAILIES_LOG_FORMAT={SECRET}\n")

    code = command.main(["models", "--env-file", str(path)])

    said = capsys.readouterr()
    assert code == 78
    assert said.out == ""
    assert said.err == "DAILIES_LOG_FORMAT: Input should be 'text' or 'json'\n"


def test_every_setting_is_named_in_one_way(tmp_path: Path) -> None:
    values: Mapping[str, str] = {
        "discord_token": SECRET,
        "discord_api_url": "http://127.0.0.1:1/api/v10",
        "discord_gateway_url": "ws://127.0.0.1:1/",
        "data_dir": "somewhere",
        "backup_dir": "elsewhere",
        "backup_every_hours": "12",
        "backup_keep": "3",
        "backup_days": "20",
        "clips_keep_days": "90",
        "clips_keep_gb": "50",
        "prompts_keep_days": "90",
        "pictures_keep_days": "7",
        "texts_keep_days": "100",
        "policy_file": "policy.md",
        "c2pa_certificate_path": "chain.pem",
        "c2pa_key_path": "key.pem",
        "c2pa_algorithm": "ed25519",
        "models_file": "models.toml",
        "blocked_words_file": "words.txt",
        "default_words": "false",
        "moderation_api_key": "sk-proj-3",
        "moderation_base_url": "http://127.0.0.1:1/v1",
        "moderation_per_minute": "500",
        "moderation_frames": "8",
        "moderation_lines": "violence 0.7 0.95",
        "openai_base_url": "https://example.org/v1",
        "openai_api_key": "sk-1",
        "openai_sends_forms": "true",
        "openai_webhook_secret": "whsec_MDEyMzQ1Njc4OWFiY2RlZg==",
        "file_hosts": "media.example.org",
        "operator_ids": "175928847299117063",
        "allow_direct_messages": "true",
        "account_age_min_days": "30",
        "membership_age_min_days": "7",
        "fal_key": "id:secret",
        "replicate_api_token": "r8_1",
        "lumenfall_api_key": "lmnfl_1",
        "prodia_token": "p-1",
        "provider_order": "replicate,fal",
        "member_monthly_usd": "1",
        "installation_monthly_usd": "2",
        "surge_floor_usd": "50",
        "surge_times": "6",
        "surge_most_usd": "500",
        "dry_run": "true",
        "operator_channel_id": "42",
        "confirm_above_usd": "3",
        "display_currency": "eur",
        "display_rate": "0.92",
        "keep_at_provider": "true",
        "provider_origins": "api.replicate.com=https://proxy.example.org",
        "block_ip": "false",
        "studio_play_usd_per_second": "0.1",
        "public_url": "https://dailies.example.org",
        "web_host": "0.0.0.0",
        "web_port": "8080",
        "studio_workers": "2",
        "vitals_host": "0.0.0.0",
        "vitals_port": "8423",
        "otlp_url": "http://127.0.0.1:4318/v1/traces",
        "sentry_dsn": "https://0123456789abcdef0123456789abcdef@sentry.example.org/1",
        "data_encrypted": "true",
        "log_format": "json",
    }

    settings = given(tmp_path, **values)

    assert set(values) == set(Settings.model_fields)
    assert settings.model_fields_set == set(values)


def test_another_currency_is_shown_at_its_rate(tmp_path: Path) -> None:
    settings = given(tmp_path, display_currency="eur", display_rate="0.92")

    assert settings.display == Currency("EUR", 920_000)
    assert given(tmp_path).display is None


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"display_currency": "EUR"}, "DAILIES_DISPLAY_CURRENCY and DAILIES_DISPLAY_RATE"),
        ({"display_rate": "1"}, "DAILIES_DISPLAY_CURRENCY and DAILIES_DISPLAY_RATE"),
        ({"display_currency": "EURO", "display_rate": "1"}, "DAILIES_DISPLAY_CURRENCY"),
        ({"display_currency": "EUR", "display_rate": "0"}, "DAILIES_DISPLAY_RATE"),
        ({"display_currency": "EUR", "display_rate": "0,92"}, "DAILIES_DISPLAY_RATE"),
        ({"display_currency": "EUR", "display_rate": "-1"}, "DAILIES_DISPLAY_RATE"),
        ({"display_currency": "EUR", "display_rate": "1e2"}, "DAILIES_DISPLAY_RATE"),
    ],
)
def test_a_currency_without_a_plain_rate_is_refused(
    tmp_path: Path, values: dict[str, str], named: str
) -> None:
    with pytest.raises(SettingsError, match=named):
        given(tmp_path, **values)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("true", "always"),
        ("False", "never"),
        ("always", "always"),
        ("moderated", "moderated"),
        ("never", "never"),
    ],
)
def test_where_property_is_asked_about_was_once_a_yes_or_a_no(tmp_path: Path, said: str, meant: str) -> None:
    assert given(tmp_path, block_ip=said).block_ip == meant
    assert given(tmp_path).block_ip == "always"
