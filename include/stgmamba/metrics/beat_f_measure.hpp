// SPDX-License-Identifier: MIT
// How well two lists of music beats agree: the F-measure of MIREX and mir_eval.
#pragma once

#include <cstdint>
#include <vector>

namespace stgmamba::metrics {

struct BeatAgreementOptions {
  double tolerance = 0.07;  // s, at most this far apart
  double skip = 5.0;        // s; beats before it are left out of both lists
};

struct BeatAgreement {
  std::int64_t matched = 0;               // pairs, one to one, as many as possible
  std::int64_t reference = 0, found = 0;  // beats that took part

  double precision() const;  // matched / found, 0 without any
  double recall() const;     // matched / reference, 0 without any
  double f_measure() const;  // their harmonic mean, 0 where nothing matched
};

/// Throws BugError for beats that are not in ascending order.
BeatAgreement compare_beats(const std::vector<double>& reference, const std::vector<double>& found,
                            const BeatAgreementOptions& options = {});

}  // namespace stgmamba::metrics
