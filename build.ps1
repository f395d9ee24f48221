#!/usr/bin/env pwsh
#requires -Version 7.4
<#
.SYNOPSIS
    Checks, builds, tests and packs the gateway: format check, build, tests, Native AOT publish, smoke run, archive with checksum.
.PARAMETER Runtime
    What to publish for: win-x64, linux-x64, linux-arm64, osx-arm64. Without it: the machine at hand.
.EXAMPLE
    ./build.ps1
.EXAMPLE
    ./build.ps1 -Runtime linux-x64
#>
[CmdletBinding()]
param(
    [ValidateSet('win-x64', 'linux-x64', 'linux-arm64', 'osx-arm64')]
    [string] $Runtime
)

$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $true
Set-StrictMode -Version Latest
Set-Location $PSScriptRoot

$system = if ($IsWindows) { 'win' } elseif ($IsMacOS) { 'osx' } else { 'linux' }
$machine = "$system-$([Runtime.InteropServices.RuntimeInformation]::OSArchitecture.ToString().ToLowerInvariant())"
if (-not $Runtime) { $Runtime = $machine }
if (-not $Runtime.StartsWith("$system-")) {
    [Console]::Error.WriteLine("$Runtime cannot be built here: Native AOT does not compile for another operating system. " +
        "Run ./build.ps1 -Runtime $Runtime there.")
    exit 2
}

dotnet format --verify-no-changes
dotnet build
dotnet test
dotnet publish Gateway -c Release -r $Runtime -o artifacts/$Runtime

$program = if ($IsWindows) { 'gateway.exe' } else { 'gateway' }
if ($Runtime -eq $machine) { & "artifacts/$Runtime/$program" version }
else { Write-Output "The smoke run is left out: this machine is $machine." }

$version = ([xml](Get-Content Directory.Build.props -Raw)).SelectSingleNode('//Version').InnerText
if ($IsWindows) {
    $archive = "gateway-$version-$Runtime.zip"
    Compress-Archive -Force -Path "artifacts/$Runtime/$program", LICENSE, README.md, config.yaml, samples -DestinationPath "artifacts/$archive"
}
else {
    $archive = "gateway-$version-$Runtime.tar.gz"
    tar -czf artifacts/$archive -C artifacts/$Runtime $program -C ../.. LICENSE README.md config.yaml samples
}
$hash = (Get-FileHash "artifacts/$archive" -Algorithm SHA256).Hash.ToLowerInvariant()
Set-Content "artifacts/$archive.sha256" "$hash  $archive"
Write-Output "artifacts/$archive  $hash"
