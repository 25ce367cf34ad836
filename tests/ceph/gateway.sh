#!/usr/bin/env bash
# Ceph's S3 gateway on one machine, in memory, on loopback: a real S3 server to test against.
#
#   tests/ceph/gateway.sh start DIR [PORT]   starts it (about 15 s), makes a user and a bucket `warraq`, and prints the
#                                            environment to use it with: eval "$(tests/ceph/gateway.sh start /tmp/ceph)"
#   tests/ceph/gateway.sh stop DIR           stops it and removes DIR
#
# Needs Debian's ceph-mon, ceph-osd, radosgw and ceph-common, and a Python with boto3 ($PYTHON, or what `make test` made in
# .venv). Nothing runs as a service and nothing outlives `stop`.
set -euo pipefail

usage() { sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2; }
[ $# -ge 2 ] || usage
verb=$1 dir=$(realpath -m "$2")
python=${PYTHON:-$(dirname "$0")/../../.venv/bin/python}

# The daemons that run. One that has ended but that nobody has waited for, as in a container, does not count.
running() {
  for file in "$dir"/run/*.pid; do
    [ -e "$file" ] || continue
    pid=$(cat "$file")
    if grep -qs '^State:[[:space:]]*[^ZX[:space:]]' "/proc/$pid/status"; then echo "$pid"; fi
  done
}

stop() {
  running | xargs -r kill 2>/dev/null || true
  for _ in $(seq 50); do
    [ -n "$(running)" ] || break
    sleep 0.1
  done
  running | xargs -r kill -9 2>/dev/null || true
  rm -rf "$dir"
}

free_port() { "$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# On a busy machine the OSD may ask its monitor before it has the monitor's map, and then ends ("wrong fsid"): start it again.
start_osd() {
  for _ in $(seq 5); do
    timeout 30 ceph-osd -i 0
    for _ in $(seq 20); do
      timeout 10 ceph osd stat | grep -q '1 up' && return
      sleep 0.5
    done
  done
  return 1
}

start() {
  for program in ceph ceph-mon ceph-osd radosgw radosgw-admin; do
    command -v $program >/dev/null || { echo "$program is not installed; on Debian: apt-get install ceph-mon ceph-osd radosgw ceph-common" >&2; exit 1; }
  done
  [ ! -e "$dir" ] || { echo "$dir exists already; stop the gateway there first, or name another directory" >&2; exit 1; }
  mkdir -p "$dir"/{mon,osd,run,log}
  fsid=$(cat /proc/sys/kernel/random/uuid) osd=$(cat /proc/sys/kernel/random/uuid)
  monitor=$(free_port) port=${1:-$(free_port)}
  conf=$dir/ceph.conf
  export CEPH_CONF=$conf
  cat >"$conf" <<CONF
[global]
fsid = $fsid
mon_host = v1:127.0.0.1:$monitor
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
auth_allow_insecure_global_id_reclaim = true
keyring = $dir/keyring
run_dir = $dir/run
admin_socket = $dir/run/\$name.asok
pid_file = $dir/run/\$name.pid
log_file = $dir/log/\$name.log
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 4
osd_pool_default_pgp_num = 4
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_warn_on_pool_no_redundancy = false
osd_objectstore = memstore
memstore_device_bytes = 4294967296
[mon.a]
host = localhost
mon_data = $dir/mon
[osd.0]
osd_data = $dir/osd
[client.rgw.a]
rgw_frontends = beast endpoint=127.0.0.1:$port
rgw_dns_name = localhost
# Keys for server-side encryption stand in this file instead of a key server: they are the test's alone, like the server.
rgw_crypt_require_ssl = false
rgw_crypt_s3_kms_backend = testing
rgw_crypt_s3_kms_encryption_keys = "warraq-key=$(head -c 32 /dev/zero | base64)"
CONF
  {
    ceph-authtool --create-keyring "$dir/keyring" --gen-key -n mon. --cap mon 'allow *'
    ceph-authtool "$dir/keyring" --gen-key -n client.admin --cap mon 'allow *' --cap osd 'allow *'
    monmaptool --create --fsid "$fsid" --addv a "[v1:127.0.0.1:$monitor]" "$dir/monmap"
    ceph-mon --mkfs -i a --monmap "$dir/monmap" --keyring "$dir/keyring"
    timeout 30 ceph-mon -i a
    timeout 30 ceph osd new "$osd"
    ceph-osd -i 0 --mkfs --osd-uuid "$osd"
    start_osd
    timeout 60 radosgw -n client.rgw.a
    timeout 60 radosgw-admin user create --uid warraq --display-name warraq --access-key warraqaccess --secret-key warraqsecret \
      --caps 'users=write'  # to make the users that a test needs
    # A second user without any rights on the bucket: what happens without permission is tested too.
    timeout 60 radosgw-admin user create --uid stranger --display-name stranger --access-key strangeraccess --secret-key strangersecret
  } >"$dir/log/start.log" 2>&1 || { tail -5 "$dir/log/start.log" >&2; echo "Ceph did not start; its logs are in $dir/log" >&2; exit 1; }
  "$python" - "$port" <<'PYTHON'
import sys

import boto3
from botocore.config import Config

boto3.client(
    "s3",
    endpoint_url=f"http://127.0.0.1:{sys.argv[1]}",
    aws_access_key_id="warraqaccess",
    aws_secret_access_key="warraqsecret",
    region_name="us-east-1",
    config=Config(retries={"max_attempts": 10}, connect_timeout=5),
).create_bucket(Bucket="warraq")
PYTHON
  cat <<ENVIRONMENT
export AWS_ENDPOINT_URL=http://127.0.0.1:$port
export AWS_ACCESS_KEY_ID=warraqaccess
export AWS_SECRET_ACCESS_KEY=warraqsecret
export AWS_DEFAULT_REGION=us-east-1
ENVIRONMENT
}

case $verb in
  start) start "${@:3}" ;;
  stop) stop ;;
  *) usage ;;
esac
