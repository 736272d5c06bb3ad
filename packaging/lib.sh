# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2016
# What the scripts of this folder share; sourced by them. Debian 13 roots and downloads are kept below $JBCACHEFS_CACHE
# (default ~/.cache/jbcachefs), as tests/vm does.

# Whatever the caller's is: roots and packages have the modes that they are meant to have.
umask 022
top=$(cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
program=${0##*/}
cache=${JBCACHEFS_CACHE:-$HOME/.cache/jbcachefs}
suite=trixie
# The image that package builds and package tests read; it goes into the source archive, the others do not.
# shellcheck disable=SC2034
sample=inodes-32bit

say() { printf '%s: %s\n' "$program" "$*"; }
die() {
  printf '%s: %s\n' "$program" "$*" >&2
  exit 1
}

# insist COMMAND...: tries up to three times what needs a network.
insist() {
  local try
  for try in 1 2 3; do
    "$@" && return
    [ "$try" = 3 ] || { say "attempt $try failed: $1 ${2:-}" >&2; sleep $((try * 10)); }
  done
  return 1
}

# --- versions ------------------------------------------------------------------------------------

# The project's version as pom.xml has it.
pom_version() { sed -n '/<artifactId>jbcachefs<\/artifactId>/,/<packaging>/s:.*<version>\(.*\)</version>.*:\1:p' "$top/pom.xml"; }

# The version of packages: a release's is pom.xml's; a snapshot's sorts before the release and names the commit.
upstream_version() {
  local version
  version=$(pom_version)
  case $version in
    *-SNAPSHOT) echo "${version%-SNAPSHOT}~git$(git -C "$top" log -1 --format=%cd --date=format:%Y%m%d%H%M%S).$(git -C "$top" rev-parse --short=10 HEAD)" ;;
    *) echo "$version" ;;
  esac
}

# Every time stamp in what is built.
commit_time() { git -C "$top" log -1 --format=%ct; }

# --- sources -------------------------------------------------------------------------------------

# export_source DIRECTORY: the tree of HEAD, with one of the golden images.
export_source() {
  mkdir -p "$1"
  git -C "$top" archive HEAD -- . ':(exclude)tests/golden' | tar -x -C "$1"
  git -C "$top" archive HEAD -- "tests/golden/$sample" tests/golden/manifest.py tests/golden/run tests/golden/CMakeLists.txt |
    tar -x -C "$1"
}

# pack ARCHIVE.tar.xz DIRECTORY NAME TIME LEVEL: the directory, under that name, the same bytes each time.
pack() {
  tar -C "$2" --sort=name --mtime="@$4" --owner=0 --group=0 --numeric-owner --mode=u+rwX,go=rX \
    --transform="s,^\\.,$3,SH" --format=gnu -c . | xz -T1 "-$5" >"$1.part" &&
    mv "$1.part" "$1"
}

# --- Debian roots --------------------------------------------------------------------------------

require_root() { [ "$(id -u)" = 0 ] || die "needs root: it makes a Debian 13 root to build in"; }

# Whether this machine can make Debian roots; installs mmdebstrap where it may.
can_make_roots() {
  [ "$(id -u)" = 0 ] || return 1
  command -v mmdebstrap >/dev/null 2>&1 && [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] && return
  # Another apt may be at work: waits for it.
  command -v apt-get >/dev/null 2>&1 && insist apt-get update -qq -o DPkg::Lock::Timeout=300 &&
    DEBIAN_FRONTEND=noninteractive insist apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 install -y -qq --no-install-recommends \
      mmdebstrap debian-archive-keyring >/dev/null
}

# $JBCACHEFS_DEBIAN_MIRROR, else the mirror that this machine's own apt uses, else Debian's.
mirror() {
  local found=${JBCACHEFS_DEBIAN_MIRROR:-}
  # A minimal Debian has no certificates: https would have to wait for them.
  # shellcheck disable=SC2016
  [ -n "$found" ] || found=$(apt-get indextargets --format '$(REPO_URI)' 2>/dev/null | sed 's:/*$::' | grep -m1 '^http:.*/debian$' || :)
  echo "${found:-http://deb.debian.org/debian}"
}

# make_root DIRECTORY VARIANT PACKAGE...: a fresh Debian 13; downloaded packages are kept for the next one. Its dpkg does not
# wait for the disk after each file: nobody needs such a root after a power cut.
make_root() {
  mkdir -p "$cache/apt-archives"
  insist bootstrap "$@" && mv "$1.part" "$1"
}

bootstrap() { # the same, once, beside it
  local root=$1 variant=$2 include
  shift 2
  include=$(IFS=,; echo "$*")
  rm -rf --one-file-system "$root.part"
  mmdebstrap --quiet --mode=root --variant="$variant" ${include:+--include="$include"} --aptopt='Acquire::Retries "3"' \
    --dpkgopt=force-unsafe-io \
    --setup-hook='mkdir -p "$1/var/cache/apt/archives"' \
    --setup-hook="sync-in '$cache/apt-archives' /var/cache/apt/archives" --skip=essential/unlink \
    --customize-hook="sync-out /var/cache/apt/archives '$cache/apt-archives'" \
    "$suite" "$root.part" "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(mirror) $suite main"
}

# build_root: prints the root that packages are built in, made anew when what they need has changed.
build_root() {
  local packages digest root
  packages=$(
    build_depends "$top/packaging/debian/control"
    echo cpio git lintian mandoc rpm rpmlint systemd
  )
  digest=$(echo "$suite $packages" | sha256sum | cut -c1-12)
  root=$cache/roots/build-packages-$digest
  (
    mkdir -p "$cache/roots"
    exec 9>"$cache/build-packages.lock"
    flock 9
    if [ ! -d "$root" ]; then
      rm -rf --one-file-system "$cache"/roots/build-packages-*
      # shellcheck disable=SC2086
      make_root "$root" buildd $packages >&2
    fi
  ) && echo "$root"
}

# The names in a control file's Build-Depends, first alternatives only.
build_depends() {
  awk '/^Build-Depends:/ { on = 1; sub(/^[^:]*:/, "") } on && /^[A-Z]/ { on = 0 } on' "$1" |
    tr ',' '\n' | sed 's/[|(<\[].*//; s/[[:space:]]//g; s/^dh-sequence-dkms$/dh-dkms/; s/^debhelper-compat$/debhelper/; /^dh-sequence-/d; /^$/d'
}

# in_root [--offline] [--bind DIRECTORY]... ROOT COMMAND...: runs it there as root, with /proc, /dev and the directories
# under their own names. Everything that it mounts vanishes with it.
in_root() {
  local flags=-m binds=()
  while :; do
    case $1 in
      --offline) flags=-mn ;;
      --bind) binds+=("$2"); shift ;;
      *) break ;;
    esac
    shift
  done
  local root=$1
  shift
  unshare "$flags" bash -euc '
    root=$1 count=$2
    shift 2
    mount --make-rprivate /
    mount -t proc none "$root/proc"
    mount -t sysfs -o ro none "$root/sys"
    mount --rbind /dev "$root/dev"
    mount -t tmpfs -o mode=1777 none "$root/tmp"
    for ((i = 0; i < count; i++)); do
      mkdir -p "$root$1"
      mount --rbind "$1" "$root$1"
      shift
    done
    [ ! -e /etc/resolv.conf ] || cat /etc/resolv.conf >"$root/etc/resolv.conf"
    exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
      TZ=UTC DEBIAN_FRONTEND=noninteractive TERM=dumb ${CI:+CI="$CI"} ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} ${no_proxy:+no_proxy="$no_proxy"} \
      ${SOURCE_DATE_EPOCH:+SOURCE_DATE_EPOCH="$SOURCE_DATE_EPOCH"} chroot "$root" "$@"
  ' bash "$root" "${#binds[@]}" "${binds[@]}" "$@"
}

# --- what Maven needs ----------------------------------------------------------------------------

# maven_repository ROOT SOURCE: prints an archive of a directory maven-repository, in the layout of a Maven repository, with
# everything that building SOURCE needs, so that package builds can run without a network. Filled by running the build
# once; kept until a pom.xml changes.
maven_repository() {
  local root=$1 source=$2 digest kept work
  digest=$( (cd "$source" && cat pom.xml java-tools/*/pom.xml; sha256sum "$root/usr/share/maven/lib/"maven-core*.jar) | sha256sum | cut -c1-12)
  kept=$cache/packages/maven-repository-$digest.tar.xz
  if [ ! -e "$kept" ]; then
    mkdir -p "$cache/packages"
    rm -rf "$cache"/packages/maven-repository-*
    work=$(mktemp -d "$cache/packages/resolve.XXXXXX")
    cp -a "$source" "$work/source"
    maven_settings >"$work/settings.xml"
    local binds=(--bind "$work")
    [ ! -d "$HOME/.m2/repository" ] || binds+=(--bind "$HOME/.m2/repository")
    insist in_root "${binds[@]}" "$root" sh -ec 'cd "$1/source" && JAVA_HOME=$(bin/find-jdk) && export JAVA_HOME &&
      mvn -B -q -ntp -s "$1/settings.xml" -Dmaven.repo.local="$1/repository" -Dquick -DskipTests package' sh "$work" >&2 ||
      { rm -rf "$work"; die "Maven could not resolve and build; without a network it needs $HOME/.m2/repository to be filled by an earlier build"; }
    # Where something came from and when, which differs from machine to machine.
    find "$work/repository" \( -name '_remote.repositories' -o -name '*.lastUpdated' -o -name 'resolver-status.properties' \
      -o -name '*.sha1' -o -name '*.md5' -o -name '*.sha512' -o -name 'maven-metadata-*' -o -name '*.part*' \) -delete
    rm -rf "$work/repository/.cache" "$work/repository/.locks" "$work/repository/.meta"
    pack "$kept" "$work/repository" maven-repository 1767225600 1 || die "$kept could not be written"
    rm -rf "$work"
  fi
  echo "$kept"
}

# What this user's Maven has downloaded already is taken from there.
maven_settings() {
  local settings=$HOME/.m2/settings.xml here="file://$HOME/.m2/repository"
  if [ -f "$settings" ] || [ ! -d "$HOME/.m2/repository" ]; then
    cat "$settings" 2>/dev/null || echo '<settings/>'
    return
  fi
  cat <<SETTINGS
<settings>
  <profiles><profile><id>here</id>
    <repositories><repository><id>here</id><url>$here</url><releases><checksumPolicy>ignore</checksumPolicy></releases>
      <snapshots><enabled>false</enabled></snapshots></repository></repositories>
    <pluginRepositories><pluginRepository><id>here</id><url>$here</url><releases><checksumPolicy>ignore</checksumPolicy></releases>
      <snapshots><enabled>false</enabled></snapshots></pluginRepository></pluginRepositories>
  </profile></profiles>
  <activeProfiles><activeProfile>here</activeProfile></activeProfiles>
</settings>
SETTINGS
}
