#!/bin/bash
# Dumps a database of PostgreSQL, looks whether a dump can be read, restores one: postgres.sh dump|check|restore.
# Runs in the database's own image, so that its programs fit the server. The log-in comes by DB_* variables.
set -euo pipefail
cd "${WORK:-/work}"
export TMPDIR=$PWD
export PGHOST=$DB_HOST PGPORT=$DB_PORT PGUSER=$DB_USER PGPASSWORD=$DB_PASSWORD PGCONNECT_TIMEOUT=30
# A restore must not wait for ever for a table that somebody uses.
export PGOPTIONS='-c lock_timeout=60s' PGAPPNAME=panda-infra-backup
DB_LEAVES_OUT=${DB_LEAVES_OUT:-}

fail() {
  echo "error: $1" >&2
  exit 1
}

query() { psql --no-psqlrc --no-align --tuples-only --quiet --set=ON_ERROR_STOP=1 "$@"; }

check() {
  pg_restore --list dump >contents || fail "the dump has no table of contents"
  # This reads all of it.
  pg_restore --file=/dev/null dump || fail "the dump cannot be read to its end"
  echo "the dump holds $(grep -c ' TABLE DATA ' contents) tables"
}

dump() {
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

restore() {
  options=(--no-password --no-owner --exit-on-error --single-transaction --use-list=chosen --dbname="$INTO")
  if [ "$INTO" = "$DB_NAME" ]; then
    [ "${OVERWRITE:-}" = yes ] || fail "$INTO is the live database"
    chosen "$INTO"
    pg_restore --clean --if-exists "${options[@]}" dump ||
      fail "nothing was changed; a lock timeout means that somebody uses $INTO: stop its services first"
  else
    there=$(query --dbname="$DB_NAME" --set=into="$INTO" <<<"SELECT count(*) FROM pg_database WHERE datname = :'into'")
    if [ "$there" = 0 ]; then
      query --dbname="$DB_NAME" --set=into="$INTO" <<<'CREATE DATABASE :"into"' ||
        fail "$DB_USER may make no database"
    fi
    tables=$(query --dbname="$INTO" <<'SQL'
SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_toast'
AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
SQL
    )
    [ "$tables" = 0 ] || fail "the database $INTO has $tables tables already: name another one, or drop it first"
    chosen "$INTO"
    pg_restore "${options[@]}" dump || fail "the dump could not be restored into $INTO, where nothing was made"
  fi
  query --dbname="$INTO" <<<'ANALYZE'
  echo "restored $(grep -c ' TABLE DATA ' chosen) tables into $INTO"
}

case ${1:-} in
  dump | check | restore) "$1" ;;
  *) fail "dump, check or restore is expected" ;;
esac
