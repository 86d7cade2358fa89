#!/bin/sh
# version.sh — prints the revision of the sources: a tarball carries it, a clone asks git.
here=$(dirname "$0")
if test -f "$here/.tarball-version"; then
  cat "$here/.tarball-version"
elif test -e "$here/../.git"; then # never the history of a repository around ours
  GIT_OPTIONAL_LOCKS=0 git -C "$here" describe --tags --dirty --always 2>/dev/null || echo unknown
else
  echo unknown
fi
