"""Making accounts, and the rules for what they are called."""

import unicodedata

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from kernel.errors import Invalid
from workspaces.models import User

NAME_LIMIT = 120
PASSWORD_LIMIT = 4096
_REFUSED = {"Cc", "Cs"}  # control characters and halves of surrogate pairs: PostgreSQL or a page would choke on them


def new_user(*, email: str, name: str, password: str) -> User:
    """An account with a password that the validators in the settings accept. Raises Invalid."""
    user = User(email=email, name=clean_name(name, limit=NAME_LIMIT))
    try:
        validate_password(password, user)
    except ValidationError as refused:
        raise Invalid(" ".join(refused.messages), fields={"password": refused.messages}) from None
    if len(password) > PASSWORD_LIMIT:
        raise Invalid("The password is too long.", fields={"password": [f"At most {PASSWORD_LIMIT} characters."]})
    return User.objects.create_user(email=email, password=password, name=user.name)


def clean_name(name: str, *, limit: int, field: str = "name") -> str:
    """The name with single spaces and without control characters. Raises Invalid."""
    name = " ".join(name.split())
    if not name or len(name) > limit or any(unicodedata.category(sign) in _REFUSED for sign in name):
        raise Invalid(f"A name has 1 to {limit} characters.", fields={field: [f"1 to {limit} characters."]})
    return name


def clean_email(email: str, *, field: str = "email") -> str:
    """The address in small letters. Raises Invalid."""
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        email = ""
    if not email or len(email) > User._meta.get_field("email").max_length:
        raise Invalid("That is not an e-mail address.", fields={field: ["Not an e-mail address."]})
    return email
