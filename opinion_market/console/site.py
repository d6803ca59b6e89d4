"""The console's site. It is Django's default admin site, so `django.contrib.admin.site` is the same object."""

from django.contrib import admin
from unfold.sites import UnfoldAdminSite


class ConsoleSite(UnfoldAdminSite):  # type: ignore[misc]
    """Only staff may enter; what they see there is decided by the catalogue."""


site = admin.site
