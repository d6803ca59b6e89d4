"""What an event's page in the console says of its seal, and its proof as a file."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import URLPattern, path, reverse

from governance.access.pages import ReadOnlyPage
from opinion_market.eventstore import proofs
from opinion_market.eventstore.models import Event
from opinion_market.eventstore.read import GlobalKey
from opinion_market.kernel.errors import DomainError


class ProvedPage(ReadOnlyPage):
    """A page of events, each with the address of its proof; who may see the event may have the proof."""

    def get_urls(self) -> list[URLPattern]:
        proof = self.admin_site.admin_view(self.proof_view)
        return [path("<path:object_id>/proof/", proof, name="eventstore_event_proof"), *super().get_urls()]

    def proof_context(self, row: Event) -> dict[str, Any]:
        """The number of the event's seal, None while it has none, and where its proof is."""
        return {
            "seal": proofs.seal_number_of(GlobalKey(row.transaction_id, row.position)),
            "proof_address": reverse("admin:eventstore_event_proof", args=[row.position]),
        }

    def proof_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The event's inclusion proof as a file, for `tools/verify_proof.py`."""
        event: Event | None = self.row_or_none(request, object_id)
        if event is None:
            raise Http404
        try:
            document = proofs.event_proof(event.position)
        except DomainError as refused:
            messages.error(request, refused.message)
            return HttpResponseRedirect(reverse("admin:eventstore_event_change", args=[event.position]))
        name = f'attachment; filename="proof-{event.position}.json"'
        return JsonResponse(document, headers={"Content-Disposition": name})
