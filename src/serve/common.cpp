#include "serve/common.h"

#include "serve/session.h"  // before the rest of Asio

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "util/address.h"

namespace rata::serve {
namespace {

/// Text that no other start of a server has.
std::string new_epoch() {
  std::array<std::uint8_t, 8> octets{};
  RAND_bytes(octets.data(), octets.size());
  return util::hex(octets);
}

/// A sixteenth, and where that is few a handful; but of a small number no more than half.
std::size_t kept_for_senders(std::size_t clients) {
  constexpr std::size_t part = 16, least = 4;
  return std::min(std::max(clients / part, least), clients / 2);
}

}  // namespace

Common::Common(boost::asio::io_context& io) : bulletin(new_epoch()), mailbox(std::make_shared<Mailbox>(io)) {}

Places::Limits Common::limits() const {
  const std::size_t half = std::max<std::size_t>(config.clients / 2, 1);
  return {.all = config.clients,
          .per_address = config.clients_per_address > 0 ? config.clients_per_address : half,
          .for_senders = takes_deliveries ? kept_for_senders(config.clients) : 0};
}

void Common::follow(const Config& newest, const Content& content, const boost::asio::ip::tcp::endpoint& local) {
  // What is taken of the room at the moment is given back to the old one.
  if (room == nullptr || newest.deliveries_octets != config.deliveries_octets)
    room = std::make_shared<Room>(newest.deliveries_octets);
  config = newest;
  report = content.report;
  takes_deliveries = static_cast<bool>(content.take);
  gatekeeper = std::make_unique<Gatekeeper>(config.access, tally, report);
  router = std::make_unique<Router>(config, content, local.address().is_loopback(), bulletin, *gatekeeper, tally);
  for (const auto& session : sessions) session->judge_anew();
}

}  // namespace rata::serve
