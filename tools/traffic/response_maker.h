#pragma once

#include <array>
#include <cstdint>

#include "traffic/message.h"
#include "traffic/names.h"
#include "traffic/query.h"
#include "traffic/random.h"
#include "traffic/response.h"

namespace rata::traffic {

/// Makes the responses of an authoritative server of a signed TLD: referrals, proofs that a name does not exist, and
/// answers about the TLD itself.
class ResponseMaker {
 public:
  ResponseMaker(const Names& names, Random& random) : names_(names), random_(random) {}

  /// Overwrites `response` with the one to `query`. Over UDP it is cut, with TC, to what the client can take.
  void make(const Query& query, Response& response, bool udp);

 private:
  /// An RRset of name servers, until their addresses are written behind it.
  struct NameServers {
    std::uint64_t hash = 0;
    std::uint32_t count = 0;
    bool in_zone = false;                   ///< below the delegated name, so that glue is needed
    std::array<std::uint32_t, 4> offset{};  ///< of their names in the message
  };

  void put_records(const Query& query, Response& response);
  void put_oversized(Response& response);
  void put_version(Response& response) const;
  void put_negative(const Query& query, Response& response, std::uint64_t proofs) const;
  void put_apex(const Query& query, Response& response) const;
  void put_keys(const Query& query, Response& response) const;
  void put_below_tld(const Query& query, Response& response) const;
  void put_ds(const Query& query, Response& response) const;
  void put_referral(const Query& query, Response& response) const;
  NameServers put_name_servers(Response& response, std::uint32_t owner, std::uint64_t hash,
                               std::uint32_t& section_count) const;
  void put_glue(Response& response, const NameServers& servers) const;
  void put_opt(const Query& query, Response& response) const;

  const Names& names_;
  Random& random_;
};

}  // namespace rata::traffic
