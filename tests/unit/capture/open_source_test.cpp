#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "capture/octet_input.h"
#include "captures.h"

namespace rata::capture {
namespace {

std::string error_of(const std::string& what, const SourceOptions& options = {}) {
  const auto source = open_source(what, options);
  return source ? "" : source.error().message;
}

TEST(OpenSource, WhatIsNeitherFileNorInterfaceNamesBothAndTheInterfacesThatExist) {
  const std::string error = error_of("no-such-thing.pcap");
  EXPECT_TRUE(
      captures::contains(error, "no-such-thing.pcap: neither a file (No such file or directory) nor a network"));
  EXPECT_TRUE(captures::contains(error, " interface; interfaces here: any"));
  EXPECT_TRUE(captures::contains(error, "lo"));
}

TEST(OpenSource, AFileThatMayNotBeReadSaysSo) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  const captures::File file(captures::file_header());
  ::chmod(file.path().c_str(), 0);
  EXPECT_EQ(error_of(file.path()), file.path() + ": cannot be opened for reading: Permission denied");
}

/// Sends a datagram to a port of this machine where nobody listens.
void send_datagram(std::uint16_t port, const std::string& text) {
  const Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sockaddr address{};
  std::memcpy(&address, &to, sizeof address);
  ::sendto(socket.number(), text.data(), text.size(), 0, &address, sizeof address);
}

class OnLoopback : public testing::Test {
 protected:
  void SetUp() override {
    const std::string error = error_of("lo");
    if (error.empty()) return;
    EXPECT_TRUE(captures::contains(error, "lo: captur"));
    GTEST_SKIP() << error;
  }
};

TEST_F(OnLoopback, AFilterThatCannotBeUnderstoodSaysSo) {
  const std::string error = error_of("lo", {.filter = {"prot 53", "prot 53"}});
  EXPECT_TRUE(captures::contains(error, "lo: the capture filter \"prot 53\" cannot be understood: "));
  EXPECT_TRUE(captures::contains(error, "pcap-filter(7)"));
}

TEST_F(OnLoopback, FramesThatPassTheFilterComeAndStopEnds) {
  constexpr std::uint16_t port = 47'053;
  auto source = *open_source("lo", {.filter = {"udp dst port 47053", "udp dst port 47053"}});
  EXPECT_TRUE(source->live());
  EXPECT_EQ(source->link_types(), std::set<LinkType>{LinkType::Ethernet});
  send_datagram(port, "loopback");
  send_datagram(port + 1, "filtered");
  std::vector<Frame> batch;
  Read read = Read::idle;
  for (int tries = 0; read == Read::idle && tries < 50; ++tries) read = source->read(batch);
  ASSERT_EQ(read, Read::frames);
  const auto& octets = batch[0].octets;
  EXPECT_EQ(octets.size(), 14u + 20 + 8 + 8);
  EXPECT_EQ(std::string(octets.end() - 8, octets.end()), "loopback");
  EXPECT_EQ(batch[0].original_length, octets.size());
  EXPECT_GT(batch[0].time, util::from_seconds(1'600'000'000));
  EXPECT_EQ(batch[0].ordinal, 0u);
  EXPECT_EQ(source->stats().frames, batch.size());
  EXPECT_EQ(source->stats().kernel_dropped, 0u);
  source->stop();
  while (read != Read::end) read = source->read(batch);  // what came before the stop is still handed over
  EXPECT_TRUE(batch.empty());
  EXPECT_TRUE(source->errors().empty());
}

}  // namespace
}  // namespace rata::capture
