"""Every inbound parser for some seconds under a coverage-guided fuzzer; `make fuzz MINUTES=30` does it for longer."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from channels_app.providers.base import Ignored, Parsed
from tests.channels_app.providers.vendors import VENDORS
from tests.fuzzing import reading

ROOT = Path(__file__).resolve().parent.parent.parent
SECONDS, SEED = 5, 20261121

pytestmark = pytest.mark.acceptance


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="there is no atheris for this machine")
@pytest.mark.parametrize("vendor", sorted(VENDORS))
def test_a_fuzzer_finds_nothing_that_breaks_a_parser(vendor):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.fuzzing", vendor, str(SECONDS), str(SEED)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'platform'}"},
        capture_output=True,
        text=True,
        errors="replace",
    )
    assert done.returncode == 0, f"seed {SEED}\n{done.stderr[-4000:]}"
    covered = [int(number) for number in re.findall(r"cov: (\d+)", done.stderr)]
    assert covered[-1] > 200, "it does not see what the parser does"


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b"])
def test_it_would_notice_what_cannot_be_stored(monkeypatch, text):
    class Careless:
        def parse(self, **request):
            return Parsed("messages", (Ignored(text),))

    monkeypatch.setattr(reading, "adapter_named", lambda name: Careless())
    with pytest.raises((AssertionError, UnicodeEncodeError)):
        reading.read("whapi", b"{}")
