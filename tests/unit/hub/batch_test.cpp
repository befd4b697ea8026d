#include "hub/batch.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include "summary/summary.h"

namespace rata::hub {
namespace {

std::string compressed(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

serve::Delivery delivery(std::string octets, bool zstd = true) {
  return {.octets = std::move(octets), .zstd = zstd, .unpacked_octets = 1000};
}

std::string line(const std::string& server) {
  summary::Summary summary{.type = "QueriesPerSecond", .server = server, .monitor = server};
  summary.data = summary::Rates(summary::Rate{"qps", 5, 1});
  summary.window = {.start = util::from_seconds(1'700'000'000), .seconds = 1};
  summary.id = {"boot", 1, 0};
  return summary::to_json(summary);
}

TEST(Unpack, GivesWhatWasPacked) {
  EXPECT_EQ(unpack(delivery("as it is", false)).lines, "as it is");
  EXPECT_EQ(unpack(delivery(compressed("one\ntwo\n"))).lines, "one\ntwo\n");
  EXPECT_EQ(unpack(delivery(compressed("one\n") + compressed("two\n"))).lines, "one\ntwo\n");
  EXPECT_EQ(unpack(delivery("")).lines, "");
}

TEST(Unpack, RefusesWhatIsDamagedForGoodAndWhatIsTooLargeAsItIs) {
  const std::string whole = compressed("one\ntwo\n");
  for (const std::string& wrong : {std::string("no zstd"), whole.substr(0, whole.size() - 1)})
    EXPECT_EQ(unpack(delivery(wrong)).status, 400u);
  EXPECT_EQ(unpack(delivery(compressed(std::string(1001, ' ')))).status, 413u);
  EXPECT_EQ(unpack(delivery(std::string(1001, ' '), false)).status, 413u);
  EXPECT_EQ(unpack(delivery(compressed(std::string(1000, ' ')))).status, 200u);
  serve::Delivery many = delivery(std::string(most_lines + 1, '\n'), false);
  many.unpacked_octets = 1 << 20;
  EXPECT_EQ(unpack(many).status, 413u);
}

TEST(ReadBatch, NumbersTheLinesFromOneAndPassesOverEmptyOnes) {
  const std::string lines = line("a") + "\n\n{}\n" + line("b");
  const Batch batch = read_batch(lines, {}, {});
  ASSERT_EQ(batch.entries.size(), 2u);
  EXPECT_EQ(batch.entries[0].line, 1u);
  EXPECT_EQ(batch.entries[0].summary->server, "a");
  EXPECT_EQ(batch.entries[1].line, 4u);
  EXPECT_EQ(batch.entries[1].text, line("b"));
  ASSERT_EQ(batch.refused.size(), 1u);
  EXPECT_EQ(batch.refused[0].line, 3u);
}

TEST(ReadBatch, TakesFromASenderOnlyWhatIsItsOwn) {
  const std::string lines = line("a") + "\n" + line("b") + "\n";
  const Batch batch = read_batch(lines, {"b"}, {});
  ASSERT_EQ(batch.entries.size(), 1u);
  EXPECT_EQ(batch.entries[0].summary->server, "b");
  ASSERT_EQ(batch.refused.size(), 1u);
  EXPECT_NE(batch.refused[0].why.find("\"a\""), std::string::npos) << batch.refused[0].why;
}

TEST(ReadBatch, OlderRecordsAreOfTheirArrival) {
  const Batch batch =
      read_batch(R"({"type":"QueriesPerSecond","serverId":"ns1","data":8.5})", {}, util::from_seconds(5));
  ASSERT_EQ(batch.entries.size(), 1u);
  EXPECT_EQ(batch.entries[0].summary->window.start, util::from_seconds(5));
}

}  // namespace
}  // namespace rata::hub
