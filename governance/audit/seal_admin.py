"""Seals and archive files in the console. They cover every tenant's events, so these pages are the platform's: superusers'."""

import base64
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RangeDateTimeFilter

from governance.access.pages import Fact, PageLink, ReadOnlyPage, column, staff
from governance.audit.seal_checks import check_seal, last_check
from opinion_market.eventstore import archive_files, verify_seals
from opinion_market.eventstore.errors import ArchiveDamaged
from opinion_market.eventstore.models import Archive, Seal
from opinion_market.kernel import clock


def seal_link(number: int) -> SafeString:
    return format_html(
        '<a class="om-link" href="{}">Seal {}</a>', reverse("admin:eventstore_seal_change", args=[number]), number
    )


def _mono(text: str) -> SafeString:
    return format_html('<span class="om-mono">{}</span>', text)


def _shortened(content: bytes) -> SafeString:
    text = content.hex()
    return format_html('<span class="om-mono" title="{}">{}…</span>', text, text[:16])


@admin.register(Seal)
class SealAdmin(ReadOnlyPage):
    """Every hour a signed Merkle root over the new events. A seal's page recomputes its root when asked."""

    empty_text = "The first seal is made when the platform has run for an hour; then one every hour that has events."
    view_permission = "system.audit"
    organization_lookup = None
    page_template = "console/seal.html"
    list_display = ("number", "sealed_at", "counted", "shown_root", "key_id", "state")
    list_filter = (("sealed_at", RangeDateTimeFilter),)
    search_fields = ("=number",)
    search_help_text = "Number of a seal"
    ordering = ("-number",)
    sortable_by = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).select_related("key").defer("blocks")
        return rows

    def get_urls(self) -> list[URLPattern]:
        verify = self.admin_site.admin_view(self.verify_view)
        return [path("<path:object_id>/verify/", verify, name="eventstore_seal_verify"), *super().get_urls()]

    @column("Events")
    def counted(self, seal: Seal) -> str:
        return f"{seal.events:,}"

    @column("Root")
    def shown_root(self, seal: Seal) -> SafeString:
        return _shortened(bytes(seal.root))

    @column("Signature", label={"valid": "success", "broken": "danger"})
    def state(self, seal: Seal) -> str:
        """Its own hash and signature, computed while the list is shown; the root takes its page."""
        return "broken" if verify_seals.own_faults(seal) else "valid"

    def facts(self, request: HttpRequest, row: Seal) -> list[Fact]:
        return [
            Fact("Sealed", row.sealed_at),
            Fact("Events", f"{row.events:,}"),
            Fact("First event", f"position {row.first_position}, transaction {row.first_transaction_id}"),
            Fact("Last event", f"position {row.last_position}, transaction {row.last_transaction_id}"),
            Fact("Root", _mono(bytes(row.root).hex())),
            Fact("Hash", _mono(bytes(row.hash).hex())),
            Fact("Previous seal", seal_link(row.number - 1) if row.number > 1 else "none"),
            Fact("Previous hash", _mono(bytes(row.previous_hash).hex())),
            Fact("Key", _mono(row.key_id)),
            Fact("Public key", _mono(bytes(row.key.public_key).hex())),
            Fact("Signature", _mono(base64.b64encode(bytes(row.signature)).decode())),
            Fact("Archive files", row.archives.filter(restored_at=None).count()),
        ]

    def page_context(self, request: HttpRequest, row: Seal) -> dict[str, Any]:
        return {
            "title": str(row),
            "faults": [explanation for _, explanation in verify_seals.own_faults(row)],
            "check": last_check(row.number),
            "verify_address": reverse("admin:eventstore_seal_verify", args=[row.number]),
        }

    def verify_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Recompute the root now, and say what was found."""
        seal: Seal | None = self.row_or_none(request, object_id)
        if seal is None:
            raise Http404
        if request.method != "POST":
            raise PermissionDenied
        check = check_seal(actor=staff(request), seal=seal, now=clock.now())
        if check.intact:
            messages.success(request, f"The {check.events:,} events have the sealed root.")
        else:
            messages.error(request, " ".join(check.findings))
        return HttpResponseRedirect(reverse("admin:eventstore_seal_change", args=[seal.number]))


@admin.register(Archive)
class ArchiveAdmin(ReadOnlyPage):
    """Files that hold events of more than a year ago. `manage.py read_archive` prints and restores them."""

    empty_text = "Events move into files when they are older than a year and sealed."
    view_permission = "system.audit"
    organization_lookup = None
    list_display = ("shown_file", "shown_seal", "counted", "size", "archived_at", "state")
    list_filter = (("archived_at", RangeDateTimeFilter),)
    search_fields = ("sha256__startswith", "=seal__number")
    search_help_text = "Beginning of the file's name, or number of a seal"
    ordering = ("-id",)
    sortable_by = ()

    @column("File")
    def shown_file(self, archive: Archive) -> SafeString:
        return _shortened(bytes.fromhex(archive.sha256))

    @column("Seal")
    def shown_seal(self, archive: Archive) -> SafeString:
        return seal_link(archive.seal_id)

    @column("Events")
    def counted(self, archive: Archive) -> str:
        return f"{archive.events:,}"

    @column("Size")
    def size(self, archive: Archive) -> str:
        return str(filesizeformat(archive.size_bytes))

    @column("State", label={"in place": "success", "restored": "info", "missing": "danger"})
    def state(self, archive: Archive) -> str:
        """Whether the file is there in its length; its page reads it."""
        if archive.restored_at is not None:
            return "restored"
        path = archive_files.path_of(archive.sha256)
        return "in place" if path.is_file() and path.stat().st_size == archive.size_bytes else "missing"

    def facts(self, request: HttpRequest, row: Archive) -> list[Fact]:
        return [
            Fact("File", _mono(row.file_name)),
            Fact("Contents", _contents(row)),
            Fact("Seal", seal_link(row.seal_id)),
            Fact("Events", f"{row.events:,}"),
            Fact("Size", filesizeformat(row.size_bytes)),
            Fact("Archived", row.archived_at),
            Fact("Read back and verified", row.verified_at),
            Fact("Restored", row.restored_at or "no"),
        ]

    def page_context(self, request: HttpRequest, row: Archive) -> dict[str, Any]:
        return {
            "title": f"Archive file {row.sha256[:16]}…",
            "deeds": [PageLink("Seal", reverse("admin:eventstore_seal_change", args=[row.seal_id]), "verified")],
        }


def _contents(archive: Archive) -> str:
    try:
        events = sum(row.recomputed_hash() == row.hash for row in archive_files.read(archive.sha256))
    except ArchiveDamaged as damage:
        return damage.message
    return f"{events:,} events, each with the hash recorded with it"
