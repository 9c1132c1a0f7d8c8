"""Settings in the environment and in ``.env``."""

import pytest

import config
from config import ConfigError, load


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path):
    for name in config.names():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ENV_FILE", str(tmp_path / "env"))


def test_the_environment_wins_over_the_file(monkeypatch, tmp_path):
    (tmp_path / "env").write_text('PORT=6000\nWORKERS=3\nLOCALE="ko"  # Korean\n')
    monkeypatch.setenv("PORT", "7000")
    settings = load()
    assert (settings.port, settings.workers, settings.locale) == (7000, 3, "ko")


@pytest.mark.parametrize("quote", ["", "'", '"'])
def test_a_dollar_sign_in_a_secret_is_a_dollar_sign(tmp_path, quote):
    secret = "a${HOME}b${PORT:-x}c$HOME$$-and-so-on-to-32-characters"
    (tmp_path / "env").write_text(f"PORT=6000\nJWT_SECRET_KEY={quote}{secret}{quote}\n")
    assert load().jwt_secret_key == secret


def test_there_need_be_no_file(monkeypatch):
    assert load().port == 5000
    monkeypatch.setenv("ENV_FILE", "")
    assert load().port == 5000


@pytest.mark.parametrize(
    "content",
    [
        "LOCALE=ko\n# 마루의 설정\n".encode("cp949"),
        "LOCALE=ko\n".encode("utf-16"),
        "LOCALE=ko\n".encode("utf-16-le"),
        b"LOCALE=k\0o\n",
        b"LOCALE\n",
        b"LOCALE='ko\n",
        b"#" * 2_000_000,
    ],
)
def test_a_file_that_cannot_be_read_as_meant_is_told_in_one_line(tmp_path, content):
    (tmp_path / "env").write_bytes(content)
    with pytest.raises(ConfigError, match=f"^{tmp_path}/env cannot be used: ") as refusal:
        load()
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("name", ["two\nlines", "a\x7fb", "x" * 3000, "x/" * 3000])
def test_a_file_name_that_no_line_can_hold_is_told_in_one_short_line(monkeypatch, name):
    monkeypatch.setenv("ENV_FILE", name)
    with pytest.raises(ConfigError, match=r"^ENV_FILE cannot be ") as refusal:
        config.warnings()
    assert str(refusal.value).isprintable() and len(str(refusal.value)) < 300


def test_a_folder_in_its_place_is_told_in_one_line(tmp_path):
    (tmp_path / "env").mkdir()
    with pytest.raises(ConfigError, match=f"^{tmp_path}/env cannot be read: "):
        load()


def test_the_mark_that_some_editors_put_in_front_is_no_part_of_a_name(tmp_path):
    (tmp_path / "env").write_bytes("LOCALE=ko\r\nPORT=6000\r\n".encode("utf-8-sig"))
    assert (load().locale, load().port) == ("ko", 6000)


def test_a_name_that_is_no_setting_is_told_with_the_one_that_may_be_meant(monkeypatch, tmp_path):
    (tmp_path / "env").write_text("REGISTRATON=closed\nCOLOUR=blue\nFLASK_DEBUG=0\nPORT=1\n")
    assert config.warnings() == [
        f"REGISTRATON in {tmp_path}/env is no setting of Maru. Is REGISTRATION meant?",
        f"COLOUR in {tmp_path}/env is no setting of Maru.",
    ]


def test_of_the_environment_only_what_is_very_like_a_setting_is_told(monkeypatch, tmp_path):
    (tmp_path / "env").touch()
    monkeypatch.setenv("TRUSTED_PROXYS", "1")
    monkeypatch.setenv("REDISURL", "redis://x")
    for usual in ("HOSTNAME", "LOGNAME", "SUPPORT", "LC_ALL", "DATABASE_URL", "SSH_CLIENT"):
        monkeypatch.setenv(usual, "x")
    assert sorted(config.warnings()) == [
        "REDISURL in the environment is no setting of Maru. Is REDIS_URL meant?",
        "TRUSTED_PROXYS in the environment is no setting of Maru. Is TRUSTED_PROXIES meant?",
    ]


def test_a_named_file_that_is_not_there_is_told(tmp_path):
    assert config.warnings() == [f"ENV_FILE names {tmp_path}/env, which is not there."]


def test_two_secrets_that_are_the_same_are_told_and_not_shown(monkeypatch, tmp_path):
    (tmp_path / "env").write_text(f"SECRET_KEY={'s' * 32}\n")
    assert config.warnings() == []
    monkeypatch.setenv("JWT_SECRET_KEY", "s" * 32)
    (line,) = config.warnings()
    assert line == "SECRET_KEY and JWT_SECRET_KEY are the same: give each one of its own."


def test_a_given_environment_is_all_that_counts(monkeypatch, tmp_path):
    (tmp_path / "env").write_text("PORT=6000")
    monkeypatch.setenv("WORKERS", "7")
    settings = load({"DATA_DIR": str(tmp_path / "data")})
    assert (settings.port, settings.workers) == (5000, 2)
