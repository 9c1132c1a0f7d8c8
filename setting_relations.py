"""Checks of settings that concern more than one setting, or the folder that one names."""

from collections.abc import Mapping
from typing import Any

import data_folder
import setting_checks


def check(values: Mapping[str, Any]) -> None:
    """``values``: name of a field -> value. Raises ``ValueError``; its text is one whole line."""
    if values["presence_grace"] > values["presence_lease"]:
        raise ValueError(
            f"PRESENCE_GRACE cannot be {values['presence_grace']}: it takes at most"
            f" PRESENCE_LEASE, which is {values['presence_lease']}."
        )
    if values["redis_url"]:
        for name in ("secret_key", "jwt_secret_key"):
            if not values[name]:
                raise ValueError(
                    f"{name.upper()} must be set when REDIS_URL is, so that all who share that"
                    f" store agree on it: it takes at least {setting_checks.SECRET_MIN} random"
                    " characters."
                )
    if bool(values["tls_cert"]) != bool(values["tls_key"]):
        raise ValueError("TLS_CERT and TLS_KEY must be set together, or neither.")
    if values["tls_cert"]:
        try:
            setting_checks.certificate(values["tls_cert"], values["tls_key"])
        except ValueError as error:
            raise ValueError(
                f"TLS_CERT and TLS_KEY cannot be {str(values['tls_cert'])!r} and"
                f" {str(values['tls_key'])!r}: they take {error}."
            ) from None
    data_folder.check(values["data_dir"])
