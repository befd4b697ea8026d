#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "summary/summary.h"

namespace rata::script {

/// A window's result on its way from the process of a script to the monitor. Big-endian; counts in front of what they
/// count; texts and lists with their length in four octets. It never leaves the machine, and both ends are one program.
void append_result(const summary::Data& data, std::vector<std::uint8_t>& out);

/// Reads what `append_result` wrote, from somebody who is not trusted. Errors: nullopt when it is anything else, nested
/// more than `most_result_depth` deep. It takes about twenty times its octets at most.
std::optional<summary::Data> read_result(std::span<const std::uint8_t> octets);

inline constexpr int most_result_depth = 16;

}  // namespace rata::script
