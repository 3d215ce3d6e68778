"""The guard of every page inside a workspace: who is asking, for which workspace, and may they."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _

from kernel.errors import Forbidden, Invalid, NotFound
from workspaces.access import member_for, require
from workspaces.roles import Permission
from workspaces.views.errors import not_found

View = Callable[..., HttpResponse]


def member_view(view: View) -> View:
    """Let a member of the workspace `slug` in, and tell the view who: `request.member` and `request.workspace`.

    The view is called without the slug. A stranger is sent to the sign-in page and back afterwards; an outsider gets
    the same 404 as for a workspace that does not exist. NotFound and Forbidden raised by the view become the 404 and
    403 pages; other refusals are the view's to show.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, slug: str, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return sign_in_first(request)
        try:
            request.member = member_for(request.user, slug)
            request.workspace = request.member.workspace
            if request.session.get("workspace") != slug:
                request.session["workspace"] = slug
            response = view(request, *args, **kwargs)
        except Invalid as error:
            if request.method not in {"GET", "HEAD"}:
                raise
            return not_found(request, error)  # a mangled address, e.g. half a cursor
        except (NotFound, Http404) as error:
            return not_found(request, error)  # not raised: with DEBUG Django would draw its own page
        except Forbidden as error:
            raise PermissionDenied(error.message) from error
        if not response.has_header("Cache-Control"):
            add_never_cache_headers(response)  # after signing out, the browser's back button shows nothing
        return response

    return guarded


def requires(permission: Permission) -> Callable[[View], View]:
    """`member_view` for members whose role has `permission`; the others get the 403 page, which names who can help."""

    def decorate(view: View) -> View:
        @wraps(view)
        def allowed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            require(request.member, permission)
            return view(request, *args, **kwargs)

        return member_view(allowed)

    return decorate


def sign_in_first(request: HttpRequest) -> HttpResponse:
    """To the sign-in page, and back to where the person was.

    A script that asks for a fragment gets 401; htmx then opens the sign-in page by the HX-Redirect header.
    """
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(
            status=401, headers={"HX-Redirect": _sign_in_url(place_in(request.headers.get("HX-Current-URL", "")))}
        )
    if not request.accepts("text/html"):
        return HttpResponse(_("Sign in again."), status=401, content_type="text/plain")
    return redirect(_sign_in_url(request.get_full_path() if request.method in {"GET", "HEAD"} else ""))


def place_in(url: str) -> str:
    """Path and query of an address that a browser names; "" when it is none."""
    try:
        here = urlsplit(url)
    except ValueError:
        return ""
    return f"{here.path}?{here.query}" if here.query else here.path


def _sign_in_url(place: str) -> str:
    page = reverse("workspaces:sign-in")
    return f"{page}?{urlencode({'next': place})}" if place else page
