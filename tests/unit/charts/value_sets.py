"""Values with which the charts are rendered: each set gives every chart its values."""

from __future__ import annotations

from typing import Any

from tests.support.panda import COMPONENTS

__all__ = ["VALUE_SETS"]

Values = dict[str, Any]

# By name: no other sub-chart refers to the first one's objects.
_SUB_CHARTS = {name: sorted(sub.name for sub in spec.sub_components) for name, spec in COMPONENTS.items()}


def _everywhere(values: Values) -> dict[str, Values]:
    """The same values for every sub-chart."""
    return {chart: dict.fromkeys(names, values) for chart, names in _SUB_CHARTS.items()}


def _merge(*sets: dict[str, Values]) -> dict[str, Values]:
    merged: dict[str, Any] = {}
    for one in sets:
        for key, value in one.items():
            known = merged.get(key)
            merged[key] = (
                _merge(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
            )
    return merged


def _hosts(host: str, annotations: Values, **path: Any) -> Values:
    return {
        "enabled": True,
        "className": "nginx",
        "annotations": annotations,
        "hosts": [{"hostOverride": host, "paths": [{"path": "/", "pathType": "Prefix"} | path]}],
        "tls": [{"hosts": [{"hostOverride": host}]}],
    }


_DYNAMIC_VOLUME = {"create": False, "selector": False, "class": "fast", "size": "2Gi"}
_DYNAMIC = _merge(
    _everywhere({"persistentvolume": _DYNAMIC_VOLUME}),
    {
        "harvester": {
            "harvester": {"persistentvolumecondor": _DYNAMIC_VOLUME, "persistentvolumewdir": {"size": "3Gi"}}
        },
        "idds": {"rest": {"persistentvolumerequests": _DYNAMIC_VOLUME}},
    },
)
_ADOPTED = {"create": False, "existingClaim": "shared", "subPath": "harvester"}
_SHARED = _merge(
    _DYNAMIC,
    {
        "panda": {
            "server": {"persistentvolume": {"sharedPvcName": "shared", "subPath": "server"}},
            "jedi": {"persistentvolume": {"sharedPvcName": "shared", "subPath": "jedi"}},
        },
        "harvester": {
            "harvester": {
                "persistentvolume": _ADOPTED,
                "persistentvolumewdir": {"existingClaim": "work", "subPath": "wdirs"},
                "persistentvolumecondor": _ADOPTED | {"subPath": "condor_logs"},
            },
            "mariadb": {"persistentvolume": _ADOPTED},
        },
        "idds": {
            "rest": {
                "persistentvolume": {"sharedPvcName": "shared", "subPath": "idds"},
                "persistentvolumerequests": {
                    "reuseLogsVolume": True,
                    "path": "/data/idds-requests",
                    "subPath": "req",
                },
            }
        },
        "bigmon": {"main": {"persistentvolume": {"sharedPvcName": "shared", "subPath": "bigmon"}}},
        "ui": {"backend": {"persistentvolume": {"sharedPvcName": "shared", "subPath": "ui"}}},
    },
)
# Takes a default away, which only works where there is one: harvester has none.
_CLASS_ONCE: Values = {"kubernetes.io/ingress.class": None, "example.org/own": "yes"}
_INGRESSES: dict[str, Values] = {
    "iam": {"main": {"ingress": _hosts("iam.example.org", _CLASS_ONCE)}},
    "panda": {
        "server": {
            "ingress": _hosts("panda.example.org", _CLASS_ONCE),
            "ingress_big": _hosts("big.example.org", _CLASS_ONCE),
        }
    },
    "harvester": {"harvester": {"ingress": _hosts("harvester.example.org", {"example.org/own": "yes"})}},
    "idds": {
        "rest": {"ingress": _hosts("idds.example.org", _CLASS_ONCE, serviceName="ignored", servicePort=1)}
    },
    "bigmon": {
        "main": {
            "ingress": _hosts(
                "bigmon.example.org", _CLASS_ONCE, serviceName="panda-harvester", servicePort=443
            )
        }
    },
    "ui": {
        "global": {"hostOverwrite": "ui.example.org", "vo": "wlcg"},
        "ingress": {"annotations": _CLASS_ONCE},
    },
}
_OFF = {"ingress": {"enabled": False}}
_POD = {
    "image": {"repository": "registry.example.org/image", "tag": "7", "pullPolicy": "Never"},
    "imagePullSecrets": [{"name": "pull"}],
    "resources": {"limits": {"cpu": "1", "memory": None}, "requests": {"cpu": "100m", "memory": "64Mi"}},
    "podAnnotations": {"example.org/hash": "0123", "example.org/delay": "2s"},
    "podSecurityContext": {"fsGroup": 1000},
    "securityContext": {"runAsUser": 1000},
    "nodeSelector": {"role": "panda"},
    "tolerations": [{"key": "panda", "operator": "Exists"}],
    "affinity": {
        "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{}]}}
    },
    "serviceAccount": {"name": "panda"},
}
_CVMFS = {"cvmfs": {"enabled": True, "repositories": [{"name": "atlas", "repository": "atlas.cern.ch"}]}}
_ROUTE = {"route": {"enabled": True}, "hostName": "panda.example.org"}

VALUE_SETS: dict[str, dict[str, Values]] = {
    "defaults": {},
    "production": _merge(_SHARED, _INGRESSES, _everywhere({"podAnnotations": {"example.org/hash": "0123"}})),
    "dynamic storage": _DYNAMIC,
    "class of the cluster": _merge(_DYNAMIC, _everywhere({"persistentvolume": {"class": ""}})),
    "host paths everywhere": _everywhere({"persistentvolume": {"create": True, "class": "manual"}}),
    "selectors left on": _everywhere({"persistentvolume": {"create": False}}),
    "shared claim": _SHARED,
    "reused request volume": {
        "idds": {
            "rest": {
                "persistentvolume": {"create": False},
                "persistentvolumerequests": {"reuseLogsVolume": True},
            }
        }
    },
    "ingresses": _INGRESSES,
    "no ingress": {"iam": {"main": _OFF}, "idds": {"rest": _OFF}, "bigmon": {"main": _OFF}, "ui": _OFF},
    "routes": {
        "panda": {"server": _ROUTE},
        "harvester": {"harvester": {"route": {"enabled": True, "hostName": "harvester.example.org"}}},
        "bigmon": {"main": _ROUTE},
    },
    "deployment name": {
        "harvester": {
            "global": {"deploymentName": "mine"},
            "harvester": {"route": {"enabled": True, "hostName": "h"}},
        }
    },
    "gateway": {
        "panda": {"server": {"gateway": {"enabled": True, "className": "eg"}, "hostName": "p.example.org"}}
    },
    "other gateway": {"panda": {"server": {"gateway": {"enabled": True, "implementation": "istio"}}}},
    "no root": _everywhere({"noRoot": True}),
    "replicas": _everywhere({"replicaCount": 3}),
    "pods": _everywhere(_POD),
    "pods without root": _everywhere({"noRoot": True, "securityContext": {"runAsUser": 1000}}),
    "other names": {chart: {names[0]: {"nameOverride": "other"}} for chart, names in _SUB_CHARTS.items()},
    "full names": {chart: {names[0]: {"fullnameOverride": "full"}} for chart, names in _SUB_CHARTS.items()},
    "node ports": _everywhere({"service": {"type": "NodePort"}}),
    "other secrets": {chart: {"global": {"secret": "mine"}} for chart in _SUB_CHARTS},
    "existing certificate": {
        "panda": {"global": {"existingTlsSecret": "tls"}},
        "bigmon": {"global": {"existingTlsSecret": "tls"}},
    },
    "software by cvmfs": {
        "panda": {"server": _CVMFS, "jedi": _CVMFS},
        "harvester": {"harvester": _CVMFS},
        "idds": {"rest": _CVMFS},
        "bigmon": {"main": _CVMFS},
    },
    "extras": {
        "iam": {"mariadb": {"enabled": True}},
        "iam-db": {"backup": {"persistentvolumespecial": {"mount": True, "class": "fast"}}},
        "panda": {
            "server": {
                "sharedCache": True,
                "persistentvolume": {"create": False, "reclaimPolicy": "Delete"},
                "extraEnv": {"A": "b"},
            },
            "jedi": {"persistentvolume": {"reclaimPolicy": "Delete"}},
            "nodeRecovery": {"enabled": True, "image": "kubectl:1"},
        },
        "harvester": {
            "harvester": {
                "persistentvolumespecial": {"mount": True, "class": "fast", "path": "/data"},
                "sharedLogs": {"create": True, "name": "panda-shared-logs", "storageClass": "fast"},
                "experiment": "doma",
            }
        },
        "idds": {
            "rest": {"restHost": "https://rest", "bigmonURL": "https://mon", "serverConf": {"numWsgi": "5"}}
        },
        "bigmon": {"main": {"installedAppsList": "core"}},
        "ui": {"global": {"hostOverwrite": "ui.example.org", "logLevel": "DEBUG"}},
    },
    "static share": {
        "harvester": {
            "harvester": {
                "sharedLogs": {
                    "create": True,
                    "name": "panda-shared-logs",
                    "shareID": "s",
                    "shareAccessID": "a",
                }
            }
        }
    },
    "sub-charts off": _merge(
        _everywhere({"enabled": False}),
        {"panda": {"server": {"enabled": True}}, "harvester": {"harvester": {"enabled": True}}},
    ),
}
"""Sets by what they are about; a chart that a set does not name gets its defaults."""
