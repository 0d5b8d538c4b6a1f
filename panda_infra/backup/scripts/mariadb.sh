#!/bin/bash
# Dumps a database of MariaDB, looks whether a dump can be read, restores one: mariadb.sh dump|check|restore.
# Runs in the database's own image, so that its programs fit the server. The log-in comes by DB_* variables.
set -euo pipefail
cd "${WORK:-/work}"
export TMPDIR=$PWD
umask 077

fail() {
  echo "error: $1" >&2
  exit 1
}

# A file, because arguments are visible to everybody on the node. In quotes, a backslash is doubled.
login() {
  printf '[client]\nhost="%s"\nport=%s\nuser="%s"\npassword="%s"\n' \
    "$DB_HOST" "$DB_PORT" "$1" "$(sed 's/\\/\\\\/g; s/"/\\"/g' <<<"$2")" >login
}

query() { mariadb --defaults-file=login --batch --skip-column-names "$@"; }

# A name or a text as MariaDB's statements have it.
name() { printf '`%s`' "${1//\`/\`\`}"; }
text() {
  local escaped=${1//\\/\\\\}
  printf "'%s'" "${escaped//\'/\'\'}"
}

check() {
  gzip --test <dump || fail "the dump cannot be read to its end"
  # The last line is written when everything else is.
  gzip --decompress --stdout <dump | tail --lines=1 | grep --quiet '^-- Dump completed' || fail "the dump has no end"
  echo "the dump holds $(gzip --decompress --stdout <dump | grep --count '^CREATE TABLE ') tables"
}

dump() {
  login "$DB_USER" "$DB_PASSWORD"
  mariadb-dump --defaults-file=login --single-transaction --quick --routines --triggers --events \
    --no-tablespaces "$DB_NAME" | gzip >dump
  check
  sha256sum dump | cut -d ' ' -f 1 >dump.sha256
}

restore() {
  login root "$DB_ADMINISTRATOR"
  if [ "$INTO" = "$DB_NAME" ]; then
    [ "${OVERWRITE:-}" = yes ] || fail "$INTO is the live database"
  else
    tables=$(query <<<"SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = $(text "$INTO")")
    [ "$tables" = 0 ] || fail "the database $INTO has $tables tables already: name another one, or drop it first"
    # With the character set of the other one, which is not the server's for every database.
    set_of=$(query <<<"SELECT CONCAT('CHARACTER SET ', default_character_set_name, ' COLLATE ', default_collation_name)
      FROM information_schema.schemata WHERE schema_name = $(text "$DB_NAME")")
    query <<<"CREATE DATABASE IF NOT EXISTS $(name "$INTO") $set_of"
    pattern=${INTO//_/\\_}
    query <<<"GRANT ALL ON $(name "$pattern").* TO $(text "$DB_USER")@'%'"
  fi
  gzip --decompress --stdout <dump | query --init-command='SET lock_wait_timeout = 60' "$INTO" ||
    fail "the dump could not be restored into $INTO, which is not complete now"
  echo "restored $(gzip --decompress --stdout <dump | grep --count '^CREATE TABLE ') tables into $INTO"
}

case ${1:-} in
  dump | check | restore) "$1" ;;
  *) fail "dump, check or restore is expected" ;;
esac
