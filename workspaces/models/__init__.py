"""People, workspaces and what ties them together."""

from workspaces.models.api_key import ApiKey
from workspaces.models.audit import AuditEntry
from workspaces.models.invitation import Invitation
from workspaces.models.sign_in_failures import SignInFailures
from workspaces.models.team import Team, TeamMember
from workspaces.models.user import User
from workspaces.models.workspace import Member, Workspace

__all__ = ["ApiKey", "AuditEntry", "Invitation", "Member", "SignInFailures", "Team", "TeamMember", "User", "Workspace"]
