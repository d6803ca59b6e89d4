"""What the registry refuses."""

from opinion_market.kernel.errors import Conflict, InvalidInput, NotFound


class MeshNotFound(NotFound):
    code = "mesh_not_found"
    title = "There is no mesh of this name."


class ServiceNotFound(NotFound):
    code = "service_not_found"
    title = "There is no service of this name in the mesh."


class InstanceNotFound(NotFound):
    """Its lease may have run out: then it registers anew."""

    code = "instance_not_found"
    title = "There is no such instance; one whose lease has run out registers anew."


class DependencyNotFound(NotFound):
    code = "dependency_not_found"
    title = "No such dependency is declared."


class MeshExists(Conflict):
    code = "mesh_exists"
    title = "There is a mesh of this name already."


class ServiceExists(Conflict):
    code = "service_exists"
    title = "There is a service of this name in the mesh already."


class BelongsToPlatform(Conflict):
    """The platform registers its own parts by itself, and only it takes them out."""

    code = "belongs_to_platform"
    title = "This is one of the platform's own parts."


class ServiceInUse(Conflict):
    code = "service_in_use"
    title = "The service still has instances, or something else needs it."


class InvalidPolicy(InvalidInput):
    """`data.fields` names what is wrong with each field."""

    code = "invalid_policy"
    title = "The service cannot be set up like this."


class InvalidInstance(InvalidInput):
    """`data.fields` names what is wrong; of several, `data.index` tells which (from 0)."""

    code = "invalid_instance"
    title = "The instance cannot be registered like this."


class AddressRefused(InvalidInput):
    """An address that no instance can have, or one that leads to what callers of the mesh must not reach."""

    code = "address_refused"
    title = "No instance may be registered at this address."


class ServiceTypeNeeded(InvalidInput):
    code = "service_type_needed"
    title = "The service is not registered yet: say of which type it is, and it is made."


class InvalidDependency(InvalidInput):
    code = "invalid_dependency"
    title = "A service depends on another of its own mesh, not on itself."
