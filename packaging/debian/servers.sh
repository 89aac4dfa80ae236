# shellcheck shell=sh
# The maintainer scripts of php-captoken contain this.

method=$1

# servers: prints the servers that use the settings, such as 8.2/fpm.
servers() {
    for version in $(phpquery -V); do
        for sapi in $(phpquery -S -v "$version"); do
            if phpquery -q -v "$version" -s "$sapi" -m captoken; then
                echo "$version/$sapi"
            fi
        done
    done
}

# restart SERVER...: restarts servers that run, as their packages do. The trigger of mod_php has no
# effect, because Apache's helper ignores triggers.
restart() {
    for server; do
        case $server in
            */apache2)
                if [ -e /usr/share/apache2/apache2-maintscript-helper ]; then
                    # shellcheck disable=SC1091,SC2034
                    (
                        APACHE2_MAINTSCRIPT_METHOD=$method
                        . /usr/share/apache2/apache2-maintscript-helper
                        APACHE2_NEED_ACTION=yes
                        apache2_reload restart
                    )
                fi
                ;;
            *) dpkg-trigger --no-await "/etc/php/$server/conf.d" ;;
        esac
    done
}
