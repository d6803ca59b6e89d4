"""What can be done to an instance in the console, from its own page and from its service's."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from governance.access.asking import DeedForm, Question, ask
from governance.access.pages import PageLink, staff
from mesh.registry import instances
from mesh.registry.models import Instance


@dataclass(frozen=True, slots=True)
class Deed:
    """A service of `mesh.registry.instances` with what will happen."""

    title: str
    icon: str
    consequences: tuple[str, ...]
    act: Callable[..., int]
    is_dangerous: bool = False


DEEDS = {
    "drain": Deed(
        "Drain",
        "logout",
        (
            "No new request reaches it; what it has begun goes on.",
            "It stays drained until it is resumed, whatever it registers.",
        ),
        instances.drain_instances,
    ),
    "resume": Deed("Resume", "login", ("It takes requests again.",), instances.resume_instances),
    "deregister": Deed(
        "Deregister",
        "delete",
        ("It leaves at once: what it has begun may break off.", "Nothing keeps it from registering again."),
        instances.deregister_instances,
        is_dangerous=True,
    ),
}


def instance_deeds(instance: Instance) -> list[PageLink]:
    """Buttons for what its state allows."""
    names = ["drain" if instance.state == Instance.State.UP else "resume", "deregister"]
    own = instance.service.is_platform and instance.address is None
    refusal = "The platform registers its own parts by itself." if own else ""
    return [
        PageLink(
            DEEDS[name].title,
            reverse("admin:mesh_instance_deed", args=[instance.pk, name]),
            DEEDS[name].icon,
            "danger" if DEEDS[name].is_dangerous else "",
            refusal if name == "deregister" else "",
        )
        for name in names
    ]


def ask_deed(request: HttpRequest, *, page: Any, instance: Instance, name: str) -> HttpResponse:
    """Ask, then do it. `page`: the ModelAdmin."""
    deed = DEEDS.get(name)
    if deed is None:
        raise Http404
    question = Question(
        title=f"{deed.title}: {instance} of {instance.service}",
        button=deed.title,
        consequences=deed.consequences,
        done=f"{instance}: done.",
        back=reverse("admin:mesh_service_change", args=[instance.service_id]),
        is_dangerous=deed.is_dangerous,
    )

    def act(given: Mapping[str, Any]) -> int:
        return deed.act(actor=staff(request), instance_ids=[instance.pk], reason=given["reason"])

    return ask(request, page=page, question=question, form=DeedForm(request.POST or None), act=act)
