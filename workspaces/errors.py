"""What workspaces refuse."""

from kernel.errors import Conflict, DomainError, Forbidden, NotFound


class SignInRefused(DomainError):
    """One sentence for every reason, so that nobody learns which addresses have an account."""

    code = "sign_in_refused"
    message = "That e-mail address and password do not go together. Check both and try again."


class TooManyTries(DomainError):
    code = "too_many_tries"
    status = 429
    message = "Too many tries. Wait ten minutes, then try again."


class NoSuchMember(NotFound):
    code = "member_not_found"
    message = "There is no such member in this workspace."


class AlreadyMember(Conflict):
    code = "already_member"
    message = "This person is a member of the workspace already."


class LastOwner(Conflict):
    code = "last_owner"
    message = "A workspace needs an owner. Make somebody else an owner first."


class RoleTooHigh(Forbidden):
    code = "role_too_high"
    message = "Nobody can give, change or take away a role above their own. Ask an owner of the workspace."


class SlugTaken(Conflict):
    code = "slug_taken"
    message = "Another workspace has this short name. Choose another one."


class NoSuchInvitation(NotFound):
    code = "invitation_not_found"
    message = "This invitation is not known. Check that the link is complete, or ask for a new one."


class InvitationEnded(DomainError):
    """Base of the reasons for which a known invitation cannot be accepted."""

    status = 410


class InvitationExpired(InvitationEnded):
    code = "invitation_expired"
    message = "This invitation has expired. Ask for a new one."


class InvitationUsed(InvitationEnded):
    code = "invitation_used"
    message = "This invitation was used already. If it was you, sign in."


class InvitationRevoked(InvitationEnded):
    code = "invitation_revoked"
    message = "This invitation was taken back. Ask the person who sent it."


class SignInFirst(Conflict):
    code = "sign_in_first"
    message = "The invited address has an account already. Sign in with it, then open the link again."


class InvitedSomebodyElse(Conflict):
    code = "invited_somebody_else"
    message = "This invitation is for another e-mail address than the one you are signed in with. Sign out first."


class NoSuchTeam(NotFound):
    code = "team_not_found"
    message = "There is no such team in this workspace."


class NoSuchApiKey(NotFound):
    code = "api_key_not_found"
    message = "There is no such API key in this workspace."
