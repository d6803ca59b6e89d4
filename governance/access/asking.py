"""Asking before something consequential is done: what will happen, what is needed, and the reason."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.widgets import UnfoldAdminTextareaWidget

from governance.access.pages import Fact, rendered
from opinion_market.kernel.errors import DomainError


class DeedForm(forms.Form):
    """A form that asks for the reason, last."""

    reason = forms.CharField(
        max_length=200,
        min_length=3,
        strip=True,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="Kept in the audit trail.",
    )
    field_order: Sequence[str] | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields([name for name in self.fields if name != "reason"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked: the deed, what it will do in sentences, figures to look at first, and where to go afterwards."""

    title: str
    button: str
    consequences: Sequence[str]
    done: str
    back: str
    facts: Sequence[Fact] = ()
    is_dangerous: bool = False


def ask(
    request: HttpRequest,
    *,
    page: Any,
    question: Question,
    form: forms.Form,
    act: Callable[[Mapping[str, Any]], object],
) -> HttpResponse:
    """Show the form; once it is filled in, `act` on its values, say so, and go back. `page` is the ModelAdmin.

    What `act` refuses (DomainError) stands above the form, and nothing has been changed.
    """
    if request.method == "POST" and form.is_valid():
        try:
            act(form.cleaned_data)
        except DomainError as refused:
            form.add_error(None, refused.message)
        else:
            messages.success(request, question.done)
            return HttpResponseRedirect(question.back)
    return rendered(page, request, "console/ask.html", {"title": question.title, "question": question, "form": form})
