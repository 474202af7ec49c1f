// SPDX-License-Identifier: MIT
#include "stgmamba/media/sha256.hpp"

#include <gtest/gtest.h>

#include "stgmamba/util/file.hpp"

#include "support/temp_folder.hpp"

namespace stgmamba::media {
namespace {

TEST(Sha256, EqualsTheStandardsExamples) {
  const test::TempFolder folder;
  const auto of = [&](const std::string& text) {
    util::write_text(folder / "file", text);
    return sha256_file(folder / "file");
  };
  EXPECT_EQ(of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(of(std::string(1'000'000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  EXPECT_EQ(test::exit_code_of([&] { sha256_file(folder / "none"); }), 4);
}

}  // namespace
}  // namespace stgmamba::media
