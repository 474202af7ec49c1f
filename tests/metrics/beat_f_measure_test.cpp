// SPDX-License-Identifier: MIT
#include "stgmamba/metrics/beat_f_measure.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "stgmamba/util/file.hpp"
#include "stgmamba/util/random.hpp"

#include "support/temp_folder.hpp"

namespace stgmamba::test {
namespace {

using metrics::compare_beats;

std::vector<double> beats_in(const std::filesystem::path& file) {
  std::istringstream text(util::read_text(file));
  std::vector<double> beats;
  for (std::string line; std::getline(text, line);) {
    if (!line.empty() && line.front() != '#') {
      beats.push_back(std::stod(line));
    }
  }
  return beats;
}

TEST(BeatFMeasure, MirEvalsTenPairs) {
  STG_REQUIRE_TESTDATA(folder);
  for (int n = 0; n < 10; ++n) {
    const auto file = [&](const char* name, const char* end) {
      return folder / "beats" / "mir_eval" / fmt::format("{}{:02}.{}", name, n, end);
    };
    const nlohmann::json expected = nlohmann::json::parse(util::read_text(file("output", "json")));
    const std::vector<double> reference = beats_in(file("ref", "txt")), found = beats_in(file("est", "txt"));
    ASSERT_GT(reference.size(), 10U);
    EXPECT_NEAR(compare_beats(reference, found).f_measure(), expected.at("F-measure").get<double>(), 1e-9)
        << "pair " << n;
  }
}

/// The largest number of pairs, by trying all.
int most_pairs(const std::vector<double>& a, const std::vector<double>& b, double tolerance, std::size_t i,
               unsigned used) {
  if (i == a.size()) {
    return 0;
  }
  int best = most_pairs(a, b, tolerance, i + 1, used);
  for (std::size_t j = 0; j < b.size(); ++j) {
    if ((used >> j & 1U) == 0 && std::abs(a[i] - b[j]) <= tolerance) {
      best = std::max(best, 1 + most_pairs(a, b, tolerance, i + 1, used | 1U << j));
    }
  }
  return best;
}

TEST(BeatFMeasure, NoOtherPairingMatchesMore) {
  util::Random random(5, "beats");
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<double> a(4 + trial % 3), b(3 + trial % 4);
    for (std::vector<double>* beats : {&a, &b}) {
      std::generate(beats->begin(), beats->end(), [&] { return random.uniform(0.0, 1.0); });
      std::sort(beats->begin(), beats->end());
    }
    EXPECT_EQ(compare_beats(a, b, {.tolerance = 0.1, .skip = 0.0}).matched, most_pairs(a, b, 0.1, 0, 0));
  }
}

TEST(BeatFMeasure, CountsAndOptions) {
  const std::vector<double> reference = {1.0, 6.0, 7.0, 8.0, 9.0}, found = {0.99, 6.06, 7.08, 8.0, 8.01};
  const metrics::BeatAgreement match = compare_beats(reference, found);
  EXPECT_EQ(match.matched, 2);  // 6.06 and one of the two at 8; what lies under 5 s takes no part
  EXPECT_DOUBLE_EQ(match.precision(), 0.5);
  EXPECT_DOUBLE_EQ(match.recall(), 0.5);
  EXPECT_DOUBLE_EQ(match.f_measure(), 0.5);
  EXPECT_EQ(compare_beats(reference, found, {.skip = 0.0}).matched, 3);
  EXPECT_EQ(compare_beats(reference, found, {.tolerance = 0.1}).matched, 3);
  EXPECT_EQ(compare_beats({}, found).f_measure(), 0.0);
  EXPECT_EQ(compare_beats(reference, {}).f_measure(), 0.0);
  EXPECT_THAT(error_of([&] { compare_beats({7.0, 6.0}, found); }), ::testing::HasSubstr("ascending"));
}

}  // namespace
}  // namespace stgmamba::test
