#!/bin/bash
# Dumps a database of MariaDB, looks whether a dump can be read, restores one, counts what is restored:
# mariadb.sh dump|check|restore|drill|count. Runs in the database's own image, so that its programs fit the server. The
# log-in comes by DB_* variables; a drill needs none, because it restores into a server of its own.
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

# Drop the tables that the dump does not have: it drops those alone that it makes, and a change of tables that is tried
# again would meet the others.
forget_newer() {
  gzip --decompress --stdout <dump | sed --quiet 's/^CREATE TABLE `\(.*\)` (.*$/\1/p' >kept
  query <<<"SELECT table_name FROM information_schema.tables
    WHERE table_schema = $(text "$INTO") AND table_type NOT IN ('VIEW', 'SEQUENCE')" >there
  while IFS= read -r table; do
    grep --quiet --line-regexp --fixed-strings --regexp="$table" kept ||
      query "$INTO" <<<"SET foreign_key_checks = 0; DROP TABLE $(name "$table")"
  done <there
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
  [ "$INTO" != "$DB_NAME" ] || forget_newer
  echo "restored $(gzip --decompress --stdout <dump | grep --count '^CREATE TABLE ') tables into $INTO"
}

# The end of the server, whatever happened.
stop() {
  if [ -n "${server:-}" ]; then
    kill -KILL "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  rm -rf server
}

# A server in this folder that listens to this folder's socket alone; what it writes need not outlive it.
serve() {
  for program in mariadb-install-db mariadbd; do
    command -v "$program" >/dev/null || fail "the image has no $program, which a server for the drill needs"
  done
  trap stop EXIT
  rm -rf server
  mkdir server
  mariadb-install-db --no-defaults --datadir="$PWD/server/data" --auth-root-authentication-method=normal \
    --skip-test-db --skip-name-resolve --force >server/log 2>&1 ||
    fail "no server could be made: $(tail --lines=3 server/log)"
  mariadbd --no-defaults --datadir="$PWD/server/data" --socket="$PWD/server/socket" --skip-networking \
    --pid-file="$PWD/server/pid" --tmpdir="$PWD/server" --innodb-flush-log-at-trx-commit=0 \
    --max-allowed-packet=1G >server/log 2>&1 &
  server=$!
  printf '[client]\nsocket="%s"\nuser=root\n' "$PWD/server/socket" >login
  for _ in {1..600}; do
    ! query <<<'SELECT 1' >server/answer 2>&1 || return 0
    kill -0 "$server" 2>/dev/null || break
    sleep 0.2
  done
  fail "the server of the drill does not start: $(tail --lines=3 server/log)"
}

# What is there in databases, which are named by arguments.
counted() {
  tables=0 rows=0
  for database in "$@"; do
    query "$database" <<<"SELECT table_name FROM information_schema.tables
      WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'" >found
    while IFS= read -r table; do
      tables=$((tables + 1))
      rows=$((rows + $(query "$database" <<<"SELECT COUNT(*) FROM $(name "$table")")))
    done <found
  done
  echo "restored $tables tables with $rows rows"
}

# The databases of a component, whose names have no blanks.
count() {
  login "$DB_USER" "$DB_PASSWORD"
  # The certificate is of the operator's authority, which no image knows; a server was just made under that name.
  echo 'ssl-verify-server-cert=0' >>login
  read -ra databases <<<"$DB_NAME"
  counted "${databases[@]}"
}

drill() {
  check >/dev/null
  serve
  query <<<"CREATE DATABASE $(name "$DB_NAME")"
  gzip --decompress --stdout <dump | query --max-allowed-packet=1G "$DB_NAME" ||
    fail "the dump could not be restored into a server of its own"
  query "$DB_NAME" <<<"SELECT table_name FROM information_schema.tables
    WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'" >there
  lost=$(gzip --decompress --stdout <dump | sed --quiet 's/^-- Table structure for table `\(.*\)`$/\1/p' |
    grep --invert-match --line-regexp --fixed-strings --file=there || true)
  [ -z "$lost" ] || fail "tables of the dump are missing after the restore: ${lost//$'\n'/, }"
  counted "$DB_NAME"
}

case ${1:-} in
  dump | check | restore | drill | count) "$1" ;;
  *) fail "dump, check, restore, drill or count is expected" ;;
esac
