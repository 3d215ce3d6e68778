"""What the demo's team has made beside its chats: labels, quick replies, a team, a note, a message for tomorrow."""

from datetime import datetime, timedelta

from config.demo.history import LENA, MIA, OMAR, PAU
from inbox.jobs import Draft
from inbox.models import Chat
from inbox.services.labelling import create_label, set_labels
from inbox.services.notes import write_note
from inbox.services.quick_replies import save_quick_reply
from inbox.services.sending import send_message
from kernel import clock
from kernel.ids import new_id
from workspaces.models import Member
from workspaces.services.teams import change_team, create_team

LABELS = {"Delivery": 15, "Return": 1, "Regular customer": 9, "Bug": 20}  # name: hue
LABELLED = {
    ("acme-shop", MIA): ("Regular customer",),
    ("acme-shop", OMAR): ("Return",),
    ("acme-shop", LENA): ("Delivery", "Regular customer"),
    ("acme-support", PAU): ("Bug",),
}
QUICK_REPLIES = {
    "hello": "Hello {{first_name}}, this is {{agent_first_name}} of {{workspace}}. How can I help?",
    "hours": "We are open from Monday to Saturday, ten to seven. Park behind the house, it is quicker.",
    "return": "I am sorry, {{first_name}}. Would you like a new one, or the money back?",
    "thanks": "Thank you, {{first_name}}! Have a nice day.",
}
TEAM = "Customer care"
NOTE = ("acme-support", PAU, "@Ben Demo error 17 is a full disk. Could you walk them through making room?")
SCHEDULED = ("acme-shop", LENA, "Good morning Lena! The desk comes today, between nine and eleven.")
SCHEDULED_HOUR = 9


def furnish(owner: Member, people: list[Member]) -> None:
    """For a workspace of the demo that is new; what a visitor changes or takes away afterwards stays so."""
    for name, hue in LABELS.items():
        create_label(actor=owner, name=name, hue=hue)
    for (key, digits), names in LABELLED.items():
        set_labels(actor=owner, chat=_chat(owner, key, digits), names=names)
    for shortcut, text in QUICK_REPLIES.items():
        save_quick_reply(actor=owner, shortcut=shortcut, text=text)
    team = create_team(actor=owner, name=TEAM)
    change_team(actor=owner, team_id=team.pk, name=TEAM, member_ids=[member.pk for member in people])
    key, digits, text = NOTE
    write_note(actor=owner, chat=_chat(owner, key, digits), client_id=str(new_id()), text=text)
    key, digits, text = SCHEDULED
    chat, due_at = _chat(owner, key, digits), _tomorrow(clock.now())
    send_message(actor=owner, chat=chat, client_id=str(new_id()), draft=Draft(type="text", text=text), due_at=due_at)


def _chat(owner: Member, key: str, digits: str) -> Chat:
    return Chat.objects.get(
        workspace=owner.workspace, channel__settings__demo=key, wa_chat_id=f"{digits}@s.whatsapp.net"
    )


def _tomorrow(now: datetime) -> datetime:
    """In the morning, and far enough away that whoever looks at the demo today sees it wait."""
    morning = now.replace(hour=SCHEDULED_HOUR, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return morning if morning - now > timedelta(hours=12) else morning + timedelta(days=1)
