"""What channels refuse."""

from kernel.errors import Conflict, Invalid, NotFound


class NoSuchChannel(NotFound):
    code = "channel_not_found"
    message = "There is no such channel, or it is not yours."


class MoveNotAllowed(Conflict):
    code = "channel_move_not_allowed"
    message = "The channel cannot do that in its present state."


class NoSuchTemplate(Invalid):
    code = "template_not_found"
    message = "The number has no such template in this language. Synchronise its templates, or choose another."


class TemplateNotUsable(Invalid):
    code = "template_not_usable"


class CredentialMissing(Invalid):
    code = "credential_missing"
    message = "The channel has no token yet. Paste one to connect it."


class NoSimulator(Conflict):
    code = "no_simulator"
    message = "No simulator answers on this machine. Start one with: manage.py simulate_provider --demo"
