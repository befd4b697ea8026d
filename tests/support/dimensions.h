#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "reduce/key_maker.h"
#include "support/messages.h"

namespace rata::tests {

inline constexpr std::string_view no_value = "(none)";

/// What a dimension, with its argument, says of a packet: the text, or `no_value`.
inline std::string value_of(std::string_view dimension, const reduce::Packet& packet,
                            const reduce::Context& context = {}, bool older = false) {
  const auto use = reduce::read_dimension(dimension);
  EXPECT_TRUE(use) << use.error().message;
  if (!use) return "";
  reduce::Plan plan;
  reduce::KeyMaker keys({*use}, plan, reduce::Plan::Selection::every_packet);
  reduce::Batch batch(plan, context);
  batch.assign({&packet, 1});
  keys.start(batch);
  std::uint8_t room[reduce::KeyMaker::max_octets];
  std::uint64_t number;
  const reduce::KeyMaker::Form form = keys.make_number(0, number);
  if (form == reduce::KeyMaker::Form::none) return std::string(no_value);
  if (form == reduce::KeyMaker::Form::number) {
    if (use->dimension->coded()) {
      EXPECT_LT(number, std::uint64_t{1} << use->dimension->bits) << dimension;
    }
    return keys.text(keys.unpack(number, room), 0, context, older);
  }
  reduce::KeyMaker::Made made;
  if (!keys.make_octets(0, room, made)) return std::string(no_value);
  return keys.text(made.octets, 0, context, older);
}

inline bool holds(std::string_view condition, const reduce::Packet& packet) {
  const reduce::Condition* const found = reduce::find_condition(condition);
  EXPECT_NE(found, nullptr) << condition;
  return found != nullptr && !reduce::missing(packet, found->needs) && found->holds(packet);
}

}  // namespace rata::tests
