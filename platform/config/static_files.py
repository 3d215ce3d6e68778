"""Static files in production: compressed, named after their content, and scripts without what only readers need."""

from collections.abc import Callable

from whitenoise.storage import CompressedManifestStaticFilesStorage

FOR_READERS = (
    r"(?m)^[ \t]*//.*\n",
    r"(?ms)^[ \t]*/\*\*.*?\*/[ \t]*\n",
    r'(?m)[ \t]+// [^"`\n]*$',  # at the end of a line; a text that holds such a thing ends with a quotation mark
    r"(?m)^[ \t]+",
)
"""Comments and indentation: a fifth of our scripts, compressed. Nothing else of them is changed."""


class NamedByContent(CompressedManifestStaticFilesStorage):
    """Also renames what our ES modules import; otherwise a module would be loaded under two names and run twice."""

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        (
            "js/*.js",
            (
                *((pattern, "") for pattern in FOR_READERS),
                (r"""(?P<matched>from ["'](?P<url>\./[^"']+)["'])""", 'from "%(url)s"'),
                (r"""(?P<matched>import ["'](?P<url>\./[^"']+)["'])""", 'import "%(url)s"'),
                (r"""(?P<matched>import\(["'](?P<url>\./[^"']+)["']\))""", 'import("%(url)s")'),
            ),
        ),
    )

    def url_converter(self, name: str, hashed_files: dict, template: str | None = None, *rest) -> Callable:
        """As Django's; an empty template takes away what its pattern finds."""
        return (lambda found: "") if template == "" else super().url_converter(name, hashed_files, template, *rest)
