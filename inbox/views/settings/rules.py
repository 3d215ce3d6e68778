"""What happens by itself: round robin, and what customers are told outside the hours."""

from zoneinfo import available_timezones

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from channels_app.access import channel_for
from inbox.selectors.settings import available_members, channels_with_rules, rule_of
from inbox.services.being_away import set_away_message
from inbox.services.giving import CAPACITY_MAX, set_rule
from inbox.views.settings.posted import number, posted_key
from workspaces.roles import Permission
from workspaces.services.profiles import change_availability
from workspaces.views.answering import tell
from workspaces.views.guard import member_view, requires

DAYS = {
    "0": gettext_lazy("Monday"),
    "1": gettext_lazy("Tuesday"),
    "2": gettext_lazy("Wednesday"),
    "3": gettext_lazy("Thursday"),
    "4": gettext_lazy("Friday"),
    "5": gettext_lazy("Saturday"),
    "6": gettext_lazy("Sunday"),
}


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.MANAGE_TEAM_WORK)
def rules(request: HttpRequest) -> HttpResponse:
    """Both rules; a POST changes one of them."""
    if request.method == "POST":
        (_change_away if request.POST.get("deed") == "away" else _change_rule)(request)
        return redirect("inbox:settings-rules", slug=request.workspace.slug)
    channels = channels_with_rules(request.workspace)
    context = {
        "section": "rules",
        "rule": rule_of(request.workspace),
        "capacity_max": CAPACITY_MAX,
        "members": available_members(request.workspace),
        "channels": [{"sheet": sheet, "days": _days(sheet.away.hours)} for sheet in channels],
        "zones": sorted(available_timezones()),
    }
    return render(request, "inbox/settings_rules.html", context)


@require_POST
@member_view
def availability(request: HttpRequest) -> HttpResponse:
    """Whether the member takes new chats: their own word."""
    available = bool(request.POST.get("available"))
    change_availability(member=request.member, available=available)
    tell(request, lambda: None, done=_("You take new chats.") if available else _("You are away: no new chats."))
    return redirect("workspaces:settings-profile", slug=request.workspace.slug)


def _change_rule(request: HttpRequest) -> None:
    post = request.POST
    tell(
        request,
        lambda: set_rule(
            actor=request.member,
            round_robin=bool(post.get("round_robin")),
            capacity=number(post.get("capacity", ""), 0),
        ),
        done=_("Saved."),
    )


def _change_away(request: HttpRequest) -> None:
    post = request.POST
    channel = channel_for(request.member, posted_key(post))
    open_days = [day for day in DAYS if post.get(f"open-{day}")]
    tell(
        request,
        lambda: set_away_message(
            actor=request.member,
            channel=channel,
            enabled=bool(post.get("enabled")),
            text=post.get("text", ""),
            zone=post.get("zone", ""),
            hours={day: [post.get(f"from-{day}", "")[:5], post.get(f"to-{day}", "")[:5]] for day in open_days},
        ),
        done=_("Saved."),
    )


def _days(hours: dict[str, list[str]]) -> list[dict[str, object]]:
    return [
        {
            "day": day,
            "name": name,
            "open": day in hours,
            "start": hours.get(day, ["09:00"])[0],
            "end": hours.get(day, ["", "17:00"])[1],
        }
        for day, name in DAYS.items()
    ]
