#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "channel/https_client.h"

namespace rata::channel {

/// What an aggregator's answer means for the lines that it was sent.
struct HttpsVerdict {
  enum class Kind {
    taken,      ///< all are dealt with, but for the `refused`
    refused,    ///< none will ever be taken, as the aggregator itself says ("final")
    too_large,  ///< fewer at a time may be taken
    try_again,
  };
  Kind kind = Kind::try_again;
  std::vector<std::size_t> refused;  ///< with `taken`: which lines, from 0
  std::string why;                   ///< what the aggregator said, word for word; empty: all is well
  std::optional<std::chrono::milliseconds> retry_after;
};

/// `lines`: how many were sent. An answer of another form than docs/api.md shows is a `try_again`: sending twice does
/// no harm, losing does.
HttpsVerdict judge(const HttpsAnswer& answer, std::size_t lines);

}  // namespace rata::channel
