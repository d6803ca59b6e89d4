"""The sidebar: what there is to operate, grouped; each user sees what they may open."""

from dataclasses import dataclass

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from opinion_market.console.dashboards.pages import DASHBOARDS, Dashboard


@dataclass(frozen=True, slots=True)
class Entry:
    """A page in the sidebar: the model whose admin page it is, and, for a page beside its list, the page's own name."""

    title: str
    icon: str
    model: str
    page: str = "changelist"


GROUPS: dict[str, tuple[Entry, ...]] = {
    "Markets": (
        Entry("Markets", "storefront", "markets.Market"),
        Entry("Groups of markets", "category", "markets.MarketGroup"),
        Entry("Comments", "forum", "markets.Comment"),
        Entry("Default limits", "speed", "markets.LimitDefaults"),
    ),
    "Trading": (
        Entry("Orders", "receipt_long", "markets.Order"),
        Entry("Trades", "swap_horiz", "markets.Trade"),
        Entry("Positions", "pie_chart", "markets.Position"),
        Entry("Leaderboards", "leaderboard", "markets.Standing"),
        Entry("Reward campaigns", "redeem", "markets.RewardCampaign"),
        Entry("Rewards paid", "paid", "markets.RewardPayout"),
    ),
    "Ledger": (
        Entry("Accounts", "account_balance_wallet", "markets.Account"),
        Entry("Postings", "list_alt", "markets.Posting"),
        Entry("Trial balance", "balance", "markets.Account", "trial_balance"),
    ),
    "Event store": (
        Entry("Events", "history", "eventstore.Event"),
        Entry("Streams", "account_tree", "eventstore.StreamSummary"),
        Entry("Seals", "verified", "eventstore.Seal"),
        Entry("Archive files", "inventory_2", "eventstore.Archive"),
        Entry("Snapshot policies", "photo_camera", "eventstore.SnapshotPolicy"),
    ),
    "Background work": (
        Entry("Projections", "rss_feed", "eventstore.Checkpoint"),
        Entry("Commands", "terminal", "eventstore.QueuedCommand"),
        Entry("Processes", "route", "eventstore.Process"),
        Entry("Event handlers", "bolt", "eventstore.EventHandler"),
        Entry("Periodic tasks", "schedule", "django_celery_beat.PeriodicTask"),
    ),
    "Service mesh": (
        Entry("Dashboard", "monitoring", "mesh.Service", "dashboard"),
        Entry("Graph", "hub", "mesh.Service", "graph"),
        Entry("Services", "dns", "mesh.Service"),
        Entry("Instances", "memory", "mesh.Instance"),
        Entry("Configurations", "difference", "mesh.ConfigSnapshot"),
        Entry("Nodes", "router", "mesh.Node"),
    ),
    "Chaos engineering": (
        Entry("Experiments", "science", "mesh.Experiment"),
        Entry("Resilience", "shield", "mesh.ResilienceScore"),
    ),
    "API gateway": (
        Entry("Front door", "door_front", "mesh.GatewaySettings"),
        Entry("Routes", "alt_route", "mesh.Route"),
        Entry("Rate limits", "speed", "mesh.RateLimit"),
        Entry("Request log", "receipt_long", "mesh.RequestLog"),
    ),
    "Gateway identities": (
        Entry("Identity providers", "badge", "mesh.IdentityProvider"),
        Entry("Basic credentials", "password", "mesh.BasicCredential"),
        Entry("OAuth 2 clients", "apps", "oauth2_provider.Application"),
    ),
    "People": (
        Entry("Users", "person", "governance.User"),
        Entry("Organizations", "apartment", "governance.Organization"),
        Entry("API keys", "key", "governance.ApiKey"),
    ),
    "Audit": (
        Entry("Audit trail", "policy", "auditlog.LogEntry"),
        Entry("Rights on objects", "lock_person", "guardian.UserObjectPermission"),
        Entry("Groups' rights on objects", "lock", "guardian.GroupObjectPermission"),
    ),
}

# What one row and several are called on the pages, where the model's own name is not what the sidebar says.
NAMES: dict[str, tuple[str, str]] = {
    "markets.MarketGroup": ("group of markets", "groups of markets"),
    "markets.LimitDefaults": ("default limits", "default limits"),
    "markets.Standing": ("place on a leaderboard", "places on leaderboards"),
    "markets.RewardPayout": ("reward paid", "rewards paid"),
    "eventstore.Checkpoint": ("projection", "projections"),
    "mesh.ConfigSnapshot": ("configuration", "configurations"),
    "mesh.ResilienceScore": ("resilience score", "resilience scores"),
    "mesh.GatewaySettings": ("front door", "front door"),
    "mesh.RequestLog": ("logged request", "logged requests"),
    "oauth2_provider.Application": ("OAuth 2 client", "OAuth 2 clients"),
    "auditlog.LogEntry": ("entry of the audit trail", "entries of the audit trail"),
    "guardian.UserObjectPermission": ("right on an object", "rights on objects"),
    "guardian.GroupObjectPermission": ("group's right on an object", "groups' rights on objects"),
}


def name_pages() -> None:
    """Give the models of NAMES the names that people read. Only the console shows them; migrations keep the written ones."""
    for model, (one, several) in NAMES.items():
        options = apps.get_model(model)._meta
        options.verbose_name, options.verbose_name_plural = one, several


def sidebar(request: HttpRequest) -> list[dict[str, object]]:
    """unfold's navigation: groups of links, without those the user may not open."""
    home = {"title": "Home", "icon": "monitoring", "link": reverse("admin:index")}
    groups: list[dict[str, object]] = [{"title": "", "items": [home]}]
    boards = [_board(request, dashboard) for dashboard in DASHBOARDS if dashboard.is_open_to(request)]
    if boards:
        groups.append({"title": "Dashboards", "separator": True, "items": boards})
    for title, entries in GROUPS.items():
        items = [_item(request, entry) for entry in entries if _may_open(request, entry)]
        if items:
            groups.append({"title": title, "separator": True, "items": items})
    return groups


def account_links(request: HttpRequest) -> list[dict[str, str]]:
    """Links in the menu of the signed-in user."""
    return [{"title": "API documentation", "link": reverse("docs")}]


def _may_open(request: HttpRequest, entry: Entry) -> bool:
    page = admin.site.get_model_admin(apps.get_model(entry.model))
    return page.has_module_permission(request) and page.has_view_permission(request)


def _item(request: HttpRequest, entry: Entry) -> dict[str, object]:
    name = entry.model.lower().replace(".", "_")
    address = reverse(f"admin:{name}_{entry.page}")
    own_pages = {reverse(f"admin:{other.model.lower().replace('.', '_')}_{other.page}") for other in _all_entries()}
    here = request.path == address or (request.path.startswith(address) and request.path not in own_pages)
    return {"title": entry.title, "icon": entry.icon, "link": address, "active": here}


def _board(request: HttpRequest, dashboard: Dashboard) -> dict[str, object]:
    here = request.path == dashboard.address
    return {"title": dashboard.title, "icon": dashboard.icon, "link": dashboard.address, "active": here}


def _all_entries() -> list[Entry]:
    return [entry for entries in GROUPS.values() for entry in entries]
