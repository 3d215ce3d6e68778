"""Who calls the API: an API key, or the browser's session. `request.auth` is the Actor either way."""

from datetime import timedelta

from django.db.models import Q
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from kernel import clock
from kernel.errors import NotFound
from kernel.signing import digest
from workspaces.access import member_for
from workspaces.models import ApiKey, Member

LAST_USED_RESOLUTION = timedelta(minutes=1)


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer <key>`. The look-up is by digest, so no comparison leaks how much of a key was right."""

    def authenticate(self, request: Request) -> tuple[None, ApiKey] | None:
        scheme, _, secret = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        key = (
            ApiKey.objects.select_related("workspace")
            .filter(digest=digest(secret.strip().decode("latin-1")), revoked_at__isnull=True)
            .first()
        )
        if key is None:
            raise AuthenticationFailed("The API key is not known. Make a new one under Settings, API keys.")
        now = clock.now()
        if key.expires_at is not None and key.expires_at <= now:
            raise AuthenticationFailed("The API key has expired. Make a new one under Settings, API keys.")
        self._note_use(key, now)
        return None, key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Waybill"'

    @staticmethod
    def _note_use(key: ApiKey, now) -> None:
        """Once a minute, and by one of the requests of that minute only: a busy key must not write with every call."""
        if key.last_used_at is not None and key.last_used_at > now - LAST_USED_RESOLUTION:
            return
        stale = Q(last_used_at__isnull=True) | Q(last_used_at__lte=now - LAST_USED_RESOLUTION)
        ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)


class WorkspaceSessionAuthentication(SessionAuthentication):
    """The signed-in browser. The workspace is the header X-Workspace (a slug; 404 for one that is not theirs), or else
    the one last opened, or else the one first joined."""

    def authenticate(self, request: Request) -> tuple[object, Member | None] | None:
        signed_in = super().authenticate(request)
        if signed_in is None:
            return None
        user = signed_in[0]
        asked_for = request.headers.get("X-Workspace")
        if asked_for is not None:
            return user, member_for(user, asked_for)
        try:
            return user, member_for(user, request.session.get("workspace", ""))
        except NotFound:
            first = Member.objects.select_related("workspace", "user").filter(user=user, removed_at__isnull=True)
            return user, first.order_by("joined_at", "id").first()


class IsMember(BasePermission):
    """The door of every API view; what the actor may do there is asked by `workspaces.access.require`."""

    message = "You are not a member of any workspace."

    def has_permission(self, request: Request, view) -> bool:
        return request.auth is not None


class ApiKeyScheme(OpenApiAuthenticationExtension):
    target_class = ApiKeyAuthentication
    name = "apiKey"

    def get_security_definition(self, auto_schema) -> dict:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key; it belongs to one workspace and has a role.",
        }


class SessionScheme(OpenApiAuthenticationExtension):
    target_class = WorkspaceSessionAuthentication
    name = "session"

    def get_security_definition(self, auto_schema) -> dict:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid", "description": "The browser's session."}
