"""What holds for all of HTTP, whoever answers: headers of every answer, and the longest body."""

#: The largest request body in bytes; sixteen times the longest message, escaped, fits.
BODY_MAX = 256 * 1024


def security_headers(host: str, tls: bool) -> dict[str, str]:
    """What protects the browser that gets an answer.

    ``host`` is the request's ``Host``, checked, or empty where there is none; ``tls`` whether the
    browser speaks TLS.
    """
    # Safari before 15.4 does not count WebSockets as 'self'.
    socket = f" {'wss' if tls else 'ws'}://{host}" if host else ""
    headers = {
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
            f"connect-src 'self'{socket}; font-src 'self'; manifest-src 'self'; "
            "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    if tls:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return headers
