"""Putting named values onto a row, with the model's own validation told in the domain's words."""

from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db.models import Model

from opinion_market.kernel.errors import InvalidInput


def fill(row: Model, values: Mapping[str, object], *, allowed: frozenset[str], refusal: type[InvalidInput]) -> None:
    """Set the values and validate the whole row, its uniqueness included. Raises `refusal`, naming the first field.

    Constraints of several fields are told by the checks of `mesh.gateway.checking`, which say why.
    """
    unknown = set(values) - allowed
    if unknown:
        raise refusal(f"{', '.join(sorted(unknown))}: there is no such field.", field=min(unknown))
    for name, value in values.items():
        setattr(row, name, value)
    try:
        row.full_clean(validate_constraints=False)
    except ValidationError as wrong:
        field, messages = next(iter(wrong.message_dict.items()))
        raise refusal(f"{field}: {messages[0]}", field=field) from None
