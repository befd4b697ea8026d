#include <gtest/gtest.h>

#include <filesystem>

#include "hub/config.h"

namespace rata::hub {
namespace {

TEST(Examples, Those_of_aggregators_are_told_from_those_of_monitors_and_can_be_read) {
  std::size_t aggregators = 0, others = 0;
  for (const char* folder : {RATADNS_ROOT "/config", RATADNS_ROOT "/packaging/etc"})
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      const std::string path = entry.path().string();
      const bool is_ours = entry.path().filename().string().starts_with("aggregate");
      EXPECT_EQ(is_aggregator_file(path), is_ours) << path;
      ++(is_ours ? aggregators : others);
      if (!is_ours) continue;
      const auto config = read_config(path);
      EXPECT_TRUE(config) << config.error().message;
    }
  EXPECT_EQ(aggregators, 2u);
  EXPECT_GT(others, 3u);
}

}  // namespace
}  // namespace rata::hub
