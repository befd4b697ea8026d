#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "serve/access.h"
#include "serve/certificate.h"
#include "serve/delivery.h"
#include "serve/question.h"
#include "serve/report.h"
#include "serve/views.h"
#include "util/result.h"

namespace rata::serve {

/// PEM files by which the server shows who it is.
struct Tls {
  std::string certificate_file;  ///< the server's own first, then those between it and its authority
  std::string key_file;          ///< readable by its owner and group only
  std::string client_ca_file;    ///< clients may show a certificate signed by one of these; empty: none is asked for
};

struct Config {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8353;                          ///< 0: any free one
  std::size_t clients = 256;                          ///< connections at a time; further ones get 503. The last of
                                                      ///< them are for senders: `Places::Limits`
  std::size_t clients_per_address = 0;                ///< of them, from one (IPv6: a /64) beyond loopback; 0: half
  std::size_t client_queue_octets = 4 * 1024 * 1024;  ///< waiting for one event stream; beyond it whole events go
  std::size_t request_octets = 16 * 1024;
  std::size_t batch_octets = 16 * 1024 * 1024;                ///< of a delivery as it comes
  std::size_t unpacked_octets = 32 * 1024 * 1024;             ///< of a delivery without its compression
  std::size_t deliveries_octets = 64 * 1024 * 1024;           ///< of all that are not answered yet; beyond it 503
  std::chrono::milliseconds request_timeout{10'000};          ///< from a request's first octet to its last
  std::chrono::milliseconds idle_timeout{60'000};             ///< between two requests
  std::chrono::milliseconds stall_timeout{120'000};           ///< for the client to take what waits for it
  std::chrono::milliseconds comment_interval{15'000};         ///< of silence in an event stream, then a comment line
  std::chrono::milliseconds certificate_interval{3'600'000};  ///< between two looks at the certificate's age
  std::optional<Tls> tls;                                     ///< what listens beyond loopback needs it
  std::vector<Access> access;                                 ///< empty: all is open, which only loopback may be
  std::vector<std::string> allow_origins;                     ///< "https://wall.example": whose pages may read the API
  bool older_open = false;  ///< any page may read the older streams and /servers_location
};

/// What the server shows beside the views, and to whom it hands what it is sent.
struct Content {
  std::vector<unsigned> spans;           ///< minutes
  std::string servers_location_json;     ///< the older aggregator's list
  std::function<std::string()> metrics;  ///< Prometheus text; called on the server's thread
  bool page = true;                      ///< false: /metrics and /healthz only (a monitor)
  Take take = {};                        ///< POST /api/v1/summaries; empty: there is no such path
  Ask ask = {};                          ///< GET of `question_paths`; empty: there are none
  Report report = {};                    ///< is told what an operator should know; empty: nobody is
};

/// HTTP for the page, its API and the older event streams, on a thread of its own. docs/api.md says what it answers.
/// A slow or vanished client costs a bounded queue and nobody else anything.
class Server {
 public:
  /// Binds and starts to answer. Errors: the address and why it cannot be had, and how to choose another; a file of TLS
  /// that cannot be used; an address beyond loopback without TLS or without access entries.
  static util::Result<std::unique_ptr<Server>> start(const Config& config, Content content);
  /// Looks at access and files as `start` does, and does not listen. Errors: as there.
  static util::Result<CertificateNews> try_out(const Config& config);
  /// Whether somebody listens there already.
  static bool is_taken(const Config& config);
  virtual ~Server() = default;  ///< closes every connection and joins the thread, within a second

  /// Makes known to all listeners that views or status are others than before. What of the views somebody looks at is
  /// asked for later, on the server's thread; they may be the same object each time. Of several publications that come
  /// faster than they are taken over, the newest counts. Thread: any; returns at once.
  /// Null: there are none, and never will be.
  virtual void publish(std::shared_ptr<const Views> views, std::string status_json) = 0;
  /// Another configuration, for requests from now on; the files of TLS are read again, for connections from now on.
  /// Address and port stay what they are. Streams go on where the access that opened them opens as much now, else they
  /// end. Errors: what cannot be used, such as a file, or TLS where there was none before; then all stays as it was.
  /// Thread: any, but not while it is destroyed.
  virtual util::Result<void> reload(const Config& config, Content content) = 0;
  virtual std::uint16_t port() const = 0;

  struct Counters {
    std::uint64_t requests = 0;        ///< answered, errors included
    std::uint64_t refused = 0;         ///< connections beyond `clients` and `clients_per_address`, and requests where
                                       ///< what is left of them is for senders
    std::uint64_t streams = 0;         ///< event streams begun
    std::uint64_t events_sent = 0;     ///< handed to the kernel, over all streams
    std::uint64_t events_dropped = 0;  ///< overtaken or beyond the queue of a slow client
    std::uint64_t connections = 0;     ///< open now
    std::uint64_t unauthorised = 0;    ///< requests refused: no known token or certificate, not the right, guessing
    std::uint64_t handshakes_failed = 0;
    std::uint64_t deliveries = 0;                   ///< handed on
    std::uint64_t deliveries_refused = 0;           ///< beyond `deliveries_octets`
    std::optional<std::int64_t> certificate_until;  ///< seconds since 1970; nullopt: without TLS
  };
  virtual Counters counters() const = 0;
};

}  // namespace rata::serve
