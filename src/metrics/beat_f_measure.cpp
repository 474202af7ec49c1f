// SPDX-License-Identifier: MIT
#include "stgmamba/metrics/beat_f_measure.hpp"

#include <algorithm>
#include <span>

#include "stgmamba/util/check.hpp"

namespace stgmamba::metrics {
namespace {

double share(std::int64_t part, std::int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0.0;
}

std::span<const double> after(const std::vector<double>& beats, double seconds) {
  return {std::lower_bound(beats.begin(), beats.end(), seconds), beats.end()};
}

}  // namespace

double BeatAgreement::precision() const {
  return share(matched, found);
}
double BeatAgreement::recall() const {
  return share(matched, reference);
}
double BeatAgreement::f_measure() const {
  return matched > 0 ? 2.0 * precision() * recall() / (precision() + recall()) : 0.0;
}

BeatAgreement compare_beats(const std::vector<double>& reference, const std::vector<double>& found,
                            const BeatAgreementOptions& options) {
  STG_CHECK(std::is_sorted(reference.begin(), reference.end()) && std::is_sorted(found.begin(), found.end()),
            "[compare_beats] beats must be in ascending order");
  const std::span<const double> truth = after(reference, options.skip), beats = after(found, options.skip);
  BeatAgreement match{0, std::ssize(truth), std::ssize(beats)};
  // On a line with one tolerance for all, pairing the earliest two that fit is as good as any matching.
  for (std::size_t i = 0, j = 0; i < truth.size() && j < beats.size();) {
    const double late = beats[j] - truth[i];
    const bool fits = late >= -options.tolerance && late <= options.tolerance;
    match.matched += fits ? 1 : 0;
    i += fits || late > 0 ? 1 : 0;
    j += fits || late < 0 ? 1 : 0;
  }
  return match;
}

}  // namespace stgmamba::metrics
