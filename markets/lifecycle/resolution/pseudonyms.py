"""Names for accounts and people in what everybody may read: the same within a market, and of no use in any other."""

from django.utils.crypto import salted_hmac

_LENGTH = 12


def account_alias(market_id: object, account_id: int) -> str:
    """An account in the public dossier of one market. Keyed, so that trying all account numbers does not betray it."""
    return "account-" + _digest("account", market_id, account_id)


def person_alias(market_id: object, person_id: object) -> str:
    """Somebody who decided something, in the public dossier of one market."""
    return "person-" + _digest("person", market_id, person_id)


def _digest(kind: str, market_id: object, of: object) -> str:
    salt = f"opinion_market.dossier.{kind}.v1"
    return salted_hmac(salt, f"{market_id}:{of}", algorithm="sha256").hexdigest()[:_LENGTH]
