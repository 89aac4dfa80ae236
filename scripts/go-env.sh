# The environment of Go. Scripts that run Go source this file.
#
# No network and no settings of the user, so that the result is the same on each machine.
# shellcheck shell=sh

export GOTOOLCHAIN=local GOPROXY=off GOFLAGS='' GOWORK=off CGO_ENABLED=1
unset GOROOT GOEXPERIMENT GODEBUG

# They could lead to another installation of captoken.
unset CPATH C_INCLUDE_PATH LIBRARY_PATH LD_LIBRARY_PATH
unset CGO_CFLAGS CGO_CPPFLAGS CGO_LDFLAGS
