import FileSystems
import HostOS
import Identity
import Kernel
import LinuxABI
import VFS

/// /proc/sys/net.
enum NetworkControls {
    static func fill(_ net: ControlDirectory) {
        let three = ControlFile.Form.numbers(count: 3, 0...Int64(Int32.max))
        net.directory("core").keep([
            ("somaxconn", "4096", .natural), ("rmem_default", "212992", .natural), ("rmem_max", "212992", .natural),
            ("wmem_default", "212992", .natural), ("wmem_max", "212992", .natural), ("optmem_max", "131072", .natural),
            ("default_qdisc", "pfifo_fast", .text), ("message_burst", "10", .natural), ("message_cost", "5", .natural),
            ("netdev_max_backlog", "1000", .natural), ("bpf_jit_enable", "1", .natural), ("busy_poll", "0", .natural),
            ("busy_read", "0", .natural), ("rps_sock_flow_entries", "0", .natural), ("warnings", "0", .natural),
        ], capability: .CAP_NET_ADMIN)
        fill4(net.directory("ipv4"), three)
        let six = net.directory("ipv6")
        six.keep([("bindv6only", "0", .flag), ("ip6frag_time", "60", .natural), ("ip_nonlocal_bind", "0", .flag),
                  ("auto_flowlabels", "1", .natural)], capability: .CAP_NET_ADMIN)
        for name in ["all", "default", "lo"] {
            six.directory("conf").directory(name).keep([
                ("disable_ipv6", "0", .flag), ("forwarding", "0", .flag), ("accept_ra", "1", .natural), ("autoconf", "1", .flag),
                ("hop_limit", "64", .natural), ("mtu", "1280", .natural), ("use_tempaddr", "0", .integer),
            ], capability: .CAP_NET_ADMIN)
        }
        net.directory("unix").keep([("max_dgram_qlen", "512", .natural)], capability: .CAP_NET_ADMIN)
    }

    private static func fill4(_ four: ControlDirectory, _ three: ControlFile.Form) {
        four.keep([
            ("ip_forward", "0", .flag), ("ip_default_ttl", "64", .numbers(count: 1, 1...255)),
            ("ip_local_port_range", "32768\t60999", .numbers(count: 2, 0...65535)), ("ip_local_reserved_ports", "", .text),
            ("ip_nonlocal_bind", "0", .flag), ("ip_no_pmtu_disc", "0", .natural), ("ip_unprivileged_port_start", "1024", .upTo(65535)),
            ("ipfrag_time", "30", .natural), ("ping_group_range", "1\t0", .numbers(count: 2, 0...Int64(UInt32.max))),
            ("icmp_echo_ignore_all", "0", .flag), ("icmp_echo_ignore_broadcasts", "1", .flag),
            ("tcp_allowed_congestion_control", "reno cubic", .text), ("tcp_congestion_control", "cubic", .text),
            ("tcp_available_congestion_control", "reno cubic", .text), ("tcp_base_mss", "1024", .natural), ("tcp_dsack", "1", .natural),
            ("tcp_early_retrans", "3", .natural), ("tcp_fack", "0", .natural), ("tcp_fastopen", "1", .natural),
            ("tcp_fin_timeout", "60", .natural), ("tcp_invalid_ratelimit", "500", .natural), ("tcp_keepalive_intvl", "75", .natural),
            ("tcp_keepalive_probes", "9", .natural), ("tcp_keepalive_time", "7200", .natural), ("tcp_max_syn_backlog", "512", .natural),
            ("tcp_max_tw_buckets", "16384", .natural), ("tcp_mem", "46000\t61000\t92000", three), ("tcp_mtu_probing", "0", .natural),
            ("tcp_no_metrics_save", "0", .natural), ("tcp_notsent_lowat", "4294967295", .text), ("tcp_probe_interval", "600", .natural),
            ("tcp_probe_threshold", "8", .natural), ("tcp_recovery", "1", .natural), ("tcp_retries1", "3", .natural),
            ("tcp_retries2", "15", .natural), ("tcp_rfc1337", "0", .flag), ("tcp_rmem", "4096\t131072\t6291456", three),
            ("tcp_sack", "1", .natural), ("tcp_slow_start_after_idle", "1", .natural), ("tcp_synack_retries", "5", .natural),
            ("tcp_syncookies", "1", .natural), ("tcp_syn_retries", "6", .natural), ("tcp_timestamps", "1", .natural),
            ("tcp_tw_reuse", "2", .natural), ("tcp_window_scaling", "1", .natural), ("tcp_wmem", "4096\t16384\t4194304", three),
            ("tcp_abort_on_overflow", "0", .natural), ("tcp_ecn", "2", .natural), ("udp_mem", "92000\t123000\t184000", three),
            ("udp_rmem_min", "4096", .natural), ("udp_wmem_min", "4096", .natural),
        ], capability: .CAP_NET_ADMIN)
        for name in ["all", "default", "lo"] {
            four.directory("conf").directory(name).keep([
                ("forwarding", "0", .flag), ("rp_filter", "0", .natural), ("accept_redirects", "1", .flag), ("send_redirects", "1", .flag),
                ("accept_source_route", "0", .flag), ("arp_ignore", "0", .natural), ("arp_announce", "0", .natural),
                ("arp_filter", "0", .flag), ("route_localnet", "0", .flag), ("proxy_arp", "0", .flag), ("log_martians", "0", .flag),
                ("secure_redirects", "1", .flag),
            ], capability: .CAP_NET_ADMIN)
        }
    }
}
