"""`python -m tests.fuzzing <vendor> <seconds> [seed]`; fails with the input that broke a parser."""

import os
import sys
import tempfile
from pathlib import Path

import atheris

os.environ.setdefault("DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none")  # it asks none, and so starts none
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

with atheris.instrument_imports(include=["channels_app.providers"], enable_loader_override=False):
    import django

    django.setup()

    from channels_app.providers import adapter_named
    from tests.channels_app.providers.vendors import VENDORS

    for name in VENDORS:
        adapter_named(name)  # they are imported when they are asked for

from tests.fuzzing.corpus import keywords, true_bodies
from tests.fuzzing.mutating import mutate
from tests.fuzzing.reading import read

LONGEST_BYTES = 20_000


def main(vendor: str, seconds: int, seed: int) -> None:
    """Never returns: libFuzzer ends the process."""
    folder = Path(tempfile.mkdtemp(prefix=f"waybill-fuzz-{vendor}-"))
    corpus = folder / "corpus"
    corpus.mkdir()
    bodies = true_bodies(VENDORS[vendor])
    for number, body in enumerate(bodies):
        (corpus / f"true-{number}").write_bytes(body)
    (folder / "words").write_text("".join(f'"{word}"\n' for word in keywords(bodies)))

    arguments = {
        "max_total_time": seconds,
        "seed": seed,
        "max_len": LONGEST_BYTES,
        "rss_limit_mb": 1024,
        "timeout": 10,
        "dict": folder / "words",
        "artifact_prefix": f"{folder}/broke-",
        "print_final_stats": 1,
    }
    options = [f"-{name}={value}" for name, value in arguments.items()]
    atheris.Setup([sys.argv[0], *options, str(corpus)], lambda body: read(vendor, body), custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], int(float(sys.argv[2])), int(sys.argv[3]) if len(sys.argv) > 3 else 1)
