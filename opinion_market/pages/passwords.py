"""Changing one's password."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse_lazy

from opinion_market.pages.forms import GOOD_ENOUGH, tell_errors_aloud
from opinion_market.pages.frame import frame, protected, signed_in


class PasswordForm(PasswordChangeForm):
    """Django's form in the words of the sign-up."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        present, new, repeated = (self.fields[name] for name in ("old_password", "new_password1", "new_password2"))
        present.label, new.label, repeated.label = "Present password", "New password", "New password again"
        new.help_text, repeated.help_text = GOOD_ENOUGH, ""


class PasswordPage(PasswordChangeView):
    """Other sessions and all tokens end with the old password; this session goes on."""

    form_class = PasswordForm
    template_name = "pages/password.html"
    success_url = reverse_lazy("pages:preferences")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return signed_in(self._own)(request)

    def _own(self, request: HttpRequest) -> HttpResponseBase:
        response = super().dispatch(request)
        return protected(response) if isinstance(response, HttpResponse) else response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), **frame(self.request)}

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        messages.success(self.request, "Your password is changed. Other sessions and tokens have ended.")
        return super().form_valid(form)

    def form_invalid(self, form: PasswordChangeForm) -> HttpResponse:
        tell_errors_aloud(form)
        return super().form_invalid(form)
