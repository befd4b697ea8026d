#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

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

TEST(ReadConfig, Processors_that_are_named_take_the_place_of_those_by_default) {
  const auto path = std::filesystem::temp_directory_path() / ("ratadns-processors-" + std::to_string(::getpid()));
  std::ofstream(path) << "[serve]\nlisten = \"127.0.0.1:0\"\n[[processor]]\ntype = \"rates\"\n";
  const auto config = read_config(path.string());
  std::filesystem::remove(path);
  ASSERT_TRUE(config) << config.error().message;
  ASSERT_EQ(config->aggregate.processors.size(), 1u);
  EXPECT_EQ(config->aggregate.processors.front().type, "rates");
  EXPECT_TRUE(aggregate::Aggregator::make(config->aggregate));
  EXPECT_EQ(default_config().aggregate.processors.size(), 4u);
}

}  // namespace
}  // namespace rata::hub
