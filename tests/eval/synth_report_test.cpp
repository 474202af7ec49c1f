// SPDX-License-Identifier: MIT
#include "stgmamba/eval/synth_report.hpp"

#include <gtest/gtest.h>

namespace stgmamba::test {
namespace {

TEST(SynthReport, TheCorpusPassesItsGates) {
  const eval::SynthReport report = eval::run_synth_self_test(1);
  EXPECT_TRUE(report.ok()) << report.text();
  EXPECT_EQ(report.rows.size(), 30U);
}

TEST(SynthReport, ACorpusThatDoesNotListenFails) {
  eval::SynthTestOptions options;
  options.songs = 4;
  options.dances = 2;
  options.dance.coupling = 0.0;
  const eval::SynthReport report = eval::run_synth_self_test(1, options);
  EXPECT_FALSE(report.ok()) << report.text();
}

TEST(SynthReport, DancesThatAreAllTheSameFail) {
  eval::SynthTestOptions options;
  options.songs = 4;
  options.dances = 2;
  options.dance.diversity = 0.0;
  const eval::SynthReport report = eval::run_synth_self_test(1, options);
  EXPECT_FALSE(report.ok()) << report.text();
}

}  // namespace
}  // namespace stgmamba::test
