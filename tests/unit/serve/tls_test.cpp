#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>
#include <vector>

#include "client.h"
#include "serve/certificate.h"
#include "serve/metrics.h"
#include "util/guarded.h"

namespace rata::serve {
namespace {

Config secured(const Tls& tls) {
  Config config = on_any_port();
  config.tls = tls;
  return config;
}

/// The common name of whom the client is connected to.
std::string name_of_server(const Client& client) {
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(SSL_get1_peer_certificate(client.tls()), X509_free);
  std::array<char, 256> line{};
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, line.data(), line.size());
  return line.data();
}

struct Secured : testing::Test {
  Client connect(Handshake handshake = {}) {
    handshake.ca_file = authority.file();
    return Client::with_tls(server->port(), handshake);
  }
  /// With a board, once that is taken over.
  void start(const Config& config) {
    server = started(config);
    publish(*server, board_of(1), status_of(1));
    ASSERT_TRUE(eventually([&] { return connect().get("/api/v1/status").status == 200; }));
    ASSERT_TRUE(eventually([&] { return server->counters().connections == 0; }));
  }

  Authority authority{"authority"};
  Identity files = authority.issue("watch.example");
  std::unique_ptr<Server> server;
};

TEST_F(Secured, Answers_as_without_tls) {
  start(secured(tls_of(files)));
  Client client = connect();
  ASSERT_TRUE(client.secure());
  for (int turn = 0; turn < 20; ++turn) ASSERT_EQ(client.get("/healthz").body, "ok");
  EXPECT_EQ(client.get("/api/v1/views/rates").body, view_json("rates", 1, "", 1));
  for (const char octet : std::string("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"))
    client.send(std::string_view(&octet, 1));
  EXPECT_EQ(client.read_reply().body, "ok");
  EXPECT_EQ(client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").read_reply().body,
            "ok");
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(connect().request("POST", "/api/v1/session", "Content-Type: application/json\r\n", "{}").status, 204u);
}

TEST_F(Secured, Streams_as_without_tls) {
  start(secured(tls_of(files)));
  Client client = connect();
  client.listen("/api/v1/live");
  EXPECT_EQ(client.read_event(), status_event(1));
  client.read_event();
  client.read_event();
  for (std::uint64_t number = 2; number < 20; ++number) {
    publish(*server, board_of(number, 300'000), status_of(number));
    ASSERT_EQ(client.read_event(), event_of("rates", fmt::format(R"({{"newest":{}}})", number)));
    ASSERT_EQ(client.read_event().size(),
              event_of("top_names", view_json("top_names", 1, "", number)).size() + 300'000);
    ASSERT_EQ(client.read_event(), status_event(number));
  }
}

TEST_F(Secured, Takes_a_delivery_of_many_records) {
  Content content = some_content();
  content.take = [](const Delivery& delivery, const std::function<void(Receipt)>& done) {
    done({.json = std::to_string(delivery.octets.size())});
  };
  server = started(secured(tls_of(files)), content);
  Client client = connect();
  for (int turn = 0; turn < 3; ++turn)
    EXPECT_EQ(
        client
            .request("POST", "/api/v1/summaries", "Content-Type: application/x-ndjson\r\n", std::string(3'000'000, 'x'))
            .body,
        "3000000");
}

TEST_F(Secured, Speaks_1_2_and_1_3_and_nothing_older) {
  start(secured(tls_of(files)));
  EXPECT_TRUE(connect({.newest_version = TLS1_3_VERSION}).secure());
  Client older = connect({.newest_version = TLS1_2_VERSION});
  ASSERT_TRUE(older.secure());
  EXPECT_STREQ(SSL_get_version(older.tls()), "TLSv1.2");
  const std::string cipher = SSL_get_cipher_name(older.tls());
  EXPECT_TRUE(cipher.starts_with("ECDHE-") && cipher.find("GCM") != std::string::npos) << cipher;
  EXPECT_FALSE(connect({.newest_version = TLS1_1_VERSION}).secure());
  EXPECT_TRUE(eventually([&] { return server->counters().handshakes_failed == 1; }));
}

TEST_F(Secured, Chooses_http_1_1_or_nothing) {
  start(secured(tls_of(files)));
  Client client = connect({.protocols = {"h2", "http/1.1"}});
  ASSERT_TRUE(client.secure());
  const unsigned char* chosen = nullptr;
  unsigned octets = 0;
  SSL_get0_alpn_selected(client.tls(), &chosen, &octets);
  EXPECT_EQ(std::string(chosen, chosen + octets), "http/1.1");
  EXPECT_TRUE(connect({.protocols = {}}).secure());
  EXPECT_FALSE(connect({.protocols = {"h2"}}).secure());
}

TEST_F(Secured, Plain_http_and_garbage_get_nothing) {
  start(secured(tls_of(files)));
  for (const auto* octets :
       {"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", "\x16\x03\x01\x40\x01garbage garbage"}) {
    Client client(server->port());
    client.send(octets).finish();
    EXPECT_EQ(client.read_reply().status, 0u);
    EXPECT_TRUE(client.ended_at_last());
  }
  EXPECT_TRUE(eventually([&] { return server->counters().handshakes_failed == 2; }));
  EXPECT_EQ(connect().get("/healthz").body, "ok");
}

TEST_F(Secured, A_handshake_that_does_not_come_to_its_end_is_given_up) {
  Config config = secured(tls_of(files));
  config.request_timeout = std::chrono::milliseconds(100);
  server = started(config);
  Client silent(server->port()), begun(server->port());
  begun.send(std::string_view("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11));
  EXPECT_TRUE(silent.ended());
  EXPECT_TRUE(begun.ended());
  Client greeted = connect();
  ASSERT_TRUE(greeted.secure());
  EXPECT_EQ(greeted.send("GET / HT").read_reply().status, 408u);
  EXPECT_TRUE(eventually([&] { return server->counters().connections == 0; }));
  EXPECT_EQ(server->counters().handshakes_failed, 2u);
}

TEST_F(Secured, A_client_that_takes_nothing_is_given_up) {
  Config config = secured(tls_of(files));
  config.stall_timeout = std::chrono::milliseconds(100);
  server = started(config);
  Client stalled = connect();
  stalled.listen("/api/v1/live");
  std::uint64_t number = 0;
  EXPECT_TRUE(eventually([&] {
    ++number;
    publish(*server, board_of(number, 1024 * 1024), status_of(number));
    return server->counters().connections == 0;
  }));
}

TEST_F(Secured, Renewed_files_are_for_new_connections) {
  start(secured(tls_of(files)));
  Client before = connect();
  EXPECT_EQ(name_of_server(before), "watch.example");
  const Identity renewed = authority.issue("renewed.example");
  const auto reload = [&] { return server->reload(secured(tls_of(files)), some_content()); };
  const auto replace = [](const std::string& from, const std::string& to) {
    std::filesystem::copy_file(from, to, std::filesystem::copy_options::overwrite_existing);
  };
  replace(renewed.certificate_file, files.certificate_file);
  const auto mismatch = reload();
  ASSERT_FALSE(mismatch);
  EXPECT_NE(mismatch.error().message.find(files.key_file), std::string::npos) << mismatch.error().message;
  EXPECT_EQ(name_of_server(connect()), "watch.example");
  replace(renewed.key_file, files.key_file);
  EXPECT_TRUE(reload());
  EXPECT_EQ(name_of_server(connect()), "renewed.example");
  EXPECT_EQ(before.get("/healthz").body, "ok");
}

TEST_F(Secured, A_certificate_that_is_no_longer_one_is_told_at_start_and_reload_and_served) {
  std::vector<std::string> told;
  Content content = some_content();
  content.report = [&](const std::string& text) { told.push_back(text); };
  constexpr long day_s = 86'400;
  const Identity fresh = authority.issue("fresh", "", {.until_s = 30 * day_s});
  const Identity over = authority.issue("over", "", {.from_s = -2 * day_s, .until_s = -day_s});
  server = started(secured(tls_of(over)), content);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_TRUE(told[0].starts_with("the certificate " + over.certificate_file + " expired at 20")) << told[0];
  EXPECT_NE(told[0].find("ratadns reload"), std::string::npos) << told[0];
  EXPECT_FALSE(connect().secure());  // who checks it
  EXPECT_LT(*server->counters().certificate_until, std::time(nullptr) - day_s + 60);

  ASSERT_TRUE(server->reload(secured(tls_of(fresh)), content));
  EXPECT_EQ(told.size(), 1u);
  EXPECT_TRUE(connect().secure());
  EXPECT_NEAR(static_cast<double>(*server->counters().certificate_until), static_cast<double>(std::time(nullptr)) + 30.0 * day_s, 60);
  EXPECT_NE(metrics_text(server->counters()).find("\nratadns_tls_certificate_expiry_timestamp_seconds "),
            std::string::npos);

  ASSERT_TRUE(server->reload(secured(tls_of(over)), content));
  EXPECT_EQ(told.size(), 2u);
}

TEST_F(Secured, A_certificate_that_ages_while_it_is_served_is_told) {
  util::Guarded<std::vector<std::string>> told;
  Content content = some_content();
  content.report = [&](const std::string& text) { told.with([&](auto& texts) { texts.push_back(text); }); };
  const auto count = [&] { return told.with([](const auto& texts) { return texts.size(); }); };
  Config config = secured(tls_of(authority.issue("ageing", "", {.until_s = soon_seconds + 2})));
  config.certificate_interval = std::chrono::milliseconds(10);
  server = started(config, content);
  EXPECT_EQ(count(), 0u);
  ASSERT_TRUE(eventually([&] { return count() > 0; }));
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_EQ(count(), 1u) << "not at each look";
  told.with([](const auto& texts) { EXPECT_NE(texts.at(0).find("in 13 days"), std::string::npos) << texts.at(0); });
}

TEST(CertificateWatch, TellsWhatIsNewAndThenOnceADay) {
  constexpr std::int64_t day = 86'400, until = 100 * day;
  CertificateWatch watch;
  std::map<std::int64_t, std::string> told;  // by hour
  for (std::int64_t hour = 24 * 80; hour < 24 * 103; ++hour)
    if (std::string text = watch.look({.from = 0, .until = until}, "own.pem", hour * 3600 + 1); !text.empty())
      told[hour] = std::move(text);
  ASSERT_EQ(told.size(), 14u + 3u);
  EXPECT_EQ(told.begin()->first, 24 * 86);
  EXPECT_NE(told.at(24 * 87).find("in 12 days"), std::string::npos) << told.at(24 * 87);
  EXPECT_NE(told.at(24 * 100).find("expired at"), std::string::npos);
  EXPECT_EQ(watch.look({.from = 0, .until = 200 * day}, "own.pem", 103 * day), "");
}

TEST_F(Secured, A_certificate_is_tried_without_listening) {
  constexpr long day_s = 86'400;
  const auto tried = [&](Period period) {
    return *Server::try_out(secured(tls_of(authority.issue("tried", "", period))));
  };
  EXPECT_EQ(tried({.until_s = 15 * day_s}).text, "");
  const CertificateNews soon = tried({.until_s = 13 * day_s + 3600});
  const CertificateNews early = tried({.from_s = 3600, .until_s = 15 * day_s});
  EXPECT_NE(soon.text.find("in 13 days"), std::string::npos) << soon.text;
  EXPECT_FALSE(soon.unfit);
  EXPECT_NE(early.text.find("is not valid before 20"), std::string::npos) << early.text;
  EXPECT_TRUE(early.unfit);
  EXPECT_TRUE(tried({.until_s = -1}).unfit);
  EXPECT_FALSE(Server::try_out(secured({.certificate_file = "/nowhere.pem", .key_file = files.key_file})));
  EXPECT_EQ(Server::try_out(on_any_port())->text, "");
}

TEST_F(Secured, A_certificate_opens_what_its_entry_says) {
  Config config = secured(tls_of(files, authority.file()));
  config.access = {{.name = "ns1", .certificate = "ns1.example", .may_send = true},
                   {.name = "site", .certificate = "site.example"},
                   {.name = "token", .token = "secret"}};
  server = started(config);
  const auto status = [&](const Identity& own, std::string_view headers = "") {
    return connect({.own = own}).request("GET", "/api/v1/views", headers).status;
  };
  EXPECT_EQ(status(authority.issue("ns1.example")), 503u);  // starting
  EXPECT_EQ(status(authority.issue("other", "DNS:x.example,DNS:site.example")), 503u);
  EXPECT_EQ(status(authority.issue("other", "DNS:x.example")), 401u);
  EXPECT_EQ(status(authority.issue("NS1.example")), 401u);
  EXPECT_EQ(status({}), 401u);
  EXPECT_EQ(status({}, "Authorization: Bearer secret\r\n"), 503u);
  EXPECT_EQ(status(authority.issue("ns1.example"), "Authorization: Bearer wrong\r\n"), 401u);

  Authority stranger("stranger");
  Client refused = connect({.own = stranger.issue("ns1.example")});
  EXPECT_EQ(refused.secure() ? refused.get("/api/v1/views").status : 0u, 0u);
  EXPECT_TRUE(eventually([&] { return server->counters().handshakes_failed == 1; }));
}

TEST_F(Secured, A_cookie_goes_back_through_tls_only) {
  Config config = secured(tls_of(files));
  config.access = {{.name = "wall", .token = "secret"}};
  server = started(config);
  const Reply login =
      connect().request("POST", "/api/v1/session", "Content-Type: application/json\r\n", R"({"token":"secret"})");
  EXPECT_EQ(login.headers.at("set-cookie"), "ratadns_token=secret; HttpOnly; SameSite=Strict; Path=/; Secure");
}

TEST_F(Secured, Ends_within_a_second_whatever_the_clients_do) {
  start(secured(tls_of(files)));
  std::vector<Client> clients;
  for (int count = 0; count < 10; ++count) {
    clients.push_back(connect());
    clients.back().listen("/api/v1/live");
    clients.push_back(connect());
    clients.push_back(connect());
    clients.back().send("GET / HTTP/1.1\r\nHos");
    clients.emplace_back(server->port());
    clients.emplace_back(server->port()).send("\x16\x03");
  }
  const auto begin = std::chrono::steady_clock::now();
  server.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
  for (Client& client : clients) ASSERT_TRUE(client.ended_at_last());
}

TEST_F(Secured, Files_that_cannot_be_used_are_said) {
  const auto error = [&](const Tls& tls) {
    const auto started = Server::start(secured(tls), some_content());
    return started ? std::string() : started.error().message;
  };
  const std::string missing = authority.folder() + "/missing.pem";
  EXPECT_TRUE(error({.certificate_file = missing, .key_file = files.key_file})
                  .starts_with("cannot use the certificate " + missing));
  EXPECT_TRUE(error({.certificate_file = files.certificate_file, .key_file = missing})
                  .starts_with("cannot use the key " + missing));
  EXPECT_TRUE(error(tls_of(files, missing)).starts_with("cannot use the client_ca " + missing));
  EXPECT_NE(error({.certificate_file = files.key_file, .key_file = files.key_file}), "");
  EXPECT_NE(error({.certificate_file = files.certificate_file, .key_file = authority.issue("other").key_file}), "");
  std::ofstream(missing) << "no certificate";
  EXPECT_NE(error(tls_of(files, missing)), "");
  ::chmod(files.key_file.c_str(), 0644);
  EXPECT_NE(error(tls_of(files)), "");
  ::chmod(files.key_file.c_str(), 0640);
  EXPECT_EQ(error(tls_of(files)), "");
}

TEST_F(Secured, Beyond_loopback_tls_and_access_are_needed) {
  Config config = on_any_port();
  config.address = "0.0.0.0";
  const auto error = [&] {
    auto started = Server::start(config, some_content());
    if (started) server = std::move(*started);
    return started ? std::string() : started.error().message;
  };
  EXPECT_EQ(
      error(),
      "cannot listen on 0.0.0.0:0: others can reach it, so it needs [serve] tls = { certificate = \"FILE\", key = "
      "\"FILE\" } and at least one [[access]]; or listen on 127.0.0.1");
  config.access = {{.name = "wall", .token = "secret"}};
  EXPECT_NE(error().find("[serve] tls"), std::string::npos);
  config.tls = tls_of(files);
  config.access.clear();
  EXPECT_NE(error().find("needs at least one [[access]]"), std::string::npos);
  config.access = {{.name = "ns1", .certificate = "ns1.example"}};
  EXPECT_NE(error().find("client_ca"), std::string::npos);
  config.access = {{.name = "wall", .token = "secret"}};
  ASSERT_EQ(error(), "");
  Client client = connect();
  // Any host is answered when others can reach us.
  client.send("GET /healthz HTTP/1.1\r\nHost: watch.example\r\n\r\n");
  EXPECT_EQ(client.read_reply().status, 200u);
  EXPECT_EQ(client.get("/api/v1/status").status, 401u);
}

}  // namespace
}  // namespace rata::serve
