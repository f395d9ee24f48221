#!/usr/bin/env bash
# Compares the gateway with a plain nginx reverse proxy and with no proxy at all, on this machine's loopback:
#   Gateway.Benchmarks/run.sh [PATH OF gateway]
# ROUNDS (3) rounds of SECONDS_EACH (10) seconds for each of direct, nginx, gateway and bare in turn, with 64 connections and with one;
# then 200 streams of 200 events at once. `bare` is the gateway without keys, limits and ledger rows. Without an executable only direct
# and nginx are measured.
set -euo pipefail
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
program=${1:-$here/../artifacts/linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')/gateway}
rounds=${ROUNDS:-3} seconds=${SECONDS_EACH:-10} connections=${CONNECTIONS:-64} streams=${STREAMS:-200}
stream_words=196 stream_events=200
work=$(mktemp -d)
declare -A port ids

install_missing() {
  local packages=() sudo=
  command -v wrk >/dev/null || packages+=(wrk)
  command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || packages+=(nginx-light)
  command -v curl >/dev/null || packages+=(curl)
  [ ${#packages[@]} -eq 0 ] && return
  [ "$(id -u)" -eq 0 ] || sudo=sudo
  $sudo apt-get update -qq </dev/null
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${packages[@]}" </dev/null >/dev/null
}

finish() {
  local id name
  for name in "${!ids[@]}"; do
    for id in ${ids[$name]}; do kill -TERM "$id" 2>/dev/null || true; done
  done
  sleep 0.3
  rm -rf "$work"
}
trap finish EXIT

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
free_port() {
  local candidate
  for _ in $(seq 100); do
    candidate=$((20000 + RANDOM % 30000))
    if ! listens "$candidate"; then echo "$candidate"; return; fi
  done
}

start_nginx() {   # start_nginx NAME CONFIG
  port[$1]=$(free_port)
  sed "s|@WORK@|$work|g; s|@PORT@|${port[$1]}|g; s|@UPSTREAM@|${port[direct]:-}|g" "$here/$2" >"$work/$2"
  "$(command -v nginx || echo /usr/sbin/nginx)" -e "$work/$2.log" -p "$work" -c "$work/$2"
  sleep 0.5
  local parent; parent=$(cat "$work/${2%.conf}.pid")
  ids[$1]="$parent $(cat "/proc/$parent/task/$parent/children")"
}

start_gateway() {   # start_gateway NAME CONFIG
  local words; words=$(printf 'word %.0s' $(seq $stream_words)); words=${words% }
  port[$1]=$(free_port)
  sed "s|@UPSTREAM@|${port[direct]}|g; s|@WORDS@|$words|" "$here/$2" >"$work/$2"
  "$program" -c "$work/$2" --db "$work/$1.db" --port "${port[$1]}" >"$work/$1.log" 2>&1 </dev/null &
  ids[$1]=$!
  for _ in $(seq 100); do
    curl -sf -m 2 -o /dev/null "http://127.0.0.1:${port[$1]}/health/readiness" && return
    sleep 0.1
  done
  tail "$work/$1.log"; echo "the gateway did not start"; exit 1
}

# cpu NAME: clock ticks that the processes of NAME have used so far (fields 14 and 15 of stat, counted behind the name in brackets).
cpu() {
  local id sum=0 fields
  for id in ${ids[$1]}; do
    fields=$(sed 's/.*) //' "/proc/$id/stat")
    sum=$((sum + $(awk '{ print $12 + $13 }' <<<"$fields")))
  done
  echo "$sum"
}

rss_kb() {
  local id sum=0
  for id in ${ids[$1]}; do sum=$((sum + $(sed -nE 's/^VmRSS:[[:space:]]*([0-9]+) kB/\1/p' "/proc/$id/status"))); done
  echo "$sum"
}

# measure NAME CONNECTIONS FILE: adds a line "name requests errors microseconds p50 p99 ticks" to FILE.
measure() {
  local before after threads=1
  [ "$2" -eq 1 ] || threads=2
  before=$(cpu "$1")
  wrk -t$threads -c"$2" -d"${seconds}s" --timeout 10s -s "$here/chat.lua" "http://127.0.0.1:${port[$1]}/v1/chat/completions" >"$work/wrk"
  after=$(cpu "$1")
  echo "$1 $(sed -nE 's/^RESULT //p' "$work/wrk") $((after - before))" >>"$3"
}

# Throughput and processor time: all rounds added up. The upstream's own time is in no column but its own.
report_many() {
  awk -v hz="$(getconf CLK_TCK)" '
    { n[$1] += $2; e[$1] += $3; us[$1] += $4; ticks[$1] += $7; if (!($1 in seen)) { seen[$1] = 1; order[++names] = $1 } }
    END {
      printf "%-8s %12s %8s %10s %22s %10s\n", "", "requests/s", "errors", "of nginx", "CPU s per 1,000", "of nginx"
      for (i = 1; i <= names; i++) {
        k = order[i]; rate = n[k] / us[k] * 1e6; cost = ticks[k] / hz / n[k] * 1000
        if (k == "nginx") { base = rate; basecost = cost }
        rates[k] = rate; costs[k] = cost
      }
      for (i = 1; i <= names; i++) {
        k = order[i]
        printf "%-8s %12.0f %8d %9.0f%% %22.4f %9.2fx\n", \
          k, rates[k], e[k], 100 * rates[k] / base, costs[k], (basecost ? costs[k] / basecost : 0)
      }
      if (rates["bare"]) printf "with keys, limits and ledger: %.0f%% of the requests/s without\n", 100 * rates["gateway"] / rates["bare"]
    }' "$1"
}

# Latency of one connection: the best round of each, since disturbances only add.
report_one() {
  awk '
    !($1 in p50) { order[++names] = $1; p50[$1] = $5; p99[$1] = $6 }
    { if ($5 < p50[$1]) p50[$1] = $5; if ($6 < p99[$1]) p99[$1] = $6 }
    END {
      printf "%-8s %10s %10s %12s %12s\n", "", "p50 ms", "p99 ms", "added p50", "added p99"
      for (i = 1; i <= names; i++) {
        k = order[i]
        printf "%-8s %10.3f %10.3f %12.3f %12.3f\n", \
          k, p50[k] / 1000, p99[k] / 1000, (p50[k] - p50["direct"]) / 1000, (p99[k] - p99["direct"]) / 1000
      }
    }' "$1"
}

# Many streams at once: every one must have every event and the end.
stream_all() {
  local whole=0 file begin
  begin=$(date +%s%N)
  curl -sN -m 60 --parallel --parallel-immediate --parallel-max "$streams" -o "$work/stream-#1" \
    "http://127.0.0.1:${port[gateway]}/v1/chat/completions?stream=[1-$streams]" \
    -H 'authorization: Bearer sk-benchmark-user' -H 'content-type: application/json' \
    -d '{"model":"stream","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"Go on"}]}' 2>/dev/null || true
  for file in "$work"/stream-*; do
    if [ "$(grep -c '^data: ' "$file")" -eq $stream_events ] && [ "$(grep . "$file" | tail -1)" = 'data: [DONE]' ]; then
      whole=$((whole + 1))
    fi
  done
  echo "$whole of $streams streams of $stream_events events came whole, in $((($(date +%s%N) - begin) / 1000000)) ms"
  [ "$whole" -eq "$streams" ]
}

install_missing
mkdir -p "$work"/{body,proxy,fastcgi,uwsgi,scgi}
# Workers of a root nginx run as another user.
chmod 711 "$work"
start_nginx direct upstream.conf
start_nginx nginx proxy.conf
names=(direct nginx)
if [ -x "$program" ]; then
  start_gateway gateway gateway.yaml
  start_gateway bare bare.yaml
  names+=(gateway bare)
else
  echo "no executable at $program: measuring direct and nginx only"
fi

echo "$(nproc) processors, $rounds rounds of $seconds s each"
for name in "${names[@]}"; do wrk -t1 -c8 -d1s -s "$here/chat.lua" "http://127.0.0.1:${port[$name]}/v1/chat/completions" >/dev/null; done
for _ in $(seq "$rounds"); do
  for name in "${names[@]}"; do measure "$name" "$connections" "$work/many"; done
  for name in "${names[@]}"; do measure "$name" 1 "$work/one"; done
done

echo; echo "$connections connections"; report_many "$work/many"
echo; echo "one connection, one request after the other"; report_one "$work/one"
echo; for name in "${names[@]}"; do echo "$name: $(($(rss_kb "$name") / 1024)) MiB resident"; done
if [ -x "$program" ]; then echo; stream_all; fi
