"""The form with which staff enter the console."""

from typing import Any

from django.core.exceptions import ValidationError
from unfold.forms import AuthenticationForm

from governance.identity.throttles import FormAttempt
from opinion_market.api.errors import NotReady, TooManyRequests


class SignInForm(AuthenticationForm):  # type: ignore[misc]
    """Unfold's form, slowed down against guessing; while attempts cannot be counted, none is admitted."""

    def clean(self) -> dict[str, Any]:
        """Counts the attempt before the password is looked at, and takes it back when it is right."""
        username = self.cleaned_data.get("username")
        if not username or not self.cleaned_data.get("password"):
            return self._authenticated()
        try:
            attempt = FormAttempt(request=self.request, username=username)
        except TooManyRequests as refused:
            raise ValidationError(
                "Too many attempts to sign in. Try again in %(wait_s)s seconds.", refused.code, refused.data
            ) from None
        except NotReady as refused:
            raise ValidationError(f"{refused.message} Try again later.", refused.code) from None
        cleaned = self._authenticated()
        attempt.succeeded()
        return cleaned

    def _authenticated(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        return cleaned
