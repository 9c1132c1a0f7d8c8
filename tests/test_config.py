import re
import stat
import subprocess
import sys
import threading

import pytest

import config
from config import ConfigError, load

SECRETS = {"SECRET_KEY": "s" * 32, "JWT_SECRET_KEY": "j" * 32}


@pytest.fixture
def data_dir(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def loaded(data_dir):
    """``loaded(PORT="80")``: the settings of an environment with that and a fresh DATA_DIR."""
    return lambda **environ: load({"DATA_DIR": str(data_dir), **environ})


def test_nothing_has_to_be_set(loaded):
    settings = loaded()
    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 5000, 2)
    assert settings.embedded
    assert settings.allowed_origins == ()
    assert settings.tls_cert is None


def test_an_empty_value_counts_as_absent(loaded):
    assert loaded(PORT="", REDIS_URL=" ", LOCALE="").port == 5000


@pytest.mark.parametrize(
    "name, value, expected",
    [
        ("PORT", " 8080 ", 8080),
        ("HOST", "::1", "::1"),
        ("HOST", "chat.example.org", "chat.example.org"),
        ("WORKERS", "1", 1),
        ("LOCALE", "KO", "ko"),
        ("REGISTRATION", "approval", "approval"),
        ("MESSAGE_RATE", "0", 0),
        ("PRESENCE_GRACE", "30", 30),
        ("ALLOWED_ORIGINS", "*", ("*",)),
        ("ALLOWED_ORIGINS", "https://a.example, http://b:81", ("https://a.example", "http://b:81")),
        ("ALLOWED_ORIGINS", "https://Chat.Example.org/", ("https://chat.example.org",)),
        ("ALLOWED_ORIGINS", "https://a.example:443", ("https://a.example",)),
        ("ALLOWED_ORIGINS", "capacitor://localhost", ("capacitor://localhost",)),
        ("DATA_DIR", "var/other", config.ROOT / "var/other"),
    ],
)
def test_values_are_read(loaded, name, value, expected):
    assert getattr(loaded(**{**SECRETS, name: value}), name.lower()) == expected


@pytest.mark.parametrize(
    "name, value",
    [
        ("HOST", "127.0.0.1:5000"),
        ("HOST", "two words"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "http"),
        ("PORT", "5_000"),
        ("PORT", "٥٠٠٠"),
        ("WORKERS", "0"),
        ("WORKERS", "-1"),
        ("MAX_CONNECTIONS", "0"),
        ("REDIS_URL", "localhost:6379"),
        ("REDIS_URL", "http://localhost"),
        ("REDIS_URL", "redis://"),
        ("REDIS_URL", "unix://relative"),
        ("TLS_CERT", "/no/such/file"),
        ("ALLOWED_ORIGINS", "example.org"),
        ("ALLOWED_ORIGINS", "https://example.org/path"),
        ("ALLOWED_ORIGINS", "wss://example.org"),
        ("ALLOWED_ORIGINS", "https://example.org:99999"),
        ("ALLOWED_ORIGINS", "null"),
        ("ALLOWED_ORIGINS", "*, https://example.org"),
        ("TRUSTED_PROXIES", "yes"),
        ("REGISTRATION", "maybe"),
        ("LOCALE", "fr"),
        ("TOKEN_SECONDS", "0"),
        ("PRESENCE_LEASE", "0"),
        ("PRESENCE_GRACE", "-1"),
        ("HISTORY_LENGTH", "1e5"),
        ("MESSAGE_MAX", "0"),
        ("MESSAGE_RATE", "-1"),
        ("LOGIN_RATE", "ten"),
        ("LOG_LEVEL", "loud"),
    ],
)
def test_a_wrong_value_is_refused_in_one_line(loaded, name, value):
    with pytest.raises(ConfigError) as refusal:
        loaded(**{**SECRETS, name: value})
    line = str(refusal.value)
    assert "\n" not in line
    assert line.startswith(f"{name} cannot be {value!r}: it takes ")


@pytest.mark.parametrize(
    "url",
    [
        "redis://localhost",
        "rediss://user:password@[::1]:6380/2?ssl_cert_reqs=none",
        "unix:///run/redis.sock?db=1",
    ],
)
def test_another_store_can_be_used(loaded, url):
    settings = loaded(REDIS_URL=url, **SECRETS)
    assert not settings.embedded
    assert settings.store_url == url


def test_the_password_of_a_url_is_not_shown(loaded):
    with pytest.raises(ConfigError) as refusal:
        loaded(REDIS_URL="redis//user:sesame@host", **SECRETS)
    assert "sesame" not in str(refusal.value)


@pytest.mark.parametrize(
    "url",
    [
        "redis://:sesame#1@localhost",
        "redis://:sesame?1@localhost/0",
        "redis://:sesame/1@localhost/0",
        "redis://:sesame[1@localhost/0",
        "redis://:sesame",
        "redis://localhost/0?password=sesame&protocol=3",
        "redis://bora:sesame@localhost:99999",
        "redis://bora:sesame@localhost:0",
        "redis://bora:sesame@localhost:http",
        "redis://bora:sesame@localhost/chat",
        "redis://bora:sesame@local host",
        "redis://bora:sesame@lo..cal",
        "unix://:sesame@run/redis.sock",
        "unix:///run/redis.sock?password=sesame&db=x",
        "sesame",
    ],
)
def test_no_part_of_a_url_that_may_be_a_password_is_shown(loaded, url):
    with pytest.raises(ConfigError) as refusal:
        loaded(REDIS_URL=url, **SECRETS)
    line = str(refusal.value)
    assert line.startswith("REDIS_URL cannot be ") and "\n" not in line
    assert url == "sesame" or "sesame" not in line


@pytest.mark.parametrize(
    "query",
    [
        *("protocol=3", "protocol=2", "decode_responses=1", "socket_timeout=900", "timeout=0"),
        *("max_connections=1", "retry_on_timeout=1", "sesame", "db=x", "ssl_cert_reqs=maybe"),
        *("ssl_ca_certs=/no/such/file", "client_name=x", "legacy_responses=1", "db=-1"),
    ],
)
def test_options_that_are_not_the_operators_to_choose_are_refused_at_once(loaded, query):
    with pytest.raises(ConfigError, match=r"^REDIS_URL cannot be '.*': it takes "):
        loaded(REDIS_URL=f"rediss://localhost:6379/0?{query}", **SECRETS)


def test_settings_can_be_printed_without_telling_a_secret(loaded):
    shown = repr(
        loaded(REDIS_URL="redis://:sesame@host", SECRET_KEY="s" * 32, JWT_SECRET_KEY="j" * 32)
    )
    assert "sesame" not in shown
    assert "s" * 32 not in shown and "j" * 32 not in shown


def test_a_grace_outlasting_the_lease_is_refused(loaded):
    with pytest.raises(ConfigError, match=r"PRESENCE_GRACE cannot be 31.*PRESENCE_LEASE"):
        loaded(PRESENCE_GRACE="31")


def test_a_certificate_needs_its_key(loaded):
    with pytest.raises(ConfigError, match="TLS_CERT and TLS_KEY"):
        loaded(TLS_CERT=__file__)


def test_a_certificate_that_is_none_is_refused(loaded):
    with pytest.raises(ConfigError, match="TLS_CERT and TLS_KEY cannot be"):
        loaded(TLS_CERT=__file__, TLS_KEY=__file__)


class TestSecrets:
    def test_they_are_made_once_and_kept_for_the_owner_alone(self, loaded, data_dir):
        first, second = loaded(), loaded()
        assert len(first.secret_key) >= 32 and len(first.jwt_secret_key) >= 32
        assert first.secret_key != first.jwt_secret_key
        assert (first.secret_key, first.jwt_secret_key) == (
            second.secret_key,
            second.jwt_secret_key,
        )
        assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700
        for name in ("secret_key", "jwt_secret_key"):
            assert stat.S_IMODE((data_dir / name).stat().st_mode) == 0o600

    def test_given_ones_are_used_and_not_written_down(self, loaded, data_dir):
        assert loaded(**SECRETS).secret_key == SECRETS["SECRET_KEY"]
        assert not data_dir.exists()

    def test_processes_that_start_together_get_the_same(self, loaded):
        start, made = threading.Barrier(8), []

        def make():
            start.wait()
            made.append(loaded().secret_key)

        threads = [threading.Thread(target=make) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(made) == 8 and len(set(made)) == 1

    def test_one_that_was_not_written_to_its_end_is_made_again(self, loaded, data_dir):
        data_dir.mkdir()
        (data_dir / "secret_key").touch()
        assert len(loaded().secret_key) >= 32

    @pytest.mark.parametrize("name", SECRETS)
    def test_short_ones_are_refused_and_not_shown(self, loaded, name):
        with pytest.raises(ConfigError, match=f"{name} cannot be 31 characters") as refusal:
            loaded(**{**SECRETS, name: "q" * 31})
        assert "qqq" not in str(refusal.value)

    @pytest.mark.parametrize("name", SECRETS)
    def test_another_store_needs_them_given(self, loaded, name):
        others = {other: key for other, key in SECRETS.items() if other != name}
        with pytest.raises(ConfigError, match=f"{name} must be set when REDIS_URL is"):
            loaded(REDIS_URL="redis://localhost", **others)

    @pytest.mark.parametrize("path", ["~nobody-here/x", "a" * 300, "/proc/nothing/x", "nul\0"])
    def test_a_folder_that_cannot_be_is_told_in_one_line(self, path):
        with pytest.raises(ConfigError, match=r"^DATA_DIR cannot be ") as refusal:
            load({"DATA_DIR": path})
        assert "\n" not in str(refusal.value)

    def test_a_folder_that_cannot_be_made_is_named(self, loaded, data_dir):
        data_dir.touch()
        with pytest.raises(ConfigError, match=f"DATA_DIR cannot be '{re.escape(str(data_dir))}'"):
            loaded()


class TestEnvironment:
    @pytest.fixture(autouse=True)
    def environment(self, monkeypatch, tmp_path):
        for name in config.names():
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
        monkeypatch.setenv("ENV_FILE", str(tmp_path / "env"))

    def test_the_environment_wins_over_the_file(self, monkeypatch, tmp_path):
        (tmp_path / "env").write_text('PORT=6000\nWORKERS=3\nLOCALE="ko"  # Korean\n')
        monkeypatch.setenv("PORT", "7000")
        settings = load()
        assert (settings.port, settings.workers, settings.locale) == (7000, 3, "ko")

    def test_there_need_be_no_file(self, monkeypatch):
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
    def test_a_file_that_cannot_be_read_as_meant_is_told_in_one_line(self, tmp_path, content):
        (tmp_path / "env").write_bytes(content)
        with pytest.raises(ConfigError, match=f"^{tmp_path}/env cannot be used: ") as refusal:
            load()
        assert "\n" not in str(refusal.value)

    def test_a_folder_in_its_place_is_told_in_one_line(self, tmp_path):
        (tmp_path / "env").mkdir()
        with pytest.raises(ConfigError, match=f"^{tmp_path}/env cannot be read: "):
            load()

    def test_the_mark_that_some_editors_put_in_front_is_no_part_of_a_name(self, tmp_path):
        (tmp_path / "env").write_bytes("LOCALE=ko\r\nPORT=6000\r\n".encode("utf-8-sig"))
        assert (load().locale, load().port) == ("ko", 6000)

    def test_a_name_that_is_no_setting_is_told_with_the_one_that_may_be_meant(
        self, monkeypatch, tmp_path
    ):
        (tmp_path / "env").write_text("REGISTRATON=closed\nCOLOUR=blue\nFLASK_DEBUG=0\nPORT=1\n")
        assert config.doubts() == [
            f"REGISTRATON in {tmp_path}/env is no setting of Maru. Is REGISTRATION meant?",
            f"COLOUR in {tmp_path}/env is no setting of Maru.",
        ]

    def test_of_the_environment_only_what_is_very_like_a_setting_is_told(
        self, monkeypatch, tmp_path
    ):
        (tmp_path / "env").touch()
        monkeypatch.setenv("TRUSTED_PROXYS", "1")
        monkeypatch.setenv("REDISURL", "redis://x")
        for usual in ("HOSTNAME", "LOGNAME", "SUPPORT", "LC_ALL", "DATABASE_URL", "SSH_CLIENT"):
            monkeypatch.setenv(usual, "x")
        assert sorted(config.doubts()) == [
            "REDISURL in the environment is no setting of Maru. Is REDIS_URL meant?",
            "TRUSTED_PROXYS in the environment is no setting of Maru. Is TRUSTED_PROXIES meant?",
        ]

    def test_a_named_file_that_is_not_there_is_told(self, tmp_path):
        assert config.doubts() == [f"ENV_FILE names {tmp_path}/env, which is not there."]

    def test_a_given_environment_is_all_that_counts(self, monkeypatch, tmp_path):
        (tmp_path / "env").write_text("PORT=6000")
        monkeypatch.setenv("WORKERS", "7")
        settings = load({"DATA_DIR": str(tmp_path)})
        assert (settings.port, settings.workers) == (5000, 2)


class TestTable:
    def test_it_names_every_setting_with_its_default(self):
        table = config.table()
        for field in config.fields(config.Settings):
            default = re.escape(field.metadata["default"] or "-")
            assert re.search(rf"^  {field.name.upper()} +{default} +\w", table, re.MULTILINE)

    def test_it_fits_a_terminal(self):
        assert max(len(line) for line in config.table().splitlines()) <= 80

    def test_it_is_printed_before_anything_is_installed(self):
        # -S: without the packages.
        shown = subprocess.run(
            [sys.executable, "-S", config.__file__, "--help"], capture_output=True, text=True
        )
        assert shown.returncode == 0
        assert config.table() in shown.stdout
