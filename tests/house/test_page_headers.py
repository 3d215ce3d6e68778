"""Every page leaves with the headers under which a browser runs nothing but our own files."""

from django.test import Client

from tests.house.test_doors import PUBLIC, doors
from workspaces.models import Member

PAGES = [door for door in doors() if not door.route.startswith(("api/", "admin/"))]


def ana(world) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(Member.objects.get(pk=world.ana.pk).user)
    return client


def test_no_page_allows_scripts_or_styles_of_others(world, rich_acme):
    pages = 0
    for door in PAGES:
        path = door.path({**rich_acme, "token": "none"})
        answer = (Client() if door.name in PUBLIC else ana(world)).get(path)
        policy = answer.get("Content-Security-Policy", "")
        if answer.get("Content-Type", "").startswith("text/html"):
            pages += 1
            rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";") if " " in rule.strip())
            assert (rules["default-src"], rules["script-src"], rules["style-src"]) == ("'none'", "'self'", "'self'"), (
                path
            )
            assert (rules["base-uri"], rules["frame-ancestors"]) == ("'none'", "'none'"), path
            assert answer["X-Frame-Options"] == "DENY", path
            assert answer["Referrer-Policy"] == "same-origin", path
        assert "unsafe" not in policy, path
        assert not policy or answer["X-Content-Type-Options"] == "nosniff", path
    assert pages > 20
