#!/bin/sh
# The reverse proxy from its environment (see README.md):
#   entrypoint.sh start     makes the configuration, and a certificate when none is given, then becomes nginx
#   entrypoint.sh prepare   only makes them
#   entrypoint.sh reload    makes them again and has the running nginx take them
set -eu
umask 077

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

server_names=${NGINX_SERVER_NAMES:-localhost}
app_servers=${NGINX_APP_SERVERS:-app:8000}
resolver=${NGINX_RESOLVER:-}
listen=${NGINX_LISTEN:-}
http_port=${NGINX_HTTP_PORT:-80}
https_port=${NGINX_HTTPS_PORT:-443}
public_port=${NGINX_PUBLIC_HTTPS_PORT:-$https_port}
rate=${NGINX_RATE_PER_SECOND:-5}
burst=${NGINX_BURST:-20}
login_rate=${NGINX_LOGIN_RATE_PER_MINUTE:-60}
login_burst=${NGINX_LOGIN_BURST:-15}
tls_cert=${NGINX_TLS_CERT:-}
tls_key=${NGINX_TLS_KEY:-}
certbot_name=${NGINX_CERTBOT_NAME:-}
certbot_dir=${NGINX_CERTBOT_DIR:-/etc/letsencrypt}
tls_dir=${NGINX_TLS_DIR:-/var/lib/mc101-nginx}
acme_dir=${NGINX_ACME_DIR:-/var/www/acme}
web_dir=${NGINX_WEB_DIR:-/usr/share/mc101/web}
run_dir=${NGINX_RUN_DIR:-/run/mc101-nginx}
access_log=${NGINX_ACCESS_LOG:-/dev/stdout}
workers=${NGINX_WORKERS:-auto}

say() {
    printf 'nginx: %s\n' "$*"
}

refuse() {
    printf 'nginx: %s\n' "$*" >&2
    exit 1
}

# Nothing that could end a directive gets into the configuration.
check_words() {
    case $2 in
        '' | *[!A-Za-z0-9._:\ /\[\]-]*) refuse "$1 is empty or has a character that does not belong in it." ;;
    esac
}

check_number() {
    case $2 in
        '' | 0* | *[!0-9]* | ???????*) refuse "$1 must be a whole number above 0." ;;
    esac
}

check_path() {
    case $2 in
        /*) ;;
        *) refuse "$1 must be an absolute path." ;;
    esac
    case $2 in
        *[!A-Za-z0-9._/+@=-]*) refuse "$1 has a character that does not belong in it." ;;
    esac
}

check_environment() {
    check_words NGINX_SERVER_NAMES "$server_names"
    check_words NGINX_APP_SERVERS "$app_servers"
    [ -z "$resolver" ] || check_words NGINX_RESOLVER "$resolver"
    [ -z "$listen" ] || check_words NGINX_LISTEN "$listen"
    check_number NGINX_HTTP_PORT "$http_port"
    check_number NGINX_HTTPS_PORT "$https_port"
    check_number NGINX_PUBLIC_HTTPS_PORT "$public_port"
    check_number NGINX_RATE_PER_SECOND "$rate"
    check_number NGINX_BURST "$burst"
    check_number NGINX_LOGIN_RATE_PER_MINUTE "$login_rate"
    check_number NGINX_LOGIN_BURST "$login_burst"
    check_path NGINX_TLS_DIR "$tls_dir"
    check_path NGINX_ACME_DIR "$acme_dir"
    check_path NGINX_WEB_DIR "$web_dir"
    check_path NGINX_RUN_DIR "$run_dir"
    check_path NGINX_ACCESS_LOG "$access_log"
    check_path NGINX_CERTBOT_DIR "$certbot_dir"
    [ "$workers" = auto ] || check_number NGINX_WORKERS "$workers"
}

# at_least MAJOR MINOR PATCH: whether nginx is that new.
at_least() {
    nginx -v 2>&1 | awk -F '[/ ]' -v wanted="$1.$2.$3" '
        function rank(text, part) { split(text, part, "."); return (part[1] * 1000 + part[2]) * 1000 + part[3] }
        { for (i = 1; i < NF; i++) if ($i == "nginx" && $(i + 1) ~ /^[0-9]/) version = $(i + 1) }
        END { exit !(rank(version) >= rank(wanted)) }'
}

is_address() {
    case $1 in
        *[!0-9.]*) return 1 ;;
    esac
}

# Own files, certbot's once it has made them, else a self-signed pair that is kept.
choose_certificate() {
    if [ -n "$tls_cert$tls_key" ]; then
        if [ -z "$tls_cert" ] || [ -z "$tls_key" ]; then
            refuse "NGINX_TLS_CERT and NGINX_TLS_KEY belong together: set both."
        fi
        check_path NGINX_TLS_CERT "$tls_cert"
        check_path NGINX_TLS_KEY "$tls_key"
        [ -r "$tls_cert" ] || refuse "NGINX_TLS_CERT names a file that cannot be read."
        [ -r "$tls_key" ] || refuse "NGINX_TLS_KEY names a file that cannot be read."
        return
    fi
    if [ -n "$certbot_name" ]; then
        check_words NGINX_CERTBOT_NAME "$certbot_name"
        tls_cert=$certbot_dir/live/$certbot_name/fullchain.pem
        tls_key=$certbot_dir/live/$certbot_name/privkey.pem
        if [ -r "$tls_cert" ] && [ -r "$tls_key" ]; then return; fi
        say "certbot has no certificate for $certbot_name yet; until it has, a self-signed one serves."
    fi
    tls_cert=$tls_dir/self-signed.crt
    tls_key=$tls_dir/self-signed.key
    is_self_signed_usable || make_self_signed
}

# For 30 days more, and for every name.
is_self_signed_usable() {
    [ -s "$tls_key" ] && [ -s "$tls_cert" ] || return 1
    openssl x509 -in "$tls_cert" -noout -checkend 2592000 >/dev/null 2>&1 || return 1
    for name in $server_names; do
        if is_address "$name"; then check=-checkip; else check=-checkhost; fi
        openssl x509 -in "$tls_cert" -noout "$check" "$name" 2>/dev/null | grep -q 'does match' || return 1
    done
}

make_self_signed() {
    command -v openssl >/dev/null || refuse "openssl is needed to make a certificate; install it or set NGINX_TLS_CERT and NGINX_TLS_KEY."
    mkdir -p "$tls_dir"
    alternatives=
    for name in $server_names; do
        if is_address "$name"; then kind=IP; else kind=DNS; fi
        alternatives=${alternatives:+$alternatives,}$kind:$name
    done
    # The key first and both by renaming, so that a start that was cut off leaves no half pair.
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -sha256 -nodes -days 365 \
        -subj "/CN=${server_names%% *}" -addext "subjectAltName=$alternatives" \
        -addext basicConstraints=critical,CA:FALSE -addext keyUsage=critical,digitalSignature \
        -addext extendedKeyUsage=serverAuth \
        -keyout "$tls_key.new" -out "$tls_cert.new" 2>/dev/null || refuse "openssl could not make a certificate."
    chmod 0600 "$tls_key.new" "$tls_cert.new"
    rm -f "$tls_cert"
    mv "$tls_key.new" "$tls_key"
    mv "$tls_cert.new" "$tls_cert"
    say "made a self-signed certificate for $server_names in $tls_dir; browsers will warn of it."
}

# listen_lines FILE PORT OPTIONS
listen_lines() {
    for address in $listen; do
        printf 'listen %s:%s%s;\n' "$address" "$2" "$3"
    done >"$run_dir/$1"
}

write_listeners() {
    if [ -z "$listen" ]; then
        listen=0.0.0.0
        # A machine without IPv6 has no such address to listen on.
        if grep -q . /proc/net/if_inet6 2>/dev/null; then listen="$listen [::]"; fi
    fi
    listen_lines listen-http.conf "$http_port" ''
    listen_lines listen-http-default.conf "$http_port" ' default_server'
    # `listen … http2` is deprecated from 1.25.1 on, where `http2` became a directive.
    if at_least 1 25 1; then
        listen_lines listen-https.conf "$https_port" ' ssl'
        listen_lines listen-https-default.conf "$https_port" ' ssl default_server'
        echo 'http2 on;' | tee -a "$run_dir/listen-https-default.conf" >>"$run_dir/listen-https.conf"
    else
        listen_lines listen-https.conf "$https_port" ' ssl http2'
        listen_lines listen-https-default.conf "$https_port" ' ssl http2 default_server'
    fi
}

write_app_servers() {
    follow=
    : >"$run_dir/app-servers.conf"
    # With a resolver, processes that come and go behind a name are followed without a reload.
    if [ -n "$resolver" ]; then
        if at_least 1 27 3; then
            printf 'resolver %s valid=5s;\n' "$resolver" >"$run_dir/app-servers.conf"
            follow=' resolve'
        else
            say "this nginx is older than 1.27.3 and looks names up once: reload it when processes come or go."
        fi
    fi
    for server in $app_servers; do
        resolve=$follow
        if is_address "${server%:*}"; then resolve=; fi
        printf 'server %s max_fails=1 fail_timeout=5s%s;\n' "$server" "$resolve" >>"$run_dir/app-servers.conf"
    done
}

user_line() {
    # Only root can become somebody else, and nginx warns otherwise.
    [ "$(id -u)" -eq 0 ] || return 0
    for name in nginx www-data nobody; do
        if id "$name" >/dev/null 2>&1; then
            group=$(id -gn "$name")
            echo "user $name $group;"
            return
        fi
    done
}

write_configuration() {
    mkdir -p "$run_dir/www"
    # The workers, who are somebody else, pass through to the files below.
    chmod 0755 "$run_dir" "$run_dir/www"
    ln -sfn "$web_dir" "$run_dir/www/app"
    cp "$here"/*.conf "$run_dir/"
    write_listeners
    write_app_servers
    if [ "$public_port" -eq 443 ]; then public_port=; else public_port=:$public_port; fi
    sed \
        -e "s|@USER_LINE@|$(user_line)|" \
        -e "s|@WORKERS@|$workers|" \
        -e "s|@RUN_DIR@|$run_dir|" \
        -e "s|@ACCESS_LOG@|$access_log|" \
        -e "s|@SERVER_NAMES@|$server_names|" \
        -e "s|@PUBLIC_PORT@|$public_port|" \
        -e "s|@TLS_CERT@|$tls_cert|" \
        -e "s|@TLS_KEY@|$tls_key|" \
        -e "s|@ACME_DIR@|$acme_dir|" \
        -e "s|@RATE_PER_SECOND@|$rate|" \
        -e "s|@BURST@|$burst|" \
        -e "s|@LOGIN_RATE_PER_MINUTE@|$login_rate|" \
        -e "s|@LOGIN_BURST@|$login_burst|" \
        -e "s|@RETRY_AFTER@|1|" \
        -e "s|@LOGIN_RETRY_AFTER@|$(((59 + login_rate) / login_rate))|" \
        "$here/nginx.conf.template" >"$run_dir/nginx.conf"
}

prepare() {
    check_environment
    choose_certificate
    write_configuration
}

case ${1:-} in
    start)
        prepare
        exec nginx -e stderr -c "$run_dir/nginx.conf" -g 'daemon off;'
        ;;
    prepare)
        prepare
        ;;
    reload)
        prepare
        nginx -e stderr -c "$run_dir/nginx.conf" -t -q
        exec nginx -e stderr -c "$run_dir/nginx.conf" -s reload
        ;;
    *)
        refuse "say start, prepare or reload."
        ;;
esac
