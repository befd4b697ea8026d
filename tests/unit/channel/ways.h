#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <ostream>
#include <optional>
#include <string>
#include <vector>

#include "channel/channel.h"
#include "numbered.h"

namespace rata::channel {

/// A channel and its other side, which can be shut and opened.
class Way {
 public:
  virtual ~Way() = default;
  /// Another channel to the same other side.
  virtual std::unique_ptr<Channel> open_channel() = 0;
  /// From now on nothing gets there, and attempts fail.
  virtual void shut() { shut_ = true; }
  virtual void open() { shut_ = false; }
  /// The lines that have arrived, in order. nullopt: nobody knows.
  virtual std::optional<std::vector<std::string>> arrived() = 0;

 protected:
  /// For ways that do not fail by themselves.
  std::unique_ptr<Channel> with_gate(std::unique_ptr<Channel> channel) const;

 private:
  std::atomic<bool> shut_ = false;
};

/// A kind of channel that the contract holds for.
struct WayType {
  const char* name;
  std::unique_ptr<Way> (*make)();

  /// In the names of tests: not where its function lies in memory.
  friend std::ostream& operator<<(std::ostream& out, const WayType& type) { return out << type.name; }
};
std::vector<WayType> way_types();

}  // namespace rata::channel
