#include <gtest/gtest.h>

#include "support/dimensions.h"

namespace rata::reduce {
namespace {

using tests::holds;
using tests::Messages;
using tests::MessageText;
using tests::no_value;
using tests::Opt;
using tests::value_of;

struct Case {
  std::string dimension;
  MessageText message;
  std::string text;
  std::string older = "";  ///< "": as `text`
};

void check(const std::vector<Case>& cases, const Context& context = {}) {
  for (const Case& one : cases) {
    Messages messages;
    const Packet packet = messages.make(one.message);
    EXPECT_EQ(value_of(one.dimension, packet, context), one.text) << one.dimension << " " << one.message.qname;
    EXPECT_EQ(value_of(one.dimension, packet, context, true), one.older.empty() ? one.text : one.older)
        << one.dimension << " " << one.message.qname;
  }
}

std::string letters(std::size_t count) { return std::string(count, 'x'); }

TEST(DimensionsOfNames, Labels_and_lengths) {
  const std::string longest =
      letters(63) + '.' + letters(63) + '.' + letters(63) + '.' + letters(61) + '.';  // 255 octets on the wire
  check({
      {"tld", {.qname = "WWW.Example."}, "example.", "example"},
      {"tld", {.qname = "example."}, "example.", "example"},
      {"tld", {.qname = "a.b\\.c."}, "b\\046c.", "b\\046c"},  // a dot inside a label
      {"second_level", {.qname = "a.b.c.example."}, "c.example.", "c.example"},
      {"second_level", {.qname = "example."}, "example.", "example"},
      {"third_level", {.qname = "a.b.c.example."}, "b.c.example.", "b.c.example"},
      {"third_level", {.qname = "c.example."}, "c.example.", "c.example"},
      {"qname_length", {.qname = "a.example."}, "10"},
      {"qname_length", {.qname = "."}, "1"},
      {"qname_length", {.qname = longest}, "254"},
      {"qname_length", {.qname = "\\000\\255.example."}, "11"},  // octets, not their escapes
      {"label_count", {.qname = "a.b.example."}, "3"},
      {"label_count", {.qname = "."}, "0"},
      {"label_count", {.qname = "a\\.b.example."}, "2"},
      {"tld", {.qname = longest}, letters(61) + ".", letters(61)},
  });
  std::string most;
  for (int i = 0; i < 127; ++i) most += "a.";
  check({{"label_count", {.qname = most}, "127"}, {"third_level", {.qname = most}, "a.a.a.", "a.a.a"}});
}

TEST(DimensionsOfNames, The_root) {
  Messages messages;
  const Packet root = messages.make({.qname = "."});
  for (const char* dimension : {"tld", "second_level", "third_level"}) {
    EXPECT_EQ(value_of(dimension, root), ".") << dimension;
    EXPECT_EQ(value_of(dimension, root, {}, true), "") << dimension;
  }
  EXPECT_EQ(value_of("known_tld", root), "yes");
}

TEST(DimensionsOfNames, Without_question_there_is_no_value) {
  Messages messages;
  const Packet bare = messages.make({.qname = ""});
  for (const char* dimension : {"qname", "tld", "second_level", "third_level", "qname_length", "qtype", "qclass"})
    EXPECT_EQ(value_of(dimension, bare), no_value) << dimension;
  EXPECT_EQ(value_of("classification", bare), "funny-qclass") << "as DSC, for which it has class 0";
}

TEST(DimensionsOfNames, Certain_names_and_their_two_rules) {
  const struct {
    const char* qname;
    const char* older;
    const char* dsc;
    bool root_server, root_servers_net;
  } cases[] = {
      {"localhost.", "localhost", "localhost", false, false},
      {"a.localhost.", "else", "else", false, false},
      {"notlocalhost.", "else", "else", false, false},
      {"L.ROOT-servers.net.", "root-servers.net", "X.root-servers.net", true, true},
      {"ab.root-servers.net.", "root-servers.net", "else", false, true},
      {"root-servers.net.", "root-servers.net", "else", false, true},
      {"xroot-servers.net.", "root-servers.net", "else", false, true},
      {"1.root-servers.net.", "root-servers.net", "X.root-servers.net", true, true},
      {"a.root-servers.net.example.", "else", "else", false, false},
      {"root-servers\\003net.", "else", "else", false, false},  // one label that looks like two on the wire
      {"a.root-servers\\003net.", "else", "else", false, false},
      {".", "else", "else", false, false},
      {"net.", "else", "else", false, false},
  };
  for (const auto& one : cases) {
    Messages messages;
    const Packet packet = messages.make({.qname = one.qname});
    EXPECT_EQ(value_of("certain_names", packet), one.older) << one.qname;
    EXPECT_EQ(value_of("certain_names_dsc", packet), one.dsc) << one.qname;
    EXPECT_EQ(holds("root_server", packet), one.root_server) << one.qname;
    EXPECT_EQ(holds("root_servers_net", packet), one.root_servers_net) << one.qname;
    EXPECT_EQ(holds("localhost", packet), one.older == std::string_view("localhost")) << one.qname;
  }
}

TEST(DimensionsOfNames, Internationalised_names) {
  const struct {
    const char* qname;
    const char* text;
    bool first;
  } cases[] = {{"xn--p1ai.", "idn", true},
               {"www.XN--P1AI.", "idn", false},
               {"xn--a.example.", "idn", true},
               {"axn--a.example.", "normal", false},
               {"xn-.example.", "normal", false},
               {"xn--.example.", "idn", true},
               {"a--b.some--where.example.", "normal", false},
               {".", "normal", false}};
  for (const auto& one : cases) {
    Messages messages;
    const Packet packet = messages.make({.qname = one.qname});
    EXPECT_EQ(value_of("idn", packet), one.text) << one.qname;
    EXPECT_EQ(holds("idn", packet), one.text == std::string_view("idn")) << one.qname;
    EXPECT_EQ(holds("idn_first", packet), one.first) << one.qname;
  }
  // Wherever it stands in the name.
  for (std::size_t before = 1; before <= 40; ++before)
    for (std::size_t behind = 0; behind <= 20; ++behind) {
      Messages messages;
      const std::string ends = "." + std::string(behind, 'y') + (behind == 0 ? "" : ".");
      const std::string qname = std::string(before, 'w') + ".xn--" + ends,
                        none = std::string(before, 'w') + ".xn-n" + ends;
      EXPECT_EQ(value_of("idn", messages.make({.qname = qname})), "idn") << qname;
      EXPECT_EQ(value_of("idn", messages.make({.qname = none})), "normal") << none;
    }
}

TEST(DimensionsOfNames, Known_top_level_domains) {
  check({{"known_tld", {.qname = "www.EXAMPLE.com."}, "yes"},
         {"known_tld", {.qname = "xn--p1ai."}, "yes"},
         {"known_tld", {.qname = "www.example."}, "no"}});
  Context context;
  context.top_level_domains =
      std::make_shared<const TopLevelDomains>(std::move(*TopLevelDomains::parse("# ours\r\n\r\n  EXAMPLE \r\n.\r\n")));
  check({{"known_tld", {.qname = "www.example."}, "yes"},
         {"known_tld", {.qname = "example.com."}, "no"},
         {"classification", {.qname = "example.com."}, "non-auth-tld"}},
        context);
}

TEST(DimensionsOfHeaders, Codes_and_bits) {
  check({
      {"opcode", {.flags = 0x2800}, "UPDATE", "5"},
      {"rcode", {.flags = 0x8003}, "NXDOMAIN", "3"},
      {"rcode", {.flags = 0x0003}, std::string(no_value)},
      {"rcode", {.flags = 0x8000, .opt = {Opt{.extended_rcode = 1}}}, "BADVERS", "0"},
      {"header_rcode", {.flags = 0x0002}, "SERVFAIL", "2"},
      {"header_rcode", {.flags = 0x8000, .opt = {Opt{.extended_rcode = 1}}}, "NOERROR", "0"},
      {"qtype", {.qtype = 28}, "AAAA", "1c"},
      {"qtype", {.qtype = 65280}, "TYPE65280", "ff00"},
      {"qclass", {.qclass = 3}, "CH", "3"},
      {"qclass", {.qclass = 255}, "ANY", "ff"},
      {"qr_aa", {.flags = 0}, "qr=0,aa=0"},
      {"qr_aa", {.flags = 0x8000}, "qr=1,aa=0"},
      {"qr_aa", {.flags = 0x0400}, "qr=0,aa=1"},
      {"qr_aa", {.flags = 0x8400}, "qr=1,aa=1"},
  });
  const struct {
    const char* name;
    unsigned bit;
  } bits[] = {{"aa", 0x400}, {"tc", 0x200}, {"rd", 0x100}, {"ra", 0x80}, {"ad", 0x20}, {"cd", 0x10}};
  for (const auto& one : bits) {
    check({{one.name, {.flags = one.bit}, "set"}, {one.name, {.flags = 0xffffu & ~one.bit}, "clr"}});
    Messages messages;
    EXPECT_TRUE(holds(one.name, messages.make({.flags = one.bit}))) << one.name;
    EXPECT_FALSE(holds(one.name, messages.make({.flags = 0xffffu & ~one.bit}))) << one.name;
  }
}

TEST(DimensionsOfHeaders, Sizes_in_buckets) {
  check({{"message_size", {.qname = "a."}, "19"},
         {"message_size:1", {.qname = "a."}, "19"},
         {"message_size:16", {.qname = "a."}, "16-31"},
         {"message_size:65535", {.qname = "a."}, "0-65534"}});
  for (const char* text : {"message_size:0", "message_size:65536", "message_size:", "message_size:1x",
                           "message_size:-1", "message_size: 1", "qtype:1", "rd:"})
    EXPECT_FALSE(read_dimension(text)) << text;
  EXPECT_EQ(read_dimension("message_size:x").error().message,
            "\"message_size:x\": behind \"message_size:\" stands the width of a bucket, 1 to 65535");
}

TEST(DimensionsOfEdns, Version_size_and_bit) {
  check({
      {"edns_version", {}, "none"},
      {"edns_version", {.opt = {Opt{}}}, "0"},
      {"edns_version", {.opt = {Opt{.version = 255}}}, "255"},
      {"edns_size", {}, "none", "None"},
      {"edns_size", {.opt = {Opt{.size = 0}}}, "0-511"},
      {"edns_size", {.opt = {Opt{.size = 511}}}, "0-511"},
      {"edns_size", {.opt = {Opt{.size = 512}}}, "512-1023"},
      {"edns_size", {.opt = {Opt{.size = 2560}}}, "2560-3071"},
      {"edns_size", {.opt = {Opt{.size = 65535}}}, "65024-65535"},
      {"edns_size:1", {.opt = {Opt{.size = 65535}}}, "65535"},
      {"edns_size:1", {.opt = {Opt{.size = 0}}}, "0"},
      {"edns_size:1000", {.opt = {Opt{.size = 65535}}}, "65000-65535"},
      {"do", {}, "clr"},
      {"do", {.opt = {Opt{}}}, "clr"},
      {"do", {.opt = {Opt{.dnssec_ok = true}}}, "set"},
  });
  Messages messages;
  EXPECT_TRUE(holds("edns0", messages.make({.opt = {Opt{}}})));
  EXPECT_FALSE(holds("edns0", messages.make({.opt = {Opt{.version = 1}}})));
  EXPECT_FALSE(holds("edns0", messages.make({})));
  EXPECT_TRUE(holds("edns", messages.make({.opt = {Opt{.version = 1}}})));
}

TEST(DimensionsOfTransport, Ports_in_buckets) {
  check({
      {"client_port", {.client_port = 65535}, "65535"},
      {"client_port:1024", {.client_port = 1023}, "0-1023"},
      {"client_port:1024", {.client_port = 1024}, "1024-2047"},
      {"client_port:1024", {.client_port = 65535}, "64512-65535"},
      {"client_port:1000", {.client_port = 65535}, "65000-65535"},
      {"server_port", {}, "53"},
      {"source_port", {.client_port = 4000}, "4000"},
      {"source_port", {.flags = 0x8000, .client_port = 4000}, "53"},
      {"source_port:1024", {.flags = 0x8000}, "0-1023"},
  });
}

TEST(DimensionsOfTransport, The_older_chain_knows_udp_and_tcp) {
  using util::Transport;
  check({{"transport", {.transport = Transport::udp}, "udp"},
         {"transport", {.transport = Transport::tcp}, "tcp"},
         {"transport", {.transport = Transport::dot}, "dot", "tcp"},
         {"transport", {.transport = Transport::doh}, "doh", "tcp"},
         {"transport", {.transport = Transport::doq}, "doq", "udp"},
         {"transport", {.transport = Transport::dnscrypt_udp}, "dnscrypt_udp", "udp"},
         {"transport", {.transport = Transport::dnscrypt_tcp}, "dnscrypt_tcp", "tcp"}});
}

TEST(DimensionsOfTransport, Direction) {
  check({{"direction", {.flags = 0}, "recv"}, {"direction", {.flags = 0x8000}, "sent"}});
  Context context;
  context.local.add(*read_prefix("192.0.2.53"));
  context.local.add(*read_prefix("2001:db8:53::/48"));
  check(
      {
          {"direction", {.flags = 0}, "recv"},
          {"direction", {.flags = 0x8000}, "sent"},
          {"direction", {.client = "192.0.2.53", .server = "198.51.100.1"}, "sent"},
          {"direction", {.flags = 0x8000, .client = "192.0.2.53", .server = "198.51.100.1"}, "recv"},
          {"direction", {.client = "192.0.2.53", .server = "192.0.2.53"}, "sent"},
          {"direction", {.server = "192.0.2.54"}, "else"},
          {"direction", {.client = "2001:db8:1::1", .server = "2001:db8:53::1"}, "recv"},
          {"direction", {.client = "2001:db8:1::1", .server = "2001:db8:54::1"}, "else"},
      },
      context);
  Messages messages;
  Packet unknown = messages.make({.flags = 0x8000, .client = "198.51.100.1", .server = "198.51.100.2"});
  EXPECT_EQ(value_of("direction", unknown, context), "else");
  unknown.lacks = {util::Member::source, util::Member::dest};
  EXPECT_EQ(value_of("direction", unknown, context), "sent") << "nothing is known but what it is";
}

TEST(DimensionsOfParties, Addresses_and_networks) {
  const std::string v6 = "2001:db8:1:2:3:4:5:6";
  check({
      {"client", {}, "192.0.2.1", "c0000201"},
      {"server", {.server = "2001:db8::53"}, "2001:db8::53", "20010db8000000000000000000000053"},
      {"client_prefix", {.client = "192.0.2.130"}, "192.0.2.0/24", "c0000200"},
      {"client_prefix", {.client = v6}, "2001:db8:1::/48", "20010db8000100000000000000000000"},
      {"client_prefix:25:64", {.client = "192.0.2.130"}, "192.0.2.128/25", "c0000280"},
      {"client_prefix:25:65",
       {.client = "2001:db8:1:2:8003:4:5:6"},
       "2001:db8:1:2:8000::/65",
       "20010db8000100028000000000000000"},
      {"client_prefix:0:0", {.client = "192.0.2.130"}, "0.0.0.0/0", "00000000"},
      {"client_prefix:0:0", {.client = v6}, "::/0", std::string(32, '0')},
      {"client_prefix:32:128", {.client = "192.0.2.130"}, "192.0.2.130/32", "c0000282"},
      {"client_prefix:32:128", {.client = v6}, v6 + "/128", "20010db8000100020003000400050006"},
      {"server_prefix", {}, "192.0.2.0/24", "c0000200"},
  });
  for (const char* text : {"client_prefix:24", "client_prefix:33:48", "client_prefix:24:129", "client_prefix::48",
                           "client_prefix:24:", "client_prefix:24:48:1"})
    EXPECT_FALSE(read_dimension(text)) << text;
}

TEST(DimensionsOfParties, Who_was_made_anonymous_is_shown_as_given) {
  Messages messages;
  Packet packet = messages.make({});
  packet.client_text = "Client-7";
  packet.server_text = "abc";
  for (const bool older : {false, true}) {
    for (const char* dimension : {"client", "client_prefix", "client_prefix:8:8"})
      EXPECT_EQ(value_of(dimension, packet, {}, older), "Client-7") << dimension;
    for (const char* dimension : {"server", "server_prefix"})
      EXPECT_EQ(value_of(dimension, packet, {}, older), "abc") << dimension;
  }
}

TEST(Conditions, Types_and_names) {
  Messages messages;
  const auto question = [&](const char* qname, unsigned qtype) {
    return messages.make({.qname = qname, .qtype = qtype});
  };
  for (const unsigned qtype : {1, 2, 5, 6, 12, 15, 28, 33, 38, 255})
    EXPECT_TRUE(holds("popular_qtype", question("a.example.", qtype))) << qtype;
  for (const unsigned qtype : {0, 3, 16, 43, 65, 256}) EXPECT_FALSE(holds("popular_qtype", question("a.", qtype)));
  EXPECT_TRUE(holds("aaaa_or_a6", question("a.", 28)));
  EXPECT_TRUE(holds("aaaa_or_a6", question("a.", 38)));
  EXPECT_FALSE(holds("aaaa_or_a6", question("a.", 1)));
  EXPECT_TRUE(holds("priming", question(".", 2)));
  EXPECT_FALSE(holds("priming", question(".", 1)));
  EXPECT_FALSE(holds("priming", question("example.", 2)));
  EXPECT_TRUE(holds("ns_not_root", question("example.", 2)));
  EXPECT_FALSE(holds("ns_not_root", question(".", 2)));
  for (const unsigned qtype : {1, 2, 6, 15}) EXPECT_TRUE(holds("underscored", question("a_b.example.", qtype)));
  for (const unsigned qtype : {0x15, 16, 28, 33})
    EXPECT_FALSE(holds("underscored", question("_dmarc.example.", qtype)));
  EXPECT_FALSE(holds("underscored", question("a-b.example.", 1)));
  EXPECT_TRUE(holds("chaos", messages.make({.qname = "version.bind.", .qtype = 16, .qclass = 3})));
  EXPECT_FALSE(holds("chaos", messages.make({})));
}

TEST(Conditions, Results) {
  Messages messages;
  for (const unsigned qr : {0u, 0x8000u}) {
    EXPECT_TRUE(holds("nxdomain", messages.make({.flags = qr | 3}))) << "queries too, as DSC has it";
    EXPECT_FALSE(holds("nxdomain", messages.make({.flags = qr | 2})));
    EXPECT_TRUE(holds("servfail", messages.make({.flags = qr | 2})));
    EXPECT_FALSE(holds("servfail", messages.make({.flags = qr})));
  }
}

}  // namespace
}  // namespace rata::reduce
