"""A key that is certainly another's: the line names its variable and what is expected, never the value."""

from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.settings import PREFIX, Settings, load


def given(folder: Path, **variables: str) -> Settings:
    named = {PREFIX + name.upper(): value for name, value in variables.items()}
    return load(named, env_file=folder / "none.env")


def refused(folder: Path, **variables: str) -> str:
    with pytest.raises(SettingsError) as wrong:
        given(folder, **variables)
    return str(wrong.value)


KEYS = {
    "fal_key": "0d5f8c2e-1111-4222-8333-444455556666:0123456789abcdef0123456789abcdef",
    "replicate_api_token": "r8_0123456789abcdef0123456789abcdef01234",
    "lumenfall_api_key": "lmnfl_0123456789abcdef",
    "openai_api_key": "sk-proj-0123456789abcdef",
    "discord_token": "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs",
}


@pytest.mark.parametrize("holder", [*KEYS, "prodia_token"])
@pytest.mark.parametrize("owner", [*KEYS, "webhook"])
def test_a_key_that_is_certainly_anothers_is_refused_and_not_printed(
    tmp_path: Path, owner: str, holder: str
) -> None:
    key = KEYS.get(owner, "whsec_MDEyMzQ1Njc4OWFiY2RlZg==")
    if owner == holder:
        given(tmp_path, **{holder: key})
        return

    line = refused(tmp_path, **{holder: key})

    assert line.startswith(f"DAILIES_{holder.upper()} holds a key of ")
    assert key not in line


def test_a_key_of_no_known_shape_may_be_anybodys(tmp_path: Path) -> None:
    given(tmp_path, **dict.fromkeys([*KEYS, "prodia_token"], "0123456789abcdef"))


def test_a_server_of_ones_own_may_take_anybodys_key(tmp_path: Path) -> None:
    given(
        tmp_path,
        openai_base_url="https://api.lumenfall.ai/openai/v1",
        openai_api_key=KEYS["lumenfall_api_key"],
    )


def test_each_key_in_the_wrong_place_has_its_line_which_says_what_is_expected(tmp_path: Path) -> None:
    lines = refused(
        tmp_path, fal_key=KEYS["replicate_api_token"], replicate_api_token=KEYS["fal_key"]
    ).splitlines()

    assert lines == [
        "DAILIES_FAL_KEY holds a key of Replicate's; fal's is an id and a secret with a colon between",
        "DAILIES_REPLICATE_API_TOKEN holds a key of fal's; Replicate's is r8_ and letters",
    ]
