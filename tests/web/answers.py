"""Helpers that read the answers of the API."""


def refused(response, status, code):
    """Is the answer an error of this status and code, in the one shape that errors have?"""
    error = response.json["error"]
    assert response.content_type == "application/json"
    assert (response.status_code, error["code"]) == (status, code)
    return isinstance(error["message"], str) and error["message"] != ""
