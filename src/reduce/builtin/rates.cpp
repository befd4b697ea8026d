#include "reduce/reducer.h"

namespace rata::reduce {
namespace {

/// Counts queries or responses. What it shows is the count by the time that the window took.
class RateReducer final : public Reducer {
 public:
  RateReducer(std::string member, bool responses) : member_(std::move(member)), responses_(responses) {}

  void add(std::span<const Packet> batch) noexcept override {
    constexpr Needs needs{.members = {util::Member::flags}};
    for (const Packet& packet : batch)
      if (!skips(packet, needs)) count_ += packet.message.is_response() == responses_;
  }
  void absorb(Reducer& sibling) override { count_ += std::exchange(static_cast<RateReducer&>(sibling).count_, 0); }
  summary::Data take(double seconds) override {
    return summary::Rate{.name = member_, .count = std::exchange(count_, 0), .seconds = seconds};
  }

 private:
  std::string member_;
  bool responses_;
  std::uint64_t count_ = 0;
};

}  // namespace

extern const ReducerType queries_per_second;
constinit const ReducerType queries_per_second{
    .name = "QueriesPerSecond",
    .help = "Queries per second of packet time.",
    .rows = R"({"qps": 8.0})",
    .options = "",
    .make = [](const ReducerConfig&, std::size_t) -> util::Result<std::unique_ptr<Reducer>> {
      return {std::make_unique<RateReducer>("qps", false)};
    },
};

extern const ReducerType answers_per_second;
constinit const ReducerType answers_per_second{
    .name = "AnswersPerSecond",
    .help = "Responses per second of packet time.",
    .rows = R"({"aps": 7.5})",
    .options = "",
    .make = [](const ReducerConfig&, std::size_t) -> util::Result<std::unique_ptr<Reducer>> {
      return {std::make_unique<RateReducer>("aps", true)};
    },
};

}  // namespace rata::reduce
