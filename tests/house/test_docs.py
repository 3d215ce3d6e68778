"""What the documents name exists."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands
from django.urls import Resolver404, resolve

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "*/README.md", "channels_app/providers/*/README.md", "bench/*.md")
    for path in ROOT.glob(pattern)
    if ".venv" not in path.parts and "node_modules" not in path.parts
)
MAKEFILE = (ROOT / "Makefile").read_text()
SAMPLE_ID = "018f0000-0000-7000-8000-000000000000"


def text_of(path: Path) -> str:
    return path.read_text()


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
class TestDocument:
    def test_its_commands_exist(self, path):
        named = set(re.findall(r"manage\.py ([a-z_]+)", text_of(path)))
        assert named <= set(get_commands()), "A command that does not exist is named."

    def test_its_make_targets_exist(self, path):
        named = set(re.findall(r"(?:`|^\s*)make ([a-z]+)", text_of(path), re.MULTILINE))
        targets = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))
        assert named <= targets, "A make target that does not exist is named."

    def test_its_links_lead_somewhere(self, path):
        targets = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", text_of(path))
        broken = [
            target
            for target in targets
            if not target.startswith(("http://", "https://")) and not (path.parent / target).exists()
        ]
        assert broken == []

    def test_its_files_exist(self, path):
        places = re.findall(
            r"`((?:platform|workspaces|outbox|channels_app|inbox|webhooks|tests|docs|bench|static|templates|deploy)/[\w./-]+)`",
            text_of(path),
        )
        missing = [place for place in places if not (ROOT / place).exists()]
        assert missing == []

    def test_its_urls_answer_to_somebody(self, path):
        named = re.findall(
            r"`(?:GET |POST |PATCH |PUT |DELETE )?(/(?:api|w|sign-in|sign-out|healthz|readyz|metrics|admin)\b[^\s`]*)`",
            text_of(path),
        )
        lost = []
        for url in named:
            plain = re.sub(r"<[^>]*slug[^>]*>", "acme", re.sub(r"[?#].*", "", url))
            plain = re.sub(r"<[^>]+>|\{[^}]+\}", SAMPLE_ID, plain)
            try:
                resolve(plain)
            except Resolver404:
                if not plain.endswith("/"):
                    lost.append(url)
        assert lost == []
