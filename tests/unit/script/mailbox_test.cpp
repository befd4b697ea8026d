#include "script/mailbox.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <utility>

namespace rata::script {
namespace {

constexpr std::size_t most = 1000;

/// Two ends, the other one as bare as a socket is.
class MailboxTest : public testing::Test {
 protected:
  void SetUp() override {
    std::array<int, 2> ends;
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
    box = std::make_unique<Mailbox>(ends[0], most);
    other = ends[1];
  }
  void TearDown() override { hang_up(); }

  void hang_up() {
    if (other >= 0) ::close(std::exchange(other, -1));
  }
  void write(const std::string& octets) {
    ASSERT_EQ(::send(other, octets.data(), octets.size(), MSG_NOSIGNAL), static_cast<ssize_t>(octets.size()));
  }
  static std::string letter(std::uint32_t size, std::uint8_t kind, const std::string& text) {
    std::string octets(sizeof size, '\0');
    std::memcpy(octets.data(), &size, sizeof size);
    return octets + static_cast<char>(kind) + text;
  }
  static std::string letter(LetterKind kind, const std::string& text) {
    return letter(static_cast<std::uint32_t>(text.size()), static_cast<std::uint8_t>(kind), text);
  }

  std::unique_ptr<Mailbox> box;
  int other = -1;
};

TEST_F(MailboxTest, Letters_arrive_as_they_were_sent) {
  Mailbox there(std::exchange(other, -1), most);
  const struct {
    LetterKind kind;
    std::string text;
  } cases[] = {{LetterKind::setup, "{}"},
               {LetterKind::description, ""},
               {LetterKind::result, std::string("\0\1\xff\0", 4)},
               {LetterKind::fault, std::string(most, 'x')},
               {LetterKind::print, "a line"}};
  for (const auto& one : cases) ASSERT_TRUE(box->send(one.kind, one.text));
  for (const auto& one : cases) {
    const auto got = there.next();
    ASSERT_TRUE(got);
    EXPECT_EQ(got->kind, one.kind);
    EXPECT_EQ(got->text(), one.text);
  }
  EXPECT_FALSE(there.next());
  EXPECT_FALSE(there.is_closed());
  ASSERT_TRUE(there.send(LetterKind::print, "and back"));
  EXPECT_EQ(box->next()->text(), "and back");
}

TEST_F(MailboxTest, A_letter_in_pieces_is_none_until_it_is_whole) {
  const std::string octets = letter(LetterKind::result, "some octets") + letter(LetterKind::print, "");
  const std::size_t first = octets.size() - 5;
  for (std::size_t i = 0; i < octets.size(); ++i) {
    EXPECT_FALSE(box->next()) << i;
    EXPECT_FALSE(box->is_closed());
    write(octets.substr(i, 1));
    if (i + 1 == first) {
      EXPECT_EQ(box->next()->text(), "some octets");
    }
  }
  const auto last = box->next();
  ASSERT_TRUE(last);
  EXPECT_EQ(last->kind, LetterKind::print);
  EXPECT_EQ(last->text(), "");
}

TEST_F(MailboxTest, Many_at_once_come_one_by_one) {
  std::string all;
  for (int i = 0; i < 500; ++i) all += letter(LetterKind::print, std::to_string(i));
  const std::string piece = letter(LetterKind::print, "500");
  write(all + piece.substr(0, 6));
  for (int i = 0; i < 500; ++i) {
    const auto got = box->next();
    ASSERT_TRUE(got) << i;
    EXPECT_EQ(got->text(), std::to_string(i));
  }
  EXPECT_FALSE(box->next());
  write(piece.substr(6));
  EXPECT_EQ(box->next()->text(), "500");
}

TEST_F(MailboxTest, What_is_no_letter_ends_the_connection) {
  const std::string cases[] = {
      letter(most + 1, 2, ""),
      letter(UINT32_MAX, 2, "abc"),
      letter(0, 6, ""),
      letter(3, 255, "abc"),
  };
  for (const std::string& octets : cases) {
    TearDown();
    SetUp();
    write(letter(LetterKind::print, "before") + octets + letter(LetterKind::print, "behind"));
    EXPECT_EQ(box->next()->text(), "before");
    EXPECT_FALSE(box->next());
    EXPECT_TRUE(box->is_closed());
    write(letter(LetterKind::print, "later"));
    EXPECT_FALSE(box->next());
    EXPECT_FALSE(box->wait(-1));
    EXPECT_TRUE(box->is_closed());
  }
}

TEST_F(MailboxTest, What_was_sent_before_the_other_end_went_is_still_read) {
  write(letter(LetterKind::print, "one") + letter(LetterKind::fault, "two") +
        letter(LetterKind::print, "cut").substr(0, 7));
  hang_up();
  EXPECT_EQ(box->next()->text(), "one");
  EXPECT_FALSE(box->is_closed()) << "there is one more";
  EXPECT_EQ(box->next()->text(), "two");
  EXPECT_FALSE(box->next());
  EXPECT_TRUE(box->is_closed());
  EXPECT_FALSE(box->wait(-1));
}

TEST_F(MailboxTest, Nothing_can_be_sent_to_an_end_that_has_gone) {
  EXPECT_TRUE(box->send(LetterKind::setup, "{}"));
  hang_up();
  EXPECT_FALSE(box->send(LetterKind::setup, "{}"));
}

TEST_F(MailboxTest, Waiting_for_no_time_gives_what_there_is) {
  EXPECT_FALSE(box->wait(0));
  EXPECT_FALSE(box->is_closed());
  write(letter(LetterKind::print, "one") + letter(LetterKind::print, "two"));
  EXPECT_EQ(box->wait(0)->text(), "one");
  EXPECT_EQ(box->wait(-1)->text(), "two");
  EXPECT_FALSE(box->wait(1));
  hang_up();
  EXPECT_FALSE(box->wait(-1));
  EXPECT_TRUE(box->is_closed());
}

// The socket holds a part of it: what can be read first is no letter yet.
TEST_F(MailboxTest, Waiting_goes_on_until_a_large_letter_is_whole) {
  constexpr std::size_t octets = 8'000'000;
  Mailbox reading(std::exchange(other, -1), octets);
  std::string text(octets, 'a');
  for (std::size_t i = 0; i < octets; i += 997) text[i] = 'b';
  std::thread writing([&] { EXPECT_TRUE(box->send(LetterKind::setup, text)); });
  const auto got = reading.wait(-1);
  EXPECT_TRUE(got && got->text() == text);
  if (!got) shutdown(reading.fd(), SHUT_RDWR);  // so that the other one ends
  writing.join();
}

}  // namespace
}  // namespace rata::script
