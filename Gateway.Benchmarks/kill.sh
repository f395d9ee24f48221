#!/usr/bin/env bash
# Kills a gateway again and again (kill -9) while clients ask it, starts it anew on the same database, and fails when an answer that the
# provider issued is not in the ledger exactly once, or a budget was overshot, or the ledger does not verify:
#   Gateway.Benchmarks/kill.sh [PATH OF gateway OR gateway.dll] [TIMES]
# Without a path the gateway of this clone is built and taken. Needs nothing but the .NET SDK; everything runs on loopback.
set -euo pipefail
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
program=${1:+$(realpath "$1")} times=${2:-10}
cd "$(dirname "$0")/.."
if [ -z "$program" ]; then
  dotnet build Gateway -c Release -v q
  program=$PWD/Gateway/bin/Release/net10.0/gateway.dll
fi
exec dotnet run -c Release --project Gateway.Benchmarks/Kill -- "$program" "$times"
