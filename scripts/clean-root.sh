#!/bin/sh
# clean-root.sh SUITE COMMAND...
#
# Runs commands of the shell, one after the other, in a clean system of Debian SUITE, such as bookworm,
# trixie or bullseye, that contains nothing but git, make and a clone of this repository. Needs root and
# debootstrap. The systems stay in the target folder's `roots`: SUITE.tar is the clean one. If
# `make dist` has written files, /mnt contains them.
#
# A command that begins with `user:` runs as a user without sudo, one with `sudo:` as a user with
# sudo, the others as root.
set -eu
unset CDPATH
cd "${0%/*}/.."

suite=$1
shift
roots=${CARGO_TARGET_DIR:-target}/roots
mkdir -p "$roots"
roots=$(cd "$roots" && pwd)
root=$roots/$suite
dist=${roots%/*}/dist

if [ "$(id -u)" != 0 ]; then
    echo 'clean-root.sh must run as root, because of chroot.' >&2
    exit 1
fi
if ! command -v debootstrap > /dev/null; then
    apt-get -qq update
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends debootstrap
fi

mirror=http://deb.debian.org/debian
if [ ! -e "$roots/$suite.tar" ]; then
    rm -rf "$root.new"
    debootstrap --variant=minbase --include=ca-certificates "$suite" "$root.new" "$mirror"
    cat > "$root.new/etc/apt/sources.list" << END
deb $mirror $suite main
deb $mirror $suite-updates main
deb $mirror-security $suite-security main
END
    cp /etc/resolv.conf "$root.new/etc/"
    chroot "$root.new" apt-get -qq update
    chroot "$root.new" env DEBIAN_FRONTEND=noninteractive \
        apt-get -y -qq install git make > /dev/null
    chroot "$root.new" apt-get clean
    tar -C "$root.new" -cf "$roots/$suite.tar.new" .
    mv "$roots/$suite.tar.new" "$roots/$suite.tar"
    rm -rf "$root.new"
fi

rm -rf "$root"
mkdir "$root"
tar -C "$root" -xf "$roots/$suite.tar"
cp /etc/resolv.conf "$root/etc/"
# The network of this machine may have certificates of its administrators.
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
git clone -q . "$root/root/captoken"
for user in user admin; do
    id=$(chroot "$root" sh -c "useradd --create-home $user && id -u $user")
    git clone -q . "$root/home/$user/captoken"
    chown -R "$id:$id" "$root/home/$user"
done

# The mounts end with the commands.
export root dist certificates=/etc/ssl/certs/ca-certificates.crt
# shellcheck disable=SC2016
unshare --mount --pid --fork sh -euc '
    mount -t proc proc "$root/proc" 2> /dev/null || mount --bind /proc "$root/proc"
    mount --bind /dev "$root/dev"
    [ ! -d "$dist" ] || mount --bind -o ro "$dist" "$root/mnt"
    for command; do
        echo "== $(date -u +%T) $command"
        case $command in
            user:*) user=user home=/home/user command=${command#user:} ;;
            sudo:*)
                user=admin home=/home/admin command=${command#sudo:}
                if [ ! -e "$root/etc/sudoers.d/admin" ]; then
                    chroot "$root" env DEBIAN_FRONTEND=noninteractive \
                        apt-get install -y -qq --no-install-recommends sudo > /dev/null
                    echo "admin ALL=(ALL) NOPASSWD: ALL" > "$root/etc/sudoers.d/admin"
                fi
                ;;
            *) user=root home=/root ;;
        esac
        chroot "$root" env -i HOME="$home" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
            LANG=C.UTF-8 PIP_CERT=$certificates NODE_EXTRA_CA_CERTS=$certificates setpriv --reuid "$user" --regid "$user" --clear-groups \
            sh -euc "cd $home/captoken; $command"
    done
' sh "$@"
