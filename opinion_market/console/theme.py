"""Where the console's own static files are; unfold asks with the request at hand."""

from django.http import HttpRequest
from django.templatetags.static import static


def icon(request: HttpRequest) -> str:
    """The mark: a gauge of probability."""
    return static("console/icon.svg")


def stylesheet(request: HttpRequest) -> str:
    """Styles beside those of unfold, whose stylesheet is built and knows no other classes."""
    return static("console/console.css")
