"""The forms of the pages. What their fields may hold is the domain's to say."""

from flask import request
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, PasswordField, StringField


class Form(FlaskForm):
    """A form that takes its values from an HTML form only, never from files or JSON."""

    def __init__(self, **values: object) -> None:
        super().__init__(formdata=request.form or None, **values)


class LoginForm(Form):
    name = StringField()
    password = PasswordField()
    next = HiddenField()


class RegisterForm(Form):
    name = StringField()
    password = PasswordField()
    next = HiddenField()


class RoomForm(Form):
    name = StringField()
    private = BooleanField()
    encrypted = BooleanField()


class PasswordForm(Form):
    current = PasswordField()
    password = PasswordField()
