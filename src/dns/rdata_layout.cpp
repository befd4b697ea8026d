#include "dns/rdata_layout.h"

#include <algorithm>

namespace rata::dns {
namespace {

using enum Field;

// Ascending by code. RFC 3597 section 4 lists the types in which names may be compressed: those of RFC 1035, and for
// readers also RP, AFSDB, RT, SIG, PX, NXT, NAPTR and SRV. Not handled: NXT, A6, and what was never in use.
// A KEY may have no key (RFC 2535 section 3.1.2).
constexpr RdataLayout layouts[] = {
    {1, {ipv4}},                                                                      // A
    {2, {name}},                                                                      // NS
    {3, {name}},                                                                      // MD
    {4, {name}},                                                                      // MF
    {5, {name}},                                                                      // CNAME
    {6, {name, name, u32, u32, u32, u32, u32}},                                       // SOA
    {7, {name}},                                                                      // MB
    {8, {name}},                                                                      // MG
    {9, {name}},                                                                      // MR
    {11, {ipv4, u8, ports}},                                                          // WKS
    {12, {name}},                                                                     // PTR
    {13, {string, string}},                                                           // HINFO
    {14, {name, name}},                                                               // MINFO
    {15, {u16, name}},                                                                // MX
    {16, {strings}},                                                                  // TXT
    {17, {name, name}},                                                               // RP
    {18, {u16, name}},                                                                // AFSDB
    {19, {string}},                                                                   // X25
    {20, {strings}},                                                                  // ISDN
    {21, {u16, name}},                                                                // RT
    {22, {address_hex}},                                                              // NSAP
    {23, {plain_name}},                                                               // NSAP-PTR
    {24, {type, u8, u8, u32, date, date, u16, name, base64}},                         // SIG
    {25, {u16, u8, u8, maybe_base64}},                                                // KEY
    {26, {u16, name, name}},                                                          // PX
    {27, {string, string, string}},                                                   // GPOS
    {28, {ipv6}},                                                                     // AAAA
    {29, {location}},                                                                 // LOC
    {33, {u16, u16, u16, name}},                                                      // SRV
    {35, {u16, u16, string, string, string, name}},                                   // NAPTR
    {36, {u16, plain_name}},                                                          // KX
    {37, {u16, u16, u8, base64}},                                                     // CERT
    {39, {plain_name}},                                                               // DNAME
    {42, {address_prefixes}},                                                         // APL
    {43, {u16, u8, u8, hex}},                                                         // DS
    {44, {u8, u8, hex}},                                                              // SSHFP
    {45, {u8, u8, u8, gateway, maybe_base64}},                                        // IPSECKEY
    {46, {type, u8, u8, u32, date, date, u16, plain_name, base64}},                   // RRSIG
    {47, {plain_name, type_bitmap}},                                                  // NSEC
    {48, {u16, u8, u8, base64}},                                                      // DNSKEY
    {49, {base64}},                                                                   // DHCID
    {50, {u8, u8, u16, counted_hex, counted_base32, type_bitmap}},                    // NSEC3
    {51, {u8, u8, u16, counted_hex}},                                                 // NSEC3PARAM
    {52, {u8, u8, u8, hex}},                                                          // TLSA
    {53, {u8, u8, u8, hex}},                                                          // SMIMEA
    {55, {host_identity}},                                                            // HIP
    {56, {strings}},                                                                  // NINFO
    {57, {u16, u8, u8, base64}},                                                      // RKEY
    {58, {plain_name, plain_name}},                                                   // TALINK
    {59, {u16, u8, u8, hex}},                                                         // CDS
    {60, {u16, u8, u8, base64}},                                                      // CDNSKEY
    {61, {base64}},                                                                   // OPENPGPKEY
    {62, {u32, u16, type_bitmap}},                                                    // CSYNC
    {63, {u32, u8, u8, hex}},                                                         // ZONEMD
    {64, {u16, plain_name, service_params}},                                          // SVCB
    {65, {u16, plain_name, service_params}},                                          // HTTPS
    {66, {type, u8, u16, plain_name}},                                                // DSYNC
    {99, {strings}},                                                                  // SPF
    {104, {u16, locator64}},                                                          // NID
    {105, {u16, ipv4}},                                                               // L32
    {106, {u16, locator64}},                                                          // L64
    {107, {u16, plain_name}},                                                         // LP
    {108, {eui48}},                                                                   // EUI48
    {109, {eui64}},                                                                   // EUI64
    {249, {plain_name, date, date, u16, key_rcode, counted_base64, counted_base64}},  // TKEY
    {250, {plain_name, u48, u16, counted_base64, u16, key_rcode, counted_base64}},    // TSIG
    {256, {u16, u16, text}},                                                          // URI
    {257, {u8, tag, text}},                                                           // CAA
    {258, {strings}},                                                                 // AVC
    {259, {u32, u32, u8, string, maybe_base64}},                                      // DOA
    {260, {u8, relay_type, relay}},                                                   // AMTRELAY
    {261, {strings}},                                                                 // RESINFO
    {262, {strings}},                                                                 // WALLET
    {263, {strings}},                                                                 // CLA
    {32768, {u16, u8, u8, hex}},                                                      // TA
    {32769, {u16, u8, u8, hex}},                                                      // DLV
};

static_assert(std::ranges::is_sorted(layouts, {}, &RdataLayout::type));

}  // namespace

const RdataLayout* find_layout(std::uint16_t type) {
  const auto* row = std::ranges::lower_bound(layouts, type, {}, &RdataLayout::type);
  return row != std::end(layouts) && row->type == type ? row : nullptr;
}

}  // namespace rata::dns
