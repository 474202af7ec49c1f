// SPDX-License-Identifier: MIT
#include "stgmamba/io/json_lines.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stgmamba/util/file.hpp"

#include "support/temp_folder.hpp"

namespace stgmamba::io {
namespace {

using test::error_of;
using test::TempFolder;
using testing::HasSubstr;

TEST(JsonLines, RoundTripAndAppend) {
  const TempFolder folder;
  write_json_lines(folder / "a.jsonl", {{{"step", 1}}, {{"step", 2}}});
  append_json_line(folder / "a.jsonl", {{"step", 3}});
  const auto rows = read_json_lines(folder / "a.jsonl");
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[2]["step"], 3);
}

TEST(JsonLines, ABadLineIsNamed) {
  const TempFolder folder;
  util::write_text(folder / "a.jsonl", "{\"a\":1}\n\n{\"a\":\n");
  EXPECT_THAT(error_of([&] { read_json_lines(folder / "a.jsonl"); }), HasSubstr("a.jsonl:3: every line must be"));
}

TEST(JsonLines, TruncationDropsTheFutureAndTheUnfinished) {
  const TempFolder folder;
  util::write_text(folder / "m.jsonl", "{\"step\":1}\n{\"step\":2}\n{\"step\":3}\n{\"st");
  truncate_json_lines(folder / "m.jsonl", "step", 2);
  EXPECT_EQ(util::read_text(folder / "m.jsonl"), "{\"step\":1}\n{\"step\":2}\n");
  truncate_json_lines(folder / "absent.jsonl", "step", 2);
}

TEST(JsonLines, TruncationKeepsRowsWithoutANumber) {
  const TempFolder folder;
  util::write_text(folder / "m.jsonl", "{\"step\":\"x\"}\n{\"note\":1}\n{\"step\":2.5}\n");
  truncate_json_lines(folder / "m.jsonl", "step", 2);
  EXPECT_EQ(util::read_text(folder / "m.jsonl"), "{\"step\":\"x\"}\n{\"note\":1}\n");
}

TEST(JsonLines, TextThatIsNotUtf8IsADataError) {
  const TempFolder folder;
  EXPECT_EQ(test::exit_code_of([&] { append_json_line(folder / "a.jsonl", {{"name", "caf\xe9"}}); }), 4);
  EXPECT_EQ(test::exit_code_of([&] { write_json(folder / "a.json", {{"name", "caf\xe9"}}); }), 4);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Json, AFileThatIsNoneIsNamed) {
  const TempFolder folder;
  util::write_text(folder / "a.json", "{\"a\": nope}");
  EXPECT_THAT(error_of([&] { read_json(folder / "a.json"); }), HasSubstr("a.json: not JSON at byte 8"));
  util::write_text(folder / "b.json", "[1e999]");
  EXPECT_THAT(error_of([&] { read_json(folder / "b.json"); }), HasSubstr("b.json: holds a number that is too large"));
  EXPECT_EQ(test::exit_code_of([&] { read_json(folder / "b.json"); }), 4);
}

}  // namespace
}  // namespace stgmamba::io
