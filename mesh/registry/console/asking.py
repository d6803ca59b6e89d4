"""What can be done to a service in the console: its policy, an instance, a dependency, its end."""

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse

from governance.access.asking import DeedForm, Question, ask
from governance.access.pages import PageLink, rendered, staff
from mesh.registry import instances, services
from mesh.registry.console.forms import GROUPS, DependencyForm, InstanceForm, faults_to_fields, policy_form
from mesh.registry.errors import InvalidPolicy
from mesh.registry.models import Dependency, Service
from opinion_market.kernel import clock
from opinion_market.kernel.errors import DomainError

Act = Callable[[Mapping[str, Any]], object]


def page_of(service: Service) -> str:
    return reverse("admin:mesh_service_change", args=[service.pk])


class ServiceDeeds:
    """The addresses of the deeds, and the pages that ask; mixed into the ModelAdmin of services."""

    admin_site: Any

    def deed_urls(self) -> list[URLPattern]:
        """To stand before the model's own addresses."""
        wrap = self.admin_site.admin_view
        return [
            path("<path:object_id>/policy/", wrap(self.policy_view), name="mesh_service_policy"),
            path("<path:object_id>/register/", wrap(self.register_view), name="mesh_service_register"),
            path("<path:object_id>/depend/", wrap(self.depend_view), name="mesh_service_depend"),
            path("<path:object_id>/remove/", wrap(self.remove_view), name="mesh_service_remove"),
            path("withdraw/<uuid:dependency_id>/", wrap(self.withdraw_view), name="mesh_service_withdraw"),
        ]

    def service_deeds(self, service: Service) -> list[PageLink]:
        """Buttons above a service's page."""

        def link(title: str, name: str, icon: str, tone: str = "", refusal: str = "") -> PageLink:
            return PageLink(title, reverse(f"admin:mesh_service_{name}", args=[service.pk]), icon, tone, refusal)

        refusal = ""
        if service.is_platform:
            refusal = "The platform registers its own parts by itself."
        elif service.instances.exists():
            refusal = "It still has instances."
        return [
            link("Change the policy", "policy", "tune", "primary"),
            link("Register an instance", "register", "add"),
            link("Declare a dependency", "depend", "account_tree"),
            link("Remove", "remove", "delete", "danger", refusal),
        ]

    def policy_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """All of the policy in one form. What is refused, also by Envoy itself, stands at the fields or above."""
        service = self._service(request, object_id)
        form = policy_form(self, request, service)
        if request.method == "POST" and form.is_valid():
            values = {name: value for name, value in form.cleaned_data.items() if name != "reason"}
            try:
                services.configure_service(
                    actor=staff(request),
                    mesh=service.mesh.name,
                    name=service.name,
                    values=values,
                    reason=form.cleaned_data["reason"],
                    now=clock.now(),
                )
            except InvalidPolicy as refused:
                faults: Any = refused.data.get("fields", {})
                faults_to_fields(form, faults)
            except DomainError as refused:
                form.add_error(None, refused.message)
            else:
                messages.success(request, "The policy is published.")
                return HttpResponseRedirect(page_of(service))
        groups = [(group, [form[name] for name in group.names]) for group in GROUPS]
        context = {
            "title": f"Policy of {service.name}",
            "service": service,
            "form": form,
            "groups": groups,
            "reason": form["reason"],
            "back": page_of(service),
        }
        return rendered(self, request, "console/mesh/policy.html", context)

    def register_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """One more instance."""
        service = self._service(request, object_id)
        form = InstanceForm(request.POST or None)

        def act(_: Mapping[str, Any]) -> object:
            return instances.register_instance(
                actor=staff(request),
                mesh=service.mesh.name,
                arriving=form.arriving(service.name),
                type=None,
                now=clock.now(),
            )

        will = ["Requests reach it within a second.", "If it is there already, it is renewed with what is given here."]
        return self._ask(request, service, "Register an instance", "Register it", will, form, act)

    def depend_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Declare that it calls another."""
        service = self._service(request, object_id)
        others = service.mesh.services.exclude(pk=service.pk).order_by("name").values_list("name", flat=True)
        form = DependencyForm(request.POST or None, others=list(others))

        def act(given: Mapping[str, Any]) -> object:
            ends = {"caller": service.name, "called": given["called"], "is_critical": given["is_critical"]}
            return services.declare_dependency(actor=staff(request), mesh=service.mesh.name, now=clock.now(), **ends)

        will = ["The graph shows it beside what is observed, and tells if no call is ever seen."]
        return self._ask(request, service, "Declare a dependency", "Declare it", will, form, act)

    def remove_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take it out of the mesh."""
        service = self._service(request, object_id)

        def act(given: Mapping[str, Any]) -> None:
            services.remove_service(
                actor=staff(request), mesh=service.mesh.name, name=service.name, reason=given["reason"], now=clock.now()
            )

        question = Question(
            title=f"Remove: {service.name}",
            button="Remove it",
            consequences=["Nobody reaches it by its name any more.", "Its circuit breakers' history goes with it."],
            done=f"{service.name} is removed.",
            back=reverse("admin:mesh_service_changelist"),
            is_dangerous=True,
        )
        return ask(request, page=self, question=question, form=DeedForm(request.POST or None), act=act)

    def withdraw_view(self, request: HttpRequest, dependency_id: Any) -> HttpResponse:
        """No longer declare a dependency."""
        found = Dependency.objects.select_related("caller__mesh", "called").filter(pk=dependency_id).first()
        if found is None:
            raise Http404
        service = self._service(request, str(found.caller_id))

        def act(_: Mapping[str, Any]) -> None:
            services.withdraw_dependency(actor=staff(request), dependency_id=found.pk)

        will = [
            f"It is no longer declared that {found.caller} calls {found.called}.",
            "What is observed is still shown.",
        ]
        return self._ask(
            request,
            service,
            "Withdraw a dependency",
            "Withdraw it",
            will,
            forms.Form(request.POST if request.method == "POST" else None),
            act,
        )

    def _service(self, request: HttpRequest, object_id: str) -> Service:
        """Raises Http404 unless the user may see it."""
        page: Any = self
        service: Service | None = page.row_or_none(request, object_id)
        if service is None:
            raise Http404
        return service

    def _ask(
        self,
        request: HttpRequest,
        service: Service,
        title: str,
        button: str,
        will: list[str],
        form: forms.Form,
        act: Act,
    ) -> HttpResponse:
        question = Question(
            title=f"{title}: {service.name}", button=button, consequences=will, done="Done.", back=page_of(service)
        )
        return ask(request, page=self, question=question, form=form, act=act)
