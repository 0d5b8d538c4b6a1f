"""The pods of PanDA's services that others connect to, each on its own port."""

from panda_infra.products.network import Call

__all__ = [
    "BIGMON",
    "BROKER",
    "HARVESTER",
    "HARVESTER_DATABASE",
    "IAM",
    "IAM_DATABASES",
    "IDDS",
    "IDDS_DATABASE",
    "PANDA_DATABASE",
    "SERVER",
    "SERVER_PLAIN",
    "SERVER_TLS",
    "UI",
]

BROKER = Call("msgsvc", "activemq", 61613)
IAM = Call("iam", "main", 8443)
IAM_DATABASES = (Call("iam", "mariadb", 3306), Call("iam-db", "mariadb", 3306))
"""IAM has one of both."""
SERVER_PLAIN = Call("panda", "server", 25080)
SERVER_TLS = Call("panda", "server", 25443)
SERVER = (SERVER_PLAIN, SERVER_TLS)
PANDA_DATABASE = Call("panda", "postgres", 5432)
HARVESTER = Call("harvester", "harvester", 8080)
HARVESTER_DATABASE = Call("harvester", "mariadb", 3306)
IDDS = Call("idds", "rest", 8443)
IDDS_DATABASE = Call("idds", "postgres", 5432)
BIGMON = Call("bigmon", "main", 8443)
UI = (Call("ui", "frontend", 443), Call("ui", "backend", 443))
