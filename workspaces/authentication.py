"""Who calls the API: an API key, or the browser's session. `request.auth` is the Actor either way."""

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission

from kernel.errors import NotFound
from kernel.signing import digest
from workspaces.access import member_for
from workspaces.models import ApiKey, Member

LAST_USED_RESOLUTION_SECONDS = 60


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer <key>`. The look-up is by digest, so no comparison leaks how much of a key was right."""

    def authenticate(self, request):
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != b"bearer":
            return None
        now = timezone.now()
        key = (
            ApiKey.objects.select_related("workspace")
            .filter(digest=digest(parts[-1].decode("latin-1")), revoked_at__isnull=True)
            .first()
        )
        if len(parts) != 2 or key is None:
            raise AuthenticationFailed("The API key is not known. Make a new one under Settings, API keys.")
        if key.expires_at is not None and key.expires_at <= now:
            raise AuthenticationFailed("The API key has expired. Make a new one under Settings, API keys.")
        if key.last_used_at is None or (now - key.last_used_at).total_seconds() > LAST_USED_RESOLUTION_SECONDS:
            ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
        return None, key

    def authenticate_header(self, request) -> str:
        return 'Bearer realm="Waybill"'


class WorkspaceSessionAuthentication(SessionAuthentication):
    """The signed-in browser. The workspace is the header X-Workspace (a slug), or else the one last opened."""

    def authenticate(self, request):
        signed_in = super().authenticate(request)
        if signed_in is None:
            return None
        user = signed_in[0]
        slug = request.headers.get("X-Workspace") or request.session.get("workspace")
        try:
            member = member_for(user, slug) if slug else None
        except NotFound:
            raise AuthenticationFailed("You are not a member of that workspace.") from None
        if member is None:
            member = (
                Member.objects.select_related("workspace", "user")
                .filter(user=user, removed_at__isnull=True)
                .order_by("joined_at")
                .first()
            )
        return user, member


class IsMember(BasePermission):
    """The door of every API view; what the actor may do there is asked by `workspaces.access.require`."""

    message = "You are not a member of any workspace."

    def has_permission(self, request, view) -> bool:
        return request.auth is not None
