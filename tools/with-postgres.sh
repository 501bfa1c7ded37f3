#!/usr/bin/env bash
# Runs a command with TEST_DATABASE_URL naming a PostgreSQL that is made for it in a temporary folder and goes with it.
set -euo pipefail

programs=$(dirname "$(ls /usr/lib/postgresql/*/bin/initdb | tail -n 1)")
folder=$(mktemp -d)
as_user=() # initdb refuses root
if ((EUID == 0)); then
  chown postgres "$folder"
  as_user=(runuser -u postgres --)
fi
stop() {
  (cd "$folder" && "${as_user[@]}" "$programs/pg_ctl" -D "$folder/data" -m immediate -w stop >/dev/null) || true
  rm -rf "$folder"
}
trap stop EXIT
(cd "$folder" && "${as_user[@]}" "$programs/initdb" -D data --auth=trust --username=postgres --encoding=UTF8 >/dev/null)
(cd "$folder" && "${as_user[@]}" "$programs/pg_ctl" -D data -l "$folder/log" -w start \
  -o "-c listen_addresses=127.0.0.1 -c port=54329 -c fsync=off -k $folder" >/dev/null) || { cat "$folder/log"; exit 1; }

TEST_DATABASE_URL=postgres://postgres@127.0.0.1:54329/postgres "$@"
