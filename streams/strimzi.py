"""Principals as Strimzi's KafkaUser resources: on Kubernetes its user operator keeps the passwords, lists and quotas."""

from streams.principals import Kind, Pattern, Principal

PROGRAMS = ("suar-worker", "suar-feed", "suar-pager", "suar-sealer", "suar-retention")
"""They run in the cluster, so they have certificates; who is outside has a password."""


def user(principal: Principal, namespace: str, cluster: str) -> dict[str, object]:
    """One resource. Operations on one thing stand together."""
    lines: dict[tuple[Kind, str, Pattern], list[str]] = {}
    for one in sorted(principal.grants(namespace)):
        spelled = one.operation.name.title().replace("_C", "C")
        lines.setdefault((one.kind, one.name, one.pattern), []).append(spelled)
    acls = [
        {
            "resource": {
                "type": kind.name.lower(),
                "name": name,
                "patternType": {Pattern.LITERAL: "literal", Pattern.PREFIXED: "prefix"}[pattern],
            },
            "operations": operations,
        }
        for (kind, name, pattern), operations in lines.items()
    ]
    bounds = {
        "producerByteRate": principal.quota.written,
        "consumerByteRate": principal.quota.read,
        "requestPercentage": int(principal.quota.busy_percent) if principal.quota.busy_percent else None,
    }
    spec: dict[str, object] = {
        "authentication": {"type": "tls" if principal.name in PROGRAMS else "scram-sha-512"},
        "authorization": {"type": "simple", "acls": acls},
    }
    if any(bounds.values()):
        spec["quotas"] = {name: bound for name, bound in bounds.items() if bound is not None}
    return {
        "apiVersion": "kafka.strimzi.io/v1beta2",
        "kind": "KafkaUser",
        "metadata": {"name": principal.name, "labels": {"strimzi.io/cluster": cluster}},
        "spec": spec,
    }
