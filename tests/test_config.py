import os
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
        ("ALLOWED_HOSTS", "Chat.Example., b", ("chat.example", "b")),
        ("ALLOWED_HOSTS", "[::1] 0::2,127.0.0.1", ("::1", "::2", "127.0.0.1")),
        ("ALLOWED_HOSTS", "마루.example", ("xn--2s2b1p.example",)),
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
        ("ALLOWED_HOSTS", "*"),
        ("ALLOWED_HOSTS", "example.org:5000"),
        ("ALLOWED_HOSTS", "[::1]:5000"),
        ("ALLOWED_HOSTS", "https://example.org"),
        ("ALLOWED_HOSTS", "a..b"),
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
        ("HISTORY_DAYS", "-1"),
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


@pytest.mark.parametrize("name", ["PORT", "DATA_DIR", "TLS_CERT", "ALLOWED_HOSTS", "REDIS_URL"])
def test_of_a_long_wrong_value_only_the_beginning_is_shown(loaded, name):
    with pytest.raises(ConfigError) as refusal:
        loaded(**{**SECRETS, name: "*:" * 1500})
    assert str(refusal.value).startswith(f"{name} cannot be ") and len(str(refusal.value)) < 300


@pytest.mark.parametrize("name", ["DATA_DIR", "TLS_CERT", "TLS_KEY"])
@pytest.mark.parametrize("text", ["two\nlines", "a\x7fb", "a\x1b[31mb"])
def test_a_path_with_control_characters_is_refused_in_one_line(loaded, name, text):
    with pytest.raises(ConfigError, match=f"^{name} cannot be ") as refusal:
        loaded(**{name: text})
    assert str(refusal.value).isprintable()


@pytest.mark.parametrize("name", config.names())
def test_what_is_no_text_is_refused_in_one_line(loaded, name):
    """The environment takes any bytes: a name that another system wrote, in another encoding."""
    not_text = os.fsdecode(b"/tmp/\xb8\xb6\xb7\xe7" * 10)
    with pytest.raises(ConfigError) as refusal:
        loaded(**{**SECRETS, name: not_text})
    line = str(refusal.value)
    assert line.startswith(f"{name} cannot be ") and "\n" not in line
    line.encode()


def test_a_folder_behind_a_link_whose_name_is_no_text_is_refused(loaded, tmp_path):
    (tmp_path / os.fsdecode(b"\xb8\xb6")).mkdir()
    (tmp_path / "link").symlink_to(tmp_path / os.fsdecode(b"\xb8\xb6"))
    with pytest.raises(ConfigError, match="DATA_DIR cannot be"):
        loaded(DATA_DIR=str(tmp_path / "link"))


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
