#include <array>
#include <bit>

#include "reduce/dimensions/columns.h"
#include "reduce/pairing.h"

namespace rata::reduce {
namespace {

// The argument: one of these, or the width of a bucket in microseconds.
constexpr std::uint32_t powers_of_ten = 0, powers_of_two = 0xffffffff;
constexpr std::uint32_t most_width_us = 60'000'000;

std::optional<std::uint32_t> read_scale(std::string_view text) {
  if (text == "log10") return powers_of_ten;
  if (text == "log2") return powers_of_two;
  return read_whole(text, 1, most_width_us);
}

// Beyond the 5 s that a query waits for its response (Pairing::patience_ns): a later one has no time.
constexpr std::array<std::uint32_t, 9> tens = {1, 10, 100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000, 100'000'000};

/// Bucket 0 holds what took less than 1 us; a logarithm's bucket n begins with its base to the power n - 1.
std::uint32_t bucket(const Packet& packet, const Look& look) {
  if (packet.response_ns < 0) return no_code;
  const auto us = static_cast<std::uint32_t>(packet.response_ns / 1000);
  if (look.argument == powers_of_two) return static_cast<std::uint32_t>(std::bit_width(us));
  if (look.argument != powers_of_ten) return us / look.argument;
  std::uint32_t digits = 0;
  while (digits < tens.size() && us >= tens[digits]) ++digits;
  return digits;
}

std::string bucket_text_us(std::uint32_t code, const Look& look) {
  if (look.argument != powers_of_ten && look.argument != powers_of_two) {
    const std::uint64_t first = std::uint64_t{code} * look.argument;
    return range_text(first, first + look.argument - 1);
  }
  if (code == 0) return "0";
  if (look.argument == powers_of_two) return range_text(1u << (code - 1), (1u << code) - 1);
  return range_text(tens[code - 1], std::uint64_t{tens[code - 1]} * 10 - 1);
}

constexpr Dimension table[] = {
    {.name = "response_time",
     .help = "microseconds from a query to its response, of the message that completes the pair, which is the response "
             "unless they stand in the wrong order",
     .example = "100-999",
     .needs = {.members = Pairing::needs},
     .argument = "log10, log2 or the width of a bucket in microseconds, 1 to 60000000",
     .read_argument = read_scale,
     .default_argument = powers_of_ten,
     .bits = 26,
     .codes = fill<bucket>,
     .code_text = bucket_text_us,
     .quantity = Quantity::code,
     .pairs = true},
};

}  // namespace

std::span<const Dimension> response_time_dimensions() { return table; }

}  // namespace rata::reduce
