#!/bin/bash
# Dumps a database of PostgreSQL, looks whether a dump can be read, restores one, counts what is restored:
# postgres.sh dump|check|restore|drill|count. Runs in the database's own image, so that its programs fit the server. The
# log-in comes by DB_* variables; a drill needs none, because it restores into a server of its own.
set -euo pipefail
cd "${WORK:-/work}"
export TMPDIR=$PWD
umask 077
export PGHOST=${DB_HOST:-} PGPORT=${DB_PORT:-} PGUSER=${DB_USER:-} PGPASSWORD=${DB_PASSWORD:-} PGCONNECT_TIMEOUT=30
# A restore must not wait for ever for a table that somebody uses.
export PGOPTIONS='-c lock_timeout=60s' PGAPPNAME=panda-infra-backup
DB_LEAVES_OUT=${DB_LEAVES_OUT:-}

# Tables that are neither the server's nor an extension's.
TABLES="pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_toast'
AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')"
# Those of them that are in no schema of an administrator.
OWN="$TABLES AND n.nspname <> ALL (string_to_array(:'out', ' '))"

fail() {
  echo "error: $1" >&2
  exit 1
}

query() { psql --no-psqlrc --no-align --tuples-only --quiet --set=ON_ERROR_STOP=1 "$@"; }

# Queries about the tables OWN.
ask() { query --dbname="$DB_NAME" --set=out="$DB_LEAVES_OUT"; }

check() {
  pg_restore --list dump >contents || fail "the dump has no table of contents"
  # This reads all of it.
  pg_restore --file=/dev/null dump || fail "the dump cannot be read to its end"
  echo "the dump holds $(grep -c ' TABLE DATA ' contents) tables"
}

# Partitions that an extension makes belong to the administrator, whatever the user may do with what they are parts of.
readable() {
  unread=$(ask <<<"SELECT c.oid::regclass FROM $OWN AND NOT has_table_privilege(c.oid, 'SELECT') ORDER BY c.oid")
  [ -z "$unread" ] || fail "$DB_USER may not read $(wc --lines <<<"$unread") tables, $(head --lines=1 <<<"$unread") among them"
}

dump() {
  readable
  options=()
  for schema in $DB_LEAVES_OUT; do options+=(--exclude-schema="$schema"); done
  pg_dump --format=custom --no-password --lock-wait-timeout=60s "${options[@]}" --dbname="$DB_NAME" --file=dump
  check
  sha256sum dump | cut -d ' ' -f 1 >dump.sha256
}

# What the restoring user may make: extensions are an administrator's, and so may be the schemas that are there.
chosen() {
  pg_restore --list dump >contents
  if [ "$(query --dbname="$1" <<<'SELECT rolsuper FROM pg_roles WHERE rolname = current_user')" = t ]; then
    cp contents chosen
    return
  fi
  there=" $(query --dbname="$1" <<<'SELECT nspname FROM pg_namespace' | tr '\n' ' ')"
  while IFS= read -r line; do
    case $line in
      *' EXTENSION - '* | *' COMMENT - EXTENSION '*) continue ;;
      *' SCHEMA - '*)
        name=${line##* SCHEMA - }
        [[ $there != *" ${name% *} "* ]] || continue
        ;;
    esac
    printf '%s\n' "$line"
  done <contents >chosen
}

# Statements that drop all that the user may drop, but for what is a part of something else or of an extension.
# `pg_restore --clean` drops what is in the dump alone: what a migration has made since would stay, and hold what must go.
clearing() {
  echo 'SET client_min_messages = warning;'
  query --dbname="$INTO" --set=out="$DB_LEAVES_OUT" <<'SQL'
SET search_path = '';
WITH own AS (
  SELECT oid, quote_ident(nspname) AS schema FROM pg_namespace
  WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND nspname <> ALL (string_to_array(:'out', ' '))
), found AS (
  SELECT 1 AS turn, 'pg_class'::regclass AS catalog, c.oid, c.relowner AS owner, CASE c.relkind WHEN 'v' THEN 'VIEW'
      WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END AS kind,
    schema || '.' || quote_ident(c.relname) AS name
  FROM pg_class c JOIN own ON own.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
  UNION ALL
  SELECT 2, 'pg_class'::regclass, c.oid, c.relowner, 'SEQUENCE', schema || '.' || quote_ident(c.relname)
  FROM pg_class c JOIN own ON own.oid = c.relnamespace WHERE c.relkind = 'S'
  UNION ALL
  SELECT 3, 'pg_proc'::regclass, p.oid, p.proowner, 'ROUTINE', p.oid::regprocedure::text
  FROM pg_proc p JOIN own ON own.oid = p.pronamespace
  UNION ALL
  SELECT 4, 'pg_type'::regclass, t.oid, t.typowner, 'TYPE', schema || '.' || quote_ident(t.typname)
  FROM pg_type t JOIN own ON own.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
  WHERE t.typtype IN ('e', 'd', 'r') OR (t.typtype = 'c' AND c.relkind = 'c')
)
SELECT format('DROP %s IF EXISTS %s CASCADE;', kind, name) FROM found
WHERE pg_has_role(owner, 'USAGE')
AND NOT EXISTS (
  SELECT FROM pg_depend d WHERE d.classid = catalog AND d.objid = found.oid AND d.deptype IN ('e', 'i')
  -- The column that a table is partitioned by is a part of that table.
  AND d.objsubid = 0
) ORDER BY turn;
SQL
}

# Everything in one transaction, which ends only when the dump was read to its end.
replaced() {
  clearing >cleared
  {
    echo 'BEGIN;'
    cat cleared
    pg_restore --clean --if-exists --no-owner --use-list=chosen --file=- dump && echo 'COMMIT;'
  } | query --dbname="$INTO" >/dev/null
}

restore() {
  if [ "$INTO" = "$DB_NAME" ]; then
    [ "${OVERWRITE:-}" = yes ] || fail "$INTO is the live database"
    chosen "$INTO"
    replaced || fail "nothing was changed; a lock timeout means that somebody uses $INTO: stop its services first"
  else
    there=$(query --dbname="$DB_NAME" --set=into="$INTO" <<<"SELECT count(*) FROM pg_database WHERE datname = :'into'")
    if [ "$there" = 0 ]; then
      query --dbname="$DB_NAME" --set=into="$INTO" <<<'CREATE DATABASE :"into"' ||
        fail "$DB_USER may make no database"
    fi
    tables=$(query --dbname="$INTO" <<<"SELECT count(*) FROM $TABLES")
    [ "$tables" = 0 ] || fail "the database $INTO has $tables tables already: name another one, or drop it first"
    chosen "$INTO"
    pg_restore --no-password --no-owner --exit-on-error --single-transaction --use-list=chosen --dbname="$INTO" dump ||
      fail "the dump could not be restored into $INTO, where nothing was made"
  fi
  query --dbname="$INTO" <<<'ANALYZE'
  echo "restored $(grep -c ' TABLE DATA ' chosen) tables into $INTO"
}

# PostgreSQL's programs want a name for their user, which OpenShift's random ones do not have.
named() {
  ! id -un >known 2>&1 || return 0
  for library in {,/usr}/lib{,64}{,/*}/libnss_wrapper.so; do
    if [ -e "$library" ]; then
      echo "somebody:x:$(id -u):$(id -g)::$PWD:/bin/false" >passwd
      echo "somebody:x:$(id -g):" >group
      export LD_PRELOAD=$library NSS_WRAPPER_PASSWD=$PWD/passwd NSS_WRAPPER_GROUP=$PWD/group
      return
    fi
  done
  fail "the pod's user $(id -u) has no name in /etc/passwd of the image, nor has the image nss_wrapper to give it one"
}

# The end of the server, whatever happened.
stop() {
  [ ! -e server/data/postmaster.pid ] || pg_ctl --pgdata=server/data --mode=immediate --silent stop || true
  rm -rf server
}

# A server in this folder that listens to this folder's socket alone; what it writes need not outlive it.
serve() {
  for program in initdb pg_ctl; do
    command -v "$program" >/dev/null || fail "the image has no $program, which a server for the drill needs"
  done
  named
  export PGHOST=$PWD/server PGPORT=5432 PGUSER=postgres
  trap stop EXIT
  rm -rf server
  mkdir server
  initdb --pgdata=server/data --username=postgres --auth=trust --no-sync >server/log 2>&1 ||
    fail "no server could be made: $(tail --lines=3 server/log)"
  cat >>server/data/postgresql.conf <<CONF
listen_addresses = ''
unix_socket_directories = '$PWD/server'
fsync = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = 256MB
# Small in pods is the memory that processes share.
dynamic_shared_memory_type = mmap
CONF
  if grep --quiet ' EXTENSION - pg_cron' contents; then
    # It works in one database, where its jobs must not start.
    cat >>server/data/postgresql.conf <<CONF
shared_preload_libraries = 'pg_cron'
cron.database_name = '$DB_NAME'
cron.launch_active_jobs = off
CONF
  fi
  pg_ctl --pgdata=server/data --log=server/log --timeout=120 --silent --wait start >/dev/null ||
    fail "the server of the drill does not start: $(tail --lines=3 server/log)"
}

# What is there, but for the schemas that are an administrator's.
count() {
  tables=$(ask <<<"SELECT count(*) FROM $OWN")
  # A partitioned table has no rows itself.
  rows=$(ask <<<"SELECT format('SELECT count(*) FROM ONLY %I.%I', n.nspname, c.relname)
    FROM $OWN \\gexec" | { sum=0; while read -r number; do sum=$((sum + number)); done; echo "$sum"; })
  echo "restored $tables tables with $rows rows"
}

drill() {
  pg_restore --list dump >contents || fail "the dump has no table of contents"
  serve
  # With encoding and locale of the live one, whose name may be that of the server's first one.
  pg_restore --create --list dump | grep ' DATABASE - ' >chosen || fail "the dump has no database"
  query --dbname=template1 <<<'DROP DATABASE postgres WITH (FORCE)'
  query --dbname=template1 <<<"$(pg_restore --create --use-list=chosen --file=- dump | grep '^CREATE DATABASE ')"
  # An extension of the dump may live there.
  for schema in $DB_LEAVES_OUT; do query --dbname="$DB_NAME" <<<"CREATE SCHEMA IF NOT EXISTS \"$schema\""; done
  # Without owners and rights: the server has no users but one.
  pg_restore --no-owner --no-privileges --exit-on-error --dbname="$DB_NAME" dump ||
    fail "the dump could not be restored into a server of its own"
  query --dbname="$DB_NAME" <<<"SELECT format(' TABLE %s %s ', n.nspname, c.relname) FROM $TABLES" >there
  # 1259 is the catalog of tables: their rows have lines of their own.
  lost=$(grep '^[0-9]*; 1259 [0-9]* TABLE ' contents | grep --invert-match --fixed-strings --file=there || true)
  [ -z "$lost" ] || fail "tables of the dump are missing after the restore: ${lost//$'\n'/, }"
  count
}

case ${1:-} in
  dump | check | restore | drill | count) "$1" ;;
  *) fail "dump, check, restore, drill or count is expected" ;;
esac
