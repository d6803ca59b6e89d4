"""What Django finds of governance: an explicit list over its subpackages. Nobody inside the project imports from here."""

from governance.identity.models import ApiKey, RevokedToken, User
from governance.organizations.models import Membership, Organization

__all__ = ["ApiKey", "Membership", "Organization", "RevokedToken", "User"]
