# shellcheck shell=sh
# The maintainer scripts of php-captoken contain this.

# shellcheck disable=SC2034
settings=/etc/captoken/captoken.ini

# servers: prints the names of the running programs that have loaded the library of this package, such
# as php-fpm8.2 and apache2.
servers() {
    for process in /proc/[0-9]*; do
        if grep -q /php-captoken/libcaptoken- "$process/maps" 2> /dev/null &&
            # Programs of containers have another root folder.
            [ "$(stat -c %d:%i "$process/root/")" = "$(stat -c %d:%i /)" ]; then
            cat "$process/comm"
        fi
    done 2> /dev/null | sort -u
}

# program VERSION SERVER: prints the name of a server's program, such as php-fpm8.2 for 8.2 and fpm.
program() {
    case $2 in
        fpm) echo "php-fpm$1" ;;
        apache2) echo apache2 ;;
    esac
}

# restart METHOD NAME...: restarts servers as their packages do. METHOD is the script's first argument.
# The trigger of mod_php would have no effect, because Apache's helper ignores triggers.
restart() {
    method=$1
    shift
    for name; do
        case $name in
            php-fpm[0-9]*) dpkg-trigger --no-await "/etc/php/${name#php-fpm}/fpm/conf.d" ;;
            apache2)
                # shellcheck disable=SC1091,SC2034
                (
                    APACHE2_MAINTSCRIPT_METHOD=$method
                    . /usr/share/apache2/apache2-maintscript-helper
                    APACHE2_NEED_ACTION=yes
                    apache2_reload restart
                )
                ;;
            *) echo "php-captoken: restart $name, which runs the previous version." ;;
        esac
    done
}

# is_on LINK: whether a link in the folder conf.d of a server leads to the settings. phpenmod makes it
# lead to mods-available first, where the administrator may have replaced the link by a file.
is_on() {
    [ -L "$1" ] || return
    case $(readlink -f "$1") in
        "$settings" | /etc/php/*/mods-available/captoken.ini) ;;
        *) return 1 ;;
    esac
}
