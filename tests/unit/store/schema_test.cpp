// Files that are not as this version makes them.

#include "store/schema.h"

#include "sample.h"
#include "store/database.h"

namespace rata::store {
namespace {

class SchemaTest : public StoreTest {
 protected:
  void run(const char* sql) {
    auto database = Database::open(config_.path, Database::Access::write);
    ASSERT_TRUE(database) << database.error().message;
    (*database)->script(sql);
    ASSERT_TRUE((*database)->outcome());
  }
  void expect_refused(const std::string& named) {
    const auto opened = Store::open(config_, at(0));
    ASSERT_FALSE(opened) << named;
    EXPECT_TRUE(opened.error().message.find(named) != std::string::npos) << opened.error().message;
  }
};

TEST_F(SchemaTest, A_database_of_another_program_is_refused) {
  run("CREATE TABLE recipes(name TEXT)");
  expect_refused("another program");
}

TEST_F(SchemaTest, A_newer_version_is_refused) {
  open();
  store_.reset();
  run("PRAGMA user_version = 1000");
  expect_refused("newer version");
}

TEST_F(SchemaTest, A_file_of_the_first_version_is_brought_up_to_date) {
  open();
  const auto one = summary_of("ns1", 1, 1, counts_of({{"a", 1}}));
  commit(*store_, {one}, at(2));
  store_.reset();
  run("DROP TABLE lost; ALTER TABLE series DROP COLUMN coarse; PRAGMA user_version = 1");
  EXPECT_FALSE(HistoryReader::open(config_)) << "only the writer changes it";
  open();
  EXPECT_EQ(commit(*store_, {one}, at(2)).front(), Verdict::repeated);
  flush_all(30);
  EXPECT_EQ(history("server:ns1", 10, at(0), at(10)).size(), 1u);
  auto database = Database::open(config_.path, Database::Access::read_only);
  ASSERT_TRUE(database);
  EXPECT_EQ((*database)->number("SELECT count(*) FROM sqlite_schema WHERE name = 'lost'"), 1);
}

TEST_F(SchemaTest, A_crash_before_the_first_table_leaves_a_file_that_can_be_used) {
  run("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL");
  open();
  EXPECT_EQ(commit(*store_, {summary_of("ns1", 1, 1, counts_of({{"a", 1}}))}, at(2)).front(), Verdict::fresh);
}

TEST_F(SchemaTest, A_reader_does_not_make_a_file) {
  EXPECT_FALSE(HistoryReader::open(config_));
  EXPECT_FALSE(std::filesystem::exists(config_.path));
}

TEST_F(SchemaTest, Freed_room_can_go_back_to_the_file_system) {
  open();
  store_.reset();
  auto database = Database::open(config_.path, Database::Access::read_only);
  ASSERT_TRUE(database);
  EXPECT_EQ((*database)->number("PRAGMA auto_vacuum"), 2);
}

}  // namespace
}  // namespace rata::store
