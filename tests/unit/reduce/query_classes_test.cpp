#include "reduce/query_classes.h"

#include <gtest/gtest.h>

#include <vector>

#include "support/dimensions.h"

namespace rata::reduce {
namespace {

using tests::Messages;
using tests::MessageText;
using tests::value_of;

std::vector<QueryClass> classes(const Packet& packet) {
  const QueryClasses set = older_classes(packet, {});
  std::vector<QueryClass> found;
  for (unsigned i = 0; i < static_cast<unsigned>(QueryClass::count_); ++i)
    if (has(set, static_cast<QueryClass>(i))) found.push_back(static_cast<QueryClass>(i));
  return found;
}

constexpr unsigned a = 1, soa = 6, ptr = 12;

TEST(QueryClasses, One_class_by_the_rules_of_dsc) {
  const struct {
    MessageText message;
    const char* text;
  } cases[] = {
      {{.qname = "www.example.com."}, "ok"},
      // The order: a port before a class before a type before a name.
      {{.qname = "1.2.3.4.", .qtype = 999, .qclass = 7, .client_port = 0}, "src-port-zero"},
      {{.qname = "a.com.", .flags = 0x8000, .server_port = 0}, "src-port-zero"},
      {{.qname = "a.com.", .client_port = 0, .transport = util::Transport::tcp}, "src-port-zero"},
      {{.qname = "a.com.", .flags = 0x8000, .client_port = 0}, "ok"},
      {{.qname = "1.2.3.4.", .qtype = 999, .qclass = 7}, "funny-qclass"},
      {{.qname = "a.com.", .qclass = 0}, "funny-qclass"},
      {{.qname = "a.com.", .qclass = 2}, "funny-qclass"},
      {{.qname = "a.com.", .qclass = 3}, "ok"},
      {{.qname = "a.com.", .qclass = 4}, "ok"},
      {{.qname = "a.com.", .qclass = 253}, "funny-qclass"},
      {{.qname = "a.com.", .qclass = 254}, "ok"},
      {{.qname = "a.com.", .qclass = 255}, "ok"},
      {{.qname = "a.com.", .qclass = 256}, "funny-qclass"},
      {{.qname = "a.com.", .qtype = 0}, "funny-qtype"},
      {{.qname = "a.com.", .qtype = 35}, "ok"},
      {{.qname = "a.com.", .qtype = 36}, "funny-qtype"},
      {{.qname = "a.com.", .qtype = 38}, "ok"},
      {{.qname = "a.com.", .qtype = 41}, "ok"},
      {{.qname = "a.com.", .qtype = 43}, "funny-qtype"},
      {{.qname = "a.com.", .qtype = 250}, "funny-qtype"},
      {{.qname = "a.com.", .qtype = 251}, "ok"},
      {{.qname = "a.com.", .qtype = 255}, "ok"},
      {{.qname = "a.com.", .qtype = 257}, "funny-qtype"},
      {{.qname = "1.2.3.4.", .qtype = a}, "a-for-a"},
      {{.qname = "17.", .qtype = a}, "a-for-a"},
      {{.qname = "1.2.", .qtype = a}, "a-for-a"},
      {{.qname = "017.1.1.1.", .qtype = a}, "a-for-a"},
      {{.qname = "0x7f.1.", .qtype = a}, "a-for-a"},
      {{.qname = "256.1.1.1.", .qtype = a}, "non-auth-tld"},
      {{.qname = "1.2.3.4.", .qtype = soa}, "non-auth-tld"},
      {{.qname = ".", .qtype = a}, "a-for-root"},
      {{.qname = ".", .qtype = soa}, "ok"},
      {{.qname = "localhost."}, "localhost"},
      {{.qname = "notlocalhost."}, "localhost"},
      {{.qname = "a.localhost.", .qtype = soa}, "localhost"},
      {{.qname = "localhost.example."}, "non-auth-tld"},
      {{.qname = "a.root-servers.net."}, "root-servers.net"},
      {{.qname = "xroot-servers.net."}, "root-servers.net"},
      {{.qname = "www.example."}, "non-auth-tld"},
      {{.qname = "4.3.2.10.in-addr.arpa.", .qtype = ptr}, "rfc1918-ptr"},
      {{.qname = "10.in-addr.arpa.", .qtype = ptr}, "rfc1918-ptr"},
      {{.qname = "b.1.2.3.10.in-addr.arpa.", .qtype = ptr}, "rfc1918-ptr"},
      {{.qname = "1.2.3.10.in-addr.arpa.example.com.", .qtype = ptr}, "rfc1918-ptr"},
      {{.qname = "1.2.16.172.in-addr.arpa.", .qtype = ptr}, "rfc1918-ptr"},
      {{.qname = "1.2.31.172.in-addr.arpa.", .qtype = ptr}, "rfc1918-ptr"},
      {{.qname = "1.2.32.172.in-addr.arpa.", .qtype = ptr}, "ok"},
      {{.qname = "1.2.15.172.in-addr.arpa.", .qtype = ptr}, "ok"},
      {{.qname = "1.2.168.192.in-addr.arpa.", .qtype = ptr}, "rfc1918-ptr"},
      {{.qname = "1.2.169.192.in-addr.arpa.", .qtype = ptr}, "ok"},
      {{.qname = "4.3.2.10.in-addr.arpa.", .qtype = a}, "ok"},
      {{.qname = "in-addr.arpa.", .qtype = ptr}, "ok"},
      {{.qname = ""}, "funny-qclass"},
      {{.qname = "", .client_port = 0}, "src-port-zero"},
  };
  for (const auto& one : cases) {
    Messages messages;
    EXPECT_EQ(value_of("classification", messages.make(one.message)), one.text)
        << one.message.qname << " " << one.message.qtype << " " << one.message.qclass;
  }
}

TEST(QueryClasses, The_older_words_differ_in_one) {
  Messages messages;
  const Packet packet = messages.make({.qclass = 7});
  EXPECT_EQ(value_of("classification", packet), "funny-qclass");
  EXPECT_EQ(value_of("classification", packet, {}, true), "funny-class");
  EXPECT_EQ(older_name(QueryClass::unknown_tld), "non-auth-tld");
  EXPECT_EQ(name(QueryClass::malformed), "malformed");
}

TEST(QueryClasses, Ports_that_nobody_knows_are_not_zero) {
  Messages messages;
  Packet packet = messages.make({.qname = "a.com.", .client_port = 0});
  packet.lacks = {util::Member::ports};
  EXPECT_EQ(value_of("classification", packet), "ok");
  EXPECT_EQ(classes(packet), std::vector{QueryClass::ok});
}

TEST(QueryClasses, All_classes_that_fit_by_the_older_rules) {
  using enum QueryClass;
  const struct {
    MessageText message;
    std::vector<QueryClass> expected;
  } cases[] = {
      {{.qname = "www.example.com."}, {ok}},
      {{.qname = "www.example.", .qtype = 999, .qclass = 7, .client_port = 0},
       {unknown_tld, funny_qclass, funny_qtype, source_port_zero}},
      {{.qname = "a.com.", .client_port = 0, .transport = util::Transport::tcp}, {ok}},
      {{.qname = "localhost."}, {unknown_tld, localhost}},
      {{.qname = "notlocalhost."}, {unknown_tld}},
      {{.qname = "xroot-servers.net."}, {root_servers_net}},
      {{.qname = ".", .qtype = a}, {a_for_root}},
      {{.qname = ".", .qtype = soa}, {ok}},
      {{.qname = "192.0.2.1.", .qtype = a}, {unknown_tld, a_for_a}},
      {{.qname = "0.0.0.255.", .qtype = a}, {unknown_tld, a_for_a}},
      {{.qname = "192.0.2.256.", .qtype = a}, {unknown_tld}},
      {{.qname = "192.0.2.", .qtype = a}, {unknown_tld}},
      {{.qname = "192.0.2.1.com.", .qtype = a}, {ok}},
      {{.qname = "0x7f.0.0.1.", .qtype = a}, {unknown_tld}},
      {{.qname = "192.0.2.1.", .qtype = soa}, {unknown_tld}},
      {{.qname = "4.3.2.10.in-addr.arpa.", .qtype = ptr}, {rfc1918_ptr}},
      {{.qname = "4.3.31.172.in-addr.arpa.", .qtype = ptr}, {rfc1918_ptr}},
      {{.qname = "4.3.168.192.in-addr.arpa.", .qtype = ptr}, {rfc1918_ptr}},
      {{.qname = "10.in-addr.arpa.", .qtype = ptr}, {ok}},
      {{.qname = "b.4.3.2.10.in-addr.arpa.", .qtype = ptr}, {ok}},
      {{.qname = "4.3.2.10.in-addr.arpa.", .qtype = a}, {ok}},
      {{.qname = "4.3.2.11.in-addr.arpa.", .qtype = ptr}, {ok}},
      {{.qname = "a.com.", .qclass = 0}, {ok}},
      {{.qname = "a.com.", .qclass = 2}, {funny_qclass}},
      {{.qname = "a.com.", .qclass = 5}, {funny_qclass}},
      {{.qname = "a.com.", .qclass = 253}, {funny_qclass}},
      {{.qname = "a.com.", .qclass = 254}, {ok}},
      {{.qname = "a.com.", .qclass = 65279}, {funny_qclass}},
      {{.qname = "a.com.", .qclass = 65280}, {ok}},
      {{.qname = "a.com.", .qtype = 65}, {ok}},
      {{.qname = "a.com.", .qtype = 54}, {funny_qtype}},
      {{.qname = "a.com.", .qtype = 0}, {funny_qtype}},
      {{.qname = "a.com.", .qtype = 65280}, {funny_qtype}},
  };
  for (const auto& one : cases) {
    Messages messages;
    EXPECT_EQ(classes(messages.make(one.message)), one.expected)
        << one.message.qname << " " << one.message.qtype << " " << one.message.qclass;
  }
}

}  // namespace
}  // namespace rata::reduce
