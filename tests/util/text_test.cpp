// SPDX-License-Identifier: MIT
#include "stgmamba/util/text.hpp"

#include <chrono>
#include <csignal>
#include <thread>

#include <gtest/gtest.h>

#include "stgmamba/util/hash.hpp"
#include "stgmamba/util/progress.hpp"
#include "stgmamba/util/stop.hpp"

namespace stgmamba::util {
namespace {

TEST(Nearest, FindsTyposOnly) {
  const std::vector<std::string> keys = {"lr", "betas", "weight_decay", "clip"};
  EXPECT_EQ(nearest("lrr", keys), "lr");
  EXPECT_EQ(nearest("wieght_decay", keys), "weight_decay");
  EXPECT_EQ(nearest("momentum", keys), "");
}

TEST(Parse, TakesWholeDecimalTextsOnly) {
  long long integer = 0;
  EXPECT_TRUE(parse_integer("-12", integer));
  EXPECT_EQ(integer, -12);
  EXPECT_TRUE(parse_integer("010", integer));
  EXPECT_EQ(integer, 10);
  for (const char* text : {"", "1.0", "1e3", "0x10", " 1", "1 ", "+-5", "+", "99999999999999999999"}) {
    EXPECT_FALSE(parse_integer(text, integer)) << text;
  }
  double number = 0;
  EXPECT_TRUE(parse_number("1e-4", number));
  EXPECT_DOUBLE_EQ(number, 1e-4);
  EXPECT_TRUE(parse_number("+.5", number));
  EXPECT_DOUBLE_EQ(number, 0.5);
  for (const char* text : {"", "1e-4x", "+-1", "++1", "nan", "inf", "-infinity", "0x1p3", "1e999"}) {
    EXPECT_FALSE(parse_number(text, number)) << text;
  }
}

TEST(Format, DurationsAndBytes) {
  EXPECT_EQ(format_duration(3.14), "3.1 s");
  EXPECT_EQ(format_duration(59.4), "59 s");
  EXPECT_EQ(format_duration(185), "3 m 05 s");
  EXPECT_EQ(format_duration(7800), "2 h 10 m");
  EXPECT_EQ(format_bytes(12), "12 B");
  EXPECT_EQ(format_bytes(1234567), "1.2 MB");
}

TEST(Hash, IsXxh3) {
  EXPECT_EQ(hash_text(""), "99aa06d3014798d86001c324468d497f");  // XXH3-128 of nothing
  EXPECT_NE(hash_text("a"), hash_text("b"));
}

TEST(Stop, CanBeRequestedAndCleared) {
  clear_stop_request();
  EXPECT_FALSE(stop_requested());
  request_stop();
  EXPECT_TRUE(stop_requested());
  clear_stop_request();
  EXPECT_FALSE(stop_requested());
}

TEST(Stop, OnlyALaterSignalEndsTheProcess) {
  clear_stop_request();
  install_stop_signals();
  request_stop();  // as --max-time does
  std::raise(SIGTERM);
  std::raise(SIGTERM);  // timeout(1) sends two at once
  EXPECT_TRUE(stop_requested());
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  EXPECT_EXIT(std::raise(SIGINT), testing::ExitedWithCode(128 + SIGINT), "");
  clear_stop_request();
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

}  // namespace
}  // namespace stgmamba::util
