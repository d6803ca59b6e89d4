"""Asking for a reason before something consequential is done in the console."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from unfold.widgets import UnfoldAdminTextInputWidget

from opinion_market.kernel.errors import DomainError


class ReasonForm(forms.Form):
    reason = forms.CharField(
        max_length=200,
        min_length=3,
        strip=True,
        widget=UnfoldAdminTextInputWidget,
        help_text="Kept in the audit trail.",
    )


def ask_reason(
    request: HttpRequest,
    *,
    page: Any,
    title: str,
    question: str,
    done: str,
    back: str,
    act: Callable[[str], object],
) -> HttpResponse:
    """Show a form that asks why; once answered, `act(reason)`, say `done` and return to `back`.

    `page` is the ModelAdmin. What `act` refuses (DomainError) is shown above the form.
    """
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            act(form.cleaned_data["reason"])
        except DomainError as refused:
            form.add_error(None, refused.message)
        else:
            messages.success(request, done)
            return HttpResponseRedirect(back)
    context = {
        **page.admin_site.each_context(request),
        "title": title,
        "question": question,
        "form": form,
        "back": back,
        "opts": page.model._meta,
    }
    return TemplateResponse(request, "governance/reason.html", context)
