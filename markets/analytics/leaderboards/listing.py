"""How people appear on leaderboards: by default under a made-up pseudonym, on request under their name or not at all."""

import re
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.crypto import salted_hmac

from governance.identity.models import User
from markets.analytics.leaderboards.errors import InvalidPseudonym, PseudonymTaken
from markets.analytics.leaderboards.models import Listing

_PSEUDONYM = re.compile(r"[^\W_][\w .\-]{1,38}[^\W_]")
_MADE_UP_DIGITS = 8


def made_up_pseudonym(user: User) -> str:
    """The same for a user as long as the platform's secret key is: `Trader 1f09c2ab`. Cannot be traced back to them without it."""
    return f"Trader {salted_hmac('markets.leaderboards', str(user.pk)).hexdigest()[:_MADE_UP_DIGITS]}"


def listing_of(user: User) -> Listing:
    """The user's choice, or the default, not stored."""
    return Listing.objects.filter(user=user).first() or Listing(user=user)


def shown_name(user: User, listing: Listing | None) -> str:
    """What others read. Somebody hidden is on no board."""
    if listing is not None and listing.shown == Listing.Shown.NAME:
        return str(user)
    return (listing.pseudonym if listing is not None else "") or made_up_pseudonym(user)


def choose_listing(*, actor: User, shown: str, pseudonym: str, now: datetime) -> Listing:
    """Decide how to appear oneself; at once where names are read, in ranks from the next computation on.

    An empty pseudonym stands for the made-up one. Raises InvalidPseudonym, PseudonymTaken.
    """
    if pseudonym and not _PSEUDONYM.fullmatch(pseudonym):
        raise InvalidPseudonym
    named = Q(username__iexact=pseudonym) | Q(display_name__iexact=pseudonym)
    if pseudonym and User.objects.filter(named).exclude(pk=actor.pk).exists():
        raise PseudonymTaken
    try:
        with transaction.atomic():
            listing, _ = Listing.objects.update_or_create(
                user=actor, defaults={"shown": shown, "pseudonym": pseudonym, "updated_at": now}
            )
    except IntegrityError:
        raise PseudonymTaken from None
    return listing
