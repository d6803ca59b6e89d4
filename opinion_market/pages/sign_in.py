"""Signing in and out."""

from typing import Any

from django.contrib.auth import logout
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from governance.identity.throttles import FormAttempt
from opinion_market.api.errors import NotReady, TooManyRequests
from opinion_market.pages.forms import tell_errors_aloud
from opinion_market.pages.frame import frame, protected


class SignInForm(AuthenticationForm):
    """Django's form, slowed down against guessing; while attempts cannot be counted, none is admitted."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "User name"

    def clean(self) -> dict[str, Any]:
        """Counts the attempt before the password is looked at, and takes it back when it is right."""
        username, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if not username or not password or self.request is None:
            return super().clean()
        try:
            attempt = FormAttempt(request=self.request, username=username)
        except TooManyRequests as refused:
            raise ValidationError(
                "Too many attempts to sign in. Try again in %(wait_s)s seconds.", refused.code, refused.data
            ) from None
        except NotReady as refused:
            raise ValidationError(f"{refused.message} Try again later.", refused.code) from None
        cleaned = super().clean()
        attempt.succeeded()
        return cleaned


class SignInView(LoginView):
    """Leads back to the page that asked for it, if that is one of ours, or else to the markets."""

    authentication_form = SignInForm
    template_name = "pages/sign_in.html"
    redirect_authenticated_user = True

    def get_default_redirect_url(self) -> str:
        return reverse("pages:markets")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), **frame(self.request)}

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        tell_errors_aloud(form)
        return super().form_invalid(form)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().dispatch(request, *args, **kwargs)
        if isinstance(response, HttpResponse) and not isinstance(response, HttpResponseRedirect):
            protected(response)
        return response  # type: ignore[return-value]  # Django's own stub says less than it returns


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Ends the session. By POST alone, so that no link elsewhere can sign anybody out."""
    logout(request)
    return redirect("pages:markets")
