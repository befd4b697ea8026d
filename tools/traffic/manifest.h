#pragma once

#include <nlohmann/json.hpp>

#include "traffic/addresses.h"
#include "traffic/options.h"
#include "traffic/pcap_writer.h"
#include "traffic/truth.h"

namespace rata::traffic {

/// The truth about what was written, for whoever checks a program that watches it. All counts are exact.
///
///     options            those in force; 0 queries, or null packets, are no limit
///     packets, bytes     pcap records and the octets of their frames
///     first_ts, last_ts  seconds with a fraction, as written
///     queries            {total, udp, tcp, v4, v6}: well-formed messages with QR=0
///     responses          {total, udp, tcp, v4, v6, no_question}: messages with QR=1. A fragmented one is one;
///                        no_question are the FORMERRs of a header alone
///     qtype, qclass, opcode, edns_bufsize   {number: queries}
///     rcode              {number: responses}: the header's four bits
///     response_tc, response_aa, query_edns, query_do, query_rd, query_cookie, query_nsid, query_ecs
///     unanswered         well-formed UDP queries without a response
///     malformed          {total, trunc_header, comp_loop, label_overrun, cut_question}: not among "queries"; all but
///                        trunc_header have a whole header with QR=0
///     fragments          {datagrams, packets, reversed}
///     tcp                {connections, packets, split_queries, split_responses, two_query}
///     noise              {icmp_echo, icmp_unreach, ntp, arp}: packets
///     names              {distinct, and queries for names of some sorts}
///     qname_bytes        sum of the wire lengths of the queries' names
///     clients            {distinct}
///     top_qnames         20 of [name in lower case without the last dot, queries]
///     top_clients        20 of [address, queries]
///     latency_udp_ns     {count, mean, p50, p90, p99, max} of the stamps as written
nlohmann::ordered_json manifest(const Options& options, const PcapWriter& writer, const Addresses& addresses,
                                const Truth& truth);

}  // namespace rata::traffic
