"""The forms of the pages. The domain checks what their fields may contain."""

from collections.abc import Callable
from typing import Any, ClassVar

from flask import jsonify, redirect, request
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, PasswordField, StringField

from chat import display_names, names, profile, validation
from chat.errors import Conflict, Invalid, MaruError, Unauthorized
from chat.web.errors import from_script

#: By the name of a field.
_Checks = dict[str, Callable[[object], object]]


class Form(FlaskForm):
    """A form that takes its values from an HTML form only, never from files or JSON.

    With ``sent=False`` it takes none: another form of the page was sent.
    """

    #: What the domain checks each field by.
    checks: ClassVar[_Checks] = {}

    def __init__(self, sent: bool = True, **values: object) -> None:
        super().__init__(formdata=(request.form or None) if sent else None, **values)

    def wrong_field(self, error: MaruError) -> str:
        """The name of the field that this refusal is about, or ``""``."""
        for name, check in self.checks.items():
            try:
                check(self[name].data)
            except MaruError as refusal:
                if refusal.message == error.message:
                    return name
        return ""


def _stripped(text: Any) -> Any:
    """Keyboards of phones put a space behind a word that they complete."""
    return text.strip() if isinstance(text, str) else text


class CredentialsForm(Form):
    """Of the pages to log in and to register."""

    checks: ClassVar[_Checks] = {
        "name": names.new_name,
        "password": validation.password,
    }

    name = StringField(filters=[_stripped])
    password = PasswordField()
    next = HiddenField()

    def wrong_field(self, error: MaruError) -> str:
        """Of a log-in that is refused nobody says what was wrong."""
        if isinstance(error, Unauthorized):
            return ""
        return "name" if isinstance(error, Conflict) else super().wrong_field(error)


class RoomForm(Form):
    """Of a new room."""

    name = StringField()
    private = BooleanField()
    encrypted = BooleanField()


class ProfileForm(Form):
    """Of how a person is shown."""

    checks: ClassVar[_Checks] = {
        "name": names.new_name,
        "display_name": display_names.display_name,
        "status": display_names.status,
        "time_zone": profile.time_zone,
    }

    name = StringField(filters=[_stripped])
    display_name = StringField()
    status = StringField()
    time_zone = StringField()

    def wrong_field(self, error: MaruError) -> str:
        return "name" if isinstance(error, Conflict) else super().wrong_field(error)


class PasswordForm(Form):
    """Of a change of the password, which asks for the present one too."""

    checks: ClassVar[_Checks] = {"password": validation.password}

    current = PasswordField()
    password = PasswordField()

    def wrong_field(self, error: MaruError) -> str:
        return "current" if isinstance(error, Unauthorized) else super().wrong_field(error)


class DeletionForm(Form):
    """Of one's own account: whoever deletes it types its name, and the password."""

    own_name = StringField(filters=[_stripped])
    own_password = PasswordField()

    def wrong_field(self, error: MaruError) -> str:
        wrong = {Invalid: "own_name", Unauthorized: "own_password"}
        return wrong.get(type(error), "")


def done(target: str, **result: object) -> ResponseReturnValue:
    """A form was carried out: on to ``target``, or ``result`` for the script that sent it."""
    return jsonify(result) if from_script() else redirect(target)
