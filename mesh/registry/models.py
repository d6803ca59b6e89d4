"""Services, the instances that serve them, how callers are spread over these, and who depends on whom.

The mesh belongs to the platform and not to a tenant: only its operators see and change it (`mesh.operators`).
"""

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q

from mesh.registry.circuit_models import CircuitChange
from mesh.registry.dependency_models import Dependency
from opinion_market.kernel.models import UuidModel

__all__ = [
    "CircuitChange",
    "Dependency",
    "Instance",
    "Mesh",
    "Service",
    "between",
    "is_label",
    "is_version",
    "reached_at",
]

# As in a host name: a service is called as `http://<service>/` or `http://<service>.<mesh>/`.
is_label = RegexValidator(
    r"\A[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z", "Use lower-case letters, digits and hyphens, as in a host name."
)
is_version = RegexValidator(r"\A[a-z0-9][a-z0-9._-]{0,39}\Z", "Use lower-case letters, digits, dots and hyphens.")


def between(least: int, most: int) -> list[MinValueValidator | MaxValueValidator]:
    """Validators of a whole number's range, both ends included."""
    return [MinValueValidator(least), MaxValueValidator(most)]


def reached_at(address: str | None, port: int | None, node: str, socket: str) -> str:
    """Where an instance answers, as people write it; the node alone if it is not called by anybody."""
    if address is None:
        return f"{node}/{socket}" if socket else node
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


class Mesh(UuidModel):
    """A set of services that call one another by name. The platform's own is called `platform`."""

    name = models.CharField(max_length=40, unique=True, validators=[is_label])
    description = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "meshes"

    def __str__(self) -> str:
        return self.name


class Service(UuidModel):
    """Something that answers requests, and the policy for calling it. Times are milliseconds."""

    class Type(models.TextChoices):
        API_GATEWAY = "api_gateway", "API gateway"
        AUTHENTICATION = "authentication", "Authentication"
        USER_MANAGEMENT = "user_management", "User management"
        MARKET_DATA = "market_data", "Market data"
        TRADING = "trading", "Trading"
        ANALYTICS = "analytics", "Analytics"
        NOTIFICATIONS = "notifications", "Notifications"
        PAYMENTS = "payments", "Payments"
        BLOCKCHAIN = "blockchain", "Blockchain"
        ML_ENGINE = "ml_engine", "ML engine"
        CACHING = "caching", "Caching"
        MONITORING = "monitoring", "Monitoring"

    class Protocol(models.TextChoices):
        HTTP = "http", "HTTP/1.1"
        HTTP2 = "http2", "HTTP/2 without TLS"
        TCP = "tcp", "TCP (registered and watched, not routed)"

    class Balancing(models.TextChoices):
        ROUND_ROBIN = "round_robin", "Round robin"
        LEAST_REQUEST = "least_request", "Least request"
        WEIGHTED = "weighted", "Weighted round robin"
        RANDOM = "random", "Random"
        RING_HASH = "ring_hash", "Ring hash"

    class HealthCheck(models.TextChoices):
        NONE = "none", "None"
        HTTP = "http", "HTTP"
        TCP = "tcp", "TCP connection"

    class Split(models.TextChoices):
        NONE = "none", "None"
        WEIGHT = "weight", "Canary by weight"
        HEADER = "header", "Canary by header"
        BLUE_GREEN = "blue_green", "Blue-green"
        MIRROR = "mirror", "Mirror"

    mesh = models.ForeignKey("mesh.Mesh", on_delete=models.PROTECT, related_name="services")
    name = models.CharField(max_length=63, validators=[is_label])
    type = models.CharField(max_length=20, choices=Type.choices)
    protocol = models.CharField(max_length=5, choices=Protocol.choices, default=Protocol.HTTP)
    description = models.CharField(max_length=200, blank=True)
    is_platform = models.BooleanField(default=False, help_text="One of the platform's own parts, registered by itself.")

    load_balancing = models.CharField(
        max_length=15,
        choices=Balancing.choices,
        default=Balancing.ROUND_ROBIN,
        help_text="How the instance for a request is chosen.",
    )
    hash_header = models.CharField(
        max_length=60,
        blank=True,
        help_text="Ring hash: the header that chooses the instance; empty: the name of the calling service.",
    )
    connect_timeout_ms = models.PositiveIntegerField(
        default=1_000, validators=between(10, 60_000), help_text="To open a connection to an instance."
    )
    timeout_ms = models.PositiveIntegerField(
        default=15_000, validators=between(0, 3_600_000), help_text="All tries together; 0: none."
    )
    try_timeout_ms = models.PositiveIntegerField(
        default=0, validators=between(0, 3_600_000), help_text="Each try; 0: as long as all together."
    )
    retries = models.PositiveSmallIntegerField(
        default=2, validators=between(0, 10), help_text="Tries after the first; 0: none."
    )
    retry_on = models.CharField(
        max_length=120,
        default="connect-failure,refused-stream,reset-before-request",
        help_text="Envoy's conditions, separated by commas. The default never sends a request twice that may have acted.",
    )
    retry_base_ms = models.PositiveIntegerField(
        default=25, validators=between(1, 10_000), help_text="The first pause is at most this long."
    )
    retry_max_ms = models.PositiveIntegerField(
        default=250, validators=between(1, 60_000), help_text="Pauses double up to this."
    )

    health_check = models.CharField(
        max_length=4,
        choices=HealthCheck.choices,
        default=HealthCheck.NONE,
        help_text="Requests or connections by which Envoy itself tells whether an instance is well.",
    )
    health_path = models.CharField(max_length=200, default="/health", help_text="HTTP: an answer of 200 is healthy.")
    health_host = models.CharField(max_length=120, blank=True, help_text="Empty: the service's name.")
    health_interval_ms = models.PositiveIntegerField(
        default=30_000, validators=between(100, 3_600_000), help_text="From one check of an instance to the next."
    )
    health_timeout_ms = models.PositiveIntegerField(
        default=1_000, validators=between(10, 60_000), help_text="A check without an answer within this has failed."
    )
    unhealthy_threshold = models.PositiveSmallIntegerField(
        default=2, validators=between(1, 20), help_text="Failed checks in a row that take an instance out."
    )
    healthy_threshold = models.PositiveSmallIntegerField(
        default=2, validators=between(1, 20), help_text="Passed checks in a row that take it in again."
    )

    outlier_errors = models.PositiveSmallIntegerField(
        default=5, validators=between(0, 1_000), help_text="Failures in a row that take an instance out; 0: never."
    )
    outlier_interval_ms = models.PositiveIntegerField(
        default=1_000,
        validators=between(50, 600_000),
        help_text="How often instances are judged, and ejected ones looked at.",
    )
    ejection_ms = models.PositiveIntegerField(
        default=5_000,
        validators=between(50, 3_600_000),
        help_text="How long the first ejection lasts; each further one lasts longer.",
    )
    max_ejection_percent = models.PositiveSmallIntegerField(
        default=50, validators=between(0, 100), help_text="No more of the instances are taken out at once."
    )

    max_connections = models.PositiveIntegerField(
        default=1_024, validators=between(1, 1_000_000), help_text="Connections to all instances together."
    )
    max_pending = models.PositiveIntegerField(
        default=1_024, validators=between(0, 1_000_000), help_text="Requests that wait for a connection."
    )
    max_requests = models.PositiveIntegerField(
        default=1_024, validators=between(1, 1_000_000), help_text="Requests that are being answered."
    )
    # Envoy's own default of 3 answers 503 under any load at all.
    max_retries = models.PositiveIntegerField(
        default=256, validators=between(0, 1_000_000), help_text="Retries under way at once, of all callers together."
    )

    split = models.CharField(
        max_length=10,
        choices=Split.choices,
        default=Split.NONE,
        help_text="Whether instances of one version get requests of their own.",
    )
    split_version = models.CharField(
        max_length=40, blank=True, validators=[is_version], help_text="The version the split sends to."
    )
    split_percent = models.PositiveSmallIntegerField(
        default=0, validators=between(0, 100), help_text="Canary by weight and mirror: the share of requests."
    )
    split_header = models.CharField(
        max_length=60, blank=True, help_text="Canary by header: requests that carry it go to the version."
    )
    split_header_value = models.CharField(
        max_length=120, blank=True, help_text="The value that it must have; empty: any."
    )

    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["mesh__name", "name"]
        constraints = [
            models.UniqueConstraint(fields=["mesh", "name"], name="service_mesh_name"),
            models.CheckConstraint(
                condition=Q(split="none") | ~Q(split_version=""), name="service_split_names_its_version"
            ),
            models.CheckConstraint(
                condition=~Q(split="header") | ~Q(split_header=""), name="service_split_names_its_header"
            ),
            models.CheckConstraint(
                condition=Q(retry_max_ms__gte=F("retry_base_ms")), name="service_retry_max_at_least_base"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Instance(UuidModel):
    """One process that serves a service: an address and port, or a unix socket of one node.

    One with neither is not called by anybody, such as a worker that fetches what it does; it is watched on its node.
    With a lease it must be renewed by heartbeats; when the lease runs out the instance leaves by itself.
    """

    class State(models.TextChoices):
        UP = "up", "Up"
        DRAINING = "draining", "Draining"

    class Health(models.TextChoices):
        UNKNOWN = "unknown", "Not checked"
        HEALTHY = "healthy", "Healthy"
        UNHEALTHY = "unhealthy", "Unhealthy"
        EJECTED = "ejected", "Ejected"

    # Without an index of its own: that of `instance_service_address` begins with it.
    service = models.ForeignKey("mesh.Service", on_delete=models.CASCADE, related_name="instances", db_index=False)
    address = models.GenericIPAddressField(null=True, blank=True)
    port = models.PositiveIntegerField(null=True, blank=True, validators=between(1, 65_535))
    socket = models.CharField(
        max_length=80, blank=True, help_text="A unix socket in the node's own folder, by its name; then no address."
    )
    node = models.CharField(max_length=120, blank=True, help_text="The node it runs on; needed with a socket.")
    weight = models.PositiveSmallIntegerField(default=1, validators=between(1, 128))
    version = models.CharField(max_length=40, default="v1", validators=[is_version])
    metadata = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.UP)
    lease_s = models.PositiveIntegerField(null=True, blank=True, validators=between(1, 86_400))
    lease_until = models.DateTimeField(null=True, blank=True)
    # What Envoy says of it, written by the nodes' controllers when it changes.
    health = models.CharField(max_length=10, choices=Health.choices, default=Health.UNKNOWN)
    health_since = models.DateTimeField(null=True, blank=True)
    registered_at = models.DateTimeField()

    class Meta:
        ordering = ["service", "id"]
        constraints = [
            models.UniqueConstraint(fields=["service", "address", "port"], name="instance_service_address"),
            models.UniqueConstraint(
                fields=["service", "node", "socket"], condition=~Q(socket=""), name="instance_service_socket"
            ),
            models.UniqueConstraint(
                fields=["service", "node"], condition=Q(socket="", address__isnull=True), name="instance_service_node"
            ),
            models.CheckConstraint(
                condition=Q(socket="", address__isnull=False, port__isnull=False)
                | (~Q(node="") & Q(address__isnull=True, port__isnull=True)),
                name="instance_address_or_node",
            ),
        ]
        indexes = [
            models.Index(fields=["lease_until"], name="instance_lease", condition=Q(lease_until__isnull=False)),
        ]

    def __str__(self) -> str:
        return reached_at(self.address, self.port, self.node, self.socket)
