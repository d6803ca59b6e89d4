"""Rate limits: one filter per unit of time, shortest first, each with a token bucket per limit and caller.

A bucket holds a whole unit's requests and refills continuously: over any longer time at most `requests` per unit pass, but
the first unit after a pause can see up to twice as many (a full bucket, and what refills meanwhile).
"""

from mesh.gateway.rendering.names import (
    FILTER_CONFIG,
    KEY,
    ORGANIZATION,
    RATE_HEADERS,
    ROUTE_METADATA,
    USER,
    Json,
    header,
    limit_filter,
    typed,
)
from mesh.gateway.spec import UNITS, Gateway, Limit

_LIMIT, _ROUTE, _CALLER = "limit", "route", "caller"
_EVERYTHING = 4_294_967_295
_HEADERS = {"user": USER, "key": KEY, "tenant": ORGANIZATION}
# An IPv6 client has a whole /64 of addresses to itself.
_IP: Json = {"masked_remote_address": {"v4_prefix_mask_len": 32, "v6_prefix_mask_len": 64}}
_IP_KEY = "masked_remote_address"
# Each unit's filter appends to the same three headers, the longest unit first; a refusal stops before the longer ones. This
# makes one set of them, of the limit that is closest. The number that is no limit is that of `_EVERYTHING`.
_ONE_SET = """
local windows = {1, 60, 3600, 86400}
local function listed(text)
  local found = {}
  for each in string.gmatch(text or "", "%d+") do found[#found + 1] = tonumber(each) end
  return found
end
function envoy_on_response(handle)
  local headers = handle:headers()
  local limits, left = listed(headers:get("x-ratelimit-limit")), listed(headers:get("x-ratelimit-remaining"))
  local resets = listed(headers:get("x-ratelimit-reset"))
  headers:remove("x-ratelimit-limit")
  headers:remove("x-ratelimit-remaining")
  headers:remove("x-ratelimit-reset")
  local closest, policy = nil, {}
  for i = #limits, 1, -1 do
    if limits[i] ~= 4294967295 then
      policy[#policy + 1] = string.format("%d;w=%d", limits[i], windows[#limits - i + 1])
      if closest == nil or left[i] < left[closest] then closest = i end
    end
  end
  if closest ~= nil then
    headers:replace("ratelimit-limit", tostring(limits[closest]))
    headers:replace("ratelimit-remaining", tostring(left[closest]))
    headers:replace("ratelimit-reset", tostring(resets[closest]))
    headers:replace("ratelimit-policy", table.concat(policy, ", "))
  end
end
"""
_ALL: Json = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}


def extension_configs(gateway: Gateway) -> dict[str, Json]:
    """The filters by name, as they are discovered. All units are there, so that a first limit changes no listener."""
    return {limit_filter(unit): _filter(gateway, unit) for unit in UNITS}


def one_set_of_headers() -> Json:
    """The filter in front of the limits that tells callers how they stand: RateLimit-Limit, -Remaining, -Reset, -Policy.

    Source: the IETF's draft "RateLimit header fields for HTTP", version 3.
    """
    config = typed("filters.http.lua.v3.Lua", default_source_code={"inline_string": _ONE_SET})
    return {"name": RATE_HEADERS, "typed_config": config, "disabled": True}


def per_route(gateway: Gateway) -> dict[str, Json]:
    """What every route turns on while there are limits."""
    return {RATE_HEADERS: {"@type": FILTER_CONFIG, "config": {}}} if gateway.limits else {}


def _filter(gateway: Gateway, unit: str) -> Json:
    limits = [each for each in gateway.limits if each.unit == unit]
    config = typed(
        "filters.http.local_ratelimit.v3.LocalRateLimit",
        stat_prefix=limit_filter(unit),
        # Of requests that no limit speaks of.
        token_bucket={"max_tokens": _EVERYTHING, "tokens_per_fill": _EVERYTHING, "fill_interval": "1s"},
        always_consume_default_token_bucket=False,
        filter_enabled={**_ALL, "runtime_key": f"gateway.{unit}.enabled"},
        filter_enforced={**_ALL, "runtime_key": f"gateway.{unit}.enforced"},
        response_headers_to_add=[header("x-ratelimit-unit", unit)],
        enable_x_ratelimit_headers="DRAFT_VERSION_03" if gateway.limits else "OFF",
        enable_retry_after_header=True,
    )
    if limits:
        config["rate_limits"] = [_question(each) for each in limits]
        config["descriptors"] = [_bucket(each) for each in limits]
        # The default keeps twenty callers: beyond these they would evict one another, and start anew.
        config["max_dynamic_descriptors"] = gateway.max_clients
    return config


def _question(limit: Limit) -> Json:
    """What of a request tells the bucket. Where a part is missing (no user), the limit does not apply."""
    actions: list[Json] = [{"generic_key": {"descriptor_key": _LIMIT, "descriptor_value": limit.name}}]
    if limit.route or limit.scope == "endpoint":
        key = {"key": ROUTE_METADATA, "path": [{"key": "route"}]}
        actions.append({"metadata": {"descriptor_key": _ROUTE, "metadata_key": key, "source": "ROUTE_ENTRY"}})
    if limit.scope == "ip":
        actions.append(_IP)
    elif limit.scope in _HEADERS:
        actions.append({"request_headers": {"header_name": _HEADERS[limit.scope], "descriptor_key": _CALLER}})
    return {"actions": actions}


def _bucket(limit: Limit) -> Json:
    """An empty value stands for each there is: Envoy makes a bucket per value it meets."""
    entries: list[Json] = [{"key": _LIMIT, "value": limit.name}]
    if limit.route or limit.scope == "endpoint":
        entries.append({"key": _ROUTE, "value": limit.route})
    if limit.scope == "ip":
        entries.append({"key": _IP_KEY})
    elif limit.scope in _HEADERS:
        entries.append({"key": _CALLER})
    bucket: Json = {
        "max_tokens": limit.requests,
        "tokens_per_fill": limit.requests,
        "fill_interval": f"{UNITS[limit.unit]}s",
    }
    return {"entries": entries, "token_bucket": bucket}
