"""Signing up, where the installation lets people do so by themselves."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import login, password_validation
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views import View

from governance.identity.models import User
from governance.identity.throttles import FormAttempt
from opinion_market.api.errors import NotReady, TooManyRequests
from opinion_market.kernel import clock
from opinion_market.pages.forms import GOOD_ENOUGH, tell_errors_aloud
from opinion_market.pages.frame import page, reader
from opinion_market.pages.joining import Newcomer, SignUpClosed, UsernameTaken, join

_NEW_PASSWORD = {"autocomplete": "new-password"}
_BACKEND = "django.contrib.auth.backends.ModelBackend"


class SignUpForm(forms.Form):
    username = forms.CharField(
        label="User name",
        max_length=150,
        validators=[UnicodeUsernameValidator()],
        help_text="Letters, digits and @ . + - _",
        widget=forms.TextInput({"autocomplete": "username", "autocapitalize": "none", "autofocus": True}),
    )
    display_name = forms.CharField(
        label="Name shown to others", max_length=80, required=False, help_text="Left empty, others see the user name."
    )
    password = forms.CharField(
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput(_NEW_PASSWORD),
        help_text=GOOD_ENOUGH,
    )
    repeated = forms.CharField(
        label="Password again", max_length=1024, strip=False, widget=forms.PasswordInput(_NEW_PASSWORD)
    )

    def clean(self) -> dict[str, Any]:
        """Both passwords the same, and good enough for the installation's validators."""
        cleaned = super().clean() or {}
        password = cleaned.get("password")
        if password and "repeated" in cleaned and cleaned["repeated"] != password:
            self.add_error("repeated", "The two passwords differ.")
        elif password:
            unsaved = User(username=cleaned.get("username", ""), display_name=cleaned.get("display_name", ""))
            try:
                password_validation.validate_password(password, unsaved)
            except ValidationError as weak:
                self.add_error("password", weak)
        return cleaned

    @property
    def newcomer(self) -> Newcomer:
        """What was said, once it is valid."""
        said = self.cleaned_data
        return Newcomer(said["username"], said["display_name"], said["password"])


class SignUpView(View):
    """The form, and the first sign-in once it is sent. Where sign-up is closed the page says so (403)."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if reader(request) is not None:
            return redirect("pages:markets")
        return self._shown(request, SignUpForm(), 200 if settings.SIGN_UP else 403)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = SignUpForm(request.POST)
        if not settings.SIGN_UP:
            return self._shown(request, form, 403)
        if form.is_valid():
            try:
                # Never taken back: who makes one account after another is slowed down like who guesses passwords.
                FormAttempt(request=request, username=form.cleaned_data["username"])
                user = join(newcomer=form.newcomer, now=clock.now())
            except UsernameTaken as refused:
                form.add_error("username", refused.title)
            except (SignUpClosed, NotReady, TooManyRequests) as refused:
                form.add_error(None, refused.message)
            else:
                login(request, user, backend=_BACKEND)
                return redirect("pages:markets")
        tell_errors_aloud(form)
        return self._shown(request, form, 422)

    def _shown(self, request: HttpRequest, form: SignUpForm, status: int) -> HttpResponse:
        return page(request, "pages/sign_up.html", {"form": form, "credits": settings.SIGN_UP_CREDITS}, status)
