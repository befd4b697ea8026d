#include <gtest/gtest.h>

#include <filesystem>

#include "https_aggregator.h"

namespace rata::channel {
namespace {

using namespace std::chrono_literals;
using State = Attempt::State;

constexpr const char* local_names = "DNS:localhost,IP:127.0.0.1";

std::string url_to(const HttpsServer& server, const std::string& host) {
  return "https://" + host + ":" + std::to_string(server.port());
}

class HttpsTls : public testing::Test {
 protected:
  Attempt send_to(const HttpsServer& server, Settings settings, const std::string& host = "localhost") {
    settings.url = url_to(server, host);
    if (settings.ca_file.empty()) settings.ca_file = authority_.file();
    return channel_to(settings)->send(batch_of(1));
  }
  void expect_distrust(const HttpsServer& server, const Settings& settings, const std::string& host,
                       const std::string& why) {
    const Attempt attempt = send_to(server, settings, host);
    EXPECT_EQ(attempt.state, State::try_again);
    EXPECT_NE(attempt.why.find(why), std::string::npos) << attempt.why;
    EXPECT_EQ(server.requests().size(), 0u);
  }

  Authority authority_{"authority"};
};

TEST_F(HttpsTls, Sends_to_a_server_whose_name_or_address_the_certificate_holds) {
  const HttpsServer server({.identity = authority_.issue("server", local_names)}, receipt);
  for (const char* host : {"localhost", "127.0.0.1"}) {
    const Attempt attempt = send_to(server, {}, host);
    EXPECT_EQ(attempt.state, State::sent) << host << ": " << attempt.why;
  }
}

TEST_F(HttpsTls, Keeps_its_connection_and_notices_its_end) {
  const Reply leave{.body = R"({"committed":1,"repeated":0})", .then = Reply::Then::leave};
  const Reply keep{.body = R"({"committed":1,"repeated":0})"};
  const HttpsServer server({.identity = authority_.issue("server", local_names)}, first({keep, keep, leave}));
  const auto channel = channel_to({.url = url_to(server, "localhost"), .ca_file = authority_.file()});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(channel->send(batch_of(1)).state, State::sent);
  EXPECT_EQ(server.connections(), 1);
  ASSERT_TRUE(server.ended(1));
  EXPECT_EQ(channel->send(batch_of(1)).state, State::sent);
  EXPECT_EQ(server.connections(), 2);
  EXPECT_EQ(server.requests().size(), 4u);
}

TEST_F(HttpsTls, Sends_nothing_to_a_server_of_an_unknown_authority) {
  const Authority other("other");
  const HttpsServer server({.identity = other.issue("server", local_names)}, receipt);
  expect_distrust(server, {}, "localhost",
                  "unable to get local issuer certificate; ca_file names the authorities that are");
}

TEST_F(HttpsTls, Another_authority_of_the_same_name_is_as_unknown) {
  const Authority other("authority");
  const HttpsServer server({.identity = other.issue("server", local_names)}, receipt);
  expect_distrust(server, {}, "localhost", "; ca_file names the authorities that are");
}

TEST_F(HttpsTls, Sends_nothing_to_a_server_of_an_authority_that_the_system_does_not_know) {
  const HttpsServer server({.identity = authority_.issue("server", local_names)}, receipt);
  const Attempt attempt = channel_to({.url = url_to(server, "localhost")})->send(batch_of(1));
  EXPECT_EQ(attempt.state, State::try_again);
  EXPECT_NE(attempt.why.find("ca_file"), std::string::npos) << attempt.why;
  EXPECT_EQ(server.requests().size(), 0u);
}

TEST_F(HttpsTls, Sends_nothing_to_a_server_of_another_name) {
  const HttpsServer server({.identity = authority_.issue("server", "DNS:hub.example,IP:192.0.2.1")}, receipt);
  expect_distrust(server, {}, "localhost",
                  "hostname mismatch; it is for DNS:hub.example, IP Address:192.0.2.1: url has to name one of those");
  expect_distrust(server, {}, "127.0.0.1", "IP address mismatch");
  // An address stands for itself: a name that looks like one is none.
  const HttpsServer sly({.identity = authority_.issue("sly", "DNS:127.0.0.1")}, receipt);
  expect_distrust(sly, {}, "127.0.0.1", "IP address mismatch");
  const HttpsServer nameless({.identity = authority_.issue("hub")}, receipt);
  expect_distrust(nameless, {}, "localhost", "hostname mismatch; it is for CN=hub: url");
}

TEST_F(HttpsTls, Sends_nothing_to_a_server_whose_certificate_is_over) {
  const HttpsServer server({.identity = authority_.issue("server", local_names, {.until_s = -60})}, receipt);
  expect_distrust(server, {}, "localhost", "certificate has expired; it ended at 20");
  expect_distrust(server, {}, "localhost", " UTC: the server needs a new one, if the clock here is right");
}

TEST_F(HttpsTls, Sends_nothing_to_a_server_whose_certificate_is_not_valid_yet) {
  const HttpsServer server({.identity = authority_.issue("server", local_names, {.from_s = 1800})}, receipt);
  expect_distrust(server, {}, "localhost", "certificate is not yet valid; it begins at 20");
  expect_distrust(server, {}, "localhost", " UTC: compare the clocks of both machines");
}

TEST_F(HttpsTls, An_authority_whose_own_certificate_is_over_is_told_as_that) {
  const Authority old("old", {.until_s = -60});
  const HttpsServer server({.identity = old.issue("server", local_names)}, receipt);
  expect_distrust(server, {.ca_file = old.file()}, "localhost",
                  "certificate has expired; it is that of an authority: ca_file, or what");
}

TEST_F(HttpsTls, Shows_a_certificate_where_one_is_asked_for) {
  const Identity client = authority_.issue("client", "DNS:ns1.example");
  const HttpsServer server({.identity = authority_.issue("server", local_names), .client_ca_file = authority_.file()},
                           receipt);
  const Attempt with = send_to(server, {.certificate_file = client.certificate_file, .key_file = client.key_file});
  EXPECT_EQ(with.state, State::sent) << with.why;

  const Attempt without = send_to(server, {});
  EXPECT_EQ(without.state, State::try_again);
  EXPECT_NE(without.why.find("certificate required"), std::string::npos) << without.why;

  const Authority other("other");
  const Identity foreign = other.issue("foreign", "DNS:ns1.example");
  const Attempt wrong = send_to(server, {.certificate_file = foreign.certificate_file, .key_file = foreign.key_file});
  EXPECT_EQ(wrong.state, State::try_again);
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST_F(HttpsTls, A_renewed_certificate_is_shown_at_the_next_connection) {
  const Authority new_authority("new_authority");
  const Identity old = authority_.issue("client", "DNS:ns1.example");
  const Settings settings{
      .ca_file = authority_.file(), .certificate_file = old.certificate_file, .key_file = old.key_file};
  const HttpsServer server(
      {.identity = authority_.issue("server", local_names), .client_ca_file = new_authority.file()}, receipt);
  Settings to_server = settings;
  to_server.url = url_to(server, "localhost");
  const auto channel = channel_to(to_server);
  EXPECT_EQ(channel->send(batch_of(1)).state, State::try_again);
  new_authority.renew(old, "client", "DNS:ns1.example");
  const Attempt renewed = channel->send(batch_of(1));
  EXPECT_EQ(renewed.state, State::sent) << renewed.why;
}

TEST_F(HttpsTls, Files_that_cannot_be_used_are_said_at_once) {
  const Identity client = authority_.issue("client", "DNS:ns1.example");
  const Identity another = authority_.issue("another", "DNS:ns2.example");
  const std::string absent = authority_.folder() + "/absent.pem";
  const auto says = [](Settings settings) {
    settings.url = "https://hub.example";
    const auto opened = open_channel(settings);
    return opened ? std::string("open") : opened.error().message;
  };
  EXPECT_EQ(says({}), "open");
  EXPECT_NE(says({.ca_file = absent}).find("ca_file " + absent), std::string::npos) << says({.ca_file = absent});
  const std::string mixed = says({.certificate_file = client.certificate_file, .key_file = another.key_file});
  EXPECT_NE(mixed.find("key_file " + another.key_file), std::string::npos) << mixed;
  const std::string alone = says({.certificate_file = client.certificate_file});
  EXPECT_NE(alone.find("certificate_file and key_file"), std::string::npos) << alone;
  std::filesystem::permissions(client.key_file, std::filesystem::perms(0644));
  const std::string readable = says({.certificate_file = client.certificate_file, .key_file = client.key_file});
  EXPECT_NE(readable.find("others may read"), std::string::npos) << readable;
}

TEST_F(HttpsTls, A_key_that_cannot_be_read_any_more_is_found_by_try_going_on) {
  const Identity client = authority_.issue("client", "DNS:ns1.example");
  const auto channel = channel_to({.url = "https://hub.example",
                                   .ca_file = authority_.file(),
                                   .certificate_file = client.certificate_file,
                                   .key_file = client.key_file});
  EXPECT_TRUE(channel->try_going_on());
  std::filesystem::remove(client.key_file);
  const auto later = channel->try_going_on();
  ASSERT_FALSE(later);
  EXPECT_NE(later.error().message.find(client.key_file), std::string::npos) << later.error().message;
}

TEST_F(HttpsTls, Does_not_wait_for_ever_for_a_handshake) {
  const HttpsServer deaf({.deaf = true}, receipt);
  const auto channel =
      channel_to({.url = url_to(deaf, "localhost"), .ca_file = authority_.file()}, {.connect = 200ms, .answer = 10s});
  const Attempt attempt = channel->send(batch_of(1));
  EXPECT_EQ(attempt.state, State::try_again);
  EXPECT_NE(attempt.why.find("TLS: no handshake in time"), std::string::npos) << attempt.why;
}

TEST_F(HttpsTls, A_server_without_tls_is_no_server) {
  const HttpsServer bare({}, receipt);
  const Attempt attempt = send_to(bare, {});
  EXPECT_EQ(attempt.state, State::try_again);
  EXPECT_NE(attempt.why.find("TLS"), std::string::npos) << attempt.why;
}

TEST_F(HttpsTls, Try_out_says_how_it_is_protected) {
  const HttpsServer server({.identity = authority_.issue("server", local_names)}, receipt);
  const auto channel = channel_to({.url = url_to(server, "localhost"), .ca_file = authority_.file()});
  const auto tried = channel->try_out();
  ASSERT_TRUE(tried) << tried.error().message;
  EXPECT_TRUE(tried->starts_with("answers over TLSv1.3, certificate valid until 20")) << *tried;
  EXPECT_TRUE(tried->ends_with(", takes summaries")) << *tried;
}

}  // namespace
}  // namespace rata::channel
