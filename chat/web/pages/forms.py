"""The forms of the pages. The domain checks what their fields may contain."""

from flask import jsonify, redirect, request
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, PasswordField, StringField

from chat.web.errors import from_script


class Form(FlaskForm):
    """A form that takes its values from an HTML form only, never from files or JSON.

    With ``sent=False`` it takes none: another form of the page was sent.
    """

    def __init__(self, sent: bool = True, **values: object) -> None:
        super().__init__(formdata=(request.form or None) if sent else None, **values)


class CredentialsForm(Form):
    """Of the pages to log in and to register."""

    name = StringField()
    password = PasswordField()
    next = HiddenField()


class RoomForm(Form):
    name = StringField()
    private = BooleanField()
    encrypted = BooleanField()


class ProfileForm(Form):
    name = StringField()
    display_name = StringField()
    status = StringField()
    time_zone = StringField()


class PasswordForm(Form):
    current = PasswordField()
    password = PasswordField()


def done(target: str, **result: object) -> ResponseReturnValue:
    """A form was carried out: on to ``target``, or ``result`` for the script that sent it."""
    return jsonify(result) if from_script() else redirect(target)
