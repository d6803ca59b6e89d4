"""What the forms of the pages have in common."""

from typing import Any

from django import forms

GOOD_ENOUGH = "At least 12 characters; not a common one, and unlike your name."


def tell_errors_aloud(form: forms.BaseForm) -> None:
    """Ties each refused field to its message, for those who hear the page instead of seeing it."""
    for name in form.errors:
        if name in form.fields:
            attributes: dict[str, Any] = form.fields[name].widget.attrs
            attributes.update({"aria-invalid": "true", "aria-describedby": f"{name}-error"})
