#!/bin/bash
# The first process of a real node. It starts in namespaces of its own, furnishes them and becomes what init is to
# a machine: when it ends, every process, mount and interface of the node ends with it.
#   ROOTFS    the node's file system, shared and never written to
#   FOLDER    the node's own
#   BED       the instance's folder
#   KUBELET, KUBE_PROXY  the programs, one file each
#   NETWORK   the namespace that the node is plugged into
#   INDEX, ADDRESS, BRIDGE, GATEWAY, PODS, CGROUP, NODE, NAME, LABELS
#   PROXY     what containerd reaches other registries by
set -eu

# A wire into the nodes' network. The node's own namespace is given by an open file: process ids mean others here.
exec 3</proc/self/ns/net
plug() { nsenter --net="$NETWORK" ip "$@"; }
plug link delete "node$INDEX" 2>/dev/null || true
plug link add "node$INDEX" type veth peer name eth0 netns /proc/self/fd/3
plug link set "node$INDEX" master "$BRIDGE" up
exec 3<&-
ip link set lo up
ip address add "$ADDRESS/24" dev eth0
ip link set eth0 up
ip route add default via "$GATEWAY"
while read -r route; do ip $route; done <"$FOLDER/etc/routes"
echo 1 >/proc/sys/net/ipv4/ip_forward

for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/*; do
  if [ -e "$hierarchy/cgroup.procs" ]; then mkdir -p "$hierarchy/$CGROUP"; fi
done

# Images and volumes lie beside the overlay, as an overlay cannot lie upon another.
cd "$FOLDER"
mkdir -p upper work root containerd kubelet
mount -t overlay overlay -o "lowerdir=$ROOTFS,upperdir=upper,workdir=work" root
mkdir -p root/{opt/bed,etc/bed,var/lib/containerd,var/lib/kubelet,var/lib/volumes,var/log/bed,old}
touch root/opt/bed/{kubelet,kube-proxy}
mount --bind "$KUBELET" root/opt/bed/kubelet
mount --bind "$KUBE_PROXY" root/opt/bed/kube-proxy
mount --bind etc root/etc/bed
mount --bind containerd root/var/lib/containerd
mount --bind kubelet root/var/lib/kubelet
mount --bind "$BED/volumes" root/var/lib/volumes
mount --bind "$BED/log" root/var/log/bed
mount -t proc proc root/proc
mount -t sysfs sysfs root/sys
mount --rbind /sys/fs/cgroup root/sys/fs/cgroup
mount --rbind /dev root/dev
mount -t tmpfs tmpfs root/run
mount -t tmpfs tmpfs root/tmp
echo "127.0.0.1 localhost" >root/etc/hosts
cd root
pivot_root . old
umount --lazy /old
# Volumes that the kubelet mounts must be seen by containerd's children too.
mount --make-rshared /

# The kubelet sets these of the whole machine; here it finds them set.
tunable() {
  echo "$2" >"/run/tunable-${1//\//-}"
  mount --bind "/run/tunable-${1//\//-}" "/proc/sys/$1"
}
tunable vm/overcommit_memory 1
tunable vm/panic_on_oom 0
tunable kernel/panic 10
tunable kernel/panic_on_oops 1
tunable kernel/keys/root_maxkeys 1000000
tunable kernel/keys/root_maxbytes 25000000

hostname "$NODE"
export PATH=/opt/bed:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
log() { exec >>"/var/log/bed/$NAME-$1.log" 2>&1; }
(log containerd; HTTPS_PROXY=$PROXY exec containerd --config /etc/bed/containerd.toml) &
# The kubelet gives up when it comes before containerd has found what it had been running; a machine starts it again.
(log kubelet; while :; do
  kubelet --config=/etc/bed/kubelet.yaml --kubeconfig=/etc/bed/kubelet.kubeconfig --root-dir=/var/lib/kubelet \
    --cert-dir=/var/lib/kubelet/pki --hostname-override="$NODE" --node-ip="$ADDRESS" --node-labels="$LABELS" || sleep 0.5
done) &
(log kube-proxy; exec kube-proxy --kubeconfig=/etc/bed/kube-proxy.kubeconfig --proxy-mode=nftables --hostname-override="$NODE" \
  --cluster-cidr="$PODS" --conntrack-max-per-core=0 --conntrack-tcp-timeout-established=0 \
  --conntrack-tcp-timeout-close-wait=0) &
# A machine without one of them is out of order.
wait -n || true
echo "one of the node's programs has ended: see $NAME-*.log"
exit 1
