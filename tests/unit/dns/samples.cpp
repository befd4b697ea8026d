#include "unit/dns/samples.h"

#include <algorithm>

namespace rata::dns::tests {

Octets hex(std::string_view digits) {
  Octets octets;
  int half = -1;
  for (const char digit : digits) {
    if (digit == ' ') continue;
    const int value = digit <= '9' ? digit - '0' : digit - 'a' + 10;
    if (half >= 0) octets.push_back(static_cast<std::uint8_t>(half << 4 | value));
    half = half >= 0 ? -1 : value;
  }
  return octets;
}

Octets text(std::string_view letters) { return {letters.begin(), letters.end()}; }

Octets name(std::string_view dotted) {
  Octets wire;
  while (!dotted.empty()) {
    const std::size_t dot = std::min(dotted.find('.'), dotted.size());
    wire = wire + counted(text(dotted.substr(0, dot)));
    dotted.remove_prefix(std::min(dot + 1, dotted.size()));
  }
  return wire + Octets{0};
}

Octets counted(const Octets& octets) { return Octets{static_cast<std::uint8_t>(octets.size())} + octets; }

Octets u16(unsigned value) { return {static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)}; }

Octets u32(std::uint32_t value) { return u16(value >> 16) + u16(value & 0xffff); }

Octets header(std::uint16_t flags, unsigned questions, unsigned answers, unsigned authorities, unsigned additionals,
              unsigned id) {
  return u16(id) + u16(flags) + u16(questions) + u16(answers) + u16(authorities) + u16(additionals);
}

Octets question(std::string_view dotted, unsigned type, unsigned rr_class) {
  return name(dotted) + u16(type) + u16(rr_class);
}

Octets record(const Octets& owner, unsigned type, const Octets& rdata, unsigned rr_class, std::uint32_t ttl) {
  return owner + u16(type) + u16(rr_class) + u32(ttl) + u16(static_cast<unsigned>(rdata.size())) + rdata;
}

Octets opt(const Octets& options) { return record({0}, 41, options, 1232, 0); }

Octets option(unsigned code, const Octets& data) { return u16(code) + u16(static_cast<unsigned>(data.size())) + data; }

const std::vector<RdataSample>& readable_rdata() {
  static const Octets a_name = Octets{1, 'a', 0xc0, 12};  // a.example.
  static const Octets key = hex("0100 03 0d cafe"), digest = hex("3039 0d 02 00ff10");
  static const Octets signature = hex("0001 0d 02 00000e10 65a4f3c0 659b7b40 3039");
  static const Octets v6 = hex("20010db8 00000000 00000000 00000001");
  static const Octets locator = hex("000a 20010db8 00010002");
  static const std::vector<RdataSample> samples = {
      // RFC 1035, and what names of theirs others took over
      {1, {192, 0, 2, 1}, "192.0.2.1"},
      {2, a_name, "a.example."},
      {2, {0}, "."},
      {3, a_name, "a.example."},
      {4, a_name, "a.example."},
      {5, to_question, "example."},
      {6, a_name + to_question + u32(1) + u32(2) + u32(3) + u32(4) + u32(4294967295u),
       "a.example. example. 1 2 3 4 4294967295"},
      {7, a_name, "a.example."},
      {8, a_name, "a.example."},
      {9, a_name, "a.example."},
      {11, hex("c0000201 06 0000004001"), "192.0.2.1 6 25 39"},
      {12, a_name, "a.example."},
      {13, counted(text("CPU")) + counted(text("O\"S")), R"("CPU" "O\"S")"},
      {14, a_name + a_name, "a.example. a.example."},
      {15, u16(10) + a_name, "10 a.example."},
      {16, counted(text("v=1 \\")) + counted({}) + counted({0, 0xff}), R"("v=1 \\" "" "\000\255")"},
      {17, a_name + Octets{0}, "a.example. ."},
      {18, u16(1) + a_name, "1 a.example."},
      {19, counted(text("311061700956")), R"("311061700956")"},
      {20, counted(text("150862028003217")) + counted(text("004")), R"("150862028003217" "004")"},
      {21, u16(1) + a_name, "1 a.example."},
      {22, hex("47000580"), "0x47000580"},
      {23, name("a.example"), "a.example."},
      {24, signature + a_name + hex("cafe"), "A 13 2 3600 20240115085840 20240108043408 12345 a.example. yv4="},
      {25, key, "256 3 13 yv4="},
      {25, hex("c000 03 03"), "49152 3 3"},
      {26, u16(1) + a_name + a_name, "1 a.example. a.example."},
      {27, counted(text("-32.6")) + counted(text("116.8")) + counted(text("10.0")), R"("-32.6" "116.8" "10.0")"},
      // Addresses, places, services
      {28, v6, "2001:db8::1"},
      {29, hex("00 33 16 13 89172dd0 70be15f0 00988d20"),
       "42 21 54.000 N 71 6 18.000 W -24.00m 30.00m 10000.00m 10.00m"},
      {33, u16(1) + u16(2) + u16(5060) + a_name, "1 2 5060 a.example."},
      {35, u16(1) + u16(2) + counted(text("S")) + counted(text("SIP")) + counted({}) + a_name,
       R"(1 2 "S" "SIP" "" a.example.)"},
      {36, u16(1) + name("a.example"), "1 a.example."},
      {37, hex("0001 3039 0d cafe"), "1 12345 13 yv4="},
      {39, name("a.example"), "a.example."},
      {42, hex("0001 18 03 c00002 0002 20 84 20010db8"), "1:192.0.2.0/24 !2:2001:db8::/32"},
      {45, hex("0a 01 02 c0000201 cafe"), "10 1 2 192.0.2.1 yv4="},
      {45, hex("0a 00 00"), "10 0 0 ."},
      {45, hex("0a 02 02") + v6 + hex("cafe"), "10 2 2 2001:db8::1 yv4="},
      {45, hex("0a 03 02") + name("a.example") + hex("cafe"), "10 3 2 a.example. yv4="},
      {55, hex("04 02 0002 20010010 cafe") + name("a.example"), "2 20010010 yv4= a.example."},
      {64, u16(0) + name("a.example"), "0 a.example."},
      {65,
       u16(1) + Octets{0} + option(0, hex("0001 0003")) + option(1, counted(text("h2")) + counted(text("a,\\b"))) +
           option(2, {}) + option(3, u16(443)) + option(4, hex("c0000201 c0000202")) + option(5, hex("cafe")) +
           option(6, v6) + option(7, text("/q{?dns}")) + option(8, {}) + option(9, hex("001d 11ec")) +
           option(65280, text("x y")) + option(65281, {}),
       R"(1 . mandatory=alpn,port alpn="h2,a\\,\\\\b" no-default-alpn port=443 ipv4hint=192.0.2.1,192.0.2.2 ech=yv4= )"
       R"(ipv6hint=2001:db8::1 dohpath="/q{?dns}" ohttp tls-supported-groups=29,4588 key65280="x y" key65281)"},
      {66, u16(59) + hex("01 0035") + name("a.example"), "CDS 1 53 a.example."},
      {104, locator, "10 2001:db8:1:2"},
      {105, hex("000a c0000201"), "10 192.0.2.1"},
      {106, locator, "10 2001:db8:1:2"},
      {107, u16(10) + name("a.example"), "10 a.example."},
      {108, hex("00005e0053 2a"), "00-00-5e-00-53-2a"},
      {109, hex("00005eef1000002a"), "00-00-5e-ef-10-00-00-2a"},
      {256, u16(1) + u16(2) + text("https://example/\"a\""), R"(1 2 "https://example/\"a\"")"},
      {257, Octets{128} + counted(text("issue")) + text("ca.example"), R"(128 issue "ca.example")"},
      {260, hex("0a 81 c0000201"), "10 1 1 192.0.2.1"},
      {260, hex("0a 00"), "10 0 0 ."},
      // DNSSEC and keys
      {43, digest, "12345 13 2 00ff10"},
      {44, hex("04 02 00ff"), "4 2 00ff"},
      {46, signature + name("a.example") + hex("cafe"),
       "A 13 2 3600 20240115085840 20240108043408 12345 a.example. yv4="},
      {47, name("a.example") + hex("00 06 400000000003 01 01 40"), "a.example. A RRSIG NSEC CAA"},
      {48, key, "256 3 13 yv4="},
      {49, hex("cafe01"), "yv4B"},
      {50, hex("01 00 000a 02 abcd 05 0000000001 00 01 40"), "1 0 10 abcd 00000001 A"},
      {50, hex("01 00 0000 00 05 ffffffffff"), "1 0 0 - VVVVVVVV"},
      {51, hex("01 00 0000 00"), "1 0 0 -"},
      {52, hex("03 01 01 00ff"), "3 1 1 00ff"},
      {53, hex("03 01 01 00ff"), "3 1 1 00ff"},
      {57, key, "256 3 13 yv4="},
      {58, name("a.example") + Octets{0}, "a.example. ."},
      {59, digest, "12345 13 2 00ff10"},
      {60, key, "256 3 13 yv4="},
      {61, hex("cafe0102"), "yv4BAg=="},
      {62, hex("00000042 0003 00 04 60000008"), "66 3 A NS AAAA"},
      {63, hex("00000042 01 01 00ff"), "66 1 1 00ff"},
      {249, name("gss-tsig") + u32(0) + u32(60) + u16(3) + u16(0) + u16(2) + hex("cafe") + u16(0),
       "gss-tsig. 19700101000000 19700101000100 3 NOERROR 2 yv4= 0"},
      {250, name("hmac-sha256") + hex("000065a4f3c0 012c 0002 cafe 0007 0010 0000"),
       "hmac-sha256. 1705309120 300 2 yv4= 7 BADSIG 0"},
      {32768, digest, "12345 13 2 00ff10"},
      {32769, digest, "12345 13 2 00ff10"},
      // Text
      {56, counted(text("x")), R"("x")"},
      {99, counted(text("v=spf1")), R"("v=spf1")"},
      {258, counted(text("x")), R"("x")"},
      {259, u32(1) + u32(2) + hex("03") + counted(text("x/y")) + hex("cafe"), R"(1 2 3 "x/y" yv4=)"},
      {261, counted(text("qnamemin")), R"("qnamemin")"},
      {262, counted(text("x")), R"("x")"},
      {263, counted(text("x")), R"("x")"},
  };
  return samples;
}

const std::vector<OptionSample>& readable_options() {
  static const std::vector<OptionSample> samples = {
      {1, hex("0001"), "LLQ: 0001"},
      {2, u32(3600), "UPDATE-LEASE: 00000e10"},
      {3, {}, "NSID"},
      {3, text("n\"1"), R"(NSID: 6e2231 "n\"1")"},
      {5, {8, 13}, "DAU: 8 13"},
      {6, {2}, "DHU: 2"},
      {7, {}, "N3U"},
      {8, hex("0001 18 18 c00002"), "ECS: 192.0.2.0/24/24"},
      {8, hex("0002 21 00 20010db880"), "ECS: 2001:db8:8000::/33/0"},
      {8, hex("0000 00 00"), "ECS: 0/0/0"},
      {9, u32(86400), "EXPIRE: 86400 s"},
      {10, hex("0102030405060708"), "COOKIE: 0102030405060708"},
      {10, hex("0102030405060708 1112131415161718"), "COOKIE: 0102030405060708 1112131415161718"},
      {11, {}, "TCP-KEEPALIVE"},
      {11, u16(305), "TCP-KEEPALIVE: 30.5 s"},
      {12, {}, "PADDING: 0 octets"},
      {12, {0, 0, 0}, "PADDING: 3 octets"},
      {12, {0, 1}, "PADDING: 2 octets, not all zero"},
      {13, name("a.example"), "CHAIN: a.example."},
      {14, hex("4f66 9728"), "KEY-TAG: 20326 38696"},
      {15, u16(3), "EDE: 3 (Stale Answer)"},
      {15, u16(22) + text("no one"), R"(EDE: 22 (No Reachable Authority) "no one")"},
      {15, u16(999), "EDE: 999"},
      {16, hex("00ff"), "CLIENT-TAG: 00ff"},
      {17, hex("00ff"), "SERVER-TAG: 00ff"},
      {18, name("agent.example"), "REPORT-CHANNEL: agent.example."},
      {19, {}, "ZONEVERSION"},
      {19, hex("02 00 00000042"), "ZONEVERSION: 2 labels, SOA-SERIAL 66"},
      {19, hex("02 f6 abcd"), "ZONEVERSION: 2 labels, TYPE246 abcd"},
      {65001, hex("abcd"), "OPT65001: abcd"},
      {65002, {}, "OPT65002"},
  };
  return samples;
}

std::vector<Octets> valid_messages() {
  std::vector<Octets> messages;
  for (const RdataSample& sample : readable_rdata())
    messages.push_back(header(0x8400, 1, 1) + question("example", sample.type) +
                       record(to_question, sample.type, sample.rdata));
  for (const OptionSample& sample : readable_options())
    messages.push_back(header(0x8100, 1, 0, 0, 1) + question("example", 1) + opt(option(sample.code, sample.data)));
  messages.push_back(
      header(0x8180, 1, 1, 1, 1) + question("example", 28) + record(to_question, 5, {1, 'w', 0xc0, 12}) +
      record(to_question, 6, {1, 'n', 0xc0, 12, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5}) +
      opt({}));
  messages.push_back(header(0x0000, 2) + question("example", 1) + to_question + u16(28) + u16(1));
  messages.push_back(header(0x8000, 0));
  messages.push_back(header(0x0800, 0, 1) + record({0}, 1, {192, 0, 2, 1}));  // IQUERY
  messages.push_back(header(0x1000, 0));                                      // STATUS
  messages.push_back(header(0x2400, 1, 1) + question("example", 6) +
                     record(to_question, 6, Octets{0, 0} + u32(9) + u32(1) + u32(1) + u32(1) + u32(1)));  // NOTIFY
  messages.push_back(header(0x2800, 1, 5, 5) + question("example", 6) + record(to_question, 1, {}, 255, 0) +
                     record(to_question, 255, {}, 255, 0) + record(to_question, 1, {}, 254, 0) +
                     record(to_question, 255, {}, 254, 0) + record(to_question, 1, {192, 0, 2, 1}, 1, 0) +
                     record(to_question, 1, {192, 0, 2, 1}) + record(to_question, 1, {}, 255, 0) +
                     record(to_question, 255, {}, 255, 0) + record(to_question, 1, {192, 0, 2, 1}, 254, 0) +
                     record(to_question, 1, {}, 7, 0));  // UPDATE
  messages.push_back(header(0x3000, 0) + option(1, u32(15000) + u32(60000)) + option(3, {0, 0}) + option(2, u32(1000)) +
                     option(0x40, question("example", 12)) + option(0x41, hex("00")) + option(0x42, u16(7)) +
                     option(0x43, question("example", 1) + Octets{192, 0, 2, 1}) + option(0xf800, hex("ff")));  // DSO
  return messages;
}

}  // namespace rata::dns::tests
