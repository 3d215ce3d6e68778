"""A person who signs in, by e-mail address."""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kernel.models import Row


class UserManager(BaseUserManager):
    def create_user(self, email: str, password: str | None = None, **fields) -> "User":
        if not email:
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, email: str) -> "User":
        return self.get(email=email.strip().lower())


class User(Row, AbstractBaseUser, PermissionsMixin):
    """`is_staff` opens Django admin; everything else depends on the memberships."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    theme = models.CharField(
        max_length=8, default="auto", choices=[("auto", _("System")), ("light", _("Light")), ("dark", _("Dark"))]
    )
    language = models.CharField(
        max_length=8, blank=True, default="", help_text="Of the pages; empty: what the browser asks for."
    )
    enter_sends = models.BooleanField(default=True)
    undo_seconds = models.PositiveSmallIntegerField(
        default=5,
        choices=[(0, _("Send at once")), (5, _("5 seconds")), (10, _("10 seconds"))],
        help_text="How long what they write in the inbox waits before it may leave.",
    )
    desktop_notices = models.BooleanField(
        default=False, help_text="Tell of new messages while the page is out of sight."
    )
    sound = models.BooleanField(default=False, help_text="Ring for new messages.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_unique_ignoring_case")]

    def __str__(self) -> str:
        return self.name or self.email
