#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace rata::serve {

/// A batch of summaries as a monitor posted it: a JSON object a line, perhaps compressed. Nobody has looked inside yet.
struct Delivery {
  std::string octets;
  bool zstd = false;
  std::size_t unpacked_octets = 0;   ///< more must not come out of it
  std::string access;                ///< name of the sender's Access; empty where everything is open
  std::vector<std::string> servers;  ///< whose summaries the sender may send; empty: all
};

/// What the sender is told.
struct Receipt {
  unsigned status = 200;
  std::string json;
  std::optional<std::chrono::seconds> retry_after = std::nullopt;
};

/// Takes a delivery over; called on the server's thread, so it must not wait for a disk. The function that it is given
/// may be called later from any thread, also after the server's end; only its first call counts.
using Take = std::function<void(Delivery, std::function<void(Receipt)>)>;

}  // namespace rata::serve
